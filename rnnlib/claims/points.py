"""Points at which two sides are compared: random ones to judge, small readable ones to show."""
from fractions import Fraction
from itertools import product

import numpy as np

from .given import INDEX, SIZE
from .numeric import Point

# Sizes are small: a wrong formula that is right at every size up to 4 has not been met, and large ones cost.
RANDOM_SIZES = (2, 3, 4, 1)
MAX_INDEX_CHOICES = 36


def random_point(given, trees, number, seed=0):
    """The `number`-th random point of a setting, without values for its free indices.

    The same arguments always give the same point; the size cycles through `RANDOM_SIZES`, so that twelve points
    hold every small size.
    """
    random = np.random.default_rng([seed, number])
    size_names = given.sizes(trees)
    sizes = {name: given.smallest(name) - 1 + RANDOM_SIZES[(number + 2 * k + number // 4 * k) % len(RANDOM_SIZES)]
             for k, name in enumerate(size_names)}
    draw = {
        "real": lambda shape: random.uniform(-2, 2, shape),
        "positive": lambda shape: np.exp(random.uniform(-1.5, 1.5, shape)),
        "unit": lambda shape: random.uniform(0.02, 0.98, shape),
        "onehot": lambda shape: np.eye(*shape)[random.integers(shape[0])],
        "distribution": lambda shape: _normalised(np.exp(random.uniform(-1.5, 1.5, shape))),
    }
    return _filled(given, trees, sizes, draw)


def readable_points(given, trees):
    """Small points, the simplest first: sizes 1 to 3, entries such as 0, 1, -1, 2 and one half."""
    size_names = given.sizes(trees)
    fills = [(0,), (1,), (0, 1), (1, 0), (1, 2), (2, 1), (1, -1), (0, 1, 2)]
    fills += [tuple(np.random.default_rng(n).choice([-2, -1, -0.5, 0, 0.5, 1, 2, 3], 7)) for n in range(12)]
    # A vector of length one hides most errors, so size 2 comes first and size 1 last.
    for sizes in sorted(product((2, 3, 1), repeat=len(size_names)), key=lambda s: (1 in s, sum(s))):
        sizes = {name: max(size, given.smallest(name)) for name, size in zip(size_names, sizes)}
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
        "distribution": lambda shape: _normalised(np.roll(np.arange(1, *np.add(shape, 1)) ** (turn % 3), turn)),
    }


def index_choices(given, trees, point, seed=0):
    """The point at every choice of its free indices, or at a random sample where there are very many."""
    names = given.free_indices(trees)
    ranges = [range(point.length(low), point.length(high) + 1) for low, high in (given.domains[n].axes for n in names)]
    choices = list(product(*ranges))
    if len(choices) > MAX_INDEX_CHOICES:
        picked = np.random.default_rng(seed).choice(len(choices), MAX_INDEX_CHOICES, replace=False)
        choices = [choices[k] for k in sorted(picked)]
    for choice in choices:
        yield point.at(dict(zip(names, choice)))


def _filled(given, trees, sizes, draw):
    point, values = Point(given, sizes, {}), {}
    for name in [n for n in given.domains if n in given.needed(trees)]:
        domain = given.domains[name]
        if domain.kind not in (INDEX, SIZE):
            values[name] = draw[domain.kind](tuple(point.length(axis) for axis in domain.axes))
    point.values = values
    return point


def _cycle(numbers, shape, shift=0):
    """Fill any shape with these numbers, again and again, from the `shift`-th on."""
    return np.resize(np.roll(np.array(numbers, dtype=float), -shift), shape or 1).reshape(shape)


def _normalised(weights):
    """Exact fractions that sum to one: rounded ones would leave the surface on which a claim is made."""
    weights = [Fraction(float(weight)) for weight in weights]
    return np.array([weight / sum(weights) for weight in weights], dtype=object)
