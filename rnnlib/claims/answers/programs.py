"""Judge a NumPy function: what it returns is compared with the claim's right value at random shapes and values."""

import ast
import inspect
import linecache
import re
import traceback
import types
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..arithmetic import Exact, Work
from ..errors import ClaimError
from ..judge import number_text
from ..language import parse, short, text_of
from ..numeric import evaluate
from ..points import sized_point
from .diagnosis import diagnose_values, sight
from .evasions import names_allowed, names_in_order
from .formulas import RIGHT, UNREADABLE, WRONG, Verdict, capital

POINTS = 6
# The right value is computed to more digits than float64 has; what a function may lose to rounding.
TOLERANCE = 1e-7


class Case(NamedTuple):
    """What a function is called with, what it must return, and the sizes."""

    arguments: dict
    expected: np.ndarray
    sizes: dict


class Refused(Exception):
    """A function that can't be compared, with the sentence that says why."""


def judge_program(asked, function):
    """Judge a function whose parameters are named like the symbols of the exercise.

    Parameters
    ----------
    asked : Claim
        An equation.
    function : callable

    Returns
    -------
    Verdict
    """
    try:
        if asked.statement.relation != "=":
            raise Refused("this exercise asks for a formula, not for a function")
        names = _parameters(asked, function)
        cases = [_case(asked, turn, tuple(names)) for turn in range(POINTS)]
        results = [_called(function, case) for case in cases]
        if not _equal(_called(function, cases[0]), results[0]):
            raise Refused("two calls with the same arguments return different values; leave out what is random")
    except Refused as error:
        return Verdict(UNREADABLE, f"{capital(str(error))}.")
    except ClaimError as error:
        return Verdict(UNREADABLE, f"Your function can't be judged: {error}.")
    for case, result in zip(cases, results, strict=True):
        if result.shape != case.expected.shape:
            return Verdict(WRONG, f"{_of_shape(result, case)}.")
    wrong = [n for n, case in enumerate(cases) if not _equal(results[n], case.expected)]
    if not wrong:
        sizes = f" of {len(cases)} random shapes" if cases[0].sizes else ""
        return Verdict(RIGHT, f"Right: your function agrees with `{asked.id}` at random values{sizes}.")
    return Verdict(WRONG, f"{_of_values(asked, function, names) or _numbers(cases[wrong[0]], results[wrong[0]])}.")


# What a function is given.


def _parameters(asked, function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        raise Refused(
            "write a function of your own with `def`: the names of its parameters say what it is given"
        ) from None
    allowed = list(_arguments(asked))
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise Refused("name every parameter: what a function is given follows from its parameters' names")
        if parameter.name not in allowed:
            if parameter.default is not parameter.empty:
                continue
            raise Refused(
                f"there is no `{parameter.name}` to give to your function; its parameters may be {', '.join(allowed)}"
            )
    return [parameter.name for parameter in parameters if parameter.name in allowed]


def _arguments(asked):
    """What a function may be given, by the name of its parameter; a free entry such as h[0] is called h0.

    Indices are no arguments: a function returns all entries. Nor is what the exercise asks for.
    """
    left = asked.statement.left
    quantity = text_of(left.value if isinstance(left, ast.Subscript) else left)
    found = {name: ast.Name(name) for name in names_allowed(asked) if name != quantity}
    entries = {re.sub(r"\W", "", name): parse(name) for name in asked.given.domains if not name.isidentifier()}
    return found | {name: tree for name, tree in entries.items() if name not in found}


@lru_cache(maxsize=256)
def _case(asked, turn, names):
    point = _point(asked, turn)
    known = _arguments(asked)
    arguments = {name: _value(known[name], point, asked) for name in names}
    expected = _all_entries(asked.statement.right, asked.statement.left, point, asked)
    for array in (*arguments.values(), expected):
        array.flags.writeable = False
    return Case(arguments, expected, point.sizes)


def _point(asked, turn):
    """Sizes that differ, so that a transpose shows."""
    given = asked.given
    cycle = (3, 4, 2, 5, 1) if turn > 2 else (3, 4, 2)
    sizes = {
        name: given.held(name) or given.smallest(name) - 1 + cycle[(k + turn) % len(cycle)]
        for k, name in enumerate(given.sizes_declared())
    }
    if point := sized_point(given, sizes, turn):
        return point
    raise Refused("this exercise can't be answered with a function: no random values satisfy what it assumes")


def _numbers_of(asked):
    return Exact(Work(10**9), asked.sample.nesting)


def _value(name, point, asked):
    """The array of a symbol or of a quantity, from the first entry that there is."""
    given = asked.given
    clauses = given.clauses.get(name.id, ()) if isinstance(name, ast.Name) else ()
    if not clauses or not clauses[0].pattern:
        return _floats(evaluate(name, point, _numbers_of(asked)))
    pattern = given.general_clause(name.id).pattern
    if len(pattern) != 1:
        return _floats(evaluate(name, point, _numbers_of(asked)))
    low, high = (point.length(bound) for bound in given.domains[pattern[0].id].axes)
    first = min([low, *(clause.pattern[0].value for clause in clauses if isinstance(clause.pattern[0], ast.Constant))])
    entries = [ast.Subscript(name, ast.Constant(k)) for k in range(first, high + 1)]
    return np.array([_floats(evaluate(entry, point, _numbers_of(asked))) for entry in entries])


def _all_entries(right, left, point, asked):
    """The right value at every choice of the free indices, in the order in which the left side has them."""
    given = asked.given
    free = given.free_indices([left, right])
    free = [name for name in names_in_order(left) if name in free]
    ranges = []
    for name in free:
        low, high = (point.length(bound) for bound in given.domains[name].axes)
        ranges.append(range(low, high + 1))
    found = [
        _floats(
            evaluate(
                right,
                point.at(dict(zip(free, (r[k] for r, k in zip(ranges, at, strict=True)), strict=True))),
                _numbers_of(asked),
            )
        )
        for at in np.ndindex(*map(len, ranges))
    ]
    return np.array(found).reshape([*map(len, ranges), *np.shape(found[0])])


def _floats(value):
    return np.array(value, dtype=float)


# What it returns.


def _called(function, case):
    """What a function returns, as an array; it may not change what it is given."""
    given = {name: value.copy() if value.ndim else value.item() for name, value in case.arguments.items()}
    given = {name: int(value) if name in case.sizes else value for name, value in given.items()}
    try:
        result = _call(function, given)
    except (Exception, SystemExit) as error:
        raise Refused(_about_error(error, function, case.sizes)) from None
    for name, value in given.items():
        if isinstance(value, np.ndarray) and not np.array_equal(value, case.arguments[name]):
            raise Refused(f"your function changes its argument `{name}`; work on a copy, as in `{name}.copy()`")
    return _array(result)


def _call(function, given):
    positional = [
        given.pop(p.name)
        for p in inspect.signature(function).parameters.values()
        if p.kind is p.POSITIONAL_ONLY and p.name in given
    ]
    return function(*positional, **given)


def _array(result):
    if result is None:
        raise Refused("your function returns nothing: perhaps a `return` is missing")
    if isinstance(result, types.GeneratorType) or inspect.isawaitable(result):
        raise Refused(f"your function returns a {type(result).__name__}; return an array of numbers")
    try:
        array = np.asarray(result.detach() if hasattr(result, "detach") else result)  # PyTorch's may carry a gradient
        if array.dtype.kind == "c" or array.dtype.kind not in "biufO":
            raise TypeError
        array = array.astype(float)
    except (TypeError, ValueError, RuntimeError):
        raise Refused(f"your function returns a {type(result).__name__} that is no array of numbers") from None
    if not np.all(np.isfinite(array)):
        raise Refused("your function returns values that are not finite")
    return array


def _about_error(error, function, sizes):
    """Which error, at which sizes, and in which of the function's own lines."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    # As code, else Markdown would take `<lambda>` for HTML.
    told = f"`{type(error).__name__}" + (f": {short(str(error))}`" if str(error) else "`")
    if sizes:
        told += f"; at {', '.join(f'{name} = {size}' for name, size in sizes.items())}"
    if isinstance(error, IndexError):
        told += "; the first entry of an array is at place 0"
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if code and frame.filename == code.co_filename and frame.lineno and frame.lineno >= code.co_firstlineno:
            text = short(linecache.getline(frame.filename, frame.lineno) or frame.line or "")
            where = f"in its line {frame.lineno - code.co_firstlineno + 1}" + (f", `{text}`" if text else "")
            return f"your function stops {where} ({told})"
    return f"your function stops ({told})"


# What is wrong.


def _equal(a, b):
    scale = max(1.0, float(np.max(np.abs(b), initial=0)))
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= TOLERANCE * scale))


def _of_shape(result, case):
    expected = case.expected
    sizes = ", ".join(f"{name} = {size}" for name, size in case.sizes.items())
    at = f" (at {sizes})" if sizes else ""
    told = f"your function returns {_described(result)} where {_described(expected)} is expected{at}"
    if result.shape == expected.shape[::-1] and _equal(result.T, expected):
        return f"Close: the result is transposed; {told}"
    for axis in range(result.ndim):
        for word, shortened in (("sum", result.sum(axis)), ("mean", result.mean(axis))):
            if result.shape[axis] > 1 and _equal(shortened, expected):
                return f"Close: the {word} over axis {axis} is missing; {told}"
    return f"Not right: {told}"


def _described(array):
    return f"an array of shape {array.shape}" if array.ndim else "a number"


def _of_values(asked, function, names):
    """The slip that explains a function's values at the points at which formulas are diagnosed."""
    look, found, results = sight(asked), [], {}
    order = names_in_order(asked.statement.left)
    try:
        for point in look.points:
            key = id(point.values)  # the choices of the indices at one point share its values
            if key not in results:
                known = _arguments(asked)
                arguments = {name: _value(known[name], point, asked) for name in names}
                results[key] = _called(function, Case(arguments, None, point.sizes))
            free = [
                name
                for name in order
                if name in point.indices and name in asked.given.free_indices([asked.statement.left])
            ]
            lows = [point.length(asked.given.domains[name].axes[0]) for name in free]
            entry = tuple(point.indices[name] - low for name, low in zip(free, lows, strict=True))
            found.append(np.ravel(results[key][entry]))
        values = np.concatenate(found)
    except (Refused, IndexError):
        return ""
    return diagnose_values(values, look)


def _numbers(case, result):
    """The first entry at which the printed numbers differ."""
    sizes = ", ".join(f"{name} = {size}" for name, size in case.sizes.items())
    at = f" at {sizes}" if sizes else ""
    for digits in (4, 8, 12):
        for entry in np.ndindex(case.expected.shape):
            right, yours = (number_text(float(array[entry]), digits) for array in (case.expected, result))
            if right != yours:
                which = f"entry [{', '.join(map(str, entry))}] of the right value" if entry else "the right value"
                return f"Not right{at}, with random values: {which} is {right}, your function returns {yours}"
    return "Not right: your function differs from the right value by less than can be printed"
