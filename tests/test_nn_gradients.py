"""Every gradient of every cell and option against PyTorch's autograd, and against complex steps."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlib.agree import relative_difference
from rnnlib.nn import RecurrentModel, check_gradients
from rnnlib.torch_twin import TorchTwin

ALL_LEARNED = {"r_on": 0.4, "leak": 0.3, "learned": ("tau", "shift", "r_on", "alpha")}
CELLS = [
    ("rnn", {"activation": "tanh"}),
    ("rnn", {"activation": "sigmoid"}),
    ("rnn", {"activation": "relu"}),
    ("lstm", {}),
    ("gru", {"reset": "after"}),
    ("gru", {"reset": "before"}),
    ("phased_lstm", ALL_LEARNED),
]
TOLERANCE = 1e-12


def difference(a, b):
    """Normwise relative difference.

    A gradient is a sum of terms of order 1 here. Where they cancel to almost nothing, the rounding of the sum, below
    1e-15, is a large part of what is left in either library: it counts as none.
    """
    a, b = np.asarray(a), np.asarray(b)
    return 0.0 if np.abs(a - b).max() < 1e-15 else relative_difference(a, b)


@st.composite
def problems(draw):
    """A model, a batch for it and the arguments of `loss_and_gradients`."""
    seed = draw(st.integers(0, 10**6))
    rng = np.random.default_rng(seed)
    cell, options = draw(st.sampled_from(CELLS))
    T, B, H = draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(1, 5))
    V = draw(st.sampled_from([None, 2, 7]))
    D = draw(st.sampled_from([1, 3] if V is None else [None, 1, 3]))
    model = RecurrentModel(
        cell, V=V, D=D, H=H, Y=draw(st.sampled_from([2, 5])), layers=draw(st.integers(1, 3)),
        bias=draw(st.sampled_from([0, 1, 2])), every_step=draw(st.booleans()), seed=seed,
        init=draw(st.sampled_from(["uniform", "xavier", "orthogonal", 0.5])), **options,
    )  # fmt: skip
    x = rng.normal(size=(T, B, D)) if V is None else rng.integers(0, V, (T, B))
    targets = rng.integers(0, len(model.b_y) if model.config["bias"] else 2, (T, B) if model.every_step else B)
    arguments = {"reduction": draw(st.sampled_from(["sum", "mean"]))}
    if draw(st.booleans()):
        arguments["state"] = [tuple(rng.normal(size=(B, H)) for _ in cell.states) for cell in model.cells]
    mask = draw(st.sampled_from(["none", "lengths", "any"]))
    if mask == "lengths":
        arguments["mask"] = np.arange(T)[:, None] < rng.integers(1, T + 1, B)
    elif mask == "any":
        arguments["mask"] = rng.random((T, B)) < 0.6
        arguments["mask"][rng.integers(T), 0] = True
    if cell == "phased_lstm" and draw(st.booleans()):
        arguments["times"] = np.cumsum(rng.exponential(3.0, (T, B)), axis=0)
    return model, x, targets, arguments


def compare(model, x, targets, arguments):
    """The largest difference over the loss and all gradients: parameters, inputs and initial state."""
    loss, _ = model.loss_and_gradients(x, targets, **arguments)
    dx = dstate = None
    if model.V is None or "state" in arguments:  # the same again, for the gradients that training does not need
        s, _ = model.forward(x, **{k: v for k, v in arguments.items() if k != "reduction"}, training=True)
        ds = _score_gradients(s, targets, model, arguments)
        dx, dstate = model.backward(ds, want_dx=model.V is None)
    twin = TorchTwin(model)
    x_twin = torch.tensor(x, requires_grad=model.V is None)
    state = arguments.get("state")
    if state is not None:
        state = [tuple(torch.tensor(part, requires_grad=True) for part in layer) for layer in state]
    twin_loss = twin.loss(x_twin, targets, **(arguments | {"state": state}))
    twin_loss.backward()
    errors = {"loss": difference(loss, twin_loss.item())}
    errors |= {name: difference(gradient, twin.grad(name)) for name, gradient in model.gradients.items()}
    if dx is not None:
        errors["dx"] = difference(dx, x_twin.grad)
    if state is not None:
        for k, (ours, theirs) in enumerate(zip(dstate, state, strict=True)):
            for a, b in zip(ours, theirs, strict=True):
                errors[f"dstate of layer {k + 1}"] = difference(a, 0 * a if b.grad is None else b.grad)
    return errors


def _score_gradients(s, targets, model, arguments):
    from rnnlib.nn import cross_entropy

    mask = arguments.get("mask") if model.every_step else None
    return cross_entropy(s, targets, mask, arguments["reduction"])[1]


@settings(max_examples=150)
@given(problems())
def test_gradients_equal_autograd(problem):
    errors = compare(*problem)
    assert max(errors.values()) <= TOLERANCE, errors


@pytest.mark.slow
@settings(max_examples=3000)
@given(problems())
def test_gradients_equal_autograd_widely(problem):
    errors = compare(*problem)
    assert max(errors.values()) <= TOLERANCE, errors


@pytest.mark.parametrize(("cell", "options"), CELLS)
@pytest.mark.parametrize("bias", [0, 1, 2])
def test_gradients_equal_autograd_in_a_plain_case(cell, options, bias):
    rng = np.random.default_rng(bias)
    model = RecurrentModel(cell, V=5, H=4, layers=2, bias=bias, seed=1, **options)
    arguments = {
        "reduction": "sum",
        "state": [tuple(rng.normal(size=(3, 4)) for _ in c.states) for c in model.cells],
    }
    errors = compare(model, rng.integers(0, 5, (6, 3)), rng.integers(0, 5, (6, 3)), arguments)
    assert max(errors.values()) <= TOLERANCE, errors


@pytest.mark.parametrize(("cell", "options"), CELLS)
@pytest.mark.parametrize("V", [None, 300])
def test_gradients_equal_autograd_at_sizes_that_are_cut_into_blocks(cell, options, V):
    T, B, H = 7, 40, 130
    model = RecurrentModel(cell, V=V, D=3 if V is None else None, H=H, Y=4, seed=1, **options)
    assert 1 < len(model.cells[0].blocks(T, B)) < T
    rng = np.random.default_rng(0)
    x = rng.normal(size=(T, B, 3)) if V is None else rng.integers(0, V, (T, B))
    mask = np.arange(T)[:, None] < rng.integers(1, T + 1, B)
    errors = compare(model, x, rng.integers(0, 4, (T, B)), {"reduction": "mean", "mask": mask})
    assert max(errors.values()) <= TOLERANCE, errors


@pytest.mark.parametrize(("cell", "options"), [c for c in CELLS if c[1].get("activation") != "relu"])
def test_gradients_equal_complex_steps(cell, options):
    rng = np.random.default_rng(0)
    model = RecurrentModel(cell, V=4, D=2, H=3, layers=2, bias=2, seed=2, **options)
    mask = np.array([[True, True], [True, False], [False, True], [True, False]])
    state = [tuple(rng.normal(size=(2, 3)) for _ in c.states) for c in model.cells]
    errors = check_gradients(
        model,
        rng.integers(0, 4, (4, 2)),
        rng.integers(0, 4, (4, 2)),
        mask=mask,
        state=state,
        reduction="mean",
    )
    assert set(errors) == set(model.parameters)
    assert max(errors.values()) < 1e-13, str(errors)
    assert "complex steps" in str(errors)
    assert "| W_hh |" in errors._repr_markdown_()


def test_the_check_takes_states_as_the_model_does_and_leaves_out_what_is_fixed():
    x = np.arange(8).reshape(4, 2) % 5
    model = RecurrentModel("phased_lstm", V=5, H=3, layers=2, r_on=0.5)
    fixed = {"alpha", "alpha_2"}
    for state in (None, [None, None], [None, ([[0.1, 0.2, 0.3]] * 2, [[0.1, 0.2, 0.3]] * 2)]):
        errors = check_gradients(model, x, x, state=state)
        assert set(errors) == set(model.parameters) - fixed
        assert max(errors.values()) < 1e-13, str(errors)
    with pytest.raises(ValueError, match="state expected a list with an entry for each layer, given int"):
        check_gradients(model, x, x, state=3)


def test_gradients_of_relu_equal_central_differences():
    rng = np.random.default_rng(0)
    model = RecurrentModel("rnn", D=3, Y=4, H=5, activation="relu", init="xavier", seed=3)
    errors = check_gradients(model, rng.normal(size=(4, 2, 3)), rng.integers(0, 4, (4, 2)))
    assert max(errors.values()) < 1e-7
    assert "central differences" in str(errors)


def test_a_wrong_gradient_is_found():
    rng = np.random.default_rng(0)
    model = RecurrentModel("rnn", V=4, H=3)
    backward = model.cells[0].backward

    def wrong(*arguments):
        result = backward(*arguments)
        model.dW_hh[0, 0] *= 1.001
        return result

    object.__setattr__(model.cells[0], "backward", wrong)
    errors = check_gradients(model, rng.integers(0, 4, (5, 1)), rng.integers(0, 4, (5, 1)))
    assert errors["W_hh"] > 1e-6
    assert errors["W_xh"] < 1e-13


@pytest.mark.parametrize("every_step", [True, False])
def test_dropout_between_layers(every_step):
    rng = np.random.default_rng(0)
    model = RecurrentModel("lstm", V=5, H=6, layers=3, dropout=0.4, every_step=every_step, seed=4)
    x, targets = rng.integers(0, 5, (7, 3)), rng.integers(0, 5, (7, 3) if every_step else 3)
    loss, _ = model.loss_and_gradients(x, targets)
    keep = [dropout.keep for dropout in model.dropouts]
    assert all(0.2 < (k == 0).mean() < 0.6 and np.isclose(k.max(), 1 / 0.6) for k in keep)
    twin = TorchTwin(model)
    twin_loss = twin.loss(x, targets, keep=keep)
    twin_loss.backward()
    assert difference(loss, twin_loss.item()) <= TOLERANCE
    for name, gradient in model.gradients.items():
        assert difference(gradient, twin.grad(name)) <= TOLERANCE, name
    assert model.loss(x, targets)[0] == model.loss(x, targets)[0]  # no dropout outside training


@pytest.mark.parametrize(("cell", "options"), CELLS)
@pytest.mark.parametrize("segment", [1, 3, "sqrt", 50])
def test_segments_give_the_same_gradients(cell, options, segment):
    rng = np.random.default_rng(0)
    more = {"layers": 2, "dropout": 0.3, "seed": 5}
    whole, pieces = (RecurrentModel(cell, V=4, H=3, **more, **options) for _ in range(2))
    x, targets, mask = rng.integers(0, 4, (11, 2)), rng.integers(0, 4, (11, 2)), rng.random((11, 2)) < 0.8
    if segment != 50:  # in pieces, dropout draws the same numbers only in another order
        for model in (whole, pieces):
            for dropout in model.dropouts:
                dropout.p = 0.0
    arguments = {"mask": mask, "reduction": "mean"}
    loss, state = whole.loss_and_gradients(x, targets, **arguments)
    loss_pieces, state_pieces = pieces.loss_and_gradients(x, targets, segment=segment, **arguments)
    assert difference(loss, loss_pieces) <= TOLERANCE
    for name in whole.gradients:
        assert difference(whole.gradients[name], pieces.gradients[name]) <= TOLERANCE, name
    for a, b in zip(state, state_pieces, strict=True):
        for part, other in zip(a, b, strict=True):
            np.testing.assert_array_equal(part, other)


def test_segments_draw_the_same_dropout_forward_and_backward():
    rng = np.random.default_rng(0)
    model = RecurrentModel("gru", V=4, H=3, layers=2, dropout=0.5, seed=6)
    x, targets = rng.integers(0, 4, (10, 2)), rng.integers(0, 4, (10, 2))
    start = model.rng.bit_generator.state
    model.loss_and_gradients(x, targets, segment=4)
    gradient, after = model.dtheta.copy(), model.rng.bit_generator.state
    direction = rng.normal(size=model.theta.shape)

    def loss(step):
        model.rng.bit_generator.state = start
        model.theta += step * direction
        value, _ = model.loss_and_gradients(x, targets, segment=4)
        model.theta -= step * direction
        return value

    numeric = (loss(1e-6) - loss(-1e-6)) / 2e-6
    assert numeric == pytest.approx(gradient @ direction, rel=1e-7)
    assert model.rng.bit_generator.state == after


def test_carried_state_continues_the_sequence():
    rng = np.random.default_rng(0)
    for cell, options in CELLS[:-1]:
        model = RecurrentModel(cell, V=4, H=3, layers=2, **options)
        x = rng.integers(0, 4, (9, 2))
        whole = model.forward(x)[0].copy()
        first, state = model.forward(x[:4])
        first = first.copy()
        second, _ = model.forward(x[4:], state)
        np.testing.assert_allclose(np.concatenate([first, second]), whole, rtol=1e-13)


@pytest.mark.parametrize(("cell", "options"), CELLS)
def test_padding_is_as_if_the_sequence_were_shorter(cell, options):
    rng = np.random.default_rng(0)
    model = RecurrentModel(cell, V=4, H=3, layers=2, **options)
    x, targets = rng.integers(0, 4, (6, 2)), rng.integers(0, 4, (6, 2))
    mask = np.arange(6)[:, None] < np.array([6, 4])
    loss, state = model.loss_and_gradients(x, targets, mask=mask)
    total = model.dtheta.copy()
    one, _ = model.loss_and_gradients(x[:, :1], targets[:, :1])
    total -= model.dtheta
    two, last = model.loss_and_gradients(x[:4, 1:], targets[:4, 1:])
    total -= model.dtheta
    assert loss == pytest.approx(one + two, rel=1e-13)
    assert np.abs(total).max() < 1e-13
    for a, b in zip(state[-1], last[-1], strict=True):
        np.testing.assert_allclose(a[1], b[0], rtol=1e-13)


@pytest.mark.parametrize(("cell", "options"), CELLS)
def test_float32_is_float64_to_seven_digits(cell, options):
    rng = np.random.default_rng(0)
    model = RecurrentModel(cell, V=6, D=3, H=8, layers=2, bias=2, **options)
    other = model.like("float32")
    x, targets = rng.integers(0, 6, (7, 5)), rng.integers(0, 6, (7, 5))
    loss, _ = model.loss_and_gradients(x, targets)
    loss32, _ = other.loss_and_gradients(x, targets)
    assert other.dtheta.dtype == np.float32
    assert loss32 == pytest.approx(loss, rel=1e-6)
    assert relative_difference(model.dtheta, other.dtheta) < 1e-5


def test_the_twin_hands_its_parameters_back():
    for cell, options in CELLS:
        for bias in (0, 1, 2):
            model = RecurrentModel(cell, V=4, D=3, H=3, layers=2, bias=bias, seed=1, **options)
            twin = TorchTwin(model)
            other = RecurrentModel(cell, V=4, D=3, H=3, layers=2, bias=bias, seed=2, **options)
            twin.copy_to(other)
            np.testing.assert_array_equal(model.theta, other.theta)


@pytest.mark.parametrize(
    ("name", "other"),
    [("H", 1), ("V", 4), ("layers", 2), ("bias", 2), ("dtype", "float32"), ("cell", "gru"), ("every_step", False)],
)
def test_the_twin_goes_with_models_of_its_form_alone(name, other):
    form = {"cell": "lstm", "V": 5, "H": 3}
    model, another = RecurrentModel(**form), RecurrentModel(**(form | {name: other}))
    before = another.theta.copy()
    for act in (TorchTwin(model).copy_to, TorchTwin(model).copy_from):
        with pytest.raises(ValueError, match=rf"model expected one with .*'{name}'.*, given .*{other}"):
            act(another)
    np.testing.assert_array_equal(another.theta, before)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "uint16"])
def test_tokens_of_any_integers_give_the_same(dtype):
    x, targets = np.arange(8).reshape(4, 2) % 5, np.arange(8).reshape(4, 2)[::-1] % 5
    model = RecurrentModel("lstm", V=5, H=3)
    loss = model.loss_and_gradients(x, targets)[0]
    gradient, twin = model.dtheta.copy(), TorchTwin(model)
    x, targets = np.asfortranarray(x.astype(dtype)), targets.astype(dtype)[:, ::-1][:, ::-1]
    assert model.loss_and_gradients(x, targets)[0] == loss
    np.testing.assert_array_equal(model.dtheta, gradient)
    assert twin.loss(x, targets).item() == pytest.approx(loss, rel=1e-13)
    with pytest.raises(ValueError, match="times expected a phased_lstm to go with them, given lstm"):
        twin.loss(x, targets, times=np.ones((4, 2)))


def test_the_twin_is_torch_nn_where_torch_has_the_cell():
    kinds = {
        type(TorchTwin(RecurrentModel(cell, V=3, H=2, **options)).cells[0]).__module__ for cell, options in CELLS[3:5]
    }
    assert kinds == {"torch.nn.modules.rnn"}
