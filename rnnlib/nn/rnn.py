"""The vanilla recurrent network (Elman 1990, "Finding structure in time"), forward and backward through time.

With f = tanh, sigmoid or relu::

    a_t = x_t W_xh + h_{t-1} W_hh + b_h        h_t = f(a_t)

`plain.rnn_step` and `plain.rnn_back` are the same with tanh, one step at a time, in plain.
"""

import numpy as np

from rnnlib.arguments import require_choice
from rnnlib.nn.cell import Cell, sigmoid_of_half
from rnnlib.nn.products import adds_product


def _relu(a, out):
    np.maximum(a, 0, out=out)


_ACTIVATIONS = {"tanh": np.tanh, "sigmoid": sigmoid_of_half, "relu": _relu}


class RNN(Cell):
    """Vanilla recurrent layer.

    Parameters
    ----------
    D, H, bias, dtype
        As for `Cell`.
    activation : {"tanh", "sigmoid", "relu"}
        The function f.
    """

    def __init__(self, D: int, H: int, bias: int = 1, dtype: str = "float64", activation: str = "tanh"):
        self.activation = require_choice("activation", activation, ("tanh", "sigmoid", "relu"))
        if activation == "sigmoid":
            self.scales = (0.5,)
        super().__init__(D, H, bias, dtype)

    def forward(
        self, x: np.ndarray, state: tuple[np.ndarray] | None = None, mask: np.ndarray | None = None
    ) -> tuple[np.ndarray, tuple[np.ndarray]]:
        """Run through all steps of a batch.

        Parameters
        ----------
        x : array of float, shape (T, B, D), or of int, shape (T, B)
            Input vectors, or tokens from 0 to D - 1 that stand for one-hot vectors.
        state : (h_0,), each array of shape (B, H), optional
            Zero where it is not given.
        mask : array of bool, shape (T, B), optional
            False where a sequence is only padded: there the state is carried on unchanged.

        Returns
        -------
        h : array (T, B, H)
            The hidden states h_1 to h_T. `backward` needs them as they are, and the next `forward` overwrites them.
        state : (h_T,)
            A part of h: copy it to keep it.

        Raises
        ------
        ValueError
            For a wrong shape or dtype, a token outside the vocabulary, NaN or infinity, T = 0 or B = 0.
        """
        x, (h,) = self.start(x, state, mask)
        f, a = _ACTIVATIONS[self.activation], self.input_products(x, self.total_bias)
        add_product = adds_product(self.scaled_W_hh, x.shape[1])
        for a_t, h_before, h_t, pad in zip(a, h, h[1:], self.padded(len(x)), strict=False):
            f(add_product(h_before, a_t), out=h_t)
            if pad is not None:
                np.copyto(h_t, h_before, where=pad)
        self.h = h
        return h[1:], (h[-1],)

    def backward(
        self, dh: np.ndarray | None, dstate: tuple[np.ndarray] | None = None, want_dx: bool = True
    ) -> tuple[np.ndarray | None, tuple[np.ndarray]]:
        """Backpropagation through time: fill dW_xh, dW_hh and the bias gradients.

        Parameters
        ----------
        dh : array (T, B, H) or None
            ∂⁺L/∂h_t, the immediate derivatives: through the output at step t only. None for all zero.
        dstate : (dh_T,), optional
            What reaches h_T from after the last step.
        want_dx : bool
            Whether ∂L/∂x is wanted.

        Returns
        -------
        dx : array (T, B, D) or None
            None for tokens. The next `backward` overwrites it.
        dstate : (dh_0,)

        Raises
        ------
        ValueError
            For a wrong shape or dtype, or without a forward pass before.
        """
        da, (dh_t,), immediate, add_product = self.start_backward(dh, dstate)
        T, B = da.shape[:2]
        padded = self.padded(T)
        for steps in self.blocks(T, B):
            rows = zip(self._slopes(steps), da[steps], immediate[steps], padded[steps], strict=True)
            for slope, da_t, immediate_before, pad in reversed(list(rows)):
                np.multiply(dh_t, slope, out=da_t)  # δ_t = ∂L/∂h_t ⊙ f'(a_t)
                skipped = None if pad is None else np.where(pad, dh_t, 0)
                dh_before = add_product(da_t, immediate_before)  # ∂L/∂h_{t-1} = ∂⁺L/∂h_{t-1} + δ_t W_hhᵀ
                if skipped is not None:
                    dh_before += skipped
                dh_t = dh_before
        self.weight_gradients(self.h[:-1], da)
        return self.input_gradients(da, want_dx), (dh_t.copy(),)

    def _slopes(self, steps):
        """f'(a_t) for a block of steps at once, from h_t = f(a_t); zero in the padding."""
        h = self.h[1:][steps]
        slopes = self.block_buffer("slopes", steps, h.shape[1:])
        if self.activation == "relu":
            np.greater(h, 0, out=slopes, casting="unsafe")
        else:
            squares = np.multiply(h, h, out=self.block_buffer("h²", steps, h.shape[1:]))
            np.subtract(h if self.activation == "sigmoid" else 1, squares, out=slopes)  # h (1 - h), or 1 - h²
        if self.padding is not None:
            slopes[self.padding[steps]] = 0
        return slopes
