"""The forms of the language that are written like a function call, one row each.

What the engine does with a form stands in its row and nowhere else: how many arguments it takes, what shape it has,
how it is computed, proved with and typeset, and which small errors are made in it. To add a form, add a row.

The four that compute, prove, typeset and check shapes are handed the one who asks, so that they can ask back about
their arguments: a setting (`Given`), an evaluation (`numeric`), a symbolic form (`symbolic`), a writer (`latex`).
"""

import ast
import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import sympy
from sympy import KroneckerDelta

from .errors import IllFormed, Undefined

# exp of more than this is refused in exact arithmetic: its digits would not fit in memory.
MAX_EXPONENTIAL = 10**6


class Form(NamedTuple):
    """One form.

    Parameters
    ----------
    arity : tuple of int
        How many arguments it may have.
    shape : callable
        ``(given, call, bound)`` to its axes.
    value : callable
        ``(evaluation, call, index)`` to its value in that evaluation's arithmetic.
    symbolic : callable
        ``(part, call, at)`` to its entry `at` in SymPy; ``part(tree, at)`` is that of a part.
    latex : callable
        ``(writer, call, place)`` to its LaTeX.
    mutants : callable
        ``(given, call)`` to pairs of a wrong version and words that say what is wrong.
    indices : tuple of int
        The arguments that are indices: no quantities, so no small errors are made in them as such.
    runs : bool
        Whether the second argument is an index that runs over the first.
    sign : str
        The sign of a function that can carry an exponent, as in tanh²(x).
    """

    arity: tuple
    shape: Callable
    value: Callable
    symbolic: Callable
    latex: Callable
    mutants: Callable = lambda given, call: ()
    indices: tuple = ()
    runs: bool = False
    sign: str = ""


# Elementary functions, entry by entry.


def elementary(latex, symbolic, exact, fast):
    """The row of a function of one number, taken of each entry of an array.

    `exact` takes an mpmath context and a number of it, `fast` a NumPy array. `latex` is the function's sign, or takes
    the writer and the argument.
    """

    def write(writer, call, place):
        return latex(writer, call.args[0]) if callable(latex) else writer.applied(latex, call.args[0])

    return Form(
        (1,),
        lambda given, call, bound: given.shape(call.args[0], bound),
        lambda e, call, index: e.arithmetic.apply(exact, fast, e.value(call.args[0], index)),
        lambda part, call, at: symbolic(part(call.args[0], at)),
        write,
        lambda given, call: [(call.args[0], f"the function {call.func.id} is missing")],
        sign="" if callable(latex) else latex,
    )


def _exp(mp, x):
    if abs(x) > MAX_EXPONENTIAL:
        raise Undefined("an exponential grew beyond what is computed")
    return mp.exp(x)


def _log(mp, x):
    if x <= 0:
        raise Undefined("the logarithm of a number that is not positive")
    return mp.log(x)


def _sqrt(mp, x):
    if x < 0:
        raise Undefined("the square root of a negative number")
    return mp.sqrt(x)


def _tanh(mp, x):
    # tanh differs from +-1 by less than any working precision long before this bound.
    return mp.tanh(x) if abs(x) < MAX_EXPONENTIAL else mp.sign(x)


def _logarithm(sign):
    def write(writer, x):
        short = isinstance(x, (ast.Name, ast.Subscript, ast.Constant))
        return f"{sign} {writer.write(x)}" if short else writer.applied(sign, x)

    return write


_LN = elementary(_logarithm(r"\ln"), sympy.log, _log, np.log)


# Sums and products.


def _series(sign, latex, add, empty, symbolic):
    """The row of a sum or product over an index."""
    return Form(
        (2, 4),
        lambda given, call, bound: given.shape_of_series(call, bound),
        lambda e, call, index: e.series(call, index, add, empty),
        lambda part, call, at: part.series(call, at, symbolic),
        lambda writer, call, place: writer.series(latex, call, place),
        lambda given, call: [(call.args[0], f"the {sign} is missing")],
        indices=(1,),
        runs=True,
    )


# Arrays.


def _vector(given, call, bound):
    shape = given.shape(call.args[0], bound)
    if len(shape) != 1:
        raise IllFormed(f"`{ast.unparse(call)}`: {call.func.id} takes a vector, found shape {shape_text(shape)}")
    return shape


def shape_text(shape):
    """A shape as a reader would write it."""
    return "(" + ", ".join(shape) + ")" if shape else "() of a scalar"


def _diagonal(e, call, index):
    vector, zero = e.value(call.args[0], index), e.arithmetic.number(0)
    return np.array([[v if i == j else zero for j in range(len(vector))] for i, v in enumerate(vector)])


def _softmax(e, call, index):
    weights = e.value(_weights(call), index)
    return weights / weights.sum()


def _softmax_entry(part, call, at):
    weights = _weights(call)
    return part(weights, at) / part.sum_over_axis(part.shape(weights)[0], lambda k: part(weights, (k,)))


def _weights(call):
    """What a softmax normalises."""
    return ast.Call(ast.Name("exp"), call.args, [])


def _outer_entry(part, call, at):
    split = len(part.shape(call.args[0]))
    return part(call.args[0], at[:split]) * part(call.args[1], at[split:])


def _delta_mutants(given, call):
    yield ast.Constant(1), "a delta is missing"
    for n, index in enumerate(call.args):
        for other in given.same_range(index):
            changed = [ast.Name(other) if m == n else argument for m, argument in enumerate(call.args)]
            yield ast.Call(call.func, changed, []), f"the index {ast.unparse(index)} stands as {other}"


FORMS = {
    "exp": elementary(lambda w, x: w.exponential(x), sympy.exp, _exp, np.exp),
    "log": _LN,
    "ln": _LN,
    "log2": elementary(
        _logarithm(r"\log_2"), lambda x: sympy.log(x) / sympy.log(2), lambda mp, x: _log(mp, x) / mp.log(2), np.log2
    ),
    "sqrt": elementary(lambda w, x: rf"\sqrt{{{w.write(x)}}}", sympy.sqrt, _sqrt, np.sqrt),
    "tanh": elementary(r"\tanh", sympy.tanh, _tanh, np.tanh),
    "sigmoid": elementary(
        r"\sigma",
        lambda x: 1 / (1 + sympy.exp(-x)),
        lambda mp, x: 1 / (1 + _exp(mp, -x)),
        lambda x: 1 / (1 + np.exp(-x)),
    ),
    "abs": elementary(lambda w, x: rf"\left|{w.write(x)}\right|", sympy.Abs, lambda mp, x: abs(x), np.abs),
    "sum": _series("sum", r"\sum", operator.add, 0, sympy.Sum),
    "prod": _series("product", r"\prod", operator.mul, 1, sympy.Product),
    "d": Form(
        (2,),
        lambda given, call, bound: given.shape_of_derivative(call, bound),
        lambda e, call, index: e.derivative(*call.args, index),
        lambda part, call, at: part.derivative(*call.args, at),
        lambda writer, call, place: writer.derivative(*call.args, place),
    ),
    "delta": Form(
        (2,),
        lambda given, call, bound: given.require_whole_numbers(call, bound) or (),
        lambda e, call, index: e.arithmetic.number(int(operator.eq(*(e.integer(a, index) for a in call.args)))),
        lambda part, call, at: KroneckerDelta(*map(part, call.args)),
        lambda writer, call, place: r"\delta_{" + "".join(map(writer.write, call.args)) + "}",
        _delta_mutants,
        indices=(0, 1),
    ),
    "softmax": Form(
        (1,),
        _vector,
        _softmax,
        _softmax_entry,
        lambda writer, call, place: writer.applied(r"\operatorname{softmax}", call.args[0]),
    ),
    "outer": Form(
        (2,),
        lambda given, call, bound: given.joined_shapes(call, bound),
        lambda e, call, index: np.multiply.outer(*(e.value(a, index) for a in call.args)),
        _outer_entry,
        lambda writer, call, place: writer.outer(*call.args),
        lambda given, call: [(ast.Call(call.func, call.args[::-1], []), "the factors of an outer product are swapped")],
    ),
    "diag": Form(
        (1,),
        lambda given, call, bound: _vector(given, call, bound) * 2,
        _diagonal,
        lambda part, call, at: KroneckerDelta(*at) * part(call.args[0], at[:1]),
        lambda writer, call, place: writer.applied(r"\operatorname{diag}", call.args[0]),
    ),
}
