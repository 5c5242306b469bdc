"""Corrections of the pages' markup that no setting makes."""

import re
from html import escape

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform

PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")
EMPTY_HEAD = re.compile(r'<th class="([^"]*)"><p></p></th>')
CLAIM_ID = re.compile(r'\bid="([^"]+)"')
LONGEST_NAME = 80  # characters


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


def begin_hidden(translator, node):
    """Name what unfolds a hidden cell, for who only hears it, by what it hides: else twenty have the same name."""
    code = " ".join(node.astext().split())
    hidden = found[1] if (found := CLAIM_ID.search(code)) else code[:LONGEST_NAME]
    name = f'{escape(node["prompt_show"])}<span class="unseen">: {escape(hidden)}</span>'
    translator.body.append(f'<details class="machinery hide"><summary>{name}</summary>\n')


def end_hidden(translator, node):
    translator.body.append("</details>\n")


def correct_tables(app, pagename, templatename, context, doctree):
    """An empty corner of a table heads nothing, so it is no header."""
    if "body" in context:
        context["body"] = EMPTY_HEAD.sub(r'<td class="\1"></td>', context["body"])


def correct_roles(app, pagename, templatename, context, doctree):
    """Call an entry of a bibliography an item of its list: its own role, which docutils gives it, is deprecated."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app):
    app.add_post_transform(KeepPunctuation)
    app.add_node(HideCodeCellNode, override=True, html=(begin_hidden, end_hidden))
    app.connect("html-page-context", correct_tables)
    app.connect("html-page-context", correct_roles)
