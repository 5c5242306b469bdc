"""The identity test: are two sides the same, wherever both are defined?

Measured on right rewrites and wrong variants, evaluating both sides at a dozen random points with 40 digits made
no error, where asking SymPy to simplify the difference rejected right answers and ran out of time. So points judge,
and a symbolic proof, where there is one, is a second and independent opinion.
"""

import ast
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

import mpmath
import numpy as np

from .errors import IllFormed, OutOfRange, Undecided, Undefined
from .given import INDEX
from .language import RELATIONS, written
from .numeric import Exact, Work, evaluate
from .points import index_choices, random_point, readable_points

POINTS = 12
# Points may fall where a side is undefined; this many are tried before the test gives up.
MAX_TRIES = 5 * POINTS
# An inequality is tight, or false, where entries are equal or zero: simple points are tried beside random ones.
READABLE = 48
# About fifteen seconds of arithmetic; a claim of the book takes a hundredth of it.
MAX_WORK = 3_000_000
# What a difference quotient leaves of zero is shown as zero.
ROUNDING = 1e-30
UNDEFINED = "undefined"
_HOLDS = {
    "=": lambda gap, slack: abs(gap) <= slack,
    "<=": lambda gap, slack: gap <= slack,
    ">=": lambda gap, slack: gap >= -slack,
    "<": lambda gap, slack: gap < 0,
    ">": lambda gap, slack: gap > 0,
}
assert set(_HOLDS) | {"≈"} == set(RELATIONS)


class Counterexample(NamedTuple):
    """Numbers that refute a statement, and what both sides are there."""

    point: object
    left: str
    right: str
    where: str = ""

    def __str__(self):
        told = [f"{name} = {value}" for name, value in described(self.point).items()]
        sides = f"the left side{self.where} is {self.left}, the right side {self.right}"
        return f"at {', '.join(told)}: {sides}" if told else sides


class Agreement(NamedTuple):
    """At how many points a statement held, and with which sizes."""

    points: int
    sizes: tuple


def compare(statement, given, arithmetic=Exact, points=POINTS, work=None):
    """Compare both sides at random points that satisfy the setting.

    Parameters
    ----------
    statement : Statement
        Well-formed in `given` (see `Given.check_statement`).
    given : Given
    arithmetic : type
        `Exact` (at least 40 correct digits) to judge, `Fast` (float64) to sort mutants.
    points : int
        How many points at which the left side is defined must be met.
    work : Work, optional
        What may still be spent; ample for a claim of the book unless said.

    Returns
    -------
    Agreement or Counterexample

    Raises
    ------
    IllFormed
        When an index of the left side leaves its range.
    Undecided
        When too few points are inside the domain of the left side, or the work runs out.
    """
    trees = [statement.left, statement.right]
    numbers = arithmetic(work or Work(MAX_WORK), given.nesting(trees))
    if found := _refuted_simply(statement, given, numbers):
        return found
    met, sizes = 0, set()
    for attempt in range(MAX_TRIES):
        point = random_point(given, trees, attempt)
        defined = False
        for at in index_choices(given, trees, point, attempt):
            outcome = _compare(statement, at, numbers)
            if isinstance(outcome, Counterexample):
                return outcome
            defined |= outcome
        if defined:
            met += 1
            sizes.add(tuple(point.sizes.items()))
        if met == points or (met and not varies(given, trees)):
            return Agreement(met, tuple(sorted(sizes)))
    raise Undecided(f"could be evaluated at only {met} of {MAX_TRIES} random points; narrow the domains of the symbols")


def _refuted_simply(statement, given, numbers):
    """A simple point that refutes an inequality: such points lie where no random point ever falls."""
    if statement.relation in ("=", "≈"):
        return None
    trees = [statement.left, statement.right]
    for point in islice(readable_points(given, trees), READABLE):
        for at in index_choices(given, trees, point):
            outcome = _compare(statement, at, numbers)
            if isinstance(outcome, Counterexample) and outcome.right != UNDEFINED:
                return outcome
    return None


def counterexample(statement, given, found, work=None):
    """The first readable point that refutes a statement, else the random one that was found."""
    trees = [statement.left, statement.right]
    numbers = Exact(work or Work(MAX_WORK), given.nesting(trees))
    try:
        for point in readable_points(given, trees):
            for at in index_choices(given, trees, point):
                if isinstance(outcome := _compare(statement, at, numbers), Counterexample):
                    return outcome
    except Undecided:  # out of work: the random point refutes it as well
        pass
    return found


def varies(given, trees):
    """Whether anything in the trees can take another value; if not, one point says it all."""
    return any(domain.kind != INDEX for name, domain in given.domains.items() if name in given.needed(trees))


def _compare(statement, point, numbers):
    """A `Counterexample`, True where the sides agree, False where the left side is undefined.

    Two sides that differ are computed again with three times the digits: what was lost to rounding comes back.
    """
    outcome = _compared(statement, point, numbers)
    if isinstance(outcome, Counterexample) and outcome.right != UNDEFINED and numbers.finer:
        return _compared(statement, point, numbers.finer())
    return outcome


def _compared(statement, point, numbers):
    try:
        left = evaluate(statement.left, point, numbers)
    except OutOfRange as error:
        told = "".join(f" at {name} = {k}" for name, k in point.indices.items())
        raise IllFormed(f"on the left side, {error}{told}; narrow a range or give a size its least value") from None
    except Undefined:
        return False
    try:
        right = evaluate(statement.right, point, numbers)
    except Undefined:
        return Counterexample(point, number_text(left) if np.ndim(left) == 0 else "an array", UNDEFINED)
    if statement.relation == "≈":
        return _compare_digits(statement, left, point, numbers)
    left, right = np.broadcast_arrays(np.asarray(left), np.asarray(right))
    for entry in np.ndindex(left.shape):
        a, b = left[entry], right[entry]
        if not _HOLDS[statement.relation](a - b, numbers.slack(a, b)):
            where = f"'s entry [{', '.join(str(k + 1) for k in entry)}]" if entry else ""
            return Counterexample(point, number_text(a), number_text(b), where)
    return True


def _compare_digits(statement, left, point, numbers):
    """``a ≈ 7.60`` says that a rounds to the digits that are written."""
    tree = statement.right
    sign, tree = (-1, tree.operand) if isinstance(tree, ast.UnaryOp) else (1, tree)
    text = written(tree).replace("_", "").lower()
    mantissa, _, power = text.partition("e")
    digits = len(mantissa.partition(".")[2]) - int(power or 0)
    half = numbers.number(Fraction(10) ** -digits / 2)
    if abs(left - sign * numbers.number(Fraction(text))) <= half:
        return True
    return Counterexample(point, number_text(left, digits + 3), number_text(sign * Fraction(text), digits + 3))


def number_text(value, digits=4):
    """A number as a reader would write it: a whole number, a small fraction, or a few digits."""
    digits = max(digits, 1)
    if abs(value) < ROUNDING:
        return "0"
    if not 1e-12 < abs(value) < 1e12:
        return _scientific(value, digits)
    value = value if isinstance(value, Fraction) else Fraction(str(value))
    near = value.limit_denominator(64)
    if abs(near - value) < Fraction(1, 10**12):
        return str(near).replace("-", "−")
    return f"{float(value):.{digits}g}".replace("-", "−")


def _scientific(value, digits):
    """A huge or tiny number; mpmath's may lie far beyond what float64 holds."""
    text = f"{value:.{digits}g}" if isinstance(value, float) else mpmath.nstr(mpmath.mpf(str(value)), digits)
    return text.replace("-", "−")


def described(point):
    """What a reader must know of a point, symbol by symbol, as text."""
    told = {name: str(size) for name, size in point.sizes.items()}
    told |= {name: _array_text(value) for name, value in point.values.items()}
    return told | {name: str(k) for name, k in point.indices.items()}


def _array_text(value):
    value = np.asarray(value)
    if value.ndim == 0:
        return number_text(value[()])
    if value.ndim == 1:
        return f"({', '.join(map(number_text, value))})"
    return f"({'; '.join(' '.join(map(number_text, row)) if row.ndim == 1 else _array_text(row) for row in value)})"
