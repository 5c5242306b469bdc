"""Machinery: code that a reader of the page needs seldom is folded there, and is a plain cell in Jupyter.

A cell of imports is folded, and stands before the first code that the page shows; so the chapter opens with its
question. The code of a figure is folded too. The code of a claim is the business of `cells`.
"""

import ast

from docutils import nodes
from sphinx.transforms import SphinxTransform

from book_extension.boxes import claim_box, details, summary
from book_extension.figures import is_code_cell

SETTINGS = ("style", "np.set_printoptions")  # what a cell of imports may call


class FoldMachinery(SphinxTransform):
    """Fold imports and the code of figures; after figures are made (420)."""

    default_priority = 450

    def apply(self, **kwargs):
        cells = list(self.document.findall(is_code_cell))
        for place, cell in enumerate(cells):
            code = next((part for part in cell if "cell_input" in part.get("classes", ())), None)
            figure = next((one for one in cell.findall(nodes.figure) if "number" in one), None)
            if code is None:
                continue
            if figure is not None:
                fold(cell, code, f"Code of figure {figure['number']}")
            elif only_imports(code.astext()):
                fold(cell, code, "Imports")
                if place == 0 and (later := next(filter(shows_code, cells[1:]), None)):
                    cell.parent.remove(cell)
                    later.parent.insert(later.parent.index(later), cell)


def fold(cell, code, name):
    cell.attributes.pop("hide_mode", None)  # MyST-NB's own fold, by a tag
    folded = details("", summary("", name), classes=["machinery"])
    cell.replace(code, folded)
    folded += code


def shows_code(cell):
    """Whether a cell of the page shows its code to all: neither that of a claim nor that of a figure."""
    return not cell.get("hide_mode") and cell.next_node(claim_box) is None and cell.next_node(nodes.figure) is None


def only_imports(source):
    """Whether code imports, sets the style of figures and numbers, names a constant, and does nothing else."""
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic of IPython
        return False
    return any(map(is_import, body)) and all(is_import(one) or is_setting(one) for one in body)


def is_import(statement):
    return isinstance(statement, (ast.Import, ast.ImportFrom))


def is_setting(statement):
    """Whether a statement calls one of `SETTINGS`, or gives a constant in capitals its value."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return ast.unparse(statement.value.func) in SETTINGS
    return isinstance(statement, ast.Assign) and all(ast.unparse(one).isupper() for one in statement.targets)


def setup(app):
    app.add_transform(FoldMachinery)
