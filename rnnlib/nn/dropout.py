"""Dropout (Srivastava et al. 2014), inverted: what is kept is divided by the probability to keep it."""

import numpy as np

from rnnlib.arguments import require


class Dropout:
    """Set each number to zero with probability p while training, and divide the others by 1 - p.

    Parameters
    ----------
    p : float
        Probability to drop, 0 ≤ p < 1.
    rng : numpy.random.Generator
        Where the choice comes from.
    """

    def __init__(self, p, rng):
        require(0 <= p < 1, "dropout", "a probability p with 0 ≤ p < 1", p)
        self.p, self.rng, self.keep = p, rng, None

    def forward(self, h, training):
        """h, or a copy with random zeros if `training`."""
        if not training or self.p == 0:
            self.keep = None
            return h
        self.keep = (self.rng.random(h.shape, dtype=np.float32) >= self.p).astype(h.dtype)
        self.keep *= 1 / (1 - self.p)
        return h * self.keep

    def backward(self, dh):
        """∂L/∂h: zero where h was dropped."""
        return dh if self.keep is None else dh * self.keep
