"""Corrections of the pages' markup that no setting makes."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")


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


def correct_roles(app, pagename, templatename, context, doctree):
    """Call an entry of a bibliography an item of its list: its own role, which docutils gives it, is deprecated."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app):
    app.add_post_transform(KeepPunctuation)
    app.connect("html-page-context", correct_roles)
