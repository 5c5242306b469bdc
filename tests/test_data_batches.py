"""Sources of batches: what they give, where they stand, and which data they are."""

import functools
import json

import numpy as np
import pytest

from rnnlib.data import DrawnBatches, OneBatch, ShuffledBatches, TextBatches

TOKENS = np.arange(60) % 7
EXAMPLES, WORDS = TOKENS.reshape(4, 15), TOKENS[:8].reshape(4, 2)


def draw(rng):
    return rng.integers(0, 5, (4, 3)), rng.integers(0, 5, (4, 3))


def draw_more(rng):
    return rng.integers(0, 5, (9, 3)), rng.integers(0, 5, (9, 3))


def text(tokens=TOKENS, T=7, B=3):
    return TextBatches(tokens, T, B)


def shuffled(x=EXAMPLES, targets=EXAMPLES[0], B=4, mask=None, seed=2):
    return ShuffledBatches(x, targets, B, mask, seed)


def one(x=WORDS, targets=WORDS + 1):
    return OneBatch(x, targets)


def drawn(draw=draw, seed=1):
    return DrawnBatches(draw, seed)


OTHERS = {
    text: [{"tokens": TOKENS[:-3]}, {"tokens": np.roll(TOKENS, 1)}, {"T": 8}, {"B": 2}],
    shuffled: [{"x": EXAMPLES[::-1]}, {"targets": TOKENS[15:30] + 1}, {"B": 5}, {"seed": 3},
               {"mask": EXAMPLES > 0}],
    one: [{"x": WORDS + 2}, {"targets": WORDS}, {"x": WORDS.reshape(2, 4), "targets": (WORDS + 1).reshape(2, 4)}],
    drawn: [{"draw": draw_more}, {"seed": 2}, {"draw": functools.partial(draw)}],
}  # fmt: skip


@pytest.mark.parametrize("make", OTHERS, ids=lambda make: make.__name__)
def test_a_digest_tells_data_apart(make):
    source = make()
    digest = source.digest()
    assert json.loads(json.dumps(digest)) == digest
    source.next()
    assert source.digest() == make().digest() == digest  # wherever the source stands
    for other in OTHERS[make]:
        assert make(**other).digest() != digest, other


def test_the_last_token_counts():
    """The last target is a token that no input shows."""
    changed = TOKENS.copy()
    changed[57] += 1  # 3 streams of 19 steps: tokens 0 to 56 go in, 1 to 57 are to be predicted
    assert text(changed).digest() != text().digest()
    changed = TOKENS.copy()
    changed[58] += 1  # left out
    assert text(changed).digest() == text().digest()
