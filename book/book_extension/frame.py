"""The frame around each page: what the templates in `templates` and the scripts in `static` need.

The theme's own layout puts its scripts into each page (icons, Bootstrap, a dialog, the index of the search: 2 MB),
and no setting takes them out again. So the book has a layout of its own; of the theme it keeps the style sheets.
"""

import re
from hashlib import sha256
from pathlib import Path

from docutils import nodes

from book_extension.boxes import details
from book_extension.refusals import above

HERE = Path(__file__).parent
CURRENT = re.compile(r'<a class="current reference internal" href="#">.*?</a>', re.S)
HEADING = re.compile(r' aria-level="2"| role="heading"')
SECTION = re.compile(r'<h2>(.*?)<a class="headerlink" href="(#[^"]+)"', re.S)
LONGEST = 160  # characters of a description that search engines show


def describe(doctree):
    """What a link to a page is shown with: its first paragraph without a formula that is not folded, cut at a word."""
    for paragraph in doctree.findall(nodes.paragraph):
        if above(paragraph, lambda node: isinstance(node, details)) or paragraph.next_node(nodes.math):
            continue
        if len(text := " ".join(paragraph.astext().split())) > 40:
            return text if len(text) <= LONGEST else text[: LONGEST - 1].rpartition(" ")[0].rstrip(",;:") + " …"
    return ""


def contents(context):
    """The book's pages as nested lists, and under the page that is open its sections."""
    pages = context["toctree"](maxdepth=1, collapse=True, includehidden=True, titles_only=True) or ""
    pages = HEADING.sub("", pages)  # a caption of links is no part of the page's outline
    found = SECTION.findall(context.get("body", ""))
    sections = "".join(f'<li><a href="{address}">{title}</a></li>' for title, address in found)
    return CURRENT.sub(lambda link: f"{link[0]}<ul>{sections}</ul>", pages) if sections else pages


def complete(app, pagename, templatename, context, doctree):
    """Give the layout what it shows beside the page's text."""
    context["description"] = describe(doctree) if doctree else ""
    context["contents"] = contents(context)
    context["is_front_page"] = pagename == app.config.root_doc
    source = context.get("sourcename") or ""
    context["notebook"] = f"_sources/{source}" if source.endswith(".ipynb") else ""


def state():
    """Digest of the templates, scripts and sheets: when one changes, Sphinx must write every page again."""
    files = sorted(file for folder in ("templates", "static") for file in (HERE / folder).iterdir())
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def add_folders(app, config):
    # Not appended: a default list is the same for every book that is built in one process.
    config.templates_path = [*config.templates_path, str(HERE / "templates")]
    config.html_static_path = [*config.html_static_path, str(HERE / "static")]


def setup(app):
    app.add_config_value("book_frame_state", state(), "html")
    app.connect("config-inited", add_folders)
    app.connect("html-page-context", complete)
