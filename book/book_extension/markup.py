"""Corrections of the pages' markup that no setting makes."""

import re
from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform

PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")
FOLD = ('<details class="fold"><summary>', "</summary>", "</details>")
EMPTY_HEAD = re.compile(r'<th class="([^"]*)"><p></p></th>')
CLAIM_ID = re.compile(r'\bid="([^"]+)"')
LONGEST_NAME = 80  # characters
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
                # By its place: a node of text equals each other of the same words, and `replace` takes the first.
                parent[parent.index(formula) + 1] = nodes.Text(following[mark.end() :])
                together = nodes.inline("", "", formula.deepcopy(), nodes.Text(mark.group()), classes=["unbroken"])
                parent.replace(formula, together)


class Folds(SphinxPostTransform):
    """Make what has the class `dropdown` fold by the browser itself: no script, and Ctrl+F and paper open it."""

    default_priority = 950
    formats = ("html",)

    def run(self, **kwargs):
        for box in self.document.findall(lambda node: "dropdown" in getattr(node, "attributes", {}).get("classes", ())):
            title, *content = box.children
            for link in list(title.findall(nodes.reference)):  # what unfolds holds nothing else to click
                link.parent.replace(link, link.children)
            raw = [nodes.raw("", html, format="html") for html in FOLD]
            box.children = []
            box.extend([raw[0], title, raw[1], *content, raw[2]])


def begin_hidden(translator, node):
    """Name what unfolds a hidden cell, for who only hears it, by what it hides: else twenty have the same name."""
    code = " ".join(node.astext().split())
    hidden = found[1] if (found := CLAIM_ID.search(code)) else code[:LONGEST_NAME]
    name = f'{escape(node["prompt_show"])}<span class="unseen">: {escape(hidden)}</span>'
    translator.body.append(f'<details class="machinery hide"><summary>{name}</summary>\n')


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
