"""Nothing does silently nothing, or something else: assignments, stale passes, optimisers that are shared."""

import copy
import pickle
from inspect import signature

import numpy as np
import pytest
import torch

from rnnlib.nn import (
    SGD,
    AdaDelta,
    AdaGrad,
    Adam,
    AdamW,
    Linear,
    Momentum,
    PhasedLSTM,
    RecurrentModel,
    RMSprop,
    constant,
    cosine,
    warmup,
)

X = np.random.default_rng(0).integers(0, 5, (6, 3))
TARGETS = (X + 1) % 5
COPIES = [lambda model: model, copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
OPTIMISERS = [SGD, Momentum, AdaGrad, RMSprop, AdaDelta, Adam, AdamW]


def make(cell="lstm", **more):
    return RecurrentModel(cell, V=5, **({"H": 4, "layers": 2} | more))


@pytest.mark.parametrize("duplicate", COPIES)
def test_assigning_to_theta_trains(duplicate):
    model, other, optimiser = duplicate(make()), make(), SGD(0.1)
    first = other.loss(X, TARGETS)[0]
    for _ in range(50):
        model.loss_and_gradients(X, TARGETS, reduction="sum")
        model.theta = model.theta - 0.1 * model.dtheta
        other.loss_and_gradients(X, TARGETS, reduction="sum")
        optimiser.step(other.theta, other.dtheta)
    np.testing.assert_array_equal(model.theta, other.theta)
    assert model.loss(X, TARGETS)[0] < first - 1


@pytest.mark.parametrize("duplicate", COPIES)
@pytest.mark.parametrize("name", ["theta", "dtheta", "W_hh", "dW_hh", "b_h_2", "db_h_2", "W_hy", "dW_hy"])
def test_an_assignment_copies(name, duplicate):
    model = duplicate(make())
    array = getattr(model, name)
    whole = model.dtheta if name.startswith("d") else model.theta
    value = np.arange(array.size, dtype=float).reshape(array.shape)
    setattr(model, name, value)
    assert getattr(model, name) is array
    assert np.shares_memory(array, whole)
    np.testing.assert_array_equal(array, value)
    value += 1
    assert array.flat[0] == 0  # numbers were copied, the caller's array is not kept
    setattr(model, name, value.tolist())
    np.testing.assert_array_equal(array, value)
    setattr(model, name, 2)
    assert (array == 2).all()


def test_work_in_place_goes_on():
    model = make()
    theta, W = model.theta, model.W_hh
    model.theta -= 1.0
    model.W_hh[0] = 3.0
    model.W_hh *= 2
    model.parameters["W_hh"] += 1
    model.gradients["b_y"][...] = 5
    assert model.theta is theta
    assert model.W_hh is W
    assert (W[0] == 7).all()
    assert (model.db_y == 5).all()
    model.theta[0] = np.nan
    model.theta *= 2  # what happens in place can't be looked at
    model.parameters["W_hh"] = np.zeros((4, 16))
    assert not W.any()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros((4, 15)), r"W_hh expected shape \(4, 16\), given \(4, 15\)\."),
        (np.zeros((16, 4)), r"W_hh expected shape \(4, 16\), given \(16, 4\)\."),
        (np.zeros(16), r"W_hh expected shape \(4, 16\), given \(16,\)\."),
        (np.zeros((1, 16)), r"W_hh expected shape \(4, 16\), given \(1, 16\)\."),
        (np.nan, "W_hh expected finite numbers of float64, given NaN or infinity."),
        (np.full((4, 16), -np.inf), "W_hh expected finite numbers of float64, given NaN or infinity."),
        (1j, "W_hh expected real numbers, given dtype complex128."),
        ("0.5", "W_hh expected numbers, given dtype <U3."),
        (True, "W_hh expected numbers, given dtype bool."),
        (None, "W_hh expected numbers, given dtype object."),
        ([[1.0], [2.0, 3.0]], "W_hh expected an array of numbers, given a list whose rows differ."),
    ],
)
@pytest.mark.parametrize("way", ["attribute", "item"])
def test_what_can_t_be_assigned_is_refused_and_changes_nothing(value, message, way):
    model = make()
    before = model.theta.copy()
    assign = {"attribute": model.__setattr__, "item": model.parameters.__setitem__}[way]
    with pytest.raises(ValueError, match=message):
        assign("W_hh", value)
    np.testing.assert_array_equal(model.theta, before)


def test_a_number_too_large_for_float32_is_refused():
    model = make(dtype="float32")
    with pytest.raises(ValueError, match="theta expected finite numbers of float32"):
        model.theta = 1e300
    model.theta = np.arange(model.theta.size, dtype=np.float64)
    assert model.theta.dtype == np.float32


@pytest.mark.parametrize("duplicate", COPIES)
@pytest.mark.parametrize(
    "name",
    ["w_hh", "W_hx", "H", "dW_xx", "Theta", "rng", "config", "cells", "parameters", "gradients", "every_step", "V",
     "dtype", "output", "dropouts", "embedding", "forward", "W_hh_3"],
)  # fmt: skip
def test_other_names_can_t_be_assigned(name, duplicate):
    model = duplicate(make())
    with pytest.raises(
        AttributeError, match=f"^RecurrentModel can't assign to '{name}', only to its parameters W_xh, W_hh"
    ):
        setattr(model, name, 3)
    with pytest.raises(ValueError, match="name expected one of W_xh, W_hh"):
        model.parameters["w_hh"] = 3.0
    for write in (lambda: model.parameters.update(W_hh=0), lambda: model.parameters.pop("W_hh")):
        with pytest.raises(AttributeError):
            write()


EVALUATIONS = {
    "loss": lambda model: model.loss(X[:2], TARGETS[:2]),
    "forward": lambda model: model.forward(X[:2]),
    "the same": lambda model: model.forward(X),
}


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "phased_lstm"])
@pytest.mark.parametrize("evaluate", EVALUATIONS)
def test_a_stale_pass_is_refused(cell, evaluate):
    model = make(cell)
    s, _ = model.forward(X, training=True)
    ds = np.ones(s.shape)
    model.backward(ds)
    expected = model.dtheta.copy()
    model.backward(ds)  # twice through the same pass is right
    np.testing.assert_array_equal(model.dtheta, expected)
    EVALUATIONS[evaluate](model)
    with pytest.raises(
        ValueError,
        match=r"^backward expected a forward pass with training=True right before it, given an evaluation since\.$",
    ):
        model.backward(ds)
    np.testing.assert_array_equal(model.dtheta, expected)
    model.forward(X, training=True)
    model.backward(ds)
    np.testing.assert_array_equal(model.dtheta, expected)


def test_no_pass_and_a_refused_pass_have_no_way_back():
    model = make()
    with pytest.raises(ValueError, match=r"backward expected a forward pass .*, given none"):
        model.backward(np.ones((6, 3, 5)))
    s, _ = model.forward(X, training=True)
    for other in COPIES[1:]:
        with pytest.raises(ValueError, match="given none"):
            other(model).backward(np.ones(s.shape))
    with pytest.raises(ValueError, match="state h expected shape"):
        model.forward(X, [None, (np.zeros((3, 3)), np.zeros((3, 3)))], training=True)
    with pytest.raises(ValueError, match="given a forward pass that was refused"):
        model.backward(np.ones(s.shape))


@pytest.mark.parametrize("layer_input", [(np.ones((3, 4)), np.ones((3, 2)))])
def test_an_output_layer_alone_says_what_it_needs(layer_input):
    h, ds = layer_input
    layer = Linear(4, 2)
    with pytest.raises(ValueError, match="backward expected a forward pass before it"):
        layer.backward(ds)
    layer.forward(h)
    with pytest.raises(ValueError, match=r"ds expected shape \(3, 2\), given \(2, 3\)"):
        layer.backward(ds.T)


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_an_optimiser_belongs_to_one_vector(kind):
    one, two, optimiser = make(seed=1), make(seed=2), kind(0.1)
    optimiser.step(one.theta, np.ones_like(one.theta))
    before = two.theta.copy()
    message = "theta expected the vector of the first step, given another: each model needs an optimiser of its own"
    for other in (two.theta, one.theta.copy(), one.theta[:5]):
        with pytest.raises(ValueError, match=message):
            optimiser.step(other, np.ones_like(other))
    np.testing.assert_array_equal(two.theta, before)
    assert optimiser.updates == 1
    optimiser.step(one.theta[:], np.ones_like(one.theta))  # a view of the same numbers
    for duplicate in COPIES[2:]:
        duplicate(optimiser).step(two.theta, np.ones_like(two.theta))  # a copy may go with a copied model


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_a_step_leaves_the_gradient(kind):
    theta, g = np.ones(50), np.linspace(-1, 1, 50)
    kept, optimiser = g.copy(), kind(0.1)
    g.flags.writeable = False
    for _ in range(3):
        optimiser.step(theta, g)
    np.testing.assert_array_equal(g, kept)
    assert (theta[g > 0] < 1).all()
    assert (theta[g < 0] > 1).all()


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_a_restored_optimiser_belongs_to_what_fits(kind):
    first, theta = kind(0.1), np.ones(5)
    first.step(theta, np.ones(5))
    again = kind(0.1)
    again.restore(first.updates, first.state)
    if again.kept:
        for other in (np.ones(6), np.ones(5, np.float32)):
            with pytest.raises(ValueError, match=r"theta expected .* as restored for"):
                again.step(other, np.ones_like(other))
    again.step(theta, np.ones(5))
    with pytest.raises(ValueError, match="theta expected the vector of the first step"):
        again.step(np.ones(5), np.ones(5))
    if again.kept:
        with pytest.raises(ValueError, match="theta expected shape"):
            again.restore(1, {name: np.ones(7) for name in again.kept})


def test_defaults():
    """What users rely on, and where PyTorch has the same."""
    settings = ("momentum", "decay", "eps", "betas")
    ours = {kind: {name: value for name, value in vars(kind(0.5)).items() if name in settings} for kind in OPTIMISERS}
    assert ours == {
        SGD: {},
        Momentum: {"momentum": 0.9},
        AdaGrad: {"eps": 1e-10},
        RMSprop: {"decay": 0.99, "eps": 1e-8},
        AdaDelta: {"decay": 0.9, "eps": 1e-6},
        Adam: {"betas": (0.9, 0.999), "eps": 1e-8},
        AdamW: {"betas": (0.9, 0.999), "eps": 1e-8, "decay": 0.01},
    }
    assert (AdaDelta().rate, Adam().rate, AdamW().rate) == (1.0, 0.001, 0.001)
    names = {"eps": "eps", "betas": "betas"}
    pairs = [
        (AdaGrad, torch.optim.Adagrad, names),
        (RMSprop, torch.optim.RMSprop, names | {"decay": "alpha"}),
        (AdaDelta, torch.optim.Adadelta, names | {"decay": "rho", "rate": "lr"}),
        (Adam, torch.optim.Adam, names | {"rate": "lr"}),
        (AdamW, torch.optim.AdamW, names | {"decay": "weight_decay", "rate": "lr"}),
    ]
    for kind, theirs, translated in pairs:
        defaults = theirs([torch.nn.Parameter(torch.zeros(1))]).defaults
        mine = ours[kind] | ({"rate": kind().rate} if "rate" in translated else {})
        assert mine == {name: defaults[translated[name]] for name in mine}, kind


def test_weights_decay_by_the_default_of_adamw():
    plain, decayed = np.ones(3), np.ones(3)
    Adam(0.1).step(plain, np.ones(3))
    AdamW(0.1).step(decayed, np.ones(3))
    np.testing.assert_allclose(plain - decayed, 0.1 * 0.01, rtol=1e-9)


@pytest.mark.parametrize("rate", [np.nan, -0.1, np.inf, "0.1", None, True, np.ones(3)])
def test_a_schedule_must_give_rates(rate):
    theta, optimiser = np.ones(3), SGD(lambda update: rate)
    with pytest.raises(ValueError, match="rate expected 0 or a positive number at every update, given"):
        optimiser.step(theta, np.ones(3))
    assert (theta == 1).all()
    assert optimiser.updates == 0


def test_a_schedule_may_end_at_zero():
    theta, optimiser = np.ones(1), SGD(cosine(1.0, 2))
    for _ in range(5):
        optimiser.step(theta, np.ones(1))
    assert theta[0] == pytest.approx(-0.5)


def test_what_things_show_of_themselves():
    model = RecurrentModel("lstm", V=65, H=128, layers=2, dtype="float32")
    shown = {
        model: "RecurrentModel('lstm', V=65, H=128, layers=2: 239,297 parameters, float32)",
        model.cells[1]: "LSTM(D=128, H=128: 131,584 parameters, float32)",
        model.output: "Linear(H=128, Y=65: 8,385 parameters, float32)",
        make(D=2, layers=1).embedding: "Embedding(V=5, D=2: 10 parameters, float64)",
        make(dropout=0.3).dropouts[0]: "Dropout(0.3)",
        Adam(): "Adam(rate=0.001, betas=(0.9, 0.999), eps=1e-08: 0 updates)",
        AdamW(warmup(constant(0.1), 10)):
            "AdamW(rate=warmup(constant(0.1), 10), betas=(0.9, 0.999), eps=1e-08, decay=0.01: 0 updates)",
    }  # fmt: skip
    for thing, text in shown.items():
        assert repr(thing) == text
    assert sum(W.size for W in model.parameters.values()) == 239_297
    assert repr(make("rnn", layers=1).gradients) == "{W_xh: (5, 4), W_hh: (4, 4), b_h: (4,), W_hy: (4, 5), b_y: (5,)}"


@pytest.mark.parametrize(("T", "segment", "passes"), [
    (1, "sqrt", 1), (4, "sqrt", 2), (9, "sqrt", 3), (10, "sqrt", 3), (16, "sqrt", 4), (17, "sqrt", 4),
    (6, 1, 6), (6, 2, 3), (6, 4, 2), (6, 5, 2), (6, 6, 1), (6, 7, 1),
])  # fmt: skip
@pytest.mark.parametrize("B", [1, 3])
def test_segments_are_as_many_as_told_and_change_nothing(T, B, segment, passes):
    x = np.random.default_rng(1).integers(0, 5, (T, B))
    model, lengths = make(), []
    whole, _ = model.loss_and_gradients(x, x)
    expected, forward = model.dtheta.copy(), model.forward

    def watched(x, *arguments, **more):
        lengths.append(len(x))
        return forward(x, *arguments, **more)

    vars(model)["forward"] = watched
    assert model.loss_and_gradients(x, x, segment=segment)[0] == pytest.approx(whole, rel=1e-13)
    np.testing.assert_allclose(model.dtheta, expected, atol=1e-13)
    assert sum(lengths) == 2 * T
    assert len(lengths) == 2 * passes


@pytest.mark.parametrize("segment", [None, 1, 2, 6])
def test_masks_that_are_empty_or_almost(segment):
    model, mask = make(), np.zeros(X.shape, bool)
    loss, _ = model.loss_and_gradients(X, TARGETS, mask=mask, segment=segment)
    assert loss == 0
    assert not model.dtheta.any()
    with pytest.raises(ValueError, match="mask of the loss expected at least one prediction that counts, given none"):
        model.loss_and_gradients(X, TARGETS, mask=mask, reduction="mean", segment=segment)
    mask[2, 1] = True
    total, _ = model.loss_and_gradients(X, TARGETS, mask=mask, segment=segment)
    gradient = model.dtheta.copy()
    mean, _ = model.loss_and_gradients(X, TARGETS, mask=mask, reduction="mean", segment=segment)
    assert mean == total > 0
    np.testing.assert_array_equal(model.dtheta, gradient)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tau": 0.0}, "tau expected positive periods"),
        ({"tau": -1.0}, "tau expected positive periods"),
        ({"tau": 1e-3}, None),
        ({"r_on": 0.0}, "r_on expected shares with 0 < r_on ≤ 1"),
        ({"r_on": 1.0}, None),
        ({"r_on": 1.001}, "r_on expected shares with 0 < r_on ≤ 1"),
    ],
)
def test_bounds_of_periods_and_shares(settings, message):
    cell = PhasedLSTM(2, 3, learned=("tau", "shift", "r_on", "alpha"))
    cell.tau = 5.0
    for name, value in settings.items():
        setattr(cell, name, value)
    if message is None:
        assert np.isfinite(cell.forward(np.ones((4, 1, 2)))[0]).all()
    else:
        with pytest.raises(ValueError, match=message):
            cell.forward(np.ones((4, 1, 2)))


def test_defaults_of_the_model():
    config = RecurrentModel(V=5).config
    assert config == {"cell": "rnn", "V": 5, "D": None, "H": 100, "Y": None, "layers": 1, "bias": 1, "dropout": 0.0,
                      "every_step": True, "init": "uniform", "dtype": "float64", "seed": 0}  # fmt: skip
    assert signature(PhasedLSTM).parameters["leak"].default == 0.001
    assert signature(PhasedLSTM).parameters["r_on"].default == 0.05
