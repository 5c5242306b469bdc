"""Bounds and defaults of which no other test stands on both sides: random changes of one sign have found them."""

from inspect import signature

import numpy as np
import pytest

from rnnlib.data import OneBatch, TextBatches
from rnnlib.nn import Linear, PhasedLSTM, RecurrentModel, clip_by_norm, exponential, l2_penalty, perplexity
from rnnlib.nn.gradient_check import GradientCheck, central_differences, complex_step


def test_an_output_layer_takes_one_state_as_well_as_many():
    layer = Linear(2, 3)
    layer.W_hy = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(layer.forward(np.array([1.0, 2.0])), [6.0, 9.0, 12.0])
    with pytest.raises(ValueError, match=r"h expected shape \(\.\.\., 2\), given \(\)"):
        layer.forward(np.array(1.0))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_a_batch_without_steps_or_sequences_is_refused(shape):
    with pytest.raises(ValueError, match=r"x expected shape .* with every size ≥ 1"):
        OneBatch(np.zeros(shape, int), np.zeros(shape, int))


def test_a_text_that_was_not_encoded_is_told_how():
    with pytest.raises(ValueError, match=r"tokens expected the integers that vocabulary\.encode\(text\) gives, given"):
        TextBatches("hello", T=2, B=1)


def test_a_penalty_of_strength_zero_is_none():
    dW = np.ones((2, 2))
    assert l2_penalty(np.ones((2, 2)), 0, half=True, dW=dW) == 0
    np.testing.assert_array_equal(dW, 1)


def test_the_periods_of_a_phased_lstm_are_drawn_from_1_to_20_unless_said():
    assert signature(PhasedLSTM).parameters["periods"].default == (1.0, 20.0)


@pytest.mark.parametrize("differentiate", [complex_step, central_differences])
@pytest.mark.parametrize("theta", [[1.0, np.nan], [np.inf, 1.0], [1j, 1.0]], ids=repr)
def test_a_derivative_is_taken_where_all_numbers_are_finite(differentiate, theta):
    with pytest.raises(ValueError, match=r"theta expected (finite|real) numbers"):
        differentiate(lambda z: (z * z).sum(), np.array(theta))


def test_a_gradient_whose_squares_overflow_is_clipped_in_its_direction():
    gradient = np.array([3e200, -4e200, 0.0])
    assert clip_by_norm(gradient, 10.0) == pytest.approx(5e200)
    np.testing.assert_allclose(gradient, [6.0, -8.0, 0.0], rtol=1e-12)


def test_a_loss_is_of_one_prediction_and_a_decay_of_every_update_unless_said():
    assert perplexity(np.log(7.0)) == pytest.approx(7)
    assert exponential(1.0, 0.5)(3) == 0.125


def test_a_phased_lstm_takes_times_beside_vectors():
    model = RecurrentModel("phased_lstm", D=3, Y=2, H=4, r_on=0.5)
    x, counted = np.ones((5, 2, 3)), np.broadcast_to(np.arange(5.0)[:, None], (5, 2))
    without = model.forward(x)[0].copy()  # the next pass overwrites it
    np.testing.assert_array_equal(model.forward(x, times=counted)[0], without)
    assert not np.array_equal(model.forward(x, times=counted + 0.5)[0], without)


def test_shifts_are_drawn_within_their_periods():
    layer = PhasedLSTM(1, 1000)
    layer.draw_openness(np.random.default_rng(0))
    shares = layer.shift / layer.tau
    assert 0 <= shares.min() < 0.05 and 0.95 < shares.max() < 1


def test_the_table_of_a_gradient_check_is_straight():
    rows = str(GradientCheck({"W_hh": 1e-9, "b": 2e-9})).splitlines()[1:]
    assert len({row.index("e-") for row in rows}) == 1
