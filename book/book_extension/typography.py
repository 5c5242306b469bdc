"""Keep a formula and the punctuation after it on one line: a browser would break between them."""

import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

PUNCTUATION = re.compile(r"[.,;:!?)\]’”]+")


class KeepPunctuation(SphinxPostTransform):
    """Wrap each formula in running text that punctuation follows, together with that punctuation."""

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


def setup(app):
    app.add_post_transform(KeepPunctuation)
