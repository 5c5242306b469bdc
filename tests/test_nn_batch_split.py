"""A batch shared out among threads gives the gradients of the whole batch."""

import numpy as np
import pytest

from rnnlib.agree import relative_difference
from rnnlib.nn import RecurrentModel
from rnnlib.nn.batch_split import BatchSplit


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "phased_lstm"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("every_step", [True, False])
def test_it_equals_the_whole_batch(cell, reduction, every_step):
    rng = np.random.default_rng(0)
    model = RecurrentModel(cell, V=5, D=3, H=4, layers=2, every_step=every_step, seed=1)
    split = BatchSplit(model, workers=3)
    x, targets = rng.integers(0, 5, (6, 7)), rng.integers(0, 5, (6, 7) if every_step else 7)
    mask = rng.random((6, 7)) < 0.7
    mask[:, :2] = False  # one worker has nothing that counts
    state = [tuple(rng.normal(size=(7, 4)) for _ in c.states) for c in model.cells]
    for segment in (None, 2) if every_step else (None,):
        arguments = {"state": state, "mask": mask, "reduction": reduction, "segment": segment}
        loss, after = model.loss_and_gradients(x, targets, **arguments)
        gradient = model.dtheta.copy()
        split_loss, split_after = split.loss_and_gradients(x, targets, **arguments)
        assert split_loss == pytest.approx(loss, rel=1e-13)
        assert relative_difference(gradient, model.dtheta) <= 1e-12
        for layer, other in zip(after, split_after, strict=True):
            for a, b in zip(layer, other, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)


def test_more_workers_than_sequences_and_the_same_bits_twice():
    rng = np.random.default_rng(0)
    model = RecurrentModel("lstm", V=5, H=4)
    split = BatchSplit(model, workers=4)
    x, targets = rng.integers(0, 5, (6, 2)), rng.integers(0, 5, (6, 2))
    first = split.loss_and_gradients(x, targets)[0], model.dtheta.copy()
    again = split.loss_and_gradients(x, targets)[0], model.dtheta.copy()
    assert first[0] == again[0]
    np.testing.assert_array_equal(first[1], again[1])


def test_it_sees_updates_of_the_parameters():
    model = RecurrentModel("rnn", V=3, H=2)
    split = BatchSplit(model)
    x = np.zeros((3, 2), int)
    before, _ = split.loss_and_gradients(x, x)
    model.theta *= 2
    assert split.loss_and_gradients(x, x)[0] == pytest.approx(model.loss_and_gradients(x, x)[0])
    assert split.loss_and_gradients(x, x)[0] != before


def test_bad_input():
    model = RecurrentModel("rnn", V=3, H=2)
    with pytest.raises(ValueError, match=r"model expected no dropout, given 0\.5"):
        BatchSplit(RecurrentModel("rnn", V=3, H=2, layers=2, dropout=0.5))
    with pytest.raises(ValueError, match="workers expected at least 1, given 0"):
        BatchSplit(model, 0)
    with pytest.raises(ValueError, match=r"targets expected shape \(3, 2\), given \(3, 1\)"):
        BatchSplit(model).loss_and_gradients(np.zeros((3, 2), int), np.zeros((3, 1), int))
