"""The output layer: scores s_t = h_t W_hy + b_y."""

import numpy as np

from rnnlib.arguments import as_floats, require, require_dtype, require_flag, require_shape, require_size
from rnnlib.nn.layer import Layer


class Linear(Layer):
    """Scores from hidden states, for any number of leading axes.

    Parameters
    ----------
    H, Y : int
        Size of a hidden state, and number of scores.
    bias : bool
        Whether there is a b_y.
    dtype : str
        "float64" or "float32".
    """

    keeps = ("h",)
    sizes = ("H", "Y")

    def __init__(self, H: int, Y: int, bias: bool = True, dtype: str = "float64"):
        H, Y, bias = require_size("H", H), require_size("Y", Y), require_flag("bias", bias)
        self.H, self.Y = H, Y
        super().__init__({"W_hy": (H, Y)} | ({"b_y": (Y,)} if bias else {}), dtype)

    def forward(self, h: np.ndarray) -> np.ndarray:
        """Scores (..., Y) of states (..., H); the next `forward` overwrites them."""
        H, Y = self.W_hy.shape
        h = as_floats("h", h)
        if h.ndim < 1 or h.shape[-1] != H:
            require(False, "h", f"shape (..., {H})", h.shape)
        require_dtype("h", h, self.dtype)
        self.h = h
        s = self.buffer("s", (*h.shape[:-1], Y))
        np.matmul(h.reshape(-1, H), self.W_hy, out=s.reshape(-1, Y))  # one product for all steps and sequences
        if "b_y" in self.parameters:
            s += self.b_y
        return s

    def backward(self, ds: np.ndarray) -> np.ndarray:
        """Fill dW_hy and db_y from ∂L/∂s; return ∂L/∂h, which the next `backward` overwrites."""
        self.require_pass()
        H, Y = self.W_hy.shape
        ds = as_floats("ds", ds)
        require_shape("ds", ds, (*self.h.shape[:-1], Y))
        require_dtype("ds", ds, self.dtype)
        h, ds = self.h.reshape(-1, H), ds.reshape(-1, Y)
        np.matmul(h.T, ds, out=self.dW_hy)
        if "b_y" in self.parameters:
            np.matmul(np.ones(len(ds), self.dtype), ds, out=self.db_y)  # faster than a sum over rows
        dh = self.buffer("dh", self.h.shape)
        np.matmul(ds, self.W_hy.T, out=dh.reshape(-1, H))
        return dh
