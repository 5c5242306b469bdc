"""Systematic small errors: a check that accepts one of them checks less than it seems to."""
import ast
import copy

from .given import INDEX
from .language import form_of, indices_of, text_of

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
            text = text_of(mutant)
            if text != original and text not in found and len(found) < MAX_MUTANTS:
                found[text] = mutant, words
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
            running = form_of(node) in ("sum", "prod")
            return [(("args", n), a) for n, a in enumerate(node.args) if not (running and n == 1)]
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
        case ast.Subscript():
            yield from _changed_entry(node, given)
        case ast.Call(args=arguments):
            yield from _changed_call(node, arguments)
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
                yield ast.BinOp(left, op, ast.Attribute(right, "T")), "there is a transpose too many"
        case ast.Div():
            yield left, "a divisor is missing"
            yield ast.BinOp(left, ast.Mult(), right), "it multiplies where it should divide"
        case ast.Pow():
            yield left, "an exponent is missing"


def _changed_entry(node, given):
    indices = indices_of(node)
    for n, index in enumerate(indices):
        if isinstance(index, ast.Name) and index.id in given.domains:
            low, high = (text_of(bound) for bound in given.domains[index.id].axes or (index, index))
            others = [name for name, domain in given.domains.items() if domain.kind == INDEX and name != index.id
                      and [text_of(bound) for bound in domain.axes] == [low, high]]
            for other in others:
                yield _with_index(node, n, ast.Name(other)), f"the index {index.id} stands as {other}"
            for shift, op in ((1, ast.Sub()), (1, ast.Add())):
                yield _with_index(node, n, ast.BinOp(index, op, ast.Constant(shift))), "an index is shifted by one"
        elif isinstance(index, ast.BinOp):
            yield _with_index(node, n, index.left), "an index is shifted by one"
    if len(indices) == 2:
        swapped = ast.Subscript(node.value, ast.Tuple(indices[::-1], ast.Load()))
        yield swapped, "two indices are swapped"


def _with_index(node, n, index):
    indices = indices_of(node)
    indices[n] = index
    return ast.Subscript(node.value, indices[0] if len(indices) == 1 else ast.Tuple(indices, ast.Load()))


def _changed_call(node, arguments):
    name = form_of(node)
    if name in ("sum", "prod"):
        yield arguments[0], "the sum is missing" if name == "sum" else "the product is missing"
    elif name in ("exp", "log", "tanh", "sigmoid", "sqrt", "abs", "log2", "ln"):
        yield arguments[0], f"the function {name} is missing"
    elif name == "outer":
        yield ast.Call(node.func, arguments[::-1], []), "the factors of an outer product are swapped"
    elif name == "delta":
        yield ast.Constant(1), "a delta is missing"
