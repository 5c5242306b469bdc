"""Optimisers in their published forms. Each changes the vector θ in place, given g = ∂L/∂θ, without temporaries.

Where ε stands:
    AdaGrad    η g / (√G + ε)                      G = Σ g²
    RMSprop    η g / (√v + ε)                      v = mean of g²: PyTorch's place; with √(v + ε) in some texts
    AdaDelta   η √(u + ε) / √(v + ε) · g           inside both roots, Zeiler 2012
    Adam       η m̂ / (√v̂ + ε)                      outside the root, after the bias correction: Kingma and Ba 2015,
                                                   algorithm 1 (not the reordered form in its section 2)
"""

from collections.abc import Callable
from inspect import signature

import numpy as np

from rnnlib.arguments import (
    as_floats,
    require,
    require_dtype,
    require_number,
    require_own_floats,
    require_shape,
    require_size,
)
from rnnlib.nn.schedules import told


class Optimiser:
    """What the optimisers share: the learning rate, the count of updates and the vectors that they keep.

    An optimiser belongs to the vector θ of its first step, for what it keeps is about that vector: each model has an
    optimiser of its own. (A copy of an optimiser belongs to no vector before its first step.)

    A subclass names in `kept` the vectors that it keeps, in `spare` how many vectors it needs to work in, and defines
    ``_update(self, theta, g, rate, ...)``, which gets these as further arguments: to work in by place, kept by name.
    Each of its own arguments is an attribute of the same name.

    Parameters
    ----------
    rate : float or function
        Learning rate η, or a schedule: a function of the number of updates made.

    Attributes
    ----------
    updates : int
        Updates made so far.
    state : dict of str to array
        The vectors that it keeps, once it has made a step.
    """

    kept = ()
    spare = 1  # vectors to work in

    def __init__(self, rate: float | Callable[[int], float]):
        if not callable(rate):
            rate = require_number("rate", rate, "a positive number or a schedule", lambda x: x > 0)
        self.rate, self.updates, self.state = rate, 0, {}
        self._theta, self._work = None, None

    @property
    def settings(self) -> dict:
        """The arguments that it was made with, by name."""
        return {name: getattr(self, name) for name in signature(type(self)).parameters}

    def __repr__(self):
        settings = self.settings
        settings |= {"rate": told(self.rate)} if callable(self.rate) else {}
        listed = ", ".join(f"{name}={value}" for name, value in settings.items())
        return f"{type(self).__name__}({listed}: {self.updates:,} updates)"

    def __getstate__(self):
        """For copies, which belong to no vector yet, and share none that is kept."""
        kept = {name: vector.copy() for name, vector in self.state.items()}
        return self.__dict__ | {"_theta": None, "_work": None, "state": kept}

    def __setattr__(self, name, value):
        if name not in self.__dict__ and not name.startswith("_"):
            known = ["updates", "state", *signature(type(self)).parameters]
            if name not in known:
                raise AttributeError(f"{type(self).__name__} can't assign to {name!r}, only to {', '.join(known)}.")
        super().__setattr__(name, value)

    def step(self, theta: np.ndarray, g: np.ndarray) -> None:
        """Make one update.

        Parameters
        ----------
        theta : array of float (N,)
            The parameters, ``model.theta``, changed in place: the same vector at every step.
        g : array (N,)
            ∂L/∂θ, ``model.dtheta``; it stays as it is. Whether it is finite is not looked at.

        Raises
        ------
        ValueError
            For another vector than that of the first step, one that doesn't fit what was restored, a gradient of
            another shape or dtype, or a schedule that gives no number of 0 or more.
        """
        if self._theta is None or self._theta is not theta:
            self._belong_to(theta)
        require(isinstance(g, np.ndarray), "g", "a NumPy array", type(g).__name__)
        require_shape("g", g, theta.shape)
        require_dtype("g", g, theta.dtype)
        rate = self.rate(self.updates) if callable(self.rate) else self.rate
        rate = require_number("rate", rate, "0 or a positive number at every update", lambda x: x >= 0)
        self.updates += 1
        self._update(theta, g, rate, *self._work, **self.state)

    def _belong_to(self, theta):
        require_own_floats("theta", theta)
        require(theta.ndim == 1, "theta", "a vector of shape (N,), such as model.theta", f"shape {theta.shape}")
        if self._theta is not None:
            same = theta.__array_interface__ == self._theta.__array_interface__  # two views of the same numbers
            require(same, "theta", "the vector of the first step", "another: each model needs an optimiser of its own")
        for name, vector in self.state.items():
            require(vector.shape == theta.shape, "theta", f"shape {vector.shape} as restored for {name}", theta.shape)
            require(vector.dtype == theta.dtype, "theta", f"dtype {vector.dtype} as restored for {name}", theta.dtype)
        if not self.state:
            self.state = {name: np.zeros_like(theta) for name in self.kept}
        self._theta, self._work = theta, [np.empty_like(theta) for _ in range(self.spare)]

    def restore(self, updates: int, state: dict[str, np.ndarray]) -> None:
        """Continue from an earlier run's count and kept vectors (none before the first step)."""
        require(isinstance(state, dict), "state", "a dict of vectors", type(state).__name__)
        require(set(state) == set(self.kept) or not state, "state", f"the vectors {self.kept}", tuple(state))
        state = {name: np.array(as_floats(f"state {name}", vector)) for name, vector in state.items()}
        for name, vector in state.items():
            first = next(iter(state.values()))
            alike = vector.ndim == 1 and vector.shape == first.shape and vector.dtype == first.dtype
            expected = "a vector of the same length and dtype as the others"
            require(alike, f"state {name}", expected, f"{vector.dtype} {vector.shape}")
            require(np.isfinite(vector).all(), f"state {name}", "finite numbers", "NaN or infinity")
        self.updates, self.state = require_size("updates", updates, least=0), state
        if self._theta is not None:
            self._belong_to(self._theta)


class SGD(Optimiser):
    """Stochastic gradient descent: θ ← θ - η g."""

    def _update(self, theta, g, rate, work):
        theta -= np.multiply(g, rate, out=work)


class Momentum(Optimiser):
    """Momentum (Polyak 1964, in PyTorch's form): v ← μ v + g, θ ← θ - η v."""

    kept = ("v",)

    def __init__(self, rate: float | Callable[[int], float], momentum: float = 0.9):
        super().__init__(rate)
        self.momentum = _below_1("momentum", momentum)

    def _update(self, theta, g, rate, work, v):
        v *= self.momentum
        v += g
        theta -= np.multiply(v, rate, out=work)


class AdaGrad(Optimiser):
    """AdaGrad (Duchi et al. 2011): G ← G + g², θ ← θ - η g / (√G + ε)."""

    kept = ("G",)

    def __init__(self, rate: float | Callable[[int], float], eps: float = 1e-10):
        super().__init__(rate)
        self.eps = _at_least_0("eps", eps)

    def _update(self, theta, g, rate, work, G):
        G += np.multiply(g, g, out=work)
        _step_by_root(theta, g, rate, G, self.eps, work)


class RMSprop(Optimiser):
    """RMSprop (Tieleman and Hinton 2012): v ← ρ v + (1 - ρ) g², θ ← θ - η g / (√v + ε)."""

    kept = ("v",)

    def __init__(self, rate: float | Callable[[int], float], decay: float = 0.99, eps: float = 1e-8):
        super().__init__(rate)
        self.decay, self.eps = _below_1("decay", decay), _at_least_0("eps", eps)

    def _update(self, theta, g, rate, work, v):
        _moving_mean_of_squares(v, g, self.decay, work)
        _step_by_root(theta, g, rate, v, self.eps, work)


class AdaDelta(Optimiser):
    """AdaDelta (Zeiler 2012, algorithm 1; there η = 1): Δ = √(u + ε) / √(v + ε) · g, θ ← θ - η Δ.

    v is the moving mean of g², and u that of Δ², both with decay ρ.
    """

    kept, spare = ("v", "u"), 2

    def __init__(self, rate: float | Callable[[int], float] = 1.0, decay: float = 0.9, eps: float = 1e-6):
        super().__init__(rate)
        self.decay, self.eps = _below_1("decay", decay), _at_least_0("eps", eps)

    def _update(self, theta, g, rate, delta, root, v, u):
        _moving_mean_of_squares(v, g, self.decay, root)
        np.add(v, self.eps, out=root)
        np.divide(g, np.sqrt(root, out=root), out=delta)
        np.add(u, self.eps, out=root)
        delta *= np.sqrt(root, out=root)  # Δ, with the mean u of the steps before this one
        _moving_mean_of_squares(u, delta, self.decay, root)
        delta *= rate
        theta -= delta


class Adam(Optimiser):
    """Adam (Kingma and Ba 2015, algorithm 1).

    m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², m̂ = m / (1 - β₁^t), v̂ = v / (1 - β₂^t),
    θ ← θ - η m̂ / (√v̂ + ε); t counts the updates from 1.
    """

    kept = ("m", "v")
    decay = 0.0

    def __init__(self, rate: float | Callable[[int], float] = 0.001, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8):  # fmt: skip
        super().__init__(rate)
        two = isinstance(betas, tuple | list) and len(betas) == 2
        require(two, "betas", "two numbers from 0 to below 1", repr(betas))
        self.betas, self.eps = tuple(_below_1("betas", beta) for beta in betas), _at_least_0("eps", eps)

    def _update(self, theta, g, rate, step, m, v):
        b1, b2 = self.betas
        if self.decay:
            theta *= 1 - rate * self.decay
        _moving_mean_of_squares(v, g, b2, step)
        m *= b1
        m += np.multiply(g, 1 - b1, out=step)
        np.sqrt(v, out=step)
        step *= 1 / np.sqrt(1 - b2**self.updates)  # √v̂
        step += self.eps
        np.divide(m, step, out=step)
        step *= rate / (1 - b1**self.updates)
        theta -= step


class AdamW(Adam):
    """Adam with decoupled weight decay λ: besides Adam's step, θ ← θ - η λ θ (Loshchilov and Hutter 2019)."""

    def __init__(self, rate: float | Callable[[int], float] = 0.001, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, decay: float = 0.01):  # fmt: skip
        super().__init__(rate, betas, eps)
        self.decay = _at_least_0("decay", decay)


def _moving_mean_of_squares(v, g, decay, work):
    """V ← ρ v + (1 - ρ) g²."""
    np.multiply(g, g, out=work)
    work *= 1 - decay
    v *= decay
    v += work


def _step_by_root(theta, g, rate, v, eps, work):
    """θ ← θ - η g / (√v + ε)."""
    np.sqrt(v, out=work)
    work += eps
    np.divide(g, work, out=work)
    work *= rate
    theta -= work


def _below_1(argument, value):
    return require_number(argument, value, "a number from 0 to below 1", lambda x: 0 <= x < 1)


def _at_least_0(argument, value):
    return require_number(argument, value, "0 or a positive number", lambda x: x >= 0)
