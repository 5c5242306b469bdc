"""Systematic small errors: a check that accepts one of them checks less than it seems to."""

import ast
import copy
import decimal
from contextlib import suppress
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .domains import INDEX, SIZE, Clause, Domain
from .errors import IllFormed
from .forms import FORMS
from .given import Given
from .language import Decimal, Statement, form_of, indices_of, parse, text_of, written

# So many mutants of a side are tried, and so many errors in the definitions on which a statement depends.
MAX_MUTANTS, MAX_CHANGED_DEFINITIONS = 60, 6
# The relations that an inequality is mistaken for; a weaker one would be true as well and say nothing.
_MISTAKEN = {"<=": (">=", "<"), ">=": ("<=", ">"), "<": (">",), ">": ("<",)}
# So many other letters are tried in the place of each.
ALIKE = 2
_CONSTANT = ("a constant is off by one", "a constant is doubled")


class Mutant(NamedTuple):
    """A statement with one small error.

    `words` say what was changed. Where that is a definition, `clause` is the changed one and `given` the setting that
    holds it, or None where it means nothing. Of very many mutants some are not `tried`; they are counted.
    """

    statement: Statement
    given: Given | None
    words: str
    clause: Clause | None = None
    tried: bool = True


def mutants_of(statement, given, both_sides=True, definitions=MAX_CHANGED_DEFINITIONS):
    """Every mutant of a statement: of its sides, its relation and the definitions that it needs.

    Parameters
    ----------
    statement : Statement
    given : Given
    both_sides : bool
        Whether the left side is changed too; in a chain, it is the right side of the line before.
    definitions : int
        How many definitions are changed at most.

    Yields
    ------
    Mutant
    """
    if statement.relation == "≈":
        yield from (Mutant(other, given, "the last digit is off by one") for other in _off_by_a_digit(statement))
        return
    for relation in _MISTAKEN.get(statement.relation, ()):
        yield Mutant(statement._replace(relation=relation), given, "the relation is another one")
    for side in ("right", "left") if both_sides else ("right",):
        found = mutants(getattr(statement, side), given)
        tried = set(_evenly(list(found), MAX_MUTANTS))
        for text, (tree, words) in found.items():
            if statement.relation == "=" or words in _CONSTANT:
                yield Mutant(statement._replace(**{side: tree}), given, words, tried=text in tried)
    yield from _with_changed_definitions(statement, given, definitions)


def _off_by_a_digit(statement):
    """Both neighbours of the number that is written after ≈."""
    tree = statement.right
    negative = isinstance(tree, ast.UnaryOp)
    number = decimal.Decimal(written(tree.operand if negative else tree))
    step = decimal.Decimal((0, (1,), number.as_tuple().exponent))
    for other in (number + step, number - step):
        if other >= 0:
            yield statement._replace(right=parse(f"{'-' * negative}{other:f}"))


def _with_changed_definitions(statement, given, count):
    needed = given.needed([statement.left, statement.right])
    changes = [
        (clause, body, words)
        for name, clauses in given.clauses.items()
        if name in needed
        for clause in clauses
        if not clause.is_free
        for body, words in mutants(clause.body, given).values()
    ]
    tried = set(_evenly(range(len(changes)), count))
    for number, (clause, body, words) in enumerate(changes):
        told, changed = f"in the definition of {clause.name}, {words}", None
        if number in tried:
            with suppress(IllFormed):
                changed = given.with_clause(clause, body)
        yield Mutant(statement, changed, told, clause._replace(body=body), number in tried)


def _evenly(items, count):
    """At most so many items, one from each of as many stretches, now here and now there in it.

    Changes come in the same order at every place of a formula: from fixed places they would all be of a few kinds.
    """
    if len(items) <= count:
        return items
    ends, random = [k * len(items) // count for k in range(count + 1)], np.random.default_rng(len(items))
    return [items[random.integers(low, high)] for low, high in pairwise(ends)]


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
    return found


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
            yield ast.Constant(value + 1), _CONSTANT[0]
            if value > 1:
                yield ast.Constant(value - 1), _CONSTANT[0]
        case ast.Constant(value=value):
            yield ast.Constant(Decimal(2 * value)), _CONSTANT[1]
        case ast.Name():
            yield from _changed_name(node, given)
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


def _changed_name(node, given):
    """A name for which another stands, or its transpose."""
    domain = given.domains.get(node.id, Domain(""))
    if domain.kind == INDEX:
        yield from ((ast.Name(other), f"the index {node.id} stands as {other}") for other in given.same_range(node))
        return
    for other in _alike(node.id, given):
        yield ast.Name(other), f"the letter {other} stands for {node.id}"
    if domain.kind != SIZE and len(_shape(node.id, given) or ()) == 2:
        yield ast.Attribute(node, "T"), "there is a transpose too many"


def _alike(name, given):
    """The next two symbols or quantities that could stand in the place of one: of its shape, or sizes as it is."""
    names, kind = [*given.domains, *given.clauses], given.domains.get(name, Domain("")).kind
    if name not in names:
        return []
    start = names.index(name) + 1
    others = [other for other in [*names[start:], *names[: start - 1]] if other.isidentifier()]
    kinds = {other: given.domains.get(other, Domain("")).kind for other in others}
    if kind == SIZE:
        return [other for other in others if kinds[other] == SIZE][:ALIKE]
    shape = _shape(name, given)
    return [o for o in others if kinds[o] not in (SIZE, INDEX) and _shape(o, given) == shape][:ALIKE]


def _shape(name, given):
    """The axes of a symbol or quantity, or None where it has no shape."""
    try:
        return given.shape_of_name(name)
    except IllFormed:
        return None


def _changed_entry(node, given):
    indices = indices_of(node)
    for other in _alike(node.value.id, given) if isinstance(node.value, ast.Name) else ():
        yield ast.Subscript(ast.Name(other), node.slice), f"the letter {other} stands for {node.value.id}"
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
