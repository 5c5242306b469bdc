"""The plain cells against complex steps, and the fast ones against the plain."""

import numpy as np
import pytest

from rnnlib.nn import GRU, LSTM, RNN, PhasedLSTM, cross_entropy, plain
from rnnlib.nn.gradient_check import complex_step

# Of each cell the layer, its options, the plain step and back, and the plain parameters after W_xh and W_hh.
CELLS = {
    "rnn": (RNN, {}, plain.rnn_step, plain.rnn_back, ["b_h"]),
    "lstm": (LSTM, {}, plain.lstm_step, plain.lstm_back, ["b_h"]),
    "gru_before": (GRU, {"reset": "before"}, plain.gru_before_step, plain.gru_before_back, ["b_h"]),
    "gru_after": (GRU, {"reset": "after"}, plain.gru_after_step, plain.gru_after_back, ["b_xh", "b_hh"]),
    "phased_lstm": (
        PhasedLSTM, {"r_on": 0.4, "leak": 0.3, "learned": ("tau", "shift", "r_on", "alpha")},
        plain.phased_lstm_step, plain.phased_lstm_back, ["b_h", "tau", "shift", "r_on", "alpha"],
    ),
}  # fmt: skip
EVERY_CELL = pytest.mark.parametrize("name", CELLS)


def close(found, expected, tolerance=1e-12):
    """Equal up to rounding, relative to the largest entry; what cancels to below 1e-15 counts as zero."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= tolerance * np.abs(expected).max() + 1e-15


def problem(name, rng, bias):
    """A layer with random parameters, inputs, first states, and what reaches its states from outside."""
    kind, options, _, _, _ = CELLS[name]
    T, B, D, H = rng.integers(1, [7, 5, 6, 6])
    layer = kind(D, H, bias, **options)
    for parameter in ("W_xh", "W_hh", *{"b_h", "b_xh", "b_hh"} & layer.parameters.keys()):
        setattr(layer, parameter, rng.normal(size=layer.parameters[parameter].shape))
    more = {}
    if name == "phased_lstm":
        layer.draw_openness(rng)
        layer.r_on, layer.alpha = rng.uniform(0.2, 0.9, H), rng.uniform(0.05, 0.5, H)
        more["times"] = np.cumsum(rng.exponential(3.0, (T, B)), axis=0)
    state, dstate = (tuple(rng.normal(size=(B, H)) for _ in layer.states) for _ in range(2))
    return layer, rng.normal(size=(T, B, D)), state, more, rng.normal(size=(T, B, H)), dstate


def plain_weights(layer, names):
    """The layer's parameters as the plain step takes them: a bias that it has not is zero, two that it adds are one."""
    W = dict(layer.parameters)
    zero = np.zeros(W["W_hh"].shape[1])
    one = W.get("b_h", W.get("b_xh", zero))
    two = W.get("b_hh", zero)
    biases = {"b_h": one + two} if "b_h" in names else {"b_xh": one, "b_hh": two}
    return [(W | biases)[name] for name in ("W_xh", "W_hh", *names)]


@EVERY_CELL
@pytest.mark.parametrize("bias", [0, 1, 2])
@pytest.mark.parametrize("seed", range(8))
def test_the_fast_cells_equal_the_plain(name, bias, seed):
    layer, x, state, more, dh, dstate = problem(name, np.random.default_rng([bias, seed]), bias)
    _, _, step, back, names = CELLS[name]
    weights = plain_weights(layer, names)
    inputs = list(zip(x, more["times"], strict=True)) if more else x

    h_fast, last_fast = layer.forward(x, state, **more)
    h, last, kept = plain.forward(step, inputs, state, weights)
    close(h_fast, h)
    close(last_fast, last)

    dx_fast, dstate_fast = layer.backward(dh, dstate)
    dx, dstate, dweights = plain.backward(back, dh, dstate, kept, weights)
    close(dx_fast, dx)
    close(dstate_fast, dstate)
    gradients = dict(zip(("W_xh", "W_hh", *names), dweights, strict=True))
    if "b_h" in gradients:  # one bias: where the layer has two, both have its gradient
        gradients |= {"b_xh": gradients["b_h"], "b_hh": gradients["b_h"]}
    else:  # two: where the layer has one, it is the outer
        gradients["b_h"] = gradients["b_xh"]
    for parameter, gradient in layer.gradients.items():
        close(gradient, gradients[parameter])


@EVERY_CELL
@pytest.mark.parametrize("batch", [(), (1,), (3,)])
def test_a_plain_step_back_equals_complex_steps(name, batch):
    rng = np.random.default_rng(5)
    layer, *_ = problem(name, rng, bias=2)
    _, _, step, back, names = CELLS[name]
    weights = plain_weights(layer, names)
    time = rng.uniform(0, 30, batch)
    arguments = [rng.normal(size=(*batch, layer.D)), *(rng.normal(size=(*batch, layer.H)) for _ in layer.states)]
    arguments += weights
    weighting = [rng.normal(size=(*batch, layer.H)) for _ in layer.states]  # L = Σ of the new states with these weights

    def after(arguments):
        x_t, *rest = arguments
        return step((x_t, time) if name == "phased_lstm" else x_t, *rest)

    def by_complex_step(k):
        def L(argument):
            states, _ = after([*arguments[:k], argument, *arguments[k + 1 :]])
            return sum((w * state).sum() for w, state in zip(weighting, states, strict=True))

        return complex_step(L, arguments[k])

    _, kept = after(arguments)
    dstate, dx, dweights = back(*weighting, kept, *weights)
    found = [dx, *dstate, *dweights]
    assert len(found) == len(arguments)
    for k, gradient in enumerate(found):
        close(gradient, by_complex_step(k), 1e-13)


def test_every_part_of_a_period_is_met():
    """Units that rise, that fall and that are shut: the test above sees all three."""
    times = np.arange(0, 30, 0.5)
    _, (_, _, rises, opened) = plain.openness(times, np.full(2, 7.0), np.array([0.0, 3.0]), 0.4, 0.3)
    assert (rises & opened).any()
    assert (~rises & opened).any()
    assert (~rises & ~opened).any()
    assert not (rises & ~opened).any()


@EVERY_CELL
def test_the_gradients_of_a_plain_network_equal_complex_steps(name):
    rng = np.random.default_rng(6)
    layer, x, state, more, _, _ = problem(name, rng, bias=2)
    T, B, _ = x.shape
    _, _, step, back, names = CELLS[name]
    weights = [*plain_weights(layer, names), rng.normal(size=(layer.H, 4)), rng.normal(size=4)]
    inputs = list(zip(x, more["times"], strict=True)) if more else x
    y = np.eye(4)[rng.integers(4, size=(T, B))]

    def L(k, W):
        *of_cell, W_hy, b_y = [*weights[:k], W, *weights[k + 1 :]]
        return plain.loss_and_gradients(step, back, inputs, y, state, of_cell, W_hy, b_y)

    _, gradients = L(0, weights[0])
    assert len(gradients) == len(weights)
    for k, (gradient, W) in enumerate(zip(gradients, weights, strict=True)):
        close(gradient, complex_step(lambda W, k=k: L(k, W)[0], W), 1e-12)


def test_the_loss_of_a_plain_step_is_that_of_the_library():
    rng = np.random.default_rng(7)
    s, targets = 500 * rng.normal(size=(5, 4)), rng.integers(4, size=5)
    loss, ds = cross_entropy(s, targets)
    plain_loss, plain_ds = plain.cross_entropy_step(s, np.eye(4)[targets])
    close(plain_loss, loss)
    close(plain_ds, ds)
    close(plain.cross_entropy_step(s[0], np.eye(4)[targets[0]])[1], ds[0])
