"""Gradient checks: the derivatives that were written out, against differences of the loss."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from rnnlib.agree import relative_difference
from rnnlib.arguments import as_array, as_floats, require, require_number
from rnnlib.nn.model import RecurrentModel


class GradientCheck(dict):
    """The normwise relative error of each parameter's gradient, by name; shows itself as a table."""

    method = ""

    def __str__(self):
        width = max(map(len, self))
        lines = [f"{name:<{width}}  {error:.1e}" for name, error in self.items()]
        return f"relative error against {self.method}\n" + "\n".join(lines)

    def _repr_markdown_(self):
        lines = [f"| {name} | {error:.1e} |" for name, error in self.items()]
        return "\n".join([f"| parameter | relative error against {self.method} |", "| --- | --- |", *lines])


def complex_step(f: Callable[[np.ndarray], complex], theta: ArrayLike, h: float = 1e-30) -> np.ndarray:
    """∂f/∂θ by Im f(θ + i h e_k) / h: exact to rounding for analytic f, for nothing is subtracted.

    Parameters
    ----------
    f : function of a complex vector, returns a complex number
    theta : array of float
    """
    theta, h = _finite("theta", theta), require_number("h", h, "a positive number", lambda h: h > 0)
    z, gradient = theta.astype(np.complex128), np.empty(theta.shape)
    for k in np.ndindex(theta.shape):
        z[k] += 1j * h
        gradient[k] = f(z).imag / h
        z[k] = theta[k]
    return gradient


def central_differences(f: Callable[[np.ndarray], float], theta: ArrayLike, h: float = 1e-6) -> np.ndarray:
    """∂f/∂θ by (f(θ + h e_k) - f(θ - h e_k)) / 2h: an error of order h², and rounding of order ε/h."""
    theta, h = _finite("theta", theta), require_number("h", h, "a positive number", lambda h: h > 0)
    z, gradient = theta.astype(np.float64), np.empty(theta.shape)
    for k in np.ndindex(theta.shape):
        z[k] = theta[k] + h
        above = f(z)
        z[k] = theta[k] - h
        gradient[k] = (above - f(z)) / (2 * h)
        z[k] = theta[k]
    return gradient


def check_gradients(model: RecurrentModel, x: ArrayLike, targets: ArrayLike, **arguments) -> GradientCheck:
    """Compare every gradient of a `RecurrentModel` in float64 with numeric differentiation.

    Complex steps where the network is analytic; central differences for relu, whose error is near 1e-8.

    Parameters
    ----------
    model : RecurrentModel
        In float64 and without dropout.
    x, targets
        As for `RecurrentModel.loss_and_gradients`.
    **arguments
        More for it: state, mask, times, reduction.

    Returns
    -------
    GradientCheck
        The relative error by name, of each parameter that is learned.

    Raises
    ------
    ValueError
        For a model in another dtype or with dropout, and as `RecurrentModel.loss_and_gradients`.
    """
    require(isinstance(model, RecurrentModel), "model", "a RecurrentModel", type(model).__name__)
    require(model.dtype == np.float64, "model", "dtype float64, as from model.like('float64')", model.dtype)
    require(not any(layer.p for layer in model.dropouts), "model", "no dropout", model.config["dropout"])
    analytic = model.config.get("activation") != "relu"
    other = model.like("complex128" if analytic else "float64")
    vectors = model.V is None
    x_other = as_array("x", x).astype(other.dtype) if vectors else x
    state = [
        layer and tuple(as_floats("state", part).astype(other.dtype) for part in layer)
        for layer in model._state("state", arguments.get("state"))
    ]

    def loss(theta):
        other.theta[...] = theta
        return other.loss(x_other, targets, **(arguments | {"state": state}))[0]

    model.loss_and_gradients(x, targets, **arguments)
    numeric = (complex_step if analytic else central_differences)(loss, model.theta)
    fixed = {name + ending for ending, layer in model._named_layers() for name in layer.fixed}
    errors, first = GradientCheck(), 0
    errors.method = "complex steps" if analytic else "central differences"
    for name, gradient in model.gradients.items():
        part = numeric[first : first + gradient.size].reshape(gradient.shape)
        if name not in fixed:
            errors[name] = relative_difference(gradient, part)
        first += gradient.size
    return errors


def _finite(argument, value):
    value = as_floats(argument, value)
    require(value.dtype.kind == "f", argument, "real numbers", f"dtype {value.dtype}")
    require(np.isfinite(value).all(), argument, "finite numbers", "NaN or infinity")
    return value
