"""Where symbols live, and how quantities are defined: what a setting is made of."""

import ast
from collections import Counter
from itertools import product
from typing import NamedTuple

from .language import parse

SIZE, INDEX, PICK = "size", "index", "pick"
# Every axis and every derivative multiplies the work; no formula of the book needs more.
MAX_AXES, MAX_NESTING, MAX_TERMS = 4, 3, 1000
# The kinds of entries a symbol can have, as they are written and as they are read aloud.
ENTRIES = {
    "real": "real",
    "positive": "positive",
    "nonzero": "not zero",
    "unit": "between 0 and 1",
    "onehot": "one-hot: a single 1, else 0",
    "distribution": "positive, summing to one along the last axis",
}


class Domain(NamedTuple):
    """Where a symbol lives: its kind, and by kind its axes (array), its two bounds (index), its least value or its
    least and greatest (size). `bounds` are those of the whole numbers in an array of picks."""

    kind: str
    axes: tuple = ()
    bounds: tuple = ()


class Clause(NamedTuple):
    """One defining line ``name[pattern] := body`` with the words that explain it."""

    name: str
    pattern: tuple
    body: ast.expr
    words: str

    @property
    def is_free(self):
        """Whether this only says that an entry, such as h[0], is a symbol of its own."""
        return isinstance(self.body, ast.Name) and self.body.id.endswith("]")


def axis_text(tree):
    """The text of a size expression in one form, so that ``D + D`` and ``2 * D`` are the same axis."""
    text = ""
    for names, times in sorted(_polynomial(tree).items(), key=lambda item: (-len(item[0]), item[0])):
        factors = ([str(abs(times))] if abs(times) != 1 or not names else []) + list(names)
        text += (" - " if times < 0 else " + " if text else "") + " * ".join(factors)
    return text.strip() or "0"


def _polynomial(tree):
    """By product of names: how often it occurs in an expression of sizes and whole numbers."""
    match tree:
        case ast.Constant(value=value):
            found = {(): value}
        case ast.Name(id=name):
            found = {(name,): 1}
        case ast.UnaryOp(op=op, operand=operand):
            found = {names: -n if isinstance(op, ast.USub) else n for names, n in _polynomial(operand).items()}
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _polynomial(left), _polynomial(right)
            found = Counter()
            if isinstance(op, ast.Mult):
                for (m, x), (n, y) in product(a.items(), b.items()):
                    found[tuple(sorted(m + n))] += x * y
            else:
                for names in a.keys() | b.keys():
                    found[names] = a.get(names, 0) + b.get(names, 0) * (-1 if isinstance(op, ast.Sub) else 1)
    return {names: times for names, times in found.items() if times}


def ends_within(high, axis):
    """Whether an index that ends at `high` ends within an axis: at its end, or a number of places before it."""
    left = _polynomial(ast.BinOp(parse(axis.split("..")[-1]), ast.Sub(), high))
    # A size is at least 1, and so is a product of sizes.
    return all(times > 0 for names, times in left.items() if names) and sum(left.values()) >= 0
