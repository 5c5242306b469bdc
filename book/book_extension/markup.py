"""Corrections of the pages' markup that no setting makes."""

import re
from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform

PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")
FOLD = ('<details class="fold"><summary>', "</summary>", "</details>")
EMPTY_HEAD = re.compile(r'<th class="([^"]*)"><p></p></th>')
REPEATED_ID = re.compile(r'<section id="(?:exercise|solution)-content">')  # sphinx-exercise's


class KeepPunctuation(SphinxPostTransform):
    """Keep a formula and the punctuation after it on one line: a browser would break between them."""

    default_priority = 900

    def run(self, **kwargs):
        for formula in list(self.document.findall(nodes.math)):
            following = formula.next_node(descend=False, siblings=True)
            mark = PUNCTUATION.match(following) if isinstance(following, nodes.Text) else None
            if mark:
                parent = formula.parent
                parent.replace(following, nodes.Text(following[mark.end() :]))
                together = nodes.inline("", "", formula.deepcopy(), nodes.Text(mark.group()), classes=["unbroken"])
                parent.replace(formula, together)


class Folds(SphinxPostTransform):
    """Make what has the class `dropdown` fold by the browser itself: no script, and Ctrl+F and paper open it."""

    default_priority = 950
    formats = ("html",)

    def run(self, **kwargs):
        for box in self.document.findall(lambda node: "dropdown" in getattr(node, "attributes", {}).get("classes", ())):
            title, *content = box.children
            raw = [nodes.raw("", html, format="html") for html in FOLD]
            box.children = []
            box.extend([raw[0], title, raw[1], *content, raw[2]])


def begin_hidden(translator, node):
    """Name what unfolds a hidden cell by the first line that it hides: "Show the source" alone stands twenty times."""
    first = next((line for line in node.astext().splitlines() if line.strip()), "").strip()
    translator.body.append(f'<details class="admonition hide {" ".join(node["classes"])}"><summary>')
    for state, prompt in (("collapsed", "prompt_show"), ("expanded", "prompt_hide")):
        words = f'{escape(node[prompt])}<span class="visually-hidden">: {escape(first)}</span>'
        translator.body.append(f'<p class="{state} admonition-title">{words}</p>')
    translator.body.append("</summary>\n")


def end_hidden(translator, node):
    translator.body.append("</details>\n")


def correct_tables(app, pagename, templatename, context, doctree):
    """An empty corner of a table heads nothing, so it is no header; ids that stand on a page many times are none."""
    if "body" in context:
        body = EMPTY_HEAD.sub(r'<td class="\1"></td>', context["body"])
        context["body"] = REPEATED_ID.sub("<section>", body)


def correct_roles(app, pagename, templatename, context, doctree):
    """Call an entry of a bibliography an item of its list: its own role, which docutils gives it, is deprecated."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app):
    app.add_post_transform(KeepPunctuation)
    app.add_post_transform(Folds)
    app.add_node(HideCodeCellNode, override=True, html=(begin_hidden, end_hidden))
    app.connect("html-page-context", correct_tables)
    app.connect("html-page-context", correct_roles)
