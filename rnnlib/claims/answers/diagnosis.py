"""What went wrong in a wrong answer: the slip that turns the right formula into it, or it into the right formula.

A slip is found by numbers, never by likeness: at a few points the formula with the slip has the very values of the
answer, or the answer without it the very values of the right formula. Of several slips that fit, the one nearest to
the answer's own text is told. So a diagnosis never says what did not happen.
"""

import ast
import copy
import re
from collections import Counter
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..arithmetic import Fast, Work
from ..claim import FALSE
from ..domains import INDEX, SIZE
from ..errors import ClaimError, Undecided
from ..language import form_of, names_in, parse, runs, text_of
from ..numeric import evaluate
from ..points import index_choices, sized_point
from .places import places, size
from .slips import FUNCTION, Edit, edits

# Slips are searched for while there is time; then the numbers must do.
SECONDS, MAX_STEPS = 0.35, 10**7
POINTS, CHOICES = 3, 5
TOLERANCE = 1e-6
# Of two slips that both fit, the one whose text is nearer to what was written: a differing word weighs this much.
WORD = 0.3
MAX_PARTS, MAX_PAIRED, MAX_SINGLE = 800, 2, 5
LISTED, MAX_PAIR = 1.9, 4.5
ZERO = 1e-9


class Found(NamedTuple):
    """A slip that fits, and how much it changes."""

    words: str
    cost: float


def diagnose(answer, asked, right=None):
    """Words for what is wrong with an answer, or ``""`` where only numbers can tell.

    Parameters
    ----------
    answer : ast.expr
        Well-formed in the claim's setting, and wrong.
    asked : Claim
    right : ast.expr, optional
        What the answer is compared with, if not the claim's right side.

    Returns
    -------
    str
        A sentence without its full stop.
    """
    look = sight(asked, text_of(right) if right else "")
    look.numbers.work = Work(MAX_STEPS, SECONDS)
    try:
        values = look.values(answer)
        if look.truth is None or (values is not None and _equal(values, look.truth)):
            return ""
        if listed := _of_listed(values, look, answer):
            return listed
        if asked.statement.relation != "=":  # many bounds are right: no slip leads to the one that is meant
            return ""
        return _of_constant(values, look, answer) or _of_slips(answer, look)
    except Undecided:
        return ""


def diagnose_values(values, look):
    """The same where an answer is known by its values alone, at the points of a `Sight`."""
    if look.truth is None:
        return ""
    look.numbers.work = Work(MAX_STEPS, SECONDS)
    with suppress(Undecided):  # the search for a slip ends with its time
        if told := _of_listed(values, look) or _of_constant(values, look):
            return told
        for slip in sorted((edit for edit, _ in look.slips), key=_cost):
            if slip.cost < FUNCTION and values is not None and look.same(slip.tree, values):
                return f"Close: {slip.missing}"
    look.numbers.work = Work(MAX_STEPS)
    return _ratio(values, look)


@lru_cache(maxsize=64)
def sight(asked, right=""):
    """A claim's right side, or another formula that is equal to it, seen at a few points, made once."""
    return Sight(asked, parse(right) if right else asked.statement.right)


class Sight:
    """The values that formulas of a claim's setting have at a few points, in float64.

    Parameters
    ----------
    asked : Claim
    right : ast.expr
        The right formula.
    """

    def __init__(self, asked, right):
        self.asked, self.given, self.right = asked, asked.given, right
        self.numbers = Fast(Work(MAX_STEPS), asked.sample.nesting)
        self.points = list(_points(asked))
        self.truth = self.values(self.right)
        self._slips = None

    def values(self, tree, first=False):
        """A tree's values, one after another, or None where it has none; at the first point alone if that will do."""
        found = []
        for point in self.points[:1] if first else self.points:
            try:
                found.append(np.ravel(evaluate(tree, point, self.numbers)))
            except Undecided:
                raise
            except (ClaimError, ValueError, TypeError, KeyError):
                return None
        return np.concatenate(found).astype(float) if found else None

    def same(self, tree, values):
        """Whether a tree has these values at all points."""
        found = self.values(tree)
        return found is not None and _equal(found, values)

    @property
    def slips(self):
        """Every edit of the right formula that has words, with its values at the first point."""
        if self._slips is None:
            until = self.numbers.work
            if self.right is self.asked.statement.right:  # made once, whoever asks first: not on the answer's time
                self.numbers.work = Work(MAX_STEPS)
            found = [edit for edit in edits(self.right, self.given) if edit.missing]
            for named in self.asked.mistakes:
                if _is_version(named, self.asked):
                    found.append(Edit(named.statement.right, named.mistake.wrong, "", LISTED))
            self._slips = [(edit, values) for edit in found if (values := self._told_apart(edit.tree)) is not None]
            self.numbers.work = until
        return self._slips

    def _told_apart(self, tree):
        """A wrong version's values at the first point; None where it has none or is not wrong."""
        values = self.values(tree, first=True)
        if values is not None and _equal(values, self.truth[: len(values)]) and self.same(tree, self.truth):
            return None
        return values


def _is_version(named, asked):
    return named.mistake.kind == FALSE and text_of(named.statement.left) == text_of(asked.statement.left)


def _points(asked):
    """A few points with a choice of the indices each, the most telling first: sizes and indices that differ."""
    given = asked.given
    indices = [ast.Name(name) for name, domain in given.domains.items() if domain.kind == INDEX]
    for turn in range(POINTS):
        if point := sized_point(given, _sizes(given, turn), turn):
            choices = list(index_choices(given, indices, point))
            choices.sort(key=lambda at: -len(set(at.indices.values())))
            yield from choices[:: max(1, len(choices) // CHOICES)]


def _sizes(given, turn):
    """Sizes of which neighbours differ; where there is nothing but sizes, primes."""
    arrays = any(domain.kind not in (SIZE, INDEX) for domain in given.domains.values())
    cycle = (3, 4, 2) if arrays else (5, 7, 11, 13)
    return {
        name: given.held(name) or given.smallest(name) - 1 + cycle[(k + turn) % len(cycle)]
        for k, name in enumerate(given.sizes_declared())
    }


def _equal(a, b):
    return a.shape == b.shape and bool(np.all(np.abs(a - b) <= TOLERANCE * (1e-3 + np.abs(b))))


# Kinds of diagnosis.


def _of_listed(values, look, answer=None):
    """A mistake that the claim names."""
    if values is None:
        return ""
    text = text_of(answer) if answer else ""
    for named in look.asked.mistakes:
        if _is_version(named, look.asked) and look.same(named.statement.right, values):
            if _constant(values) and text_of(named.statement.right) != text:
                continue
            tempts = f". {named.mistake.tempts}" if named.mistake.tempts else ""
            return f"Not quite: {named.mistake.wrong}{tempts}"
    return ""


def _of_constant(values, look, answer=None):
    """An answer that is the same number everywhere: whatever else is equal to it then explains nothing."""
    if values is None or not _constant(values) or _constant(look.truth):
        return ""
    value = "0" if abs(values[0]) < ZERO else f"{values[0]:.4g}"
    for edit, _ in look.slips if answer else ():
        if text_of(edit.tree) == text_of(answer):
            return f"Close: {edit.missing}; what is left is {value} whatever the numbers are"
    return f"This is {value} whatever the numbers are, and the right value is not"


def _constant(values):
    return len(values) > 0 and bool(np.all(np.abs(values - values[0]) < ZERO))


def _of_slips(answer, look):
    repairs = [edit for edit in edits(answer, look.given) if edit.extra]
    found = [*_single(answer, look, repairs), *_exchanges(answer, look, atoms=True)]
    if not found:
        found = [*_exchanges(answer, look, atoms=False)]
    found += _strays(answer, look)
    one = min(found, key=_cost, default=None)
    if one is None and (ratio := _ratio(look.values(answer), look)):
        return ratio
    if one is None or one.cost > MAX_SINGLE:
        two = min(_pairs(answer, look, repairs), key=_cost, default=None)
        if two and (one is None or two.cost < one.cost):
            return two.words
    return f"Close: {one.words}" if one else _of_strays(answer, look)


def _of_strays(answer, look):
    asked_for = look.given.free_indices([look.asked.statement.left])
    strays = [name for name in look.given.free_indices([answer]) if name not in asked_for]
    at = f"at {', '.join(asked_for)}" if asked_for else "at no index"
    return (
        f"Not right: the index {strays[0]} stands free in it, and the exercise asks for a value {at}" if strays else ""
    )


def _cost(slip):
    return slip.cost


def _single(answer, look, repairs):
    """Slips of one edit: of the right formula, then of the answer."""
    values = look.values(answer)
    if values is not None:
        first = look.values(answer, first=True)
        for edit, seen in look.slips:
            if _equal(seen, first) and _is_near(edit, answer) and look.same(edit.tree, values):
                yield Found(edit.missing, edit.cost + WORD * _distance(edit.tree, answer))
    for edit in repairs:
        if _is_near(edit, look.right) and _repairs(edit.tree, look):
            yield Found(edit.extra, edit.cost + WORD * _distance(edit.tree, look.right))


def _strays(answer, look):
    """An index that stands free in the answer, where what is asked has another one or none."""
    asked_for = look.given.free_indices([look.asked.statement.left])
    for stray in set(look.given.free_indices([answer])) - set(asked_for):
        for name in asked_for:
            if _repairs(_everywhere(answer, stray, ast.Name(name)), look):
                yield Found(f"the index {stray} stands where {name} belongs", LISTED)


def _is_near(edit, other):
    """Whether a rare slip leaves a formula with the same names as the other one: else it is a coincidence."""
    return edit.cost < FUNCTION or _distance(edit.tree, other, names=True) <= 2


def _repairs(tree, look):
    first = look.values(tree, first=True)
    return first is not None and _equal(first, look.truth[: len(first)]) and look.same(tree, look.truth)


def _exchanges(answer, look, atoms):
    """One part of the answer, of the same shape as a part of the right formula, stands where that belongs."""
    for edit in _exchanged(answer, look, atoms):
        if _repairs(edit.tree, look):
            yield Found(edit.extra, edit.cost + WORD * _distance(edit.tree, look.right))


def _exchanged(answer, look, atoms):
    """The answer with one of its parts exchanged for one of the right formula's, everywhere if it is a symbol."""
    known = {text_of(place.part): (place.part, _shape(place, look)) for place in places(look.right)}
    known.pop(text_of(look.right), None)
    tried = set()
    for place in places(answer):
        part, shape = place.part, _shape(place, look)
        if part is answer or shape is None or 2 * size(part) > size(answer) + 1:
            continue
        for other, other_shape in known.values():
            if text_of(other) == text_of(part) or shape != other_shape:
                continue
            if atoms != (_is_atom(part) and _is_atom(other)) or len(tried) > MAX_PARTS:
                continue
            if size(other) > 2 * size(part) + 2:
                continue
            for tree, which in _put(place, other, answer):
                if (new := text_of(tree)) not in tried and not _is_constant_sum(tree):
                    tried.add(new)
                    told = f"{which}`{text_of(part)}` stands where `{text_of(other)}` belongs"
                    if not atoms:
                        told = f"all of it is right but the part `{text_of(part)}`"
                    yield Edit(tree, "", told, LISTED if atoms else 2 + (size(part) + size(other)) / 4)


def _is_constant_sum(tree):
    """Whether a sum's term does not hold its index, as when the mean stands in a sum over classes."""
    return any(runs(node) and node.args[1].id not in names_in(node.args[0]) for node in ast.walk(tree))


def _is_atom(tree):
    return isinstance(tree, (ast.Name, ast.Subscript, ast.Constant)) or form_of(tree) == "delta"


def _put(place, other, answer):
    """The answer with a part exchanged: here, and everywhere if it is a symbol that stands at several places."""
    text = text_of(place.part)
    symbol = isinstance(place.part, (ast.Name, ast.Subscript))
    several = symbol and sum(isinstance(n, type(place.part)) and text_of(n) == text for n in ast.walk(answer)) > 1
    yield place.put(other), "one " if several else ""
    if several:
        yield _everywhere(answer, text, other), ""


def _everywhere(tree, text, other):
    class Exchanger(ast.NodeTransformer):
        def visit(self, node):
            return other if isinstance(node, ast.expr) and text_of(node) == text else self.generic_visit(node)

    return Exchanger().visit(copy.deepcopy(tree))


def _shape(place, look):
    try:
        return look.given.shape(place.part, place.bound)
    except ClaimError:
        return None


def _ratio(values, look):
    """A constant factor between the answer and the right value."""
    if values is None or values.shape != look.truth.shape or not np.any(look.truth):
        return ""
    there = np.abs(look.truth) > ZERO
    ratios = values[there] / look.truth[there]
    if np.any(np.abs(values[~there]) > 1e-6) or np.ptp(ratios) > 1e-6 * abs(ratios[0]):
        return ""
    times = next(text for digits in (4, 8, 16) if (text := f"{ratios[0]:.{digits}g}") != "1" or digits == 16)
    return f"Close: this is {times} times what it should be"


def _pairs(answer, look, repairs):
    """Two slips: one edit of the right formula gives what one edit of the answer gives."""
    shape = look.slips[0][1].shape if look.slips else None
    slips = [(edit, seen) for edit, seen in look.slips if edit.cost <= MAX_PAIRED and seen.shape == shape]
    if not slips:
        return
    table = np.array([seen for _, seen in slips])
    for repair in (*(e for e in repairs if e.cost <= MAX_PAIRED), *_exchanged(answer, look, atoms=True)):
        first = look.values(repair.tree, first=True)
        if first is None or first.shape != shape or not np.any(np.abs(first) > ZERO):
            continue
        for n in np.flatnonzero(np.all(np.abs(table - first) <= TOLERANCE * (1e-3 + np.abs(first)), axis=1)):
            slip, values = slips[n][0], look.values(repair.tree)
            cost = slip.cost + repair.cost + WORD * _distance(repair.tree, slip.tree)
            if values is None or _constant(values) or cost > MAX_PAIR or not look.same(slip.tree, values):
                continue
            if (words := _both(slip, repair, answer)) and not _is_hollow(repair.tree, values, look):
                yield Found(words, cost)


def _both(slip, repair, answer):
    """Words for a slip in the right formula and one in the answer, or nothing where they explain little."""
    told, extra = slip.missing, repair.extra
    if 5 * size(repair.tree) < 2 * size(answer) or (slip.cost == LISTED and repair.cost > 1):
        return ""
    removed = re.fullmatch("(?:a )?(term|factor)s? (?:is|are) missing", told)
    other = re.fullmatch("(the (term|factor)s? `.*`) (?:is|are) too many", extra)
    if removed and other and removed[1] == other[2]:
        if slip.extra == extra:
            return f"Close: {other[1]} stands in the wrong place" if other[2] == "factor" else ""
        return "" if slip.inside or repair.inside else f"Close: all of it is right but {other[1]}"
    if told == extra:
        return f"Close: {told}, twice"
    return f"Two slips: {told}, and {extra}"


def _is_hollow(tree, values, look):
    """Whether a symbol does not matter in a formula that holds it, as alpha in ``alpha + (1 - alpha)``.

    Such a formula may be equal to another by coincidence, and then explains nothing.
    """
    atoms = {text_of(p.part): p.part for p in places(tree) if isinstance(p.part, (ast.Name, ast.Subscript))}
    for text, atom in atoms.items():
        changed = ast.BinOp(atom, ast.Mult(), ast.Constant(1.25))
        if look.same(_everywhere(tree, text, changed), values):
            return True
    return False


def _distance(a, b, names=False):
    """How many words, or names, two formulas do not share."""
    pattern = r"\w+" if names else r"\w+|[^\w\s()]"
    a, b = (Counter(re.findall(pattern, text_of(tree))) for tree in (a, b))
    return ((a - b) + (b - a)).total()
