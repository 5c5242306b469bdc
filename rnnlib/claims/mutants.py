"""Systematic small errors: a check that accepts one of them checks less than it seems to."""

import ast
import copy

from .forms import FORMS
from .given import Domain
from .language import Decimal, form_of, indices_of, text_of

MAX_MUTANTS = 60


def mutants(tree, given):
    """Every tree that differs from this one by one small error.

    Parameters
    ----------
    tree : ast.expr
    given : Given

    Returns
    -------
    dict of str to tuple
        By the mutant's text: its tree, and what was changed in words a student understands.
    """
    found, original = {}, text_of(tree)
    for path, node in _places(tree):
        for changed, words in _changes(node, given, path):
            mutant = _replaced(tree, path, changed)
            if (text := text_of(mutant)) != original:
                found.setdefault(text, (mutant, words))
    if len(found) <= MAX_MUTANTS:
        return found
    # A long formula has more; they are taken evenly from its whole length.
    texts = list(found)
    return {text: found[text] for text in (texts[k * len(texts) // MAX_MUTANTS] for k in range(MAX_MUTANTS))}


def _places(tree, path=()):
    """Every node that stands for a value, with the way to it from the root."""
    yield path, tree
    for name, child in _children(tree):
        yield from _places(child, (*path, name))


def _children(node):
    match node:
        case ast.BinOp():
            return [(("left",), node.left), (("right",), node.right)]
        case ast.UnaryOp():
            return [(("operand",), node.operand)]
        case ast.Attribute():
            return [(("value",), node.value)]
        case ast.Call():
            indices = FORMS[form_of(node)].indices
            if form_of(node) == "d" and not isinstance(node.args[1], ast.Subscript):
                indices = (1,)  # of what one differentiates by, only an index can be mistaken
            return [(("args", n), a) for n, a in enumerate(node.args) if n not in indices]
    return []


def _replaced(tree, path, changed):
    tree = copy.deepcopy(tree)
    if not path:
        return changed
    node = tree
    for step in path[:-1]:
        node = _step(node, step)
    *way, last = path[-1]
    if way:
        getattr(node, way[0])[last] = changed
    else:
        setattr(node, last, changed)
    return tree


def _step(node, step):
    return getattr(node, step[0]) if len(step) == 1 else getattr(node, step[0])[step[1]]


def _changes(node, given, path):
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield from _changed_operation(node, left, op, right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            yield operand, "a sign is flipped"
        case ast.Attribute(value=value):
            yield value, "a transpose is missing"
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1), "a constant is off by one"
            if value > 1:
                yield ast.Constant(value - 1), "a constant is off by one"
        case ast.Constant(value=value):
            yield ast.Constant(Decimal(2 * value)), "a constant is doubled"
        case ast.Name(id=name) if len(given.domains.get(name, Domain("")).axes) == 2:
            yield ast.Attribute(node, "T"), "there is a transpose too many"
        case ast.Subscript():
            yield from _changed_entry(node, given)
        case ast.Call():
            yield from FORMS[form_of(node)].mutants(given, node)
    if not path and not (isinstance(node, ast.UnaryOp) or (isinstance(node, ast.Constant) and node.value == 0)):
        yield ast.UnaryOp(ast.USub(), node), "the sign of the whole is flipped"


def _changed_operation(node, left, op, right):
    match op:
        case ast.Add():
            yield ast.BinOp(left, ast.Sub(), right), "a sign is flipped"
            yield left, "a term is missing"
            yield right, "a term is missing"
        case ast.Sub():
            yield ast.BinOp(left, ast.Add(), right), "a sign is flipped"
            yield left, "a term is missing"
            yield ast.UnaryOp(ast.USub(), right), "a term is missing"
        case ast.Mult() | ast.MatMult():
            yield left, "a factor is missing"
            yield right, "a factor is missing"
            if isinstance(op, ast.MatMult):
                yield ast.BinOp(right, op, left), "the factors of a matrix product are swapped"
        case ast.Div():
            yield left, "a divisor is missing"
            yield ast.BinOp(ast.Constant(1), op, right), "a numerator is missing"
            yield ast.BinOp(left, ast.Mult(), right), "it multiplies where it should divide"
        case ast.Pow():
            yield left, "an exponent is missing"


def _changed_entry(node, given):
    indices = indices_of(node)
    for n, index in enumerate(indices):
        if isinstance(index, ast.Name):
            for other in given.same_range(index):
                yield _with_index(node, n, ast.Name(other)), f"the index {index.id} stands as {other}"
        elif isinstance(index, ast.BinOp):
            yield _with_index(node, n, index.left), "an index is shifted by one"
        if isinstance(index, (ast.Name, ast.Constant)):
            for op in (ast.Sub(), ast.Add()):
                yield _with_index(node, n, _shifted(index, op)), "an index is shifted by one"
    if len(indices) == 2:
        swapped = ast.Subscript(node.value, ast.Tuple(indices[::-1], ast.Load()))
        yield swapped, "two indices are swapped"


def _shifted(index, op):
    if isinstance(index, ast.Constant):
        return ast.Constant(index.value + (1 if isinstance(op, ast.Add) else -1))
    return ast.BinOp(index, op, ast.Constant(1))


def _with_index(node, n, index):
    indices = indices_of(node)
    indices[n] = index
    return ast.Subscript(node.value, indices[0] if len(indices) == 1 else ast.Tuple(indices, ast.Load()))
