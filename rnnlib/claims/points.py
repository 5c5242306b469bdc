"""Points at which two sides are compared: random ones to judge, small readable ones to show."""

import math
from fractions import Fraction
from itertools import product

import numpy as np

from .given import INDEX, PICK, SIZE
from .numeric import Point

# Sizes are small: a wrong formula that is right at every size up to 5 has not been met, and large ones cost.
RANDOM_SIZES = (2, 3, 4, 1)
LARGER = 5
MAX_INDEX_CHOICES = 36


def random_point(given, trees, number, seed=0):
    """The `number`-th random point of a setting, without values for its free indices.

    The same arguments always give the same point. The sizes cycle through `RANDOM_SIZES`, so that twelve points
    hold every small size, and every eighth point has one larger size. Entries are of size 1, but every sixth point
    spreads them wider and every twelfth much wider, because ``abs(x - 3) = 3 - x`` holds wherever x is small.
    """
    random = np.random.default_rng([seed, number])
    width = {4: 3, 11: 10}.get(number % 12, 1)
    sizes = _random_sizes(given, given.sizes(trees), number)
    draw = {
        "real": lambda shape: random.uniform(-2 * width, 2 * width, shape),
        "positive": lambda shape: np.exp(random.uniform(-1.5, 1.5, shape) * min(width, 5)),
        "unit": lambda shape: random.uniform(0.02 / width, 1 - 0.02 / width, shape),
        "onehot": lambda shape: np.eye(*shape)[random.integers(shape[0])],
        "pick": lambda shape, low, high: random.integers(low, high + 1, shape),
        "distribution": lambda shape: _normalised(np.exp(random.uniform(-1.5, 1.5, shape) * min(width, 5))),
    }
    return _filled(given, trees, sizes, draw)


def _random_sizes(given, names, number):
    sizes = {name: RANDOM_SIZES[(number + 2 * k + number // 4 * k) % len(RANDOM_SIZES)] for k, name in enumerate(names)}
    if names and number % 8 == 6:
        sizes[names[number // 8 % len(names)]] = LARGER
    return {name: given.held(name) or given.smallest(name) - 1 + size for name, size in sizes.items()}


def readable_points(given, trees):
    """Small points, the simplest first: sizes 1 to 3, entries such as 0, 1, -1, 2 and one half."""
    size_names = given.sizes(trees)
    fills = [(0,), (1,), (0, 1), (1, 0), (1, 2), (2, 1), (1, -1), (0, 1, 2)]
    fills += [tuple(np.random.default_rng(n).choice([-2, -1, -0.5, 0, 0.5, 1, 2, 3], 7)) for n in range(12)]
    fills += [(100,), (-100,)]
    # A vector of length one hides most errors, so size 2 comes first and size 1 last.
    for sizes in sorted(product((2, 3, 1), repeat=len(size_names)), key=lambda s: (1 in s, sum(s))):
        sizes = {
            name: given.held(name) or max(size, given.smallest(name))
            for name, size in zip(size_names, sizes, strict=True)
        }
        for turn, fill in enumerate(fills):
            yield _filled(given, trees, sizes, _readable_draw(fill, turn))


def _readable_draw(fill, turn):
    """How to fill each kind of symbol in the `turn`-th readable point."""
    # From the random fills on, each symbol starts elsewhere in the pattern, so that no two are alike.
    shift = iter(range(100)) if len(fill) == 7 else iter([0] * 100)
    return {
        "real": lambda shape: _cycle(fill, shape, next(shift)),
        "positive": lambda shape: _cycle([x if x > 0 else 1 - x for x in fill], shape, next(shift)),
        "unit": lambda shape: _cycle([0.5, 0.25, 0.125, 0.75], shape, turn % 4),
        "onehot": lambda shape: np.eye(*shape)[turn % shape[0]],
        "pick": lambda shape, low, high: low + (turn + np.arange(math.prod(shape)).reshape(shape)) % (high - low + 1),
        "distribution": lambda shape: _normalised(
            np.resize(np.roll(np.arange(1, shape[-1] + 1) ** (turn % 3), turn), shape)
        ),
    }


def index_choices(given, trees, point, seed=0):
    """The point at every choice of its free indices, or at a random sample where there are very many."""
    names = given.free_indices(trees)
    bounds = [given.domains[name].axes for name in names]
    ranges = [range(point.length(low), point.length(high) + 1) for low, high in bounds]
    choices = list(product(*ranges))
    if len(choices) > MAX_INDEX_CHOICES:
        picked = np.random.default_rng(seed).choice(len(choices), MAX_INDEX_CHOICES, replace=False)
        choices = [choices[k] for k in sorted(picked)]
    for choice in choices:
        yield point.at(dict(zip(names, choice, strict=True)))


def _filled(given, trees, sizes, draw):
    point, values = Point(given, sizes, {}), {}
    for name in [n for n in given.domains if n in given.needed(trees)]:
        domain = given.domains[name]
        shape = tuple(point.length(axis) for axis in domain.axes)
        if domain.kind == PICK:
            values[name] = draw["pick"](shape, *map(point.length, domain.bounds))
        elif domain.kind not in (INDEX, SIZE):
            values[name] = draw[domain.kind](shape)
    point.values = values
    return point


def _cycle(numbers, shape, shift=0):
    """Fill any shape with these numbers, again and again, from the `shift`-th on."""
    return np.resize(np.roll(np.array(numbers, dtype=float), -shift), shape or 1).reshape(shape)


def _normalised(weights):
    """Exact fractions whose rows sum to one: rounded ones would leave the surface on which a claim is made."""
    if np.ndim(weights) > 1:
        return np.array([_normalised(row) for row in weights], dtype=object)
    weights = [Fraction(float(weight)) for weight in weights]
    return np.array([weight / sum(weights) for weight in weights], dtype=object)
