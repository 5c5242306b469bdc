"""What is no answer although it is true: the question handed back, in its own words or by other names.

An exercise asks to work something out. So an answer is written with the names of the right side, with what these are
made of, and with the inputs; never with a quantity on the way, nor with a derivative that the right side has not.
"""

import ast
import copy
from itertools import permutations

from ..domains import INDEX, SIZE, axis_text
from ..language import form_of, indices_of, names_in, parse, parts_of, runs, text_of

MAX_EXCHANGED = 4


def names_allowed(asked):
    """The names with which an answer may be written: those of the right side first, then the inputs.

    Parameters
    ----------
    asked : Claim

    Returns
    -------
    list of str
    """
    given, right = asked.given, asked.statement.right
    closed = _made_of(right, given)
    inputs = [name for name, domain in given.domains.items() if name.isidentifier() and domain.kind != INDEX]
    between = [name for name in given.clauses if name in closed]
    indices = {name for name, domain in given.domains.items() if domain.kind == INDEX}
    first = [name for name in names_in_order(right) if name in closed - indices]
    return list(dict.fromkeys([*first, *inputs, *between]))


def names_in_order(tree):
    """The names in a tree as they are read from left to right, each once."""
    if isinstance(tree, ast.Name):
        return [tree.id]
    return list(dict.fromkeys(name for part in parts_of(tree) for name in names_in_order(part)))


def _made_of(tree, given):
    """The names of a tree and of the definitions behind them."""
    open_names, found = _outside_of_derivatives(tree), set()
    while open_names:
        name = open_names.pop()
        if name not in found:
            found.add(name)
            for clause in given.clauses.get(name, ()):
                open_names |= _behind(clause.body, given) | {n for p in clause.pattern for n in names_in(p)}
    return {name for name in found if name in given.domains or name in given.clauses}


def _outside_of_derivatives(tree):
    """The names of a tree but for those under a derivative: with d(L, h[r+1]) an answer may not use L."""
    if isinstance(tree, ast.Name):
        return {tree.id}
    if form_of(tree) == "d":
        return set()
    return {name for part in parts_of(tree) for name in _outside_of_derivatives(part)}


def _behind(body, given):
    """The names behind a quantity; behind a derivative of L, what L is made of, but not L."""
    if form_of(body) != "d" or not isinstance(body.args[0], ast.Name):
        return names_in(body)
    whole = body.args[0].id
    return names_in(body.args[1]) | {name for c in given.clauses.get(whole, ()) for name in names_in(c.body)} - {whole}


def unfinished(tree, asked):
    """Why a true formula is no answer yet, as a sentence without its full stop, or ``""``.

    Parameters
    ----------
    tree : ast.expr
        The formula.
    asked : Claim
    """
    left, right, given = asked.statement.left, asked.statement.right, asked.given
    tree, left, right = (_folded(side, given) for side in (tree, left, right))
    if why := differentiates(tree, asked):
        return why
    if _holds_left(tree, left, right, given):
        return "your formula still holds what the exercise asks for; work it out"
    if _counts(tree, right):
        return "your formula still holds a sum whose terms are all the same; work it out"
    allowed = names_allowed(asked)
    running = {node.args[1].id for node in ast.walk(tree) if runs(node)}
    indices = {name for name, domain in given.domains.items() if domain.kind == INDEX}
    inside = {name for node in _derivatives(right) for name in names_in(node)}
    if extra := sorted(names_in(tree) - {*allowed, *running, *indices, *inside, "pi"}):
        return f"`{extra[0]}` is a quantity on the way: write the answer with {', '.join(allowed)}"
    return ""


def differentiates(tree, asked):
    """That a formula has a derivative that the right side has not, as a sentence without its full stop, or ``""``."""
    tree, right = _folded(tree, asked.given), _folded(asked.statement.right, asked.given)
    allowed = {text_of(node) for node in _derivatives(right)}
    found = [text_of(node) for node in _derivatives(tree) if text_of(node) not in allowed]
    return f"your formula still holds the derivative `{found[0]}`; work it out" if found else ""


def _derivatives(tree):
    return [node for node in ast.walk(tree) if form_of(node) == "d"]


def _holds_left(tree, left, right, given):
    """Whether the left side stands in a formula, in whichever order it is written."""
    if isinstance(left, ast.Subscript) and isinstance(left.value, ast.Name):
        # Of delta[r], other entries of delta are no answer either, but for those that the right side has.
        name, allowed = left.value.id, {text_of(node) for node in _entries(right, left.value.id)}
        whole = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
        entries = _entries(tree, name)
        return len(whole) > len(entries) or any(text_of(node) not in allowed for node in entries)
    asked_for = {_canonical(other) for other in _with_letters_exchanged(left, given)}
    return any(isinstance(node, ast.expr) and _canonical(node) in asked_for for node in ast.walk(tree))


def _entries(tree, name):
    return [n for n in ast.walk(tree) if isinstance(n, ast.Subscript) and text_of(n.value) == name]


def _with_letters_exchanged(tree, given):
    """A tree and what becomes of it when its plain numbers change places."""
    names = [n for n in names_in_order(tree) if n in given.domains and not given.domains[n].axes]
    names = [n for n in names if given.domains[n].kind not in (SIZE, INDEX)][:MAX_EXCHANGED]
    for other in permutations(names):
        exchanged = dict(zip(names, other, strict=True))
        yield _Renamer(exchanged).visit(copy.deepcopy(tree))


class _Renamer(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        return ast.Name(self.names.get(node.id, node.id))


def _canonical(tree):
    """A text that is the same whatever the order of terms and factors."""
    match tree:
        case ast.BinOp(op=(ast.Add() | ast.Mult()) as op):
            return f"({type(op).__name__} {' '.join(sorted(_operands(tree, type(op))))})"
        case ast.BinOp(left=left, op=op, right=right):
            return f"({type(op).__name__} {_canonical(left)} {_canonical(right)})"
        case ast.UnaryOp(op=op, operand=operand):
            return f"({type(op).__name__} {_canonical(operand)})"
        case ast.Call(args=arguments):
            return f"({form_of(tree)} {' '.join(map(_canonical, arguments))})"
    return text_of(tree)


def _operands(tree, op):
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, op):
        return [*_operands(tree.left, op), *_operands(tree.right, op)]
    return [_canonical(tree)]


def _counts(tree, right):
    """Whether a formula has sums of ones where the right side has counted them."""
    if any(runs(node) for node in ast.walk(right)):
        return False
    return any(runs(node) and node.args[1].id not in names_in(node.args[0]) for node in ast.walk(tree))


# One spelling.


def _folded(tree, given):
    """A tree with its indices in one form, and with the quantity where its definition, a derivative, is written."""
    return _Folder(given).visit(copy.deepcopy(tree))


class _Folder(ast.NodeTransformer):
    def __init__(self, given):
        self.given = given
        self.definitions = [
            clause for clauses in given.clauses.values() for clause in clauses if form_of(clause.body) == "d"
        ]

    def visit_Subscript(self, node):
        node = ast.Subscript(self.visit(node.value), node.slice)
        indices = [parse(axis_text(index)) if _is_plain(index) else index for index in indices_of(node)]
        node.slice = indices[0] if len(indices) == 1 else ast.Tuple(indices, ast.Load())
        return node

    def visit_Call(self, node):
        node = self.generic_visit(node)
        for clause in self.definitions if form_of(node) == "d" else ():
            body = clause.body
            if not clause.pattern:
                if text_of(node) == text_of(body):
                    return ast.Name(clause.name)
                continue
            found = _matched(node, body, clause)
            if found is not None:
                return ast.Subscript(ast.Name(clause.name), found)
        return node


def _is_plain(index):
    """Whether an index is built from names and whole numbers, and from few of them."""
    nodes = list(ast.walk(index))
    return len(nodes) < 20 and not any(isinstance(node, ast.Subscript) for node in nodes)


def _matched(node, body, clause):
    """The index at which a derivative is the one of a definition: d(L, a[r+1]) is delta[r+1]."""
    if len(clause.pattern) != 1 or not isinstance(clause.pattern[0], ast.Name):
        return None
    (f, x), (f0, x0) = node.args, body.args
    same = text_of(f) == text_of(f0) and isinstance(x, ast.Subscript) and isinstance(x0, ast.Subscript)
    if same and text_of(x.value) == text_of(x0.value) and text_of(x0.slice) == clause.pattern[0].id:
        return x.slice
    return None
