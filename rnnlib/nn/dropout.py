"""Dropout (Srivastava et al. 2014), inverted: what is kept is divided by the probability to keep it."""

import numpy as np

from rnnlib.arguments import require_flag, require_number, require_random


class Dropout:
    """Set each number to zero with probability p while training, and divide the others by 1 - p.

    Parameters
    ----------
    p : float
        Probability to drop, 0 ≤ p < 1.
    rng : numpy.random.Generator
        Where the choice comes from.
    """

    def __init__(self, p: float, rng: np.random.Generator):
        self.p = require_number("dropout", p, "a probability p with 0 ≤ p < 1", lambda p: 0 <= p < 1)
        self.rng, self.keep = require_random("rng", rng), None

    def __repr__(self):
        return f"Dropout({self.p:g})"

    def forward(self, h: np.ndarray, training: bool) -> np.ndarray:
        """h, or a copy with random zeros if `training`."""
        if not require_flag("training", training) or self.p == 0:
            self.keep = None
            return h
        self.keep = (self.rng.random(h.shape, dtype=np.float32) >= self.p).astype(h.dtype)
        self.keep *= 1 / (1 - self.p)
        return h * self.keep

    def backward(self, dh: np.ndarray) -> np.ndarray:
        """∂L/∂h: zero where h was dropped."""
        return dh if self.keep is None else dh * self.keep
