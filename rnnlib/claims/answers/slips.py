"""Small slips in a formula, each with words for it, in both directions.

An edit that turns the right formula into the answer says what the answer lacks; an edit that turns the answer into the
right formula says what it has too many. Most slips are one edit seen from one of the two sides.
"""

import ast
import copy
from functools import reduce
from typing import NamedTuple

from ..domains import INDEX, SIZE
from ..errors import ClaimError
from ..forms import FORMS
from ..language import form_of, indices_of, text_of
from .places import places, size

_SIGNS = {ast.Add: ast.Sub, ast.Sub: ast.Add}
_ALIKE = ("tanh", "sigmoid", "exp", "log", "log2", "sqrt", "softmax")


class Edit(NamedTuple):
    """One edit: the tree after it, and words for it.

    `missing` says what is wrong with the answer where the edit was made in the right formula, `extra` where it was
    made in the answer; one of them is empty where the edit says nothing there. `cost` says how rare the slip is,
    `inside` that it happened inside of a function, a power or a divisor.
    """

    tree: ast.expr
    missing: str
    extra: str
    cost: float
    inside: bool = False


# What an edit costs: a sign, a letter or a removed part is a small slip, another operation is a rare one.
SMALL, BRACKET, FUNCTION, OPERATION = 1, 1.5, 2.5, 3


def _removal(part):
    return SMALL + size(part) / 20


def edits(tree, given):
    """Every edit of one place of a tree, and those of the whole."""
    for place in places(tree):
        for changed, missing, extra, cost in _at(place.part, given):
            yield Edit(place.put(changed), missing, extra, cost, place.inside)
    yield from _of_whole(tree, given)


# Edits of one place.


def _at(node, given):
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            yield from _at_sum(node)
        case ast.BinOp():
            yield from _at_product(node, given)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand, "a sign is flipped", f"the minus before `{text_of(operand)}` is too many", 1
        case ast.Attribute(value=value):
            yield value, "a transpose is missing", f"the transpose of `{text_of(value)}` is too many", 1
        case ast.Constant(value=int(value)):
            for other in {value - 1, value + 1, 2 * value} - {0, value}:
                told = f"the constant {other} stands where {value} belongs"
                yield ast.Constant(other), told, f"the constant {value} stands where {other} belongs", 1
        case ast.Name(id=name) if _axes(node, given) == 2:
            yield _squared(node)
            yield ast.Attribute(node, "T"), f"there is a transpose too many at `{name}`", _untransposed(name), 1
        case ast.Subscript():
            yield from _at_entry(node, given)
            yield _squared(node)
        case ast.Name():
            yield _squared(node)
        case ast.Call():
            yield from _at_call(node, given)


def _squared(node):
    square = ast.BinOp(node, ast.Pow(), ast.Constant(2))
    return square, "", f"a square is missing at `{text_of(node)}`", SMALL


def _untransposed(name):
    return f"a transpose is missing at `{name}`"


def _axes(node, given):
    try:
        return len(given.shape(node))
    except ClaimError:
        return 0


def _at_sum(node):
    left, right, op = node.left, node.right, node.op
    told = f"the sign before `{text_of(right)}` is flipped"
    yield ast.BinOp(left, _SIGNS[type(op)](), right), "a sign is flipped", told, SMALL
    yield left, _missing("term", right), _too_many("term", right), _removal(right)
    rest = ast.UnaryOp(ast.USub(), right) if isinstance(op, ast.Sub) else right
    yield rest, _missing("term", left), _too_many("term", left), _removal(left)
    if isinstance(op, ast.Sub):
        told = f"the difference `{text_of(node)}` is taken the wrong way round"
        yield ast.BinOp(right, op, left), "a difference is taken the wrong way round", told, SMALL
        told = "a quotient stands where a difference belongs", "a difference stands where a quotient belongs"
        yield ast.BinOp(left, ast.Div(), right), *told, OPERATION
    told = "a product stands where a sum belongs", "a sum stands where a product belongs"
    terms = _chain(node, (ast.Add,))
    yield reduce(lambda a, b: ast.BinOp(a, ast.Mult(), b), terms), *told, OPERATION
    if len(terms) > 2:
        yield ast.BinOp(left, ast.Mult(), right), *told, OPERATION
    for inner, changed in _exponents_outside(left, op, right):
        told = f"the exponent of `{text_of(inner)}` stands at the bracket, not at the term"
        yield changed, "an exponent stands at the bracket, not at the term inside", told, BRACKET
    yield from _brackets_around(left, op, right)


def _many(kind, part):
    """Whether what is taken for one term or factor is several."""
    return isinstance(part, ast.BinOp) and isinstance(part.op, (ast.Add, ast.Sub) if kind == "term" else ast.Mult)


def _missing(kind, part):
    return f"{kind}s are missing" if _many(kind, part) else f"a {kind} is missing"


def _too_many(kind, part):
    plural = _many(kind, part)
    return f"the {kind}{'s' * plural} `{text_of(part)}` {'are' if plural else 'is'} too many"


def _chain(node, ops):
    """The operands of a chain such as ``a + b + c``."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ops):
        return [*_chain(node.left, ops), *_chain(node.right, ops)]
    return [node]


def _exponents_outside(left, op, right):
    if isinstance(right, ast.BinOp) and isinstance(right.op, ast.Pow):
        yield right, ast.BinOp(ast.BinOp(left, op, right.left), ast.Pow(), right.right)
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Pow):
        yield left, ast.BinOp(ast.BinOp(left.left, op, right), ast.Pow(), left.right)


def _brackets_around(left, op, right):
    """``a + b * c`` written as ``(a + b) * c``."""
    if isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Mult, ast.Div, ast.MatMult)):
        changed = ast.BinOp(ast.BinOp(left, op, right.left), right.op, right.right)
        yield changed, "a bracket reaches too far: a factor multiplies one term too many", "", BRACKET


def _at_product(node, given):
    left, right, op = node.left, node.right, node.op
    match op:
        case ast.Mult() | ast.MatMult():
            yield left, _missing("factor", right), _too_many("factor", right), _removal(right)
            yield right, _missing("factor", left), _too_many("factor", left), _removal(left)
        case ast.Div():
            yield left, "a divisor is missing", _divisor_told(left, right, given), _removal(right)
            yield ast.BinOp(ast.Constant(1), op, right), "a numerator is missing", "", _removal(left)
            told = "it multiplies where it should divide", f"it divides by `{text_of(right)}` where it should multiply"
            yield ast.BinOp(left, ast.Mult(), right), *told, SMALL
        case ast.Pow():
            told = f"the exponent {text_of(right)} of `{text_of(left)}` is too many"
            yield left, "an exponent is missing", told, SMALL
    if isinstance(op, ast.MatMult):
        told = "the factors of a matrix product are swapped"
        yield ast.BinOp(right, op, left), told, told, SMALL
    if isinstance(op, ast.Mult):
        told = "it divides where it should multiply", f"it multiplies by `{text_of(right)}` where it should divide"
        yield ast.BinOp(left, ast.Div(), right), *told, SMALL
        factors = _chain(node, (ast.Mult,))
        told = "a sum stands where a product belongs", "a product stands where a sum belongs"
        yield reduce(lambda a, b: ast.BinOp(a, ast.Add(), b), factors), *told, OPERATION
        if len(factors) > 2:
            yield ast.BinOp(left, ast.Add(), right), *told, OPERATION
            last = ast.BinOp(factors[-2], op, factors[-1])
            yield reduce(_times, factors[:-2]), _missing("factor", last), _too_many("factor", last), _removal(last)
        yield from _brackets(factors)
    elif isinstance(op, ast.Div) and (terms := _terms(left)):
        for changed in _in_part(terms, lambda term: ast.BinOp(term, op, right)):
            yield changed, "the divisor reaches only some of the terms: a bracket is missing", "", BRACKET
    elif isinstance(op, ast.MatMult):
        for side, times in ((left, lambda x: ast.BinOp(x, op, right)), (right, lambda x: ast.BinOp(left, op, x))):
            for changed in _in_part(_terms(side), times):
                yield changed, "a factor reaches only some of the terms: a bracket is missing", "", BRACKET


def _times(a, b):
    return ast.BinOp(a, ast.Mult(), b)


def _divisor_told(of, divisor, given):
    is_size = isinstance(divisor, ast.Name) and _kind(divisor.id, given) == SIZE
    if is_size and any(form_of(node) == "sum" for node in ast.walk(of)):
        return f"a mean stands where a sum belongs: the divisor `{divisor.id}` is too many"
    return f"the divisor `{text_of(divisor)}` is too many"


def _brackets(factors):
    """Factors that reach only some of the terms of a sum that they multiply."""
    for n, factor in enumerate(factors):
        if terms := _terms(factor):
            others = [*factors[:n], *factors[n + 1 :]]
            for some in (others, others[:1], others[-1:])[: 1 + 2 * (len(others) > 1)]:
                rest = [f for f in others if all(f is not s for s in some)]
                for changed in _in_part(terms, lambda term, some=some: reduce(_times, [*some, term])):
                    yield (
                        reduce(_times, [*rest, changed]),
                        "a factor reaches only some of the terms: a bracket is missing",
                        "",
                        BRACKET,
                    )


def _in_part(terms, times):
    """A sum of terms some of which, at one of its ends, are multiplied."""
    signs, parts = [sign for sign, _ in terms], [part for _, part in terms]
    for k in range(1, len(parts)):
        for reached in (range(k), range(k, len(parts)), range(k, k + 1)):
            made = [times(part) if n in reached else part for n, part in enumerate(parts)]
            yield reduce(lambda a, b: ast.BinOp(a, b[0], b[1]), zip(signs[1:], made[1:], strict=True), made[0])


def _terms(node):
    """The terms of a sum, each with its sign; a series of a sum is a sum of series. Empty where there is one term."""
    match node:
        case ast.BinOp(left=left, op=(ast.Add() | ast.Sub()) as sign, right=right):
            return [*(_terms(left) or [(ast.Add(), left)]), (sign, right)]
        case ast.Call() if form_of(node) == "sum":
            return [(s, ast.Call(node.func, [part, *node.args[1:]], [])) for s, part in _terms(node.args[0])]
    return []


def _at_entry(node, given):
    indices = indices_of(node)
    whole = text_of(node)
    for n, index in enumerate(indices):
        if isinstance(index, ast.Name):
            for other in given.same_range(index):
                told = f"the index {other} stands where {index.id} belongs"
                back = f"the index {index.id} of `{whole}` stands where {other} belongs"
                yield _with_index(node, n, ast.Name(other)), told, back, 1
        elif isinstance(index, ast.BinOp):
            yield (
                _with_index(node, n, index.left),
                "an index is shifted by one",
                f"the index of `{whole}` is shifted",
                1,
            )
        for op in (ast.Sub(), ast.Add()):
            shifted = ast.BinOp(index, op, ast.Constant(1))
            yield _with_index(node, n, shifted), "an index is shifted by one", f"the index of `{whole}` is shifted", 1
    if len(indices) == 2:
        swapped = ast.Subscript(node.value, ast.Tuple(indices[::-1], ast.Load()))
        yield swapped, "two indices are swapped", f"the indices of `{whole}` are swapped", 1


def _with_index(node, n, index):
    indices = indices_of(node)
    indices[n] = index
    return ast.Subscript(node.value, indices[0] if len(indices) == 1 else ast.Tuple(indices, ast.Load()))


def _at_call(node, given):
    name, arguments = form_of(node), node.args
    if FORMS[name].runs:
        yield from _at_series(node, given)
    elif name == "delta":
        told = f"`{text_of(node)}` is too many"
        yield ast.Constant(1), "Kronecker's delta is missing: 1 stands in its place", told, 1
        for n, index in enumerate(arguments):
            for other in given.same_range(index):
                changed = [ast.Name(other) if m == n else argument for m, argument in enumerate(arguments)]
                told = f"the index {other} stands where {text_of(index)} belongs"
                yield ast.Call(node.func, changed, []), told, f"an index of `{text_of(node)}` is another one", 1
    elif name == "outer":
        told = "the factors of the outer product are swapped"
        yield ast.Call(node.func, arguments[::-1], []), told, told, 1
    elif len(arguments) == 1:
        yield arguments[0], f"the function {name} is missing", f"the function {name} is too many", 1
        for other in _ALIKE:
            if name in _ALIKE and other != name and "softmax" not in (name, other):
                told = f"{other} stands where {name} belongs", f"{name} stands where {other} belongs"
                yield ast.Call(ast.Name(other), arguments, []), *told, FUNCTION


def _at_series(node, given):
    term, index = node.args[0], node.args[1].id
    low, high = node.args[2:] or given.domains[index].axes
    word = {"sum": "sum", "prod": "product"}.get(form_of(node), "product")
    yield term, f"the {word} over {index} is missing", f"the {word} over {index} is too many", 1
    if form_of(node) == "sum":
        yield _renamed(term, index, high), "only the last term is counted, not the sum over all", "", 2
        yield _renamed(term, index, low), "only the first term is counted, not the sum over all", "", 2
        length = ast.BinOp(high, ast.Add(), ast.Constant(1)) if text_of(low) == "0" else high
        yield ast.BinOp(node, ast.Div(), length), "a mean stands where a sum belongs", "", 1
        told = "a product stands where a sum belongs", "a sum stands where a product belongs"
        yield ast.Call(ast.Name("prod"), node.args, []), *told, 1
        yield from _split(node)
    for first, last, words in ((1, 0, "the first"), (0, 1, "the last")):
        ends = [ast.BinOp(low, ast.Add(), ast.Constant(first)), ast.BinOp(high, ast.Sub(), ast.Constant(last))]
        short = ast.Call(node.func, [term, node.args[1], *ends], [])
        yield short, f"{words} term of the {word} is left out", "", 1
    if node.args[2:]:
        for axis in dict.fromkeys(text_of(d.axes[1]) for d in given.domains.values() if d.kind == INDEX):
            ends = [ast.Constant(1), ast.parse(axis, mode="eval").body]
            if [*map(text_of, ends)] != [*map(text_of, node.args[2:])]:
                yield ast.Call(node.func, [term, node.args[1], *ends], []), "", _range_told(node), 1


def _range_told(node):
    return f"the range of the sum is another one than {text_of(node.args[2])} to {text_of(node.args[3])}"


def _split(node):
    """A product of two sums for the sum of the products."""
    told = "a product of two sums stands where the sum of the products belongs"
    match node.args[0]:
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            a, b = (ast.Call(node.func, [part, *node.args[1:]], []) for part in (left, right))
            yield ast.BinOp(a, ast.Mult(), b), told, "", 2
        case ast.Call(func=ast.Name(id="outer") as outer, args=[left, right]):
            a, b = (ast.Call(node.func, [part, *node.args[1:]], []) for part in (left, right))
            yield ast.Call(outer, [a, b], []), told, "", 2


def _renamed(tree, name, other):
    """The tree with another expression for an index."""

    class Renamer(ast.NodeTransformer):
        def visit_Name(self, node):
            return other if node.id == name else node

    return Renamer().visit(copy.deepcopy(tree))


# Edits of the whole.


def _of_whole(tree, given):
    negated = ast.UnaryOp(ast.USub(), tree)
    yield Edit(negated, "the sign is flipped", "the sign is flipped", 1)
    if _axes(tree, given) == 2:
        told = "the whole is transposed"
        yield Edit(ast.Attribute(tree, "T"), told, told, 1)
    yield Edit(ast.BinOp(tree, ast.Pow(), ast.Constant(2)), "the whole is squared", "a square is missing", 1)
    yield Edit(ast.Call(ast.Name("sqrt"), [tree], []), "a square root is taken", "a square root is missing", 1)
    used = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name)]
    indices = [name for name in dict.fromkeys(used) if _kind(name, given) == INDEX]
    for name in indices:
        for other in given.same_range(ast.Name(name)):
            back = f"the index {name} stands where {other} belongs"
            told = f"the index {other} stands where {name} belongs"
            yield Edit(_renamed(tree, name, ast.Name(other)), told, back, 2)
    for factor in _scalars(given):
        for op, told in ((ast.Div(), "is too many"), (ast.Mult(), "is missing")):
            words = f"a factor `{text_of(factor)}` {told}"
            yield Edit(ast.BinOp(tree, op, factor), "", words, 2)
    for one, changed in _slopes(tree):
        yield Edit(changed, "", one, BRACKET)


def _kind(name, given):
    return given.domains[name].kind if name in given.domains else ""


def _scalars(given):
    """The numbers by which a whole formula is off now and then."""
    names = [
        n for n, d in given.domains.items() if d.kind == SIZE or (d.kind in ("real", "positive", "unit") and not d.axes)
    ]
    return [ast.Constant(2), ast.Constant(3), *(ast.Name(n) for n in names if n.isidentifier())]


_TANH, _SIGMOID, _HALF = "that of tanh, 1 - h^2", "that of the sigmoid, h (1 - h)", "1 - h"


def _slopes(tree):
    """Every slope of one kind in a formula turned into another kind, with words for the kind that stood there."""
    for kind, target, words in (
        (_SIGMOID, _TANH, "the slope of the sigmoid stands where that of the tanh belongs"),
        (_TANH, _SIGMOID, "the slope of the tanh stands where that of the sigmoid belongs"),
        (_HALF, _TANH, "the slope of the tanh is 1 - h^2: a square is missing"),
    ):
        changed = _Slopes(kind, target).visit(copy.deepcopy(tree))
        if text_of(changed) != text_of(tree):
            yield words, changed


class _Slopes(ast.NodeTransformer):
    """Rewrites slopes written in a function's output: ``1 - h^2``, ``h * (1 - h)`` and, short of either, ``1 - h``."""

    def __init__(self, kind, target):
        self.kind, self.target = kind, target

    def visit_BinOp(self, node):
        if self.kind == _SIGMOID and isinstance(node.op, ast.Mult) and (found := _sigmoid_slope(node)):
            return self._made(*found)
        if (output := _one_minus(node)) is not None:
            squared = isinstance(output, ast.BinOp) and isinstance(output.op, ast.Pow) and text_of(output.right) == "2"
            if self.kind == _TANH and squared:
                return self._made(None, output.left)
            if self.kind == _HALF and isinstance(output, (ast.Name, ast.Subscript)):
                return self._made(None, output)
        return self.generic_visit(node)

    def _made(self, before, output):
        one = ast.Constant(1)
        if self.target == _TANH:
            slope = ast.BinOp(one, ast.Sub(), ast.BinOp(output, ast.Pow(), ast.Constant(2)))
        else:
            slope = ast.BinOp(output, ast.Mult(), ast.BinOp(one, ast.Sub(), output))
        return slope if before is None else ast.BinOp(self.visit(before), ast.Mult(), slope)


def _one_minus(node):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and text_of(node.left) == "1":
        return node.right
    return None


def _sigmoid_slope(node):
    """What stands before a factor ``h * (1 - h)`` at the end of a product, and h."""
    output = _one_minus(node.right)
    if output is None:
        return None
    if text_of(node.left) == text_of(output):
        return None, output
    left = node.left
    if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Mult) and text_of(left.right) == text_of(output):
        return left.left, output
    return None
