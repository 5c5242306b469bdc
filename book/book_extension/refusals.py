"""What the book refuses: display maths that nothing has checked, HTML, and claims that rnnlib did not make.

Maths in sentences is the business of `running_text`, notebooks without their outputs that of `notebooks`.
"""

import re
from functools import lru_cache
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from book_builder.chapters import solutions_of, with_solutions
from book_extension.boxes import claim_box
from book_extension.formulas import canonical, relations
from rnnlib.claims.seal import is_sealed

LOGGER = logging.getLogger(__name__)
ALIGNED = re.compile(r"\\(?:begin|end)\{(?:aligned|align|gathered|gather|split)\*?\}")
NOT_CASES = re.compile(r"\\begin\{(cases|[a-zA-Z]*matrix)\}.*?\\end\{\1\}", re.DOTALL)  # their lines are no formulas
CELL_LINES = 10_000  # MyST-NB numbers the lines of a notebook: cell n (from 1) begins at 10000 n


class UnmarkedMaths(SphinxPostTransform):
    """Warn of each displayed formula that is neither in a claim's box nor, in the text of a page, a definition.

    Runs after MyST-NB has chosen which form of each output is shown (priority 4).
    """

    default_priority = 5

    def run(self, **kwargs):
        for block in self.document.findall(is_displayed):
            if above(block, lambda node: isinstance(node, claim_box)):
                continue
            if isinstance(block, nodes.math) or above(block, lambda node: "cell_output" in node.get("classes", ())):
                self.warn(
                    block,
                    "display maths that nothing checks%s: %s. State it as a claim or a chain",
                )
            elif not only_defines(block.astext()):
                self.warn(
                    block,
                    "display maths that does more than define%s: %s. Each line of a definition has := and no other "
                    "relation; state anything else as a claim or a chain",
                )
            else:
                block["classes"].append("definition")

    def warn(self, block, message):
        cell = cell_of(self.env, self.env.docname, block.line or block.parent.line)
        LOGGER.warning(message, cell, shorten(block.astext()), location=block, type="book", subtype="maths")


class UnmarkedHtml(SphinxPostTransform):
    """Warn of HTML and of the classes of a claim's box, in text and in what cells show: either could draw a mark.

    A formula in HTML is checked by nobody, and stands on the page as it was typed. Folds are the one HTML that the book
    knows; `exercises` has made them by now of `<details>`.
    """

    default_priority = 5

    def run(self, **kwargs):
        for node in self.document.findall(nodes.Element):
            if isinstance(node, nodes.raw):
                self.warn(node, "HTML%s: %s. Write Markdown; only <details><summary>Words</summary> and </details>, "
                                "each in a line of its own between empty lines, are known")  # fmt: skip
            elif is_drawn(node) and not above(node, lambda one: isinstance(one, claim_box)):
                self.warn(node, "a class of a claim's box%s: %s. Only what a claim shows may look like one")

    def warn(self, node, message):
        line = node.line or getattr(above(node, lambda one: one.line), "line", None)
        cell, told = cell_of(self.env, self.env.docname, line), shorten(node.astext())
        LOGGER.warning(message, cell, told, location=self.env.docname, type="book", subtype="html")


def is_drawn(node):
    """Whether a node that is no claim's box has a class of one."""
    classes = node.get("classes", ())
    return not isinstance(node, claim_box) and any(one.partition("-")[0] == "claim" for one in classes)


def is_displayed(node):
    """Whether a node is display maths, or maths in a line that asks to be as large."""
    return isinstance(node, nodes.math_block) or (isinstance(node, nodes.math) and r"\displaystyle" in node.astext())


def only_defines(latex):
    """Whether every line of a displayed formula has `:=` as its relation, and no other relation anywhere."""
    lines = (
        canonical(line) for line in re.split(r"\\\\(?:\[\w+\])?|\\q?quad", NOT_CASES.sub("", ALIGNED.sub("", latex)))
    )
    return all(relations(line) == [":="] for line in lines if line)


def above(node, fits):
    """The nearest node above this one that fits; None where there is none."""
    node = node.parent
    while node is not None and not fits(node):
        node = node.parent
    return node


def shorten(text, length=60):
    text = " ".join(text.split())
    return text if len(text) <= length else text[:length] + "…"


def cell_at(env, docname, line):
    """The id of the cell of a notebook's page that a line of MyST-NB's numbering lies in; None where there is none."""
    path = env.doc2path(docname)
    if not path.endswith(".ipynb") or not line or line < CELL_LINES:
        return None
    return _cell_ids(path, _stamps(path))[line // CELL_LINES - 1]


def cell_of(env, docname, line):
    """Name that cell in a message."""
    id = cell_at(env, docname, line)
    return f" in cell {id!r}" if id else ""


@lru_cache(maxsize=1)
def _cell_ids(path, stamps):
    """The ids of a page's cells: asked for with each formula of a page, read once."""
    return [cell.id for cell in with_solutions(Path(path)).cells]


def _stamps(path):
    files = [Path(path), solutions_of(Path(path))]
    return tuple(file.stat().st_mtime_ns for file in files if file.exists())


def refuse_unsealed(app, doctree):
    """Stop where a cell shows as a claim what rnnlib did not make."""
    for box in doctree.findall(claim_box):
        if not is_sealed(box["payload"]):
            place = f"{app.env.docname}{cell_of(app.env, app.env.docname, box.line)}"
            raise ExtensionError(
                f"{place}: {box['payload'].get('id')!r} is shown as a claim, but rnnlib did not make it; "
                "make it with Claim, Chain, Induction, Board or Given"
            )


def setup(app):
    app.add_post_transform(UnmarkedMaths)
    app.add_post_transform(UnmarkedHtml)
    app.connect("doctree-read", refuse_unsealed)
