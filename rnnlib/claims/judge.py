"""The identity test: are two sides the same wherever the setting allows?

A statement is computed, both sides, at the points of its `Sample`:

1. at a dozen random points with every size from 1 to 4, to 100 digits, so that nothing but an equality (or a
   coincidence that nobody has ever seen) makes the sides agree;
2. with each size in turn at 5 to 8, and further where there are only sizes;
3. at random points at which every symbol is spread differently;
4. at simple values such as 0, 1 and -1, and at the constants that are written in the statement.

At 2 to 4 plain float64 comes first. It never decides against a statement: wherever it finds a difference, no value or
too large a number, the point is computed again to 100 digits. Two numbers that differ there by little are computed
once more with three times the digits: a rounding error shrinks, a difference stays. At the first of a statement's own
points that is done in any case, so that nothing hides behind a number that is a hundred digits larger.

A side without a value at an admissible point is no agreement but a fault of the statement: its setting has to exclude
the point. Where numbers grow beyond what is computed, the point tells nothing; such points are skipped and counted.

Measured on right rewrites and wrong variants, a dozen such points made no error, where asking SymPy to simplify the
difference rejected right answers and ran out of time. So points judge, and a symbolic proof, where there is one, is a
second and independent opinion.
"""

import ast
from fractions import Fraction
from itertools import islice
from typing import NamedTuple

import mpmath
import numpy as np

from .arithmetic import Exact, Fast, Work
from .errors import Boundary, OutOfRange, OutOfReach, Undecided, Undefined
from .language import RELATIONS, text_of, written
from .numeric import evaluate
from .points import POINTS, Sample, Trial, index_choices, readable_points

# This share of the points must be met, those of simple values apart, which a setting may well exclude.
LEAST_SHARE = 0.5
# What agrees with a claim at all its points meets some more, which follow from its own text.
OWN_POINTS = 3
# Where all of so many points are out of reach, no more are tried.
HOPELESS = 6
# So many random points of small size are met where not all are.
LIGHT = 4
# Where float64 comes first, so many choices of the free indices are tried.
FAST_CHOICES = 12
# At so many points float64 gives its second opinion on what agrees.
SECOND_OPINION = 4
# About fifteen seconds of arithmetic; a claim of the book takes a hundredth of it.
MAX_WORK = 3_000_000
# What a difference quotient leaves of zero is shown as zero.
ROUNDING = 1e-30
# With three times the digits, a difference that is nothing but rounding shrinks at least so far.
SHRUNK = 1e-60
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
    """Numbers that refute a statement, and what both sides are there; either may be `UNDEFINED`.

    `where` names the entry of an array, `why` says why a side is undefined, and `out_of_range` whether that is because
    an index leaves its range.
    """

    point: object
    left: str
    right: str
    where: str = ""
    why: str = ""
    out_of_range: bool = False

    def __str__(self):
        sides = f"the left side{self.where} is {self.left}, the right side {self.right}"
        return f"at {place}: {sides}" if (place := place_text(self.point)) else sides

    @property
    def undefined(self):
        """One sentence that names the side without a value and the point, or nothing if both sides have one."""
        for side, value in (("left", self.left), ("right", self.right)):
            if value == UNDEFINED:
                at = f" at {place}" if (place := place_text(self.point)) else ""
                return f"the {side} side is undefined{at} ({self.why})"
        return ""


class Agreement(NamedTuple):
    """Where a statement held.

    Parameters
    ----------
    points : int
        At how many points, simple and large ones included.
    sizes : tuple
        With which sizes.
    exact : int
        How many of the points were computed to 100 digits; at the others float64 found no difference.
    skipped : int
        How many points told nothing, because numbers grew beyond what is computed.
    """

    points: int
    sizes: tuple
    exact: int = 0
    skipped: int = 0


def compare(statement, given, sample=None, work=None, light=False):
    """Compare both sides at points that satisfy the setting.

    Parameters
    ----------
    statement : Statement
        Well-formed in `given` (see `Given.check_statement`).
    given : Given
    sample : Sample, optional
        The points of the claim of which this is a wrong version or an answer; otherwise the statement's own.
    work : Work, optional
        What may still be spent; ample for a claim of the book unless said.
    light : bool
        Whether exact arithmetic comes first at one point only, float64 at a few others, at all larger sizes and at
        simple values.

    Returns
    -------
    Agreement or Counterexample

    Raises
    ------
    IllFormed
        When a quantity is defined through itself at the same index.
    Undecided
        When too few points could be computed, or the work runs out.
    """
    work, own = work or Work(MAX_WORK), sample is None or sample.is_of(statement)
    outcome = _Comparison(statement, given, sample or Sample(statement, given), work, own).at_points(light=light)
    if own or light or isinstance(outcome, Counterexample):
        return outcome
    more = _Comparison(statement, given, Sample(statement, given), work, True).at_points(OWN_POINTS)
    return more if isinstance(more, Counterexample) else outcome


class _Comparison:
    """One statement compared at the points of a sample."""

    def __init__(self, statement, given, sample, work, confirms=False):
        self.statement, self.given, self.sample, self.work = statement, given, sample, work
        self.trees = [statement.left, statement.right]
        self.texts = [text_of(tree) for tree in self.trees]
        # The claim's own precision, so that what was computed for it serves here too.
        self.nesting = max(given.nesting(self.trees), sample.nesting)
        self.confirms = confirms

    def at_points(self, tried=None, light=False):
        """Compare at the points of the sample, at the first of them, or lightly (see `compare`)."""
        met, computed, usual, skipped, sizes = 0, 0, 0, 0, set()
        names = self.given.sizes(self.trees)
        planned = [trial for trial in self.sample.trials[:tried] if not light or _is_light(trial)]
        # The sample makes its points as they are asked for.
        for trial, point in islice(self.sample.points(self.trees, self.given), tried):
            if trial not in planned:
                continue
            trial = trial._replace(exact=trial.exact and not (light and trial.number))
            outcomes = [] if point is None else self._at_choices(trial, point)
            if isinstance(outcomes, Counterexample):
                return outcomes
            if None in outcomes:
                skipped += 1
                if skipped == HOPELESS and not met:
                    break
            elif outcomes:
                met, computed, usual = met + 1, computed + trial.exact, usual + (not trial.fill)
                sizes.add(tuple((name, point.sizes[name]) for name in names))
        if usual < LEAST_SHARE * sum(not trial.fill for trial in planned):
            why = (
                "numbers grew, or came closer together, beyond what is computed"
                if skipped
                else "hardly any satisfy what the setting assumes"
            )
            raise Undecided(
                f"could be computed at only {met} of {len(planned)} points, because {why}; narrow the domains of the "
                "symbols or assume less"
            )
        return Agreement(met, tuple(sorted(sizes)), computed, skipped)

    def _at_choices(self, trial, point):
        """For each choice of the free indices True, or None where it is out of reach; else what refutes it."""
        outcomes, choices = [], list(index_choices(self.given, self.trees, point))
        if not trial.exact:  # others at each of these points
            every = -(-len(choices) // FAST_CHOICES)
            choices = choices[trial.number % every :: every] if every > 1 else choices
        for at in choices:
            outcome = self.at(trial, at)
            if isinstance(outcome, Counterexample):
                return outcome
            outcomes.append(outcome)
        return outcomes

    def at(self, trial, point):
        """True where the statement holds at a point, None where that is out of reach, or a `Counterexample`."""
        if not trial.exact and self._clearly_holds(trial, point):
            return True
        before = None
        for times in (1, 3, 9):
            numbers = Exact(self.work, self.nesting, times)
            try:
                left, right = self._values(trial, point, numbers)
            except _NoValue as error:
                # With more digits the steps of a difference quotient are smaller, and may stay inside the domain.
                if error.at_boundary and times < 9:
                    continue
                return error.found
            except OutOfReach:
                if times == 1:
                    continue
                return None
            if self.statement.relation == "≈":
                return _compare_digits(self.statement, left, point, numbers)
            left, right = np.broadcast_arrays(np.asarray(left), np.asarray(right))
            refuting = self._refuting(left, right, numbers, before)
            if refuting is None and (times > 1 or trial.number or not self.confirms):
                return True
            if refuting is not None and before is not None:
                where = f"'s entry [{', '.join(str(k + 1) for k in refuting)}]" if refuting else ""
                return Counterexample(point, number_text(left[refuting]), number_text(right[refuting]), where)
            before = np.asarray(left - right)
        return None

    def _values(self, trial, point, numbers):
        """Both sides; that one is undefined is told even where the other is out of reach."""
        values, beyond = [], None
        for tree, text in zip(self.trees, self.texts, strict=True):
            try:
                values.append(self.sample.value(tree, text, trial, point, numbers))
            except OutOfReach as error:
                values.append(None)
                beyond = error
            except Undefined as error:
                sides = (_side_text(values[0]), UNDEFINED) if values else (UNDEFINED, "not computed")
                found = Counterexample(point, *sides, why=str(error), out_of_range=isinstance(error, OutOfRange))
                raise _NoValue(found, isinstance(error, Boundary)) from None
        if beyond:
            raise beyond
        return values

    def _refuting(self, left, right, numbers, before):
        """The first entry at which the relation does not hold, or None; `before` are the gaps with fewer digits."""
        for entry in np.ndindex(left.shape):
            a, b = left[entry], right[entry]
            gap = a - b
            if before is not None and abs(gap) <= SHRUNK * abs(before[entry]):
                gap = 0 * gap
            # Of two equal numbers rounding makes either the larger one: a strict relation asks for a second look.
            rounded = self.statement.relation in ("<", ">") and numbers.tied(a, b)
            seen = before is not None and before[entry]
            if (rounded and not seen) or not _HOLDS[self.statement.relation](gap, numbers.slack(a, b)):
                return entry
        return None

    def _clearly_holds(self, trial, point):
        """Whether float64 sees the relation hold, with room to spare where it is an inequality."""
        if self.statement.relation == "≈" or (found := self._in_floats(trial, point)) is None:
            return False
        gap, slack = found
        if self.statement.relation == "=":
            return bool(np.all(abs(gap) <= slack))
        return bool(np.all((gap if self.statement.relation[0] == "<" else -gap) < -slack))

    def clearly_fails(self, trial, point):
        """Whether float64 sees the relation fail, with room to spare."""
        if self.statement.relation == "≈" or (found := self._in_floats(trial, point)) is None:
            return False
        gap, slack = found
        wrong = {"=": abs(gap), "<": gap, ">": -gap}[self.statement.relation[0]]
        return bool(np.any(wrong > slack))

    def _in_floats(self, trial, point):
        """The difference of both sides and what rounding may make of it, or None where float64 has no value."""
        numbers = Fast(self.work, self.nesting)
        try:
            left, right = self._values(trial, point, numbers)
        except (_NoValue, OutOfReach):
            return None
        return left - right, numbers.tolerance * np.maximum(1, np.maximum(abs(left), abs(right)))


def _is_light(trial):
    """Whether a point is met where not all are: of the random ones of small size and of mixed spreads only a few."""
    return bool(trial.fill) or trial.number < LIGHT or (trial.number >= POINTS and trial.width > 0)


class _NoValue(Exception):
    """A side has no value, as the `Counterexample` `found` says; perhaps only because the point is near a boundary."""

    def __init__(self, found, at_boundary):
        super().__init__(found)
        self.found, self.at_boundary = found, at_boundary


def _side_text(value):
    if value is None:
        return "not computed"
    return number_text(value) if np.ndim(value) == 0 else "an array"


class _Anywhere:
    """What stands in for a sample at points that belong to none."""

    nesting = 0

    @staticmethod
    def value(tree, text, trial, point, arithmetic):
        return evaluate(tree, point, arithmetic)


def counterexample(statement, given, found, work=None):
    """The first readable point that refutes a statement as `found` does, else `found`, the random one.

    Of points at which both sides print alike it takes one only if there is no other.
    """
    comparison = _Comparison(statement, given, _Anywhere, work or Work(MAX_WORK))
    trial, alike = Trial(0, {}, False), None
    try:
        for point in readable_points(given, comparison.trees):
            for at in index_choices(given, comparison.trees, point):
                outcome = comparison.at(trial, at)
                if isinstance(outcome, Counterexample) and bool(outcome.undefined) == bool(found.undefined):
                    if outcome.left != outcome.right:
                        return outcome
                    alike = alike or outcome
    except Undecided:  # out of work: the random point refutes it as well
        pass
    return alike or found


def differs_in_floats(statement, given, sample):
    """A second opinion in plain float64: whether a few of the points refute a statement by a clear difference."""
    comparison = _Comparison(statement, given, sample, Work(MAX_WORK))
    trials = [trial for trial in sample.trials if trial.exact][:SECOND_OPINION]
    for trial, point in sample.points(comparison.trees, given):
        if trial in trials and point:
            for at in index_choices(given, comparison.trees, point):
                if comparison.clearly_fails(trial, at):
                    return True
    return False


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


def place_text(point):
    """Where a point lies, as text."""
    return ", ".join(f"{name} = {value}" for name, value in described(point).items())


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
