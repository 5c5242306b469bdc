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

from .errors import IllFormed, NoProof, OutOfReach, Undefined

# exp(x) and tanh(x) are computed in exact arithmetic up to this multiple of its digits: beyond, what is added to them
# would be lost among them, or they among it, and 1 + exp(-1000) would be 1.
REACH = 1.15


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
    conditions : tuple of int
        The arguments that are conditions, such as ``x > 0``.
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
    conditions: tuple = ()


# Elementary functions, entry by entry.


def elementary(latex, symbolic, exact, fast, alike=None, arity=1):
    """The row of a function of numbers, taken of each entry of arrays.

    `exact` takes an mpmath context and numbers of it, `fast` NumPy arrays. `latex` is the function's sign, or takes
    the writer, the argument and its place. `alike` names the function that is most easily written in its place.
    """

    def mutants(given, call):
        for argument in call.args:
            yield argument, f"the function {call.func.id} is missing"
        if alike:
            yield ast.Call(ast.Name(alike), call.args, []), f"the function {alike} stands for {call.func.id}"

    def write(writer, call, place):
        return latex(writer, *call.args, place) if callable(latex) else writer.applied(latex, call.args, place)

    return Form(
        (arity,),
        lambda given, call, bound: given.fitting_shape(call.args, call, bound),
        lambda e, call, index: e.arithmetic.apply(exact, fast, *(e.value(a, index) for a in call.args)),
        lambda part, call, at: symbolic(*(part(a, at if part.shape(a) else ()) for a in call.args)),
        write,
        mutants,
        sign="" if callable(latex) else latex,
    )


def _exp(mp, x):
    if abs(x) > REACH * mp.dps:
        raise OutOfReach("an exponential grew beyond what is computed")
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
    if abs(x) > REACH * mp.dps:
        raise OutOfReach("a tanh can't be told from 1 with the digits that are computed")
    return mp.tanh(x)


def _floor(mp, x):
    whole = mp.nint(x)  # 3 tau / tau is 3, whatever rounding makes of it
    return whole if abs(x - whole) < mp.mpf(10) ** (-mp.dps // 2) else mp.floor(x)


def _remainder(mp, x, y):
    return x - y * _floor(mp, x / y)


class Sigmoid(sympy.Function):
    """The logistic function in SymPy, whose derivative is stated in its value."""

    is_positive = True

    def fdiff(self, argindex=1):
        return self * (1 - self)

    def _eval_rewrite_as_exp(self, x, **_):
        return 1 / (1 + sympy.exp(-x))

    def _eval_evalf(self, prec):
        return self.rewrite(sympy.exp)._eval_evalf(prec)


class _Floor(sympy.Function):
    """The floor in SymPy, with the derivative that it has wherever it has one."""

    is_integer = True

    @classmethod
    def eval(cls, x):
        return sympy.floor(x) if x.is_number else None

    def fdiff(self, argindex=1):
        return sympy.S.Zero


def _larger(a, b):
    return sympy.Piecewise((a, a > b), (b, True))


def _logarithm(sign):
    return lambda writer, x, place: writer.logarithm(sign, x, place)


_LN = elementary(_logarithm(r"\ln"), sympy.log, _log, np.log, "exp")


# Sums and products.


def _series(sign, latex, add, empty, symbolic, shape=lambda given, call, shape: shape):
    """The row of a sum or product over an index."""
    return Form(
        (2, 4),
        lambda given, call, bound: shape(given, call, given.shape_of_series(call, bound)),
        lambda e, call, index: e.series(call, index, add, empty),
        lambda part, call, at: part.series(call, at, symbolic),
        lambda writer, call, place: writer.series(latex, call, place),
        lambda given, call: _series_mutants(sign, given, call),
        indices=(1,),
        runs=True,
    )


class MatrixProduct:
    """Stands for the product of matrices where SymPy has `Sum` and `Product`: it is written out or not at all."""


def _require_square(given, call, shape):
    if len(shape) != 2 or shape[0] != shape[1]:
        raise IllFormed(f"`{ast.unparse(call)}`: matprod multiplies square matrices, found shape {shape_text(shape)}")
    return shape


def _series_mutants(sign, given, call):
    yield call.args[0], f"the {sign} is missing"
    low, high = call.args[2:] or given.domains[call.args[1].id].axes

    def over(low, high):
        return ast.Call(call.func, [*call.args[:2], low, high], [])

    after, before = ast.BinOp(low, ast.Add(), ast.Constant(1)), ast.BinOp(high, ast.Sub(), ast.Constant(1))
    yield over(after, high), f"the first term of the {sign} is missing"
    yield over(low, before), f"the last term of the {sign} is missing"
    yield over(low, low), f"only the first term of the {sign} is there"
    yield over(high, high), f"only the last term of the {sign} is there"
    if call.args[2:]:
        yield over(low, ast.BinOp(high, ast.Add(), ast.Constant(1))), f"the {sign} has a term too many"


# Conditions.

_RELATIONS = {
    ast.Gt: (operator.gt, sympy.Gt, ">"),
    ast.GtE: (operator.ge, sympy.Ge, r"\ge"),
    ast.Lt: (operator.lt, sympy.Lt, "<"),
    ast.LtE: (operator.le, sympy.Le, r"\le"),
    ast.Eq: (operator.eq, sympy.Eq, "="),
    ast.NotEq: (operator.ne, sympy.Ne, r"\ne"),
}


def _sides(condition):
    return condition.left, condition.comparators[0]


def _cases_shape(given, call, bound):
    if shape := given.fitting_shape(_sides(call.args[0]), call, bound):
        raise IllFormed(
            f"`{ast.unparse(call)}`: a condition compares numbers, found shape {shape_text(shape)}; define the array "
            "entry by entry"
        )
    return given.fitting_shape(call.args[1:], call, bound)


def _cases_value(e, call, index):
    left, right = (e.value(side, index) for side in _sides(call.args[0]))
    if left != right and e.arithmetic.tied(left, right):
        raise OutOfReach("which case holds can't be told with the digits that are computed")
    holds = _RELATIONS[type(call.args[0].ops[0])][0](left, right)
    # A number stands for an array of it where the other case is an array.
    return e.value(call.args[1 if holds else 2], index) + e.empty(call, tuple(index), 0)


def _cases_entry(part, call, at):
    condition, *values = call.args
    holds = _RELATIONS[type(condition.ops[0])][1](*map(part, _sides(condition)))
    then, otherwise = (part(value, at if part.shape(value) else ()) for value in values)
    return sympy.Piecewise((then, holds), (otherwise, True))


def _cases_latex(writer, call, place):
    return writer.cases(*call.args, _RELATIONS[type(call.args[0].ops[0])][2], place)


def _cases_mutants(given, call):
    condition, then, otherwise = call.args
    yield ast.Call(call.func, [condition, otherwise, then], []), "the two cases are swapped"
    yield then, "the case distinction is missing"
    yield otherwise, "the case distinction is missing"


# Arrays.


def _vector(given, call, bound):
    shape = given.shape(call.args[0], bound)
    if len(shape) != 1:
        raise IllFormed(f"`{ast.unparse(call)}`: {call.func.id} takes a vector, found shape {shape_text(shape)}")
    return shape


def shape_text(shape):
    """A shape as a reader would write it."""
    return "(" + ", ".join(shape) + ")" if shape else "() of a scalar"


def _norm_entry(part, call, at):
    shape = part.shape(call.args[0])
    if len(shape) != 1:
        raise NoProof("the largest stretch of a matrix has no formula in its entries")
    return sympy.sqrt(part.sum_over_axis(shape[0], lambda k: part(call.args[0], (k,)) ** 2))


def _norm_shape(given, call, bound):
    if len(shape := given.shape(call.args[0], bound)) not in (1, 2):
        raise IllFormed(f"`{ast.unparse(call)}`: norm takes a vector or a matrix, found shape {shape_text(shape)}")
    return ()


def _concat_shape(given, call, bound):
    shapes = [given.shape(part, bound) for part in call.args]
    if any(len(shape) != 1 for shape in shapes):
        raise IllFormed(
            f"`{ast.unparse(call)}`: concat joins vectors, found shapes {', '.join(map(shape_text, shapes))}"
        )
    return (given.joined_axis([shape[0] for shape in shapes]),)


def _concat_mutants(given, call):
    if len(call.args) > 1:
        yield ast.Call(call.func, [*call.args[1:], call.args[0]], []), "the blocks stand in another order"


def _diagonal(e, call, index):
    vector, zero = e.value(call.args[0], index), e.arithmetic.number(0)
    rows = [[v if i == j else zero for j in range(len(vector))] for i, v in enumerate(vector)]
    return np.array(rows, dtype=e.arithmetic.dtype).reshape(len(vector), len(vector))


def _softmax(e, call, index):
    weights = e.value(_weights(call), index)
    return weights / weights.sum()


def _softmax_entry(part, call, at):
    weights = _weights(call)
    return part(weights, at) / part.sum_over_axis(part.shape(weights)[0], lambda k: part(weights, (k,)))


def _weights(call):
    """What a softmax normalises."""
    return ast.Call(ast.Name("exp"), call.args, [])


def _outer_shape(given, call, bound):
    shape = given.joined_shapes(call, bound)
    if not all(len(given.shape(argument, bound)) == 1 for argument in call.args):
        raise IllFormed(f"`{ast.unparse(call)}`: outer takes two rows, found shapes that join to {shape_text(shape)}")
    return shape


def _outer_entry(part, call, at):
    return part(call.args[0], at[:1]) * part(call.args[1], at[1:])


def _delta_mutants(given, call):
    yield ast.Constant(1), "a delta is missing"
    for n, index in enumerate(call.args):
        for other in given.same_range(index):
            changed = [ast.Name(other) if m == n else argument for m, argument in enumerate(call.args)]
            yield ast.Call(call.func, changed, []), f"the index {ast.unparse(index)} stands as {other}"


FORMS = {
    "exp": elementary(lambda w, x, place: w.exponential(x, place), sympy.exp, _exp, np.exp, "log"),
    "log": _LN,
    "ln": _LN,
    "log2": elementary(
        _logarithm(r"\log_2"),
        lambda x: sympy.log(x) / sympy.log(2),
        lambda mp, x: _log(mp, x) / mp.log(2),
        np.log2,
        "log",
    ),
    "sqrt": elementary(lambda w, x, place: rf"\sqrt{{{w.write(x)}}}", sympy.sqrt, _sqrt, np.sqrt, "abs"),
    "tanh": elementary(r"\tanh", sympy.tanh, _tanh, np.tanh, "sigmoid"),
    "sigmoid": elementary(
        r"\sigma",
        Sigmoid,
        lambda mp, x: 1 / (1 + _exp(mp, -x)),
        lambda x: 1 / (1 + np.exp(-x)),
        "tanh",
    ),
    "abs": elementary(lambda w, x, place: w.absolute(x, place), sympy.Abs, lambda mp, x: abs(x), np.abs, "tanh"),
    "floor": elementary(lambda w, x, place: w.between(r"\lfloor", x, r"\rfloor"), _Floor, _floor, np.floor),
    "mod": elementary(r"\operatorname{mod}", lambda x, y: x - y * _Floor(x / y), _remainder, np.mod, arity=2),
    "max": elementary(r"\max", _larger, lambda mp, a, b: max(a, b), np.maximum, "min", arity=2),
    "min": elementary(r"\min", lambda a, b: -_larger(-a, -b), lambda mp, a, b: min(a, b), np.minimum, "max", arity=2),
    "cases": Form((3,), _cases_shape, _cases_value, _cases_entry, _cases_latex, _cases_mutants, conditions=(0,)),
    "sum": _series("sum", r"\sum", operator.add, 0, sympy.Sum),
    "prod": _series("product", r"\prod", operator.mul, 1, sympy.Product),
    "matprod": _series("product", r"\prod", operator.matmul, np.eye, MatrixProduct, _require_square),
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
        lambda writer, call, place: writer.delta(*call.args),
        _delta_mutants,
        indices=(0, 1),
    ),
    "softmax": Form(
        (1,),
        _vector,
        _softmax,
        _softmax_entry,
        lambda writer, call, place: writer.applied(r"\operatorname{softmax}", call.args, place),
    ),
    "norm": Form(
        (1,),
        _norm_shape,
        lambda e, call, index: e.arithmetic.norm(e.value(call.args[0], index)),
        _norm_entry,
        lambda writer, call, place: writer.between(r"\lVert", call.args[0], r"\rVert"),
    ),
    "eye": Form(
        (1,),
        lambda given, call, bound: given.require_whole_numbers(call, bound) or (given.axis(call.args[0]),) * 2,
        lambda e, call, index: e.identity(e.integer(call.args[0], index)),
        lambda part, call, at: KroneckerDelta(*at),
        lambda writer, call, place: rf"I_{{{writer.write(call.args[0])}}}",
        indices=(0,),
    ),
    "concat": Form(
        tuple(range(1, 9)),
        _concat_shape,
        lambda e, call, index: np.concatenate([e.value(part, index) for part in call.args]),
        lambda part, call, at: part.block(call.args, at[0]),
        lambda writer, call, place: writer.concat(call.args),
        _concat_mutants,
    ),
    "outer": Form(
        (2,),
        _outer_shape,
        lambda e, call, index: np.multiply.outer(*(e.value(a, index) for a in call.args)),
        _outer_entry,
        lambda writer, call, place: writer.outer(*call.args, place),
        lambda given, call: [(ast.Call(call.func, call.args[::-1], []), "the factors of an outer product are swapped")],
    ),
    "diag": Form(
        (1,),
        lambda given, call, bound: _vector(given, call, bound) * 2,
        _diagonal,
        lambda part, call, at: KroneckerDelta(*at) * part(call.args[0], at[:1]),
        lambda writer, call, place: writer.applied(r"\operatorname{diag}", call.args, place),
    ),
}
