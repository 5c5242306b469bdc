"""What can be assigned to a layer, and sizes."""

import copy
import pickle

import numpy as np
import pytest

from rnnlib.nn import GRU, LSTM, RNN, Embedding, Linear, PhasedLSTM
from rnnlib.nn.dropout import Dropout
from rnnlib.nn.layer import Layer

CELLS = [RNN, LSTM, GRU, PhasedLSTM]
LAYERS = [*CELLS, Embedding, Linear]


def run(layer):
    """A forward and a backward pass."""
    x = np.zeros((4, 3, 2))
    if isinstance(layer, Embedding):
        layer.backward(layer.forward(x[..., 0].astype(int)))
    elif isinstance(layer, Linear):
        layer.backward(layer.forward(x))
    else:
        layer.backward(layer.forward(x)[0].copy())


def test_all_layers_are_looked_at():
    found, new = {Layer}, {Layer}
    while new:
        new = {kind for parent in new for kind in parent.__subclasses__()}
        found |= new
    found = {kind for kind in found if kind.__module__.startswith("rnnlib.")}  # and not what other tests build on one
    assert {kind.__name__ for kind in found} == {kind.__name__ for kind in LAYERS} | {"Layer", "Cell"}
    assert not issubclass(Dropout, Layer)  # it has no parameters


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("name", ["w_hh", "W_xx", "dW_xx", "db", "D", "gates", "parameters", "gradients", "theta"])
def test_an_assignment_that_would_do_nothing_is_refused(kind, name):
    layer = kind(2, 3)
    for _ in range(2):  # before a pass and after it
        with pytest.raises(AttributeError) as caught:
            setattr(layer, name, np.zeros((3, 3)))
        message = str(caught.value)
        assert message.startswith(
            f"{kind.__name__} can't assign to {name!r}, only to its parameters {', '.join(layer.parameters)}"
        )
        assert message.count(".") == 1
        run(layer)


@pytest.mark.parametrize("kind", LAYERS)
def test_an_assignment_to_a_parameter_or_gradient_is_done(kind):
    layer = kind(2, 3)
    run(layer)
    for name, W in layer.parameters.items():
        setattr(layer, name, 0.25)
        setattr(layer, "d" + name, 0.5)
        assert (W == 0.25).all()
        assert (layer.gradients[name] == 0.5).all()


@pytest.mark.parametrize("kind", LAYERS)
def test_a_pass_leaves_only_what_a_layer_keeps(kind):
    layer = kind(2, 3)
    before = set(vars(layer))
    run(layer)
    assert set(vars(layer)) - before == set(layer.keeps)


@pytest.mark.parametrize("kind", LAYERS)
def test_a_copy_of_a_layer_is_a_layer_of_its_own(kind):
    layer = kind(2, 3)
    run(layer)
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        for name in layer.parameters:
            setattr(other, name, 0.75)
            assert (getattr(other, name) == 0.75).all()
            assert (getattr(layer, name) != 0.75).all()
        with pytest.raises(AttributeError, match="w_hh"):
            other.w_hh = 0.0
        run(other)


def test_the_parameters_of_one_gate_are_named_too():
    with pytest.raises(
        AttributeError, match="W_xh, W_hh, b_h, W_xi, W_xf, W_xo, W_xg, W_hi, W_hf, W_ho, W_hg, b_i, b_f, b_o, b_g"
    ):
        LSTM(2, 3).b_c = 1.0
    with pytest.raises(AttributeError, match=r"RNN has no 'W_hz'; its parameters are W_xh, W_hh, b_h\."):
        RNN(2, 3).W_hz  # noqa: B018


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("value", [64.0, 0, True, "2"])
def test_a_size_that_is_no_integer_is_refused(kind, value):
    for sizes in [(value, 3), (3, value)]:
        with pytest.raises(ValueError, match=r"^\w expected an integer of at least 1, given .*\.$"):
            kind(*sizes)
    kind(np.int64(2), np.int32(3))


@pytest.mark.parametrize("kind", LAYERS)
def test_backward_without_forward_is_refused(kind):
    with pytest.raises(ValueError, match=r"backward expected a forward pass before it, given none\."):
        kind(2, 3).backward(np.zeros((4, 3, 3)))
