"""The points at which a claim is judged, and small readable ones at which it is shown to be false.

A point gives every size a number and every symbol a value. Which points a claim meets follows from its text alone:
the same claim always has the same ones, and nobody can build a formula around them that is right at those points only.
"""

import ast
import math
from fractions import Fraction
from itertools import chain, combinations, product
from typing import NamedTuple
from zlib import crc32

import numpy as np

from .arithmetic import Exact, Work
from .domains import INDEX, SIZE
from .errors import IllFormed, OutOfReach, Undecided, Undefined
from .language import text_of
from .numeric import Point, evaluate

# Every size meets 1 to 4 in exact arithmetic, counted from its least value. The first point is small: what is wrong
# there is found soon. Two points spread the entries wider, because ``abs(x - 3) = 3 - x`` holds wherever x is small.
RANDOM_SIZES, POINTS, WIDTHS = (2, 3, 4, 1), 12, {7: 3, 11: 10}
# Where symbols are spread alike, some signs are rare, and ``abs(f) = f`` slips through: at so many further points each
# symbol has a spread of its own.
MIXED, MIXED_WIDTHS = 16, (0.1, 5)
# One size at a time, the others small.
LARGER = range(5, 9)
# Where there is nothing but sizes, a polynomial may vanish at all up to 8: then one size out of each range as well.
LARGEST = ((9, 13), (13, 21), (21, 33))
SIMPLE = ((0,), (1,), (-1,), (1, 0), (1, 2), (2, 1), (1, -1), (0, 1, 2))
MAX_INDEX_CHOICES, MAX_CONSTANTS = 36, 6
# Random values are drawn at these scales, again and again, until they satisfy what the setting assumes.
SCALES, TRIES = (1, 0.5, 2, 0.25, 4, 0.1, 10, 0.03, 30, 100), 160
CONDITION_WORK = 50_000
# So many entries of an array are drawn, and for so many values of the other indices an assumption is judged.
MAX_ENTRIES, MAX_RANGE = 10**5, 10**12


class Trial(NamedTuple):
    """How a point is made: its sizes, and the simple numbers that fill it, or else how wide random ones are spread.

    A width of 0 gives each symbol a width of its own.
    """

    number: int
    sizes: dict
    exact: bool
    fill: tuple = ()
    width: float = 1


class Sample:
    """The points at which a claim is judged, and with it whatever is compared with the claim.

    The claim's own sides are computed once at each point, and so is what they are made of: its mutants, mistakes and
    answers share most of it.

    Parameters
    ----------
    statement : Statement
        Well-formed in `given`.
    given : Given
    """

    def __init__(self, statement, given):
        self.given, self.trees = given, [statement.left, statement.right]
        self.nesting = given.nesting(self.trees)
        self.own = {text_of(tree) for tree in self.trees}
        self.seed = crc32(_described(statement, given).encode())
        self.trials = _trials(statement, given, self.seed)
        self._points, self._values = {}, {}

    def is_of(self, statement):
        """Whether these are the statement's own points."""
        return self.trees[0] is statement.left and self.trees[1] is statement.right

    def points(self, trees, given):
        """Each trial with its point, which holds what these trees need; None where no point is admissible."""
        for trial in self.trials:
            if trial.number not in self._points:
                self._points[trial.number] = _drawn(trial, self.given, self.trees, self.seed)
            point = self._points[trial.number]
            if point and given is not self.given:
                point = Point(given, dict(point.sizes), dict(point.values))
            if point:
                _fill(point, trial, trees, self.seed)
                if given is not self.given and not _admissible(point, given, trees):
                    point = None
            yield trial, point

    def value(self, tree, text, trial, point, arithmetic):
        """The value of a tree at one of the points; that of the claim's own sides is computed once."""
        if text not in self.own or point.given is not self.given:
            return evaluate(tree, point, arithmetic)
        key = text, trial.number, *point.indices.items(), arithmetic.key
        if key not in self._values:
            try:
                self._values[key] = evaluate(tree, point, arithmetic)
            except (Undefined, OutOfReach) as error:
                self._values[key] = error
        if isinstance(self._values[key], Exception):
            raise self._values[key]
        return self._values[key]

    def forget_nudges(self):
        """Free what only derivatives needed: a book's claims live as long as the kernel."""
        for point in filter(None, self._points.values()):
            point.forget_nudges()


def _described(statement, given):
    """All that a statement says, as one text."""
    trees = [statement.left, statement.right]
    told = [text_of(statement.left), statement.relation, text_of(statement.right)]
    for name in sorted(given.needed(trees)):
        if domain := given.domains.get(name):
            told += [name, domain.kind, *map(text_of, domain.axes)]
        told += [text_of(part) for clause in given.clauses.get(name, ()) for part in (*clause.pattern, clause.body)]
    return "\n".join(told)


def varies(given, trees):
    """Whether anything in the trees can take another value, indices apart; if not, one point says it all."""
    needed = given.needed(trees)
    return any(
        domain.kind != INDEX and not (domain.kind == SIZE and given.held(name))
        for name, domain in given.domains.items()
        if name in needed
    )


def _trials(statement, given, seed):
    """The plan of all points of a statement: random, of larger sizes, of mixed spreads, of simple values."""
    trees = [statement.left, statement.right]
    conditions = _condition_trees(given, given.free_indices(trees))
    names = [name for name in given.sizes([*trees, *conditions]) if not given.held(name)]
    held = {name: given.held(name) for name in given.sizes([*trees, *conditions]) if given.held(name)}
    needed = given.needed(trees)
    symbols = [n for n, domain in given.domains.items() if n in needed and domain.kind not in (SIZE, INDEX)]
    plan = []

    def add(sizes, exact, fill=(), width=1):
        sizes = {name: given.smallest(name) - 1 + size for name, size in sizes.items()} | held
        plan.append(Trial(len(plan), sizes, exact, fill, width))

    def small(number):
        shift = 1 + number // 4
        return {name: RANDOM_SIZES[(number + k * shift) % 4 if number else 0] for k, name in enumerate(names)}

    for number in range(POINTS if names or symbols else 1):
        add(small(number), True, width=WIDTHS.get(number, 1))
    largest = np.random.default_rng([seed, 1])
    for name in names:
        sizes = [*LARGER] if symbols else [*LARGER, *(int(largest.integers(*bounds)) for bounds in LARGEST)]
        for size in sizes:
            add({other: 1 + (size + k) % 2 for k, other in enumerate(names)} | {name: size}, not symbols)
    for number in range(MIXED if symbols else 0):
        add({name: 2 + (number + k) % 2 for k, name in enumerate(names)}, False, width=0)
    if symbols:
        for size in (2, 1, 3) if statement.relation not in ("=", "≈") else (2,):
            for fill in _simple(trees, given, needed, statement.relation != "="):
                add(dict.fromkeys(names, size), False, fill)
    return plan


def _simple(trees, given, needed, inequality):
    """Numbers that a statement treats as special: 0, 1, equal entries, and the constants in it with their neighbours.

    An inequality is tight, or false, at such points, where no random one ever falls.
    """
    found = constants(trees, given, needed)
    special = [fill for c in found for fill in ((c,), (c + 1,), (c - 1,), (-c,))]
    orders = [found[k:] + found[:k] for k in range(len(found))] if len(found) > 1 else []
    # Long enough that each symbol starts elsewhere in them.
    mixed = [tuple(order[::step] * 4) for order in orders for step in (1, -1)]
    fills = [*SIMPLE, *_patterns()] if inequality else SIMPLE[:4]
    return list(dict.fromkeys([*fills, *special, *mixed]))


def _patterns():
    return [tuple(np.random.default_rng(n).choice([-2, -1, -0.5, 0, 0.5, 1, 2, 3], 7)) for n in range(12)]


def constants(trees, given, needed):
    """A few of the numbers that are written in trees and in the definitions that they need, all of them if few."""
    bodies = [clause.body for name in sorted(needed) for clause in given.clauses.get(name, ())]
    found = {
        abs(float(node.value))
        for tree in chain(trees, bodies)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
    }
    found = sorted(found - {0.0, 1.0})
    return [found[k * len(found) // MAX_CONSTANTS] for k in range(MAX_CONSTANTS)] if len(found) > 6 else found


def random_point(given, trees, number, seed=0):
    """One random point of a setting that has what these trees need."""
    sizes = {
        name: given.held(name) or given.smallest(name) - 1 + RANDOM_SIZES[(number + k) % 4]
        for k, name in enumerate(given.sizes(trees))
    }
    return _drawn(Trial(number, sizes, True, width=WIDTHS.get(number, 1)), given, trees, seed)


def sized_point(given, sizes, number):
    """A random point with these sizes and a value for every symbol, or None where none is admissible."""
    return _drawn(Trial(number, sizes, True), given, [ast.Name(name) for name in given.domains], 0)


# Values.


def _drawn(trial, given, trees, seed):
    """The point of a trial, or None where none of the drawn ones satisfies what the setting assumes."""
    conditions = _condition_trees(given, given.free_indices(trees))
    for attempt in range(TRIES if conditions and not trial.fill else 1):
        point = Point(given, dict(trial.sizes), {})
        _fill(point, trial, [*trees, *conditions], seed, attempt)
        if not conditions or _admissible(point, given, trees):
            return point
    return None


def _fill(point, trial, trees, seed, attempt=0):
    """Give a point whatever sizes and values these trees need and it has not got yet."""
    given = point.given
    needed = given.needed(trees)
    missing = [name for name in given.domains if name in needed and name not in point.values]
    for name in missing:
        if given.domains[name].kind == SIZE and name not in point.sizes:
            point.sizes[name] = given.held(name) or given.smallest(name) + 1
    for turn, name in enumerate(missing):
        domain = given.domains[name]
        if domain.kind not in (INDEX, SIZE):
            # Each symbol has numbers of its own, so that it has the same ones whoever asks.
            random = np.random.default_rng([seed, trial.number, crc32(name.encode()), attempt])
            width = trial.width or np.exp(random.uniform(*np.log(MIXED_WIDTHS)))
            scale = SCALES[attempt % len(SCALES)] * width
            draw = _readable_draw(trial.fill, turn) if trial.fill else _random_draw(random, scale)
            bounds = [point.length(bound) for bound in domain.bounds]
            shape = tuple(point.length(axis) for axis in domain.axes)
            _require_values(name, domain, shape, bounds, point.sizes)
            point.values[name] = draw[domain.kind](shape, *bounds)


def _require_values(name, domain, shape, bounds, sizes):
    """Raise unless arrays of this shape exist, and few enough entries that they can be drawn."""
    empty = (domain.kind == "onehot" and 0 in shape) or (bounds and bounds[0] > bounds[1] and 0 not in shape)
    if empty or min(shape, default=0) < 0:
        at = ", ".join(f"{size} = {number}" for size, number in sizes.items())
        raise IllFormed(f"`{name}` has no value at {at}; give the sizes a least value, such as `K: size >= 2`")
    if math.prod(shape) > MAX_ENTRIES:
        raise Undecided(f"`{name}` has {math.prod(shape)} entries; at most {MAX_ENTRIES} are computed")


def _random_draw(random, width):
    """How to fill each kind of symbol with random numbers of about this size."""
    spread = 1.5 * min(width, 5)
    return {
        "real": lambda shape: random.uniform(-2 * width, 2 * width, shape),
        "nonzero": lambda shape: random.uniform(-2 * width, 2 * width, shape),
        "positive": lambda shape: np.exp(random.uniform(-spread, spread, shape)),
        "unit": lambda shape: random.uniform(0.02 / max(width, 1), 1 - 0.02 / max(width, 1), shape),
        "onehot": lambda shape: np.eye(*shape)[random.integers(shape[0])],
        "pick": lambda shape, low, high: random.integers(low, high + 1, shape),
        "distribution": lambda shape: _normalised(np.exp(random.uniform(-spread, spread, shape))),
    }


def _readable_draw(fill, turn):
    """How to fill the `turn`-th symbol with a few simple numbers."""
    # In long patterns each symbol starts elsewhere, so that no two are alike.
    shift = turn if len(fill) > 3 else 0
    return {
        "real": lambda shape: _cycle(fill, shape, shift),
        "nonzero": lambda shape: _cycle([x or 1 for x in fill], shape, shift),
        "positive": lambda shape: _cycle([x if x > 0 else 1 - x for x in fill], shape, shift),
        "unit": lambda shape: _cycle([0.5, 0.25, 0.125, 0.75], shape, int(abs(fill[0])) % 4),
        "onehot": lambda shape: np.eye(*shape)[int(abs(fill[0])) % shape[0]],
        "pick": lambda shape, low, high: low + (turn + np.arange(math.prod(shape)).reshape(shape)) % (high - low + 1),
        "distribution": lambda shape: _normalised(
            np.resize(np.roll(np.arange(1, shape[-1] + 1) ** (int(abs(fill[0])) % 3), turn), shape)
        ),
    }


def _cycle(numbers, shape, shift=0):
    """Fill any shape with these numbers, again and again, from the `shift`-th on."""
    return np.resize(np.roll(np.array(numbers, dtype=float), -shift), shape or 1).reshape(shape)


def _normalised(weights):
    """Exact fractions whose rows sum to one: rounded ones would leave the surface on which a claim is made."""
    if np.ndim(weights) > 1:
        return np.array([_normalised(row) for row in weights], dtype=object)
    weights = [Fraction(float(weight)) for weight in weights]
    return np.array([weight / sum(weights) for weight in weights], dtype=object)


# What a setting assumes.


def _condition_trees(given, free):
    """Both sides of each assumption that bears on a statement with these free indices."""
    return [side for condition in _bearing(given, free) for side in (condition.left, condition.right)]


def bearing(given, trees):
    """What a setting assumes that bears on these trees: on a symbol, size or free index that they need."""
    needed, found = given.needed(trees), []
    for condition in _bearing(given, given.free_indices(trees)):
        if given.needed([condition.left, condition.right]) & needed:
            found.append(condition)
    return found


def _bearing(given, free):
    """The assumptions that bear on a statement: of those on indices alone, where all of these are free in it."""
    return [
        condition
        for condition in given.conditions
        if not _on_indices(condition, given) or set(given.free_indices([condition.left, condition.right])) <= set(free)
    ]


def _on_indices(condition, given):
    names = given.needed([condition.left, condition.right])
    return not any(given.domains[n].kind not in (SIZE, INDEX) for n in names if n in given.domains)


def _admissible(point, given, trees, indices=()):
    """Whether what the setting assumes holds at a point.

    An index that stands free in the statement has its value there (where a choice was made); any other index of an
    assumption takes all its values.
    """
    chosen = set(indices) or set(given.free_indices(trees))
    for condition in _bearing(given, given.free_indices(trees)):
        sides = [condition.left, condition.right]
        own = given.free_indices(sides)
        if not indices and chosen & set(own):
            continue  # judged choice by choice
        others = [name for name in own if name not in indices]
        if math.prod(len(_range(point, name)) for name in others) > MAX_ENTRIES:
            raise Undecided(f"what is assumed is judged for at most {MAX_ENTRIES} values of the indices")
        for values in product(*(_range(point, name) for name in others)):
            at = point.at({**dict(indices), **dict(zip(others, values, strict=True))})
            if not holds(condition, at):
                return False
    return True


def holds(condition, point):
    """Whether a relation between two scalars holds at a point."""
    try:
        numbers = Exact(Work(CONDITION_WORK), point.given.nesting([condition.left, condition.right]))
        left, right = (evaluate(side, point, numbers) for side in (condition.left, condition.right))
        gap = 0 if numbers.tied(left, right) else left - right
    except (Undefined, OutOfReach):
        return False
    return {"<=": gap <= 0, ">=": gap >= 0, "<": gap < 0, ">": gap > 0, "!=": gap != 0}[condition.relation]


# Indices.


def _range(point, name):
    low, high = map(point.length, point.given.domains[name].axes)
    if high - low > MAX_RANGE:
        raise Undecided(f"the index {name} takes too many values; at most {MAX_RANGE}")
    return range(low, high + 1)


def index_choices(given, trees, point):
    """The point at every choice of its free indices, or at a sample that holds every class of them.

    The classes are: first, last, the whole numbers that are written in the statement and their neighbours; and of two
    indices equal, next to one another on either side, and apart.
    """
    names = given.free_indices(trees)
    ranges = [_range(point, name) for name in names]
    if np.prod([float(len(r)) for r in ranges]) <= MAX_INDEX_CHOICES:
        choices = product(*ranges)
    else:
        choices = _classes(ranges, constants(trees, given, given.needed(trees)))
    for choice in choices:
        indices = dict(zip(names, choice, strict=True))
        if not given.conditions or _admissible(point, given, trees, indices):
            yield point.at(indices)


def _classes(ranges, written):
    """A sample of choices in which each index, and each pair of them, meets every class."""
    if not all(ranges):
        return []
    random = np.random.default_rng([len(r) for r in ranges])
    written = {int(c) + step for c in written if c == int(c) for step in (-1, 0, 1)}
    special = [
        sorted(
            {r[0], r[min(1, len(r) - 1)], r[len(r) // 2], r[max(0, len(r) - 2)], r[-1]} | {c for c in written if c in r}
        )
        for r in ranges
    ]

    def anywhere():
        return [int(random.choice(r)) for r in ranges]

    # Each special value of each index once, all indices at a time.
    found = [
        [values[(turn + n) % len(values)] for n, values in enumerate(special)]
        for turn in range(max(len(values) for values in special))
    ]
    for a, b in combinations(range(len(ranges)), 2):
        for step in (0, 1, -1):
            if near := [value for value in special[a] if value + step in ranges[b]]:
                choice = anywhere()
                choice[a] = int(random.choice(near))
                choice[b] = choice[a] + step
                found.append(choice)
        for ends in ((0, -1), (-1, 0)):
            choice = anywhere()
            choice[a], choice[b] = ranges[a][ends[0]], ranges[b][ends[1]]
            found.append(choice)
    found += [[r[0] for r in ranges], [r[-1] for r in ranges]]
    return sorted(set(map(tuple, found)))


# Points to show.


def readable_points(given, trees):
    """Small points that satisfy the setting, the simplest first: sizes 1 to 3, entries such as 0, 1, -1 and 2."""
    conditions = _condition_trees(given, given.free_indices(trees))
    size_names = given.sizes([*trees, *conditions])
    fills = [*SIMPLE, *_patterns(), (100,), (-100,), *((c,) for c in constants(trees, given, given.needed(trees)))]
    # A vector of length one hides most errors, so size 2 comes first and size 1 last.
    for chosen in sorted(product((2, 3, 1), repeat=len(size_names)), key=lambda s: (1 in s, sum(s))):
        sizes = {
            name: given.held(name) or max(size, given.smallest(name))
            for name, size in zip(size_names, chosen, strict=True)
        }
        for number, fill in enumerate(fills):
            if point := _drawn(Trial(number, sizes, True, fill), given, trees, 0):
                yield point
