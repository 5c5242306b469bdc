"""What cells show: a box's code moves into its foot, a table of agreement is folded, long printed lines are wrapped.

A cell is taken for a box's source when the box is all that it shows, and making claims is all that it does. A cell that
computes something else stays as it is.
"""

import ast
import re

from docutils import nodes
from sphinx.transforms import SphinxTransform

from book_extension.boxes import claim_box, details, summary, unseen_name
from rnnlib.claims.seal import MIME

# What a cell may call besides the methods of texts, to be no more than the source of its box.
MAKERS = {"Board", "Chain", "Claim", "Given", "Induction", "Mistake", "claim"}
# A printed line of more characters is a sentence, such as a refutation, and no row of a table.
LONG = 88
AGREEMENT = re.compile(r"[✓✗] .+: \d+ ways agree; ")  # as `rnnlib.agree` begins


class MoveSource(SphinxTransform):
    """Move the code of each cell that does nothing but show a box into the foot of the box."""

    default_priority = 800

    def apply(self, **kwargs):
        for cell in list(self.document.findall(lambda node: is_part(node, "cell_code"))):
            source = next((part for part in cell.children if is_part(part, "cell_code_source")), None)
            output = next((part for part in cell.children if is_part(part, "cell_code_output")), None)
            boxes = list(cell.findall(claim_box))
            if source is not None and len(boxes) == 1 and shows_only(output) and only_claims(source.astext()):
                name = summary("", "Source", unseen_name(boxes[0]["payload"]))
                foot_of(boxes[0]).append(details("", name, *source.children, classes=["claim-source"]))
                cell.remove(source)
                if cell.get("hide_mode") in ("input", "input+output"):
                    del cell["hide_mode"]


class FoldAgreements(SphinxTransform):
    """Fold the table of each agreement behind the line that says what it amounts to."""

    default_priority = 800

    def apply(self, **kwargs):
        for table in list(self.document.findall(nodes.table)):
            parent, place = table.parent, table.parent.index(table)
            told = parent[place - 1] if place else None
            if isinstance(told, nodes.paragraph) and AGREEMENT.match(told.astext()):
                fold = details("", summary("", "", *told.children), table, classes=["agreement"])
                parent[place - 1 : place + 1] = [fold]


class WrapLongLines(SphinxTransform):
    """Mark what is printed in sentences, by a cell or quoted in a page: else the page's edge cuts it."""

    default_priority = 800

    def apply(self, **kwargs):
        outputs = self.document.findall(lambda node: is_part(node, "cell_code_output"))
        printed = [block for output in outputs for block in output.findall(nodes.literal_block)]
        quoted = self.document.findall(lambda node: isinstance(node, nodes.literal_block) and is_text(node))
        for block in {*printed, *quoted}:
            if max(map(len, block.astext().splitlines()), default=0) > LONG:
                block["classes"].append("wrapped")


def is_part(node, name):
    return isinstance(node, nodes.container) and node.get("nb_element") == name


def is_text(block):
    return block.get("language") == "text"


def shows_only(output):
    """Whether the box is all that a cell shows, besides what Jupyter alone unfolds."""
    return output is not None and sum(map(is_shown, output.children)) == 1


def is_shown(output):
    """Whether an output is on the page: of one whose MIME type is the book's, its box."""
    own = [form for form in output.findall(nodes.container) if form.get("mime_type") == MIME]
    return not own or any(True for form in own for _ in form.findall(claim_box))


def only_claims(code):
    """Whether code does nothing but make claims and settings, and ends in an expression that shows one of them."""
    try:
        *before, last = ast.parse(code).body
    except (SyntaxError, ValueError):
        return False
    calls = [node.func for statement in [*before, last] for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return (
        isinstance(last, ast.Expr)
        and all(isinstance(statement, ast.Assign | ast.Import | ast.ImportFrom) for statement in before)
        and all(is_maker(call) for call in calls)
    )


def is_maker(call):
    """Whether what is called makes a claim, or is a method that texts have: `NETWORK.text.replace`."""
    return hasattr(str, call.attr) if isinstance(call, ast.Attribute) else getattr(call, "id", "") in MAKERS


def foot_of(box):
    """The foot of a box; that of a definition, which has nothing else to unfold, is made here."""
    foot = next((part for part in box.children if "claim-foot" in part["classes"]), None)
    if foot is None:
        foot = nodes.container(classes=["claim-foot"])
        box += foot
    return foot


def setup(app):
    app.add_transform(MoveSource)
    app.add_transform(FoldAgreements)
    app.add_transform(WrapLongLines)
