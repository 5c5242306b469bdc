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


def epoch_of(source, batches):
    return [source.next() for _ in range(batches)]


@pytest.mark.parametrize(("steps", "T"), [(12, 4), (12, 3), (12, 12), (4, 1), (1, 1), (12, 5), (11, 4), (3, 12)])
def test_a_text_ends_where_its_last_step_is(steps, T):
    """No empty batch follows where T divides the number of steps, and the streams start again after the last."""
    tokens = np.arange(2 * steps + 1)
    source = TextBatches(tokens, T, B=2)
    for _ in range(2):
        batches = epoch_of(source, len(source))
        np.testing.assert_array_equal(np.concatenate([b.x for b in batches]).T.ravel(), tokens[:-1])
        np.testing.assert_array_equal(np.concatenate([b.targets for b in batches]).T.ravel(), tokens[1:])
        assert [b.fresh for b in batches] == [True] + [False] * (len(source) - 1)
        assert all(len(b.x) == T for b in batches[:-1])
        assert 1 <= len(batches[-1].x) <= T
    assert source.position() == 0


def same_batches(a, b, count=12):
    for one, other in zip(epoch_of(a, count), epoch_of(b, count), strict=True):
        np.testing.assert_array_equal(one.x, other.x)
        np.testing.assert_array_equal(one.targets, other.targets)
        assert one.fresh == other.fresh


@pytest.mark.parametrize("make", OTHERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("made", [0, 1, 2, 3, 4, 5, 9])
def test_a_source_goes_on_from_any_place(make, made):
    """The very start is one: a source that has given nothing yet says which order comes."""
    source, other = make(), make()
    epoch_of(source, made)
    epoch_of(other, 2)
    position = json.loads(json.dumps(source.position()))
    other.seek(position)
    assert other.position() == source.position()
    same_batches(source, other)


def test_shuffled_batches_of_another_seed_go_on_from_the_start():
    source, other = shuffled(seed=1), shuffled(seed=2)
    other.seek(source.position())
    same_batches(source, other)
    assert len(shuffled()) == 4
    assert len(shuffled(B=5)) == 3
    assert len(shuffled(B=15)) == len(shuffled(B=16)) == 1


@pytest.mark.parametrize(
    ("source", "position", "message"),
    [
        (text(), 6, r"position expected a multiple of T = 7 from 0 to below 19 steps, given 6\."),
        (text(), 21, "given 21"),
        (text(), -7, "given -7"),
        (text(), 7.0, r"given 7\.0"),
        (text(), None, "given None"),
        (shuffled(), {"at": 3, "random": {}}, "expected a multiple of B = 4 from 0 to below 15 examples, given 3"),
        (shuffled(), {"at": 16, "random": {}}, "given 16"),
        (shuffled(), {"at": 4, "random": {}}, "position expected the state of a random generator"),
        (shuffled(), 4, "position expected the keys at and random, given 4"),
        (drawn(), {"state": 3}, "position expected the state of a random generator"),
        (one(), 0, "position expected None"),
    ],
)  # fmt: skip
def test_a_place_of_other_data_is_refused(source, position, message):
    with pytest.raises(ValueError, match=message):
        source.seek(position)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: text(TOKENS.astype(float)), r"tokens expected integers, given float64\."),
        (lambda: text(TOKENS.reshape(6, 10)), r"tokens expected shape \(N,\), given \(6, 10\)\."),
        (lambda: text(TOKENS[:3]), r"tokens expected more than 3 tokens for 3 streams, given 3\."),
        (lambda: one(TOKENS[:8], TOKENS[:8]), r"x expected shape \(T, B, ...\) with every size ≥ 1, given \(8,\)\."),
        (lambda: one(targets=WORDS[:3]), r"targets expected shape \(4, 2\) or \(2,\), given \(3, 2\)\."),
        (lambda: one(targets=WORDS * 1.0), r"targets expected integers, given float64\."),
        (lambda: shuffled(targets=EXAMPLES[0, :14]), r"targets expected shape \(4, 15\) or \(15,\), given \(14,\)\."),
        (lambda: shuffled(mask=np.ones((15, 4), bool)), r"mask expected shape \(4, 15\), given \(15, 4\)\."),
        (lambda: drawn(lambda rng: None).next(), "what draw returns expected x and targets, .* given NoneType"),
        (lambda: drawn(lambda rng: (WORDS,) * 4).next(), "what draw returns expected .* given 4 values"),
        (lambda: drawn(lambda rng: (WORDS, WORDS[1:])).next(), "targets expected shape"),
        (lambda: drawn(lambda rng: (WORDS, WORDS, WORDS)).next(), "mask expected dtype bool"),
    ],
)
def test_data_that_do_not_fit_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_text_of_one_token_a_stream_and_the_shortest_text():
    assert len(text(TOKENS[:4], T=1, B=3)) == 1
    assert text(TOKENS[:4], T=1, B=3).next().x.shape == (1, 3)


def test_a_mask_may_be_drawn():
    mask = np.ones(WORDS.shape, bool)
    mask[3, 1] = False
    batch = drawn(lambda rng: (WORDS.tolist(), WORDS, mask)).next()
    np.testing.assert_array_equal(batch.mask, mask)
    assert isinstance(batch.x, np.ndarray)
    assert batch.fresh


def test_sources_show_themselves():
    assert repr(text()) == "TextBatches(57 tokens, T=7, B=3: 3 batches an epoch)"
    assert repr(shuffled()) == "ShuffledBatches(15 examples, B=4: 4 batches an epoch)"
    assert repr(one()) == "OneBatch(T=4, B=2)"
    assert repr(drawn()) == "DrawnBatches(draw, seed=1)"


@pytest.mark.parametrize("make", [text, shuffled, one])
def test_an_epoch_starts_at_the_beginning_and_moves_nothing(make):
    source = make()
    source.next()
    position = source.position()
    batches = list(source.epoch())
    assert source.position() == position
    assert batches[0].fresh
    assert sum(batch.targets.size for batch in batches) == {text: 57, shuffled: 15, one: 8}[make]
