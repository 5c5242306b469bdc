"""One style sheet for all pages, `_static/all.css`, of what the sheets say about classes that some page has.

The theme's sheets are 430 KB, most of it for icons and parts that the book hasn't; each sheet is a request, and no
text is painted before the last has come.
"""

import posixpath
import re
from itertools import pairwise
from pathlib import Path

import tinycss2

NAME = "all.css"
LOOK = "book.css"  # the book's own, which comes last: it may overrule any other by being as specific
CLASSES = re.compile(r'class="([^"]*)"')
WORDS = re.compile(r"[\w-]+")
ADDRESS = re.compile(r"""(?<![\w-])url\(\s*(["']?)(?!data:|https?:|[#/])([^)"']+)\1\s*\)""")
SCRIPTS = ("frame", "search", "searchtools", "sphinx_highlight")  # all that pages load
ICON_FONT = "var(--fa-font"
ICONS = re.compile(r"Font\\? Awesome|keyframes fa-")  # the theme's, of 300 KB: the frame draws its own
NESTED = ("media", "supports", "layer", "container")
THEME = ["basic.css", "styles/pydata-sphinx-theme.css"]  # what its layout links, and imports there, by itself


def collect(app, pagename, templatename, context, doctree):
    """Remember the sheets that extensions and settings ask for, in their order; the layout links the one we make."""
    context["stylesheet"] = f"_static/{NAME}"
    theme = THEME if app.config.html_theme == "sphinx_book_theme" else []
    asked = [*theme, *(str(getattr(sheet, "filename", sheet)) for sheet in context["css_files"])]
    app.book_sheets = list(dict.fromkeys([*getattr(app, "book_sheets", []), *asked]))


def write(app, exception):
    """Put the sheets together, once the pages are written."""
    if exception or app.builder.name != "html" or not hasattr(app, "book_sheets"):
        return
    static = Path(app.outdir) / "_static"
    used = known(Path(app.outdir))
    parts = []
    for name in [*app.book_sheets, LOOK]:
        sheet = static / name.removeprefix("_static/").partition("?")[0]
        css = kept(tinycss2.parse_stylesheet(sheet.read_text("utf-8"), True, True), used)
        parts.append(relocated(css, sheet.parent.relative_to(static).as_posix()))
    (static / NAME).write_text("\n".join(parts), "utf-8")


def known(built):
    """Every class of a built page, and every word of the scripts, which may set it as a class."""
    pages = [page for page in built.rglob("*.html") if "_static" not in page.parts]
    classes = {name for page in pages for found in CLASSES.findall(page.read_text("utf-8")) for name in found.split()}
    scripts = [built / "_static" / f"{name}.js" for name in SCRIPTS]
    return classes.union(*(WORDS.findall(script.read_text("utf-8")) for script in scripts))


def kept(rules, used):
    """The text of the rules that can apply where no other classes than these are used."""
    parts = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [one for one in split(rule.prelude) if classes(one) <= used]
            content = tinycss2.serialize(rule.content).strip()
            if selectors and ICON_FONT not in content:
                prelude = ",".join(tinycss2.serialize(one).strip() for one in selectors)
                parts.append(f"{prelude}{{{content}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in NESTED and rule.content is not None:
            inner = kept(tinycss2.parse_rule_list(rule.content, True, True), used)
            if inner:
                parts.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude).rstrip()}{{{inner}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword not in ("charset", "import"):
            text = rule.serialize()
            if not ICONS.search(text):
                parts.append(text)
    return "\n".join(parts)


def split(prelude):
    """The selectors of a rule: what its commas part."""
    selectors = [[]]
    for token in prelude:
        if token == ",":
            selectors.append([])
        else:
            selectors[-1].append(token)
    return selectors


def classes(selector):
    """The classes that an element, or one around it, must have; those in :not(), :is() and the like may be missing."""
    return {name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"}


def relocated(css, folder):
    """A sheet's text with its addresses as they are seen from `_static`."""
    return ADDRESS.sub(lambda found: f"url({posixpath.normpath(posixpath.join(folder, found[2]))})", css)


def setup(app):
    app.connect("html-page-context", collect, priority=900)
    app.connect("build-finished", write, priority=900)
