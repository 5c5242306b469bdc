"""The parts of a formula that stand for a value, each with a way to put another formula in its place."""

import ast
import copy
from typing import NamedTuple

from ..forms import FORMS
from ..language import form_of, runs


class Place(NamedTuple):
    """A part of a tree, how to put another in its place, the indices that run there, and whether it is inside of a
    function, a power or a divisor."""

    part: ast.expr
    put: object
    bound: tuple
    inside: bool


def places(tree):
    """Every part of a tree that stands for a value, neighbouring factors and terms taken together too."""
    yield from _places(tree, lambda changed: changed, (), False)


def _places(node, put, bound, inside):
    yield Place(node, put, bound, inside)
    if isinstance(node, ast.BinOp):
        yield from _segments(node, put, bound, inside)
    for field, child in _children(node):
        inner = (*bound, node.args[1].id) if runs(node) and len(node.args) == 4 else bound
        yield from _places(child, _putter(node, field, put), inner, inside or _is_within(node, field))


def _is_within(node, field):
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Pow) or (isinstance(node.op, ast.Div) and field == "right")
    return isinstance(node, ast.Call) and form_of(node) not in ("sum", "outer", "diag")


def _putter(node, field, put):
    def put_here(changed):
        new = copy.copy(node)
        if isinstance(field, int):
            new.args = [changed if n == field else argument for n, argument in enumerate(node.args)]
        else:
            setattr(new, field, changed)
        return put(new)

    return put_here


def _children(node):
    match node:
        case ast.BinOp():
            return [("left", node.left), ("right", node.right)]
        case ast.UnaryOp():
            return [("operand", node.operand)]
        case ast.Attribute():
            return [("value", node.value)]
        case ast.Call() if form_of(node) != "d":
            row = FORMS[form_of(node)]
            skipped = {*row.indices, *row.conditions, *((2, 3) if row.runs else ())}
            return [(n, argument) for n, argument in enumerate(node.args) if n not in skipped]
    return []


def _segments(node, put, bound, inside):
    """The last two operands of a chain: in ``a * b * c``, which is read as ``(a * b) * c``, the part ``b * c``."""
    left = node.left
    if isinstance(left, ast.BinOp) and type(left.op) is type(node.op) and isinstance(node.op, (ast.Mult, ast.Add)):
        pair = ast.BinOp(left.right, node.op, node.right)
        yield Place(pair, lambda changed: put(ast.BinOp(left.left, node.op, changed)), bound, inside)


def size(tree):
    """How many parts a tree has."""
    return sum(isinstance(node, (ast.Name, ast.Constant, ast.BinOp, ast.Call)) for node in ast.walk(tree))
