"""Optimisers in their published forms. Each changes the vector θ in place, given g = ∂L/∂θ, without temporaries.

Where ε stands:
    AdaGrad    η g / (√G + ε)                      G = Σ g²
    RMSprop    η g / (√v + ε)                      v = mean of g²: PyTorch's place; with √(v + ε) in some texts
    AdaDelta   η √(u + ε) / √(v + ε) · g           inside both roots, Zeiler 2012
    Adam       η m̂ / (√v̂ + ε)                      outside the root, after the bias correction: Kingma and Ba 2015,
                                                   algorithm 1 (not the reordered form in its section 2)
"""

import numpy as np

from rnnlib.arguments import require


class Optimiser:
    """What the optimisers share: the learning rate, the count of updates and the vectors that they keep.

    Parameters
    ----------
    rate : float or function
        Learning rate η, or a schedule: a function of the number of updates made.
    """

    kept = ()

    def __init__(self, rate):
        require(callable(rate) or rate > 0, "rate", "a positive number or a schedule", rate)
        self.rate, self.updates, self.state = rate, 0, {}

    def step(self, theta, g):
        """Make one update: change θ in place. The gradient g is used as working space and does not survive."""
        if not self.state:
            # `work` and `kept` vectors are allocated once
            self.state = {name: np.zeros_like(theta) for name in self.kept}
            self.work = np.empty_like(theta)
        rate = self.rate(self.updates) if callable(self.rate) else self.rate
        self.updates += 1
        self.update(theta, g, rate, **self.state)

    def restore(self, updates, state):
        """Continue from an earlier run's count and kept vectors."""
        require(set(state) == set(self.kept) or not state, "state", f"the vectors {self.kept}", tuple(state))
        self.updates, self.state = updates, {name: np.array(vector) for name, vector in state.items()}
        if state:
            self.work = np.empty_like(next(iter(state.values())))


class SGD(Optimiser):
    """Stochastic gradient descent: θ ← θ - η g."""

    def step(self, theta, g):
        """Make one update: change θ in place. The gradient does not survive."""
        rate = self.rate(self.updates) if callable(self.rate) else self.rate
        self.updates += 1
        g *= rate
        theta -= g


class Momentum(Optimiser):
    """Momentum (Polyak 1964, in PyTorch's form): v ← μ v + g, θ ← θ - η v."""

    kept = ("v",)

    def __init__(self, rate, momentum=0.9):
        super().__init__(rate)
        self.momentum = momentum

    def update(self, theta, g, rate, v):
        v *= self.momentum
        v += g
        theta -= np.multiply(v, rate, out=g)


class AdaGrad(Optimiser):
    """AdaGrad (Duchi et al. 2011): G ← G + g², θ ← θ - η g / (√G + ε)."""

    kept = ("G",)

    def __init__(self, rate, eps=1e-10):
        super().__init__(rate)
        self.eps = eps

    def update(self, theta, g, rate, G):
        G += np.multiply(g, g, out=self.work)
        np.sqrt(G, out=self.work)
        self.work += self.eps
        g /= self.work
        g *= rate
        theta -= g


class RMSprop(Optimiser):
    """RMSprop (Tieleman and Hinton 2012): v ← ρ v + (1 - ρ) g², θ ← θ - η g / (√v + ε)."""

    kept = ("v",)

    def __init__(self, rate, decay=0.99, eps=1e-8):
        super().__init__(rate)
        self.decay, self.eps = decay, eps

    def update(self, theta, g, rate, v):
        _moving_mean_of_squares(v, g, self.decay, self.work)
        np.sqrt(v, out=self.work)
        self.work += self.eps
        g /= self.work
        g *= rate
        theta -= g


class AdaDelta(Optimiser):
    """AdaDelta (Zeiler 2012, algorithm 1; there η = 1): Δ = √(u + ε) / √(v + ε) · g, θ ← θ - η Δ.

    v is the moving mean of g², and u that of Δ², both with decay ρ.
    """

    kept = ("v", "u")

    def __init__(self, rate=1.0, decay=0.9, eps=1e-6):
        super().__init__(rate)
        self.decay, self.eps = decay, eps

    def update(self, theta, g, rate, v, u):
        _moving_mean_of_squares(v, g, self.decay, self.work)
        np.add(v, self.eps, out=self.work)
        g /= np.sqrt(self.work, out=self.work)
        np.add(u, self.eps, out=self.work)
        g *= np.sqrt(self.work, out=self.work)  # Δ, with the mean u of the steps before this one
        _moving_mean_of_squares(u, g, self.decay, self.work)
        g *= rate
        theta -= g


class Adam(Optimiser):
    """Adam (Kingma and Ba 2015, algorithm 1).

    m ← β₁ m + (1 - β₁) g, v ← β₂ v + (1 - β₂) g², m̂ = m / (1 - β₁^t), v̂ = v / (1 - β₂^t),
    θ ← θ - η m̂ / (√v̂ + ε); t counts the updates from 1.
    """

    kept = ("m", "v")
    decay = 0.0

    def __init__(self, rate=0.001, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(rate)
        require(all(0 <= beta < 1 for beta in betas), "betas", "two numbers from 0 to below 1", betas)
        self.betas, self.eps = betas, eps

    def update(self, theta, g, rate, m, v):
        b1, b2 = self.betas
        if self.decay:
            theta *= 1 - rate * self.decay
        _moving_mean_of_squares(v, g, b2, self.work)
        m *= b1
        g *= 1 - b1
        m += g
        np.sqrt(v, out=self.work)
        self.work *= 1 / np.sqrt(1 - b2**self.updates)  # √v̂
        self.work += self.eps
        np.divide(m, self.work, out=g)
        g *= rate / (1 - b1**self.updates)
        theta -= g


class AdamW(Adam):
    """Adam with decoupled weight decay λ: besides Adam's step, θ ← θ - η λ θ (Loshchilov and Hutter 2019)."""

    def __init__(self, rate=0.001, betas=(0.9, 0.999), eps=1e-8, decay=0.01):
        super().__init__(rate, betas, eps)
        self.decay = decay


def _moving_mean_of_squares(v, g, decay, work):
    """V ← ρ v + (1 - ρ) g²."""
    np.multiply(g, g, out=work)
    work *= 1 - decay
    v *= decay
    v += work
