"""The identity test: are two sides the same, wherever both are defined?

Measured on right rewrites and wrong variants, evaluating both sides at a dozen random points with 40 digits made
no error, where asking SymPy to simplify the difference rejected right answers and ran out of time. So points judge,
and a symbolic proof, where there is one, is a second and independent opinion.
"""
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from .errors import Undecided, Undefined
from .given import INDEX
from .language import RELATIONS, text_of
from .numeric import Exact, evaluate, nesting
from .points import index_choices, random_point, readable_points

POINTS = 12
# Points may fall where a side is undefined; this many are tried before the test gives up.
MAX_TRIES = 5 * POINTS
UNDEFINED = "undefined"
_HOLDS = {
    "=": lambda gap, slack: abs(gap) <= slack, "<=": lambda gap, slack: gap <= slack,
    ">=": lambda gap, slack: gap >= -slack, "<": lambda gap, slack: gap < 0, ">": lambda gap, slack: gap > 0,
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


def test(statement, given, arithmetic=Exact, points=POINTS):
    """Compare both sides at random points that satisfy the setting.

    Parameters
    ----------
    statement : Statement
        Well-formed in `given` (see `Given.check_statement`).
    given : Given
    arithmetic : type
        `Exact` (40 digits) to judge, `Fast` (float64) to sort mutants.
    points : int
        How many points at which the left side is defined must be met.

    Returns
    -------
    Agreement or Counterexample

    Raises
    ------
    Undecided
        When too few points are inside the domain of the left side.
    """
    trees = [statement.left, statement.right]
    numbers = arithmetic(nesting(trees, given))
    met, sizes = 0, set()
    for attempt in range(MAX_TRIES):
        point = random_point(given, trees, attempt)
        outcomes = [_compare(statement, at, numbers) for at in index_choices(given, trees, point, attempt)]
        if found := next((o for o in outcomes if isinstance(o, Counterexample)), None):
            return found
        if any(outcomes):
            met += 1
            sizes.add(tuple(point.sizes.items()))
        if met == points or (met and not _varies(given, trees)):
            return Agreement(met, tuple(sorted(sizes)))
    raise Undecided(f"could be evaluated at only {met} of {MAX_TRIES} random points; narrow the domains of the symbols")


def counterexample(statement, given, found):
    """The first readable point that refutes a statement, else the random one that was found."""
    trees = [statement.left, statement.right]
    numbers = Exact(nesting(trees, given))
    for point in readable_points(given, trees):
        for at in index_choices(given, trees, point):
            if isinstance(outcome := _compare(statement, at, numbers), Counterexample):
                return outcome
    return found


def _varies(given, trees):
    """Whether anything in the trees can take another value; if not, one point says it all."""
    return any(domain.kind != INDEX for name, domain in given.domains.items() if name in given.needed(trees))


def _compare(statement, point, numbers):
    """A `Counterexample`, True where the sides agree, False where the left side is undefined."""
    try:
        left = evaluate(statement.left, point, numbers)
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
        slack = numbers.number(numbers.tolerance) * max(1, abs(a), abs(b))
        if not _HOLDS[statement.relation](a - b, slack):
            where = f"'s entry [{', '.join(str(k + 1) for k in entry)}]" if entry else ""
            return Counterexample(point, number_text(a), number_text(b), where)
    return True


def _compare_digits(statement, left, point, numbers):
    """``a ≈ 7.60`` says that a rounds to the digits that are written."""
    written = text_of(statement.right)
    digits = len(written.partition(".")[2])
    half = numbers.number(Fraction(1, 2 * 10**digits))
    if abs(left - numbers.number(Fraction(written.replace(" ", "")))) <= half:
        return True
    return Counterexample(point, number_text(left, digits + 3), written)


def number_text(value, digits=4):
    """A number as a reader would write it: a whole number, a small fraction, or a few digits."""
    value = value if isinstance(value, Fraction) else Fraction(str(value))
    near = value.limit_denominator(64)
    if abs(near - value) < Fraction(1, 10**12):
        return str(near).replace("-", "−")
    return f"{float(value):.{digits}g}".replace("-", "−")


def described(point):
    """What a reader must know of a point, symbol by symbol, as text."""
    told = {name: str(size) for name, size in point.sizes.items()}
    told |= {name: _array_text(value) for name, value in point.values.items()}
    return told | {name: str(k) for name, k in point.indices.items()}


def _array_text(value):
    value = np.asarray(value)
    if value.ndim == 0:
        return number_text(value[()])
    return "(" + (", " if value.ndim == 1 else "; ").join(_array_text(v) if value.ndim == 1 else _row(v) for v in value) + ")"


def _row(value):
    return " ".join(number_text(v) for v in value) if value.ndim == 1 else _array_text(value)
