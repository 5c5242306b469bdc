"""The model: names, initial values, random numbers, bad input."""

import copy
import pickle

import numpy as np
import pytest

from rnnlib.nn import GRU, LSTM, RNN, PhasedLSTM, RecurrentModel, chrono, forget_bias, orthogonal
from rnnlib.nn.one_hot import sum_by_token
from rnnlib.nn.products import adds_product


def test_names_and_shapes():
    model = RecurrentModel("lstm", V=7, D=3, H=4, Y=5, layers=2, bias=2)
    shapes = {name: W.shape for name, W in model.parameters.items()}
    assert shapes == {
        "E": (7, 3), "W_xh": (3, 16), "W_hh": (4, 16), "b_xh": (16,), "b_hh": (16,), "W_xh_2": (4, 16),
        "W_hh_2": (4, 16), "b_xh_2": (16,), "b_hh_2": (16,), "W_hy": (4, 5), "b_y": (5,),
    }  # fmt: skip
    assert model.theta.size == sum(W.size for W in model.parameters.values())
    assert model.dW_hh_2 is model.gradients["W_hh_2"]


def test_parameters_are_parts_of_one_vector():
    model = RecurrentModel("gru", V=3, H=2)
    model.theta[...] = np.arange(model.theta.size)
    np.testing.assert_array_equal(np.concatenate([W.ravel() for W in model.parameters.values()]), model.theta)
    model.W_hh = 0.0
    model.cells[0].b_h = np.ones(6)
    assert model.W_hh.sum() == 0
    assert model.b_h.sum() == 6
    assert np.shares_memory(model.cells[0].W_hh, model.theta)


def test_gates_have_names():
    lstm = LSTM(2, 3)
    lstm.b_f = 1.0
    lstm.W_xg = np.full((2, 3), 5.0)
    np.testing.assert_array_equal(lstm.b_h, [0] * 3 + [1] * 3 + [0] * 6)
    np.testing.assert_array_equal(lstm.W_xh[:, 9:], 5.0)
    assert GRU(2, 3, bias=2).b_hn.shape == (3,)
    assert LSTM(2, 3).dW_hi.shape == (3, 3)


def test_a_cell_alone_is_the_formula():
    rng = np.random.default_rng(0)
    rnn = RNN(3, 2)
    rnn.W_xh, rnn.W_hh, rnn.b_h = rng.normal(size=(3, 2)), rng.normal(size=(2, 2)), rng.normal(size=2)
    x = rng.normal(size=(4, 5, 3))
    h, (last,) = rnn.forward(x)
    by_hand = np.zeros((5, 2))
    for t in range(4):
        by_hand = np.tanh(x[t] @ rnn.W_xh + by_hand @ rnn.W_hh + rnn.b_h)
        np.testing.assert_allclose(h[t], by_hand, rtol=1e-12)
    np.testing.assert_array_equal(last, h[-1])


def test_one_hot_tokens_are_one_hot_vectors():
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 4, (5, 3))
    for cell in (RNN(4, 2), LSTM(4, 2), GRU(4, 2), PhasedLSTM(4, 2)):
        for W in cell.parameters.values():
            W[...] = rng.uniform(0.1, 1, W.shape)
        a = cell.forward(tokens)[0].copy()
        np.testing.assert_allclose(a, cell.forward(np.eye(4)[tokens])[0], rtol=1e-14)


def test_initialisations():
    H = 50
    uniform = RecurrentModel("lstm", V=9, H=H, init="uniform")
    assert np.abs(uniform.theta).max() <= 1 / np.sqrt(H)
    assert np.abs(uniform.b_h).max() > 0.9 / np.sqrt(H)
    xavier = RecurrentModel("lstm", V=9, H=H, init="xavier")
    bound = np.sqrt(6 / (9 + H))
    assert 0.95 * bound < np.abs(xavier.W_xh).max() <= bound
    assert not xavier.b_h.any()
    for block in np.split(RecurrentModel("gru", V=9, H=H, init="orthogonal").W_hh, 3, axis=1):
        np.testing.assert_allclose(block @ block.T, np.eye(H), atol=1e-13)
    normal = RecurrentModel("rnn", V=99, H=H, init=0.01)
    assert normal.W_xh.std() == pytest.approx(0.01, rel=0.05)
    assert orthogonal(3, 5, np.random.default_rng(0)).shape == (3, 5)


@pytest.mark.parametrize("bias", [1, 2])
def test_forget_biases(bias):
    lstm = LSTM(2, 200, bias=bias)
    forget_bias(lstm, 1.0)
    np.testing.assert_array_equal(lstm.total_bias[200:400], 1.0)
    chrono(lstm, 100, np.random.default_rng(0))
    b_i, b_f = lstm.total_bias[:200], lstm.total_bias[200:400]
    np.testing.assert_array_equal(b_i, -b_f)
    assert 0 <= b_f.min() < b_f.max() <= np.log(99)
    assert np.exp(b_f).mean() == pytest.approx(50, rel=0.1)


def test_openness_of_the_phased_lstm():
    cell = PhasedLSTM(1, 1, r_on=0.5, leak=0.001)
    cell.tau, cell.shift = 8.0, 1.0
    k = cell.openness(np.arange(10.0)[:, None])[:, 0, 0]
    np.testing.assert_allclose(k, [0.001 * 7 / 8, 0, 0.5, 1, 0.5, 0.0005, 0.000625, 0.00075, 0.000875, 0], atol=1e-15)


def test_a_closed_unit_keeps_its_state():
    cell = PhasedLSTM(1, 1, r_on=0.1, leak=0.0)
    cell.tau, cell.shift = 100.0, 0.0
    state = (np.array([[0.3]]), np.array([[-2.0]]))
    _, (h, c) = cell.forward(np.ones((50, 1, 1)), state, times=20.0 + np.arange(50.0)[:, None])
    assert (h, c) == state
    _, (dh, dc) = cell.backward(None, (np.array([[1.0]]), np.array([[1.0]])))
    assert (dh, dc) == (1.0, 1.0)  # the gradient passes through closed steps unchanged


def test_the_same_seed_gives_the_same_bits():
    def run():
        model = RecurrentModel("lstm", V=5, H=4, layers=2, dropout=0.5, seed=7)
        rng = np.random.default_rng(0)
        losses = [model.loss_and_gradients(rng.integers(0, 5, (6, 3)), rng.integers(0, 5, (6, 3)))[0] for _ in range(3)]
        return losses, model.dtheta.copy()

    (losses, gradients), (losses_again, gradients_again) = run(), run()
    assert losses == losses_again
    np.testing.assert_array_equal(gradients, gradients_again)


def test_copies_and_other_processes_get_a_whole_model():
    model = RecurrentModel("lstm", V=4, H=3, layers=2, dropout=0.5)
    x = np.zeros((3, 2), int)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other.loss_and_gradients(x, x)[0] == copy.copy(model).loss_and_gradients(x, x)[0]
        other.theta[...] = 0
        assert not other.cells[1].W_hh.any()
        assert model.theta.any()


def test_the_caller_s_arrays_stay():
    model = RecurrentModel("lstm", D=2, Y=3, H=4)
    rng = np.random.default_rng(0)
    x, targets, mask = rng.normal(size=(5, 2, 2)), rng.integers(0, 3, (5, 2)), np.ones((5, 2), bool)
    mask[4] = False
    state = [(rng.normal(size=(2, 4)), rng.normal(size=(2, 4)))]
    before = [a.copy() for a in (x, targets, mask, *state[0])]
    _, after = model.loss_and_gradients(x, targets, state, mask)
    kept = [part.copy() for part in after[0]]
    model.loss_and_gradients(x, targets, after, mask)
    for a, b in zip((x, targets, mask, *state[0], *after[0]), before + kept, strict=True):
        np.testing.assert_array_equal(a, b)


tokens, vectors, targets = np.zeros((3, 2), int), np.zeros((3, 2, 4)), np.zeros((3, 2), int)
nan = vectors.copy()
nan[1, 0, 2] = np.nan


@pytest.mark.parametrize(
    ("x", "more", "message"),
    [
        (tokens + 5, {}, "x expected tokens from 0 to 4, given 5."),
        (tokens - 1, {}, "x expected tokens from 0 to 4, given -1."),
        (tokens[0], {}, "x expected shape (T, B) with T ≥ 1 and B ≥ 1, given (2,)."),
        (tokens[:0], {}, "x expected shape (T, B) with T ≥ 1 and B ≥ 1, given (0, 2)."),
        (tokens[:, :0], {}, "x expected shape (T, B) with T ≥ 1 and B ≥ 1, given (3, 0)."),
        (vectors, {}, "x expected integer tokens, given float64."),
        (tokens, {"targets": targets[:2]}, "targets expected shape (3, 2), given (2, 2)."),
        (tokens, {"targets": targets + 5}, "targets expected tokens from 0 to 4, given 5."),
        (tokens, {"mask": np.ones((3, 1), bool)}, "mask expected shape (3, 2), given (3, 1)."),
        (tokens, {"mask": np.ones((3, 2))}, "mask expected dtype bool, given float64."),
        (tokens, {"state": [(np.zeros((2, 4)),)]}, "state h expected shape (2, 3), given (2, 4)."),
        (
            tokens,
            {"state": [(np.zeros((2, 3), np.float32),)]},
            "state h expected dtype float64, given float32.",
        ),
        (tokens, {"state": [(np.full((2, 3), np.inf),)]}, "state h expected finite numbers, given NaN or infinity."),
        (tokens, {"state": [None, None]}, "state expected one entry for each of 1 layers, given 2."),
        (tokens, {"reduction": "average"}, "reduction expected one of 'sum', 'mean', given 'average'."),
        (tokens, {"times": np.zeros((3, 2))}, "times expected a phased_lstm to go with them, given rnn."),
        (tokens, {"segment": 0}, "segment expected an integer of at least 1, given 0."),
    ],
)
def test_bad_tokens(x, more, message):
    with pytest.raises(ValueError, match="expected") as caught:
        RecurrentModel("rnn", V=5, H=3).loss_and_gradients(x, **({"targets": targets} | more))
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (tokens, "x expected vectors of floats, given int64."),
        (vectors[:, :, :3], "x expected shape (T, B, 4), given (3, 2, 3)."),
        (vectors[:, :0], "x expected shape (T, B, 4) with every size ≥ 1, given (3, 0, 4)."),
        (vectors.astype(np.float32), "x expected dtype float64, given float32."),
        (nan, "x expected finite numbers, given NaN or infinity."),
    ],
)
def test_bad_vectors(x, message):
    with pytest.raises(ValueError, match="expected") as caught:
        RecurrentModel("rnn", D=4, Y=5, H=3).loss_and_gradients(x, targets)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cell": "elman", "V": 3}, "cell expected one of 'rnn', 'lstm', 'gru', 'phased_lstm', given 'elman'."),
        ({}, "V or D expected at least one of them, given neither."),
        ({"D": 3}, "Y expected a number of scores where there is no vocabulary, given None."),
        ({"V": 3, "layers": 0}, "layers expected an integer of at least 1, given 0."),
        ({"V": 3, "H": 0}, "H expected an integer of at least 1, given 0."),
        ({"V": 3, "dropout": 1.0}, "dropout expected a probability p with 0 ≤ p < 1, given 1.0."),
        ({"V": 3, "bias": 3}, "bias expected one of 0, 1, 2, given 3."),
        ({"V": 3, "dtype": "int32"}, "dtype expected 'float64' or 'float32', given 'int32'."),
        ({"V": 3, "init": "he"}, "init expected one of 'uniform', 'xavier', 'orthogonal', given 'he'."),
        ({"V": 3, "cell": "gru", "reset": "never"}, "reset expected one of 'after', 'before', given 'never'."),
        ({"V": 3, "cell": "lstm", "reset": "after"}, "options expected only those that lstm takes, given reset."),
    ],
)  # fmt: skip
def test_impossible_models(settings, message):
    with pytest.raises(ValueError, match="expected") as caught:
        RecurrentModel(**settings)
    assert str(caught.value) == message


def test_wrong_names_are_told():
    model = RecurrentModel("rnn", V=3, H=2)
    with pytest.raises(AttributeError, match="its parameters are W_xh, W_hh, b_h, W_hy, b_y"):
        _ = model.W_ih
    with pytest.raises(ValueError, match=r"W_hh expected shape \(2, 2\), given \(3, 3\)\."):
        model.W_hh = np.eye(3)


@pytest.mark.parametrize("cell", [GRU(3, 4, reset="before"), GRU(3, 4, bias=2), LSTM(3, 4), RNN(3, 4)])
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda cell: pickle.loads(pickle.dumps(cell))])
def test_a_cell_alone_can_be_copied(cell, duplicate):
    rng = np.random.default_rng(0)
    x, dh = rng.normal(size=(5, 2, 3)), rng.normal(size=(5, 2, 4))
    other = duplicate(cell)
    for layer in (cell, other):
        for name, W in layer.parameters.items():
            setattr(layer, name, np.cos(np.arange(W.size)).reshape(W.shape))
        layer.forward(x)
        layer.backward(dh)
    for name, gradient in cell.gradients.items():
        np.testing.assert_array_equal(other.gradients[name], gradient)
        assert not np.shares_memory(other.gradients[name], gradient)


def test_a_refused_forward_pass_leaves_the_one_before():
    rng = np.random.default_rng(0)
    cell, x, dh = LSTM(3, 4), rng.normal(size=(5, 2, 3)), rng.normal(size=(5, 2, 4))
    cell.W_hh = rng.normal(size=cell.W_hh.shape)
    cell.forward(x)
    cell.backward(dh)
    expected = cell.dW_hh.copy()
    ones = np.ones((2, 4))
    with pytest.raises(ValueError, match="mask expected"):
        cell.forward(x, (ones, ones), np.ones((4, 2), bool))
    with pytest.raises(ValueError, match="state c expected"):
        cell.forward(x, (ones, np.ones(3)))
    cell.backward(dh)
    np.testing.assert_array_equal(cell.dW_hh, expected)


@pytest.mark.parametrize("cell", [RNN, LSTM, GRU, PhasedLSTM])
def test_backward_says_what_it_needs(cell):
    layer = cell(3, 4)
    with pytest.raises(ValueError, match="expected a forward pass before it"):
        layer.backward(np.ones((5, 2, 4)))
    layer.forward(np.ones((5, 2, 3)))
    states = [np.ones((2, 4)) for _ in layer.states]
    with pytest.raises(ValueError, match=r"dstate expected arrays of shape \(2, 4\), given \(4,\)"):
        layer.backward(None, [np.ones(4), *states[1:]])
    with pytest.raises(ValueError, match=r"dstate expected \d arrays"):
        layer.backward(None, [*states, states[0]])
    with pytest.raises(ValueError, match="dstate expected dtype float64, given complex128"):
        layer.backward(None, [1j * states[0], *states[1:]])


def test_segments_refuse_what_a_whole_pass_refuses():
    model, x = RecurrentModel(V=5, H=3), np.ones((4, 2), int)
    for segment in (None, 2):
        with pytest.raises(ValueError, match="reduction expected one of 'sum', 'mean', given 'avg'"):
            model.loss_and_gradients(x, x, reduction="avg", segment=segment)
        with pytest.raises(ValueError, match="at least one prediction that counts"):
            model.loss_and_gradients(x, x, mask=np.zeros((4, 2), bool), reduction="mean", segment=segment)


@pytest.mark.parametrize("dtype", ["float64", "float32", "complex128"])
@pytest.mark.parametrize("B", [1, 3])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_is_added(B, dtype, transposed):
    rng = np.random.default_rng(0)
    W = rng.normal(size=(37, 21)).astype(dtype)
    v, s = rng.normal(size=(B, 37)).astype(dtype), rng.normal(size=(B, 21)).astype(dtype)
    expected = s + v @ W
    found = adds_product(np.asfortranarray(W) if transposed else W, B)(v, s)
    np.testing.assert_allclose(found, expected, rtol=1e-4 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize("V", [5, 5000])  # the one-hot vectors as a matrix, and as a sparse one
def test_rows_are_added_up_by_token(V):
    rng = np.random.default_rng(0)
    tokens, rows = rng.integers(0, V, (4, 3)), rng.normal(size=(12, 7))
    expected = np.zeros((V, 7))
    np.add.at(expected, tokens.ravel(), rows)
    np.testing.assert_allclose(sum_by_token(tokens, V, rows), expected, rtol=1e-12)
