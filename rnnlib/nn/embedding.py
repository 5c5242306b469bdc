"""The embedding: x_t is row number w_t of a matrix E, which is the product of a one-hot vector and E."""

import numpy as np

from rnnlib.arguments import as_floats, require_dtype, require_shape, require_size, require_tokens
from rnnlib.nn.layer import Layer
from rnnlib.nn.one_hot import sum_by_token


class Embedding(Layer):
    """Vectors of size D for V tokens.

    Parameters
    ----------
    V, D : int
        Number of tokens, and size of the vectors.
    dtype : str
        "float64" or "float32".
    """

    keeps = ("tokens",)
    sizes = ("V", "D")

    def __init__(self, V: int, D: int, dtype: str = "float64"):
        self.V, self.D = require_size("V", V), require_size("D", D)
        super().__init__({"E": (self.V, self.D)}, dtype)

    def forward(self, tokens: np.ndarray) -> np.ndarray:
        """Vectors (T, B, D) of tokens (T, B) from 0 to V - 1; the next `forward` overwrites them."""
        self.tokens = require_tokens("x", tokens, len(self.E))
        x = self.buffer("x", (*self.tokens.shape, self.E.shape[1]))
        return np.take(self.E, self.tokens, axis=0, out=x, mode="clip")  # (the mode that writes to `out` directly)

    def backward(self, dx: np.ndarray) -> None:
        """Fill dE from ∂L/∂x."""
        self.require_pass()
        V, D = self.E.shape
        dx = as_floats("dx", dx)
        require_shape("dx", dx, (*self.tokens.shape, D))
        require_dtype("dx", dx, self.dtype)
        self.dE = sum_by_token(self.tokens, V, dx.reshape(-1, D))
