"""How parameters start. Each function fills the arrays of one layer in place, from a random generator.

Weights of several gates are drawn gate by gate, so that fan-in and fan-out are those of one gate.
"""

import numpy as np

from rnnlib.arguments import copy_into, require, require_choice, require_number, require_random, require_size
from rnnlib.nn.layer import Layer


def require_scheme(scheme: str | float) -> str | float:
    """A scheme of `initialise`: one of its names, or a number."""
    if isinstance(scheme, str):
        return require_choice("init", scheme, ("uniform", "xavier", "orthogonal"))
    expected = "'uniform', 'xavier', 'orthogonal' or a standard deviation of 0 or more"
    return require_number("init", scheme, expected, lambda x: x >= 0)


def initialise(layer: Layer, scheme: str | float, rng: np.random.Generator) -> None:
    """Fill the parameters of a cell, an output layer or an embedding.

    Parameters
    ----------
    layer : Layer
    scheme : {"uniform", "xavier", "orthogonal"} or float
        "uniform": PyTorch's default, every weight and bias from U(-1/√H, 1/√H), where H is the number of hidden
        units. "xavier": weights by `xavier`, biases zero. "orthogonal": W_hh by `orthogonal`, other weights by
        `xavier`, biases zero. A number: weights from N(0, number²), biases zero. An embedding is drawn from
        N(0, 1), except where the scheme is a number.
    rng : numpy.random.Generator
    """
    require(isinstance(layer, Layer), "layer", "a cell, an output layer or an embedding", type(layer).__name__)
    scheme, rng = require_scheme(scheme), require_random("rng", rng)
    number = not isinstance(scheme, str)
    if hasattr(layer, "draw_openness"):
        layer.draw_openness(rng)  # the Phased LSTM's
    for name, W in layer.parameters.items():
        if not (name == "E" or name.startswith(("W_", "b_"))):
            continue
        if name == "E" or number:
            W[...] = 0 if W.ndim == 1 else rng.normal(0, scheme if number else 1, W.shape)
        elif scheme == "uniform":
            bound = 1 / np.sqrt(layer.H if hasattr(layer, "H") else len(layer.W_hy))
            W[...] = rng.uniform(-bound, bound, W.shape)
        elif W.ndim == 1:
            W[...] = 0
        else:
            draw = orthogonal if scheme == "orthogonal" and name == "W_hh" else xavier
            for block in np.split(W, len(getattr(layer, "gates", (name,))), axis=1):
                block[...] = draw(*block.shape, rng)


def xavier(fan_in: int, fan_out: int, rng: np.random.Generator) -> np.ndarray:
    """U(-a, a) with a = √(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 16)."""
    fan_in, fan_out = require_size("fan_in", fan_in), require_size("fan_out", fan_out)
    require_random("rng", rng)
    bound = np.sqrt(6 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, (fan_in, fan_out))


def orthogonal(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """A matrix with orthonormal columns (or rows, if there are fewer), uniformly distributed (Saxe et al. 2014)."""
    rows, columns = require_size("rows", rows), require_size("columns", columns)
    require_random("rng", rng)
    Q, R = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    Q *= np.sign(np.diag(R))  # without this, Q depends on the convention of QR and is not uniform
    return Q if rows >= columns else Q.T


def forget_bias(lstm: Layer, value: float | np.ndarray = 1.0) -> None:
    """Set the LSTM's forget bias (Gers et al. 2000; Jozefowicz et al. 2015 recommend 1)."""
    _set_bias(_with_bias(lstm), "f", value)


def chrono(lstm: Layer, T_max: float, rng: np.random.Generator) -> None:
    """b_f = ln u with u from U(1, T_max - 1), and b_i = -b_f: memories of up to T_max steps (Tallec, Ollivier 2018)."""
    T_max = require_number("T_max", T_max, "more than 2 steps", lambda x: x > 2)
    b_f = np.log(require_random("rng", rng).uniform(1, T_max - 1, _with_bias(lstm).H))
    _set_bias(lstm, "f", b_f)
    _set_bias(lstm, "i", -b_f)


def _with_bias(lstm):
    """An LSTM (or a Phased LSTM) that has biases."""
    cell = isinstance(lstm, Layer) and "f" in getattr(lstm, "gates", ())
    require(cell, "lstm", "an LSTM, such as model.cells[0]", type(lstm).__name__)
    require(lstm.bias > 0, "lstm", "one or two bias vectors", "none")
    return lstm


def _set_bias(lstm, gate, value):
    names = [f"b_{gate}"] if lstm.bias == 1 else [f"b_x{gate}", f"b_h{gate}"]
    copy_into(names[0], getattr(lstm, names[0]), value)
    for name in names[1:]:
        setattr(lstm, name, 0.0)  # of two vectors only the sum matters
