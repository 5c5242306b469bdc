"""What the recurrent cells share: what they refuse, the products with the inputs, and the gradients of the weights.

The recurrence itself, forward and backward through time, stands in `rnn`, `lstm`, `gru` and `phased_lstm`; and one
step at a time, a line for a formula, in `plain`.
"""

from collections.abc import Callable

import numpy as np

from rnnlib.arguments import (
    as_array,
    float_dtype,
    require,
    require_choice,
    require_dtype,
    require_floats,
    require_mask,
    require_size,
    require_tokens,
)
from rnnlib.nn.layer import Layer
from rnnlib.nn.one_hot import sum_by_token
from rnnlib.nn.products import adds_product


class Cell(Layer):
    """A recurrent layer: h_t from x_t and the state before it, for all steps of a batch of sequences.

    Subclasses name their `gates`, one letter each, in the order of the columns of W_xh, W_hh and b_h, and the
    `states` that they carry from step to step.

    Parameters
    ----------
    D : int
        Size of an input vector; for tokens the number of tokens, as they stand for one-hot vectors.
    H : int
        Number of hidden units.
    bias : {1, 2, 0}
        Number of bias vectors: one, b_h; two as in PyTorch, b_xh and b_hh; or none.
    dtype : str
        "float64" or "float32".
    extra_shapes : dict, optional
        Shapes of the parameters that only this cell has.
    """

    gates = ("",)
    # σ(a) = ½ tanh(½ a) + ½ is faster than exp. The inner ½ is a gate's scale: it goes into the weights once.
    scales = (1.0,)
    states = ("h",)
    keeps = ("x", "padding", "h")

    def __init__(self, D: int, H: int, bias: int = 1, dtype: str = "float64", extra_shapes: dict | None = None):
        D, H = require_size("D", D), require_size("H", H)
        require_choice("bias", bias, (0, 1, 2))
        self.D, self.H, self.bias = D, H, bias
        self.column_scales = np.repeat(np.array(self.scales, float_dtype(dtype)), H)
        G = len(self.gates)
        shapes = {"W_xh": (D, G * H), "W_hh": (H, G * H)}
        shapes |= {name: (G * H,) for name in ((), ("b_h",), ("b_xh", "b_hh"))[bias]}
        super().__init__(shapes | (extra_shapes or {}), dtype)

    def views(self) -> dict[str, np.ndarray]:
        """W_xi, W_hi, b_i and so on: the columns that belong to one gate."""
        stems = {"W_xh": "W_x", "W_hh": "W_h", "b_h": "b_", "b_xh": "b_x", "b_hh": "b_h"}
        named = {}
        if len(self.gates) > 1:
            for name in [name for name in self.parameters if name in stems]:
                for k, gate in enumerate(self.gates):
                    columns = np.s_[..., k * self.H : (k + 1) * self.H]
                    named[stems[name] + gate] = self.parameters[name][columns]
                    named["d" + stems[name] + gate] = self.gradients[name][columns]
        return named

    def start(
        self, x: np.ndarray, state: tuple[np.ndarray, ...] | None, mask: np.ndarray | None
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Look at the arguments; return x, the states as arrays (T+1, B, H) with the first filled; keep the padding."""
        if np.asarray(x).dtype.kind in "iu":
            x = require_tokens("x", x, self.D)
        else:
            x = require_floats("x", x, ("T", "B", self.D), self.dtype)
        T, B = x.shape[:2]
        if state is not None:
            require(len(state) == len(self.states), "state", f"a tuple of {len(self.states)} arrays", f"{len(state)}")
            for name, first in zip(self.states, state, strict=True):
                require_floats(f"state {name}", first, (B, self.H), self.dtype)
        mask = require_mask("mask", mask, (T, B))
        # From here on nothing is refused: what the forward pass before has left is overwritten.
        states = [self.buffer(name, (T + 1, B, self.H)) for name in self.states]
        for k, array in enumerate(states):
            array[0] = 0 if state is None else state[k]
        self.x, self.padding = x, None if mask is None else ~mask
        return x, states

    def padded(self, T: int) -> list[np.ndarray | None]:
        """For each step the sequences (B, 1) that are padding there, or None where there are none."""
        if self.padding is None:
            return [None] * T
        return [rows[:, None] if rows.any() else None for rows in self.padding]

    def input_products(self, x: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
        """x_t W_xh + b_h times the gates' `scales`, as (T, B, G·H): one product before the recurrence starts."""
        T, B = x.shape[:2]
        a = self.buffer("a", (T, B, len(self.gates) * self.H))
        W = self.buffer("W_xh with bias", (self.D + 1, len(self.column_scales)))
        np.multiply(self.W_xh, self.column_scales, out=W[:-1])
        np.multiply(0 if bias is None else bias, self.column_scales, out=W[-1])
        if x.ndim == 2:  # tokens: a one-hot row times W_xh is a row of W_xh, so the bias can go to the rows
            W[:-1] += W[-1]
            return np.take(W, x, axis=0, out=a, mode="clip")  # (the mode that writes to `out` directly)
        rows = self.buffer("x with ones", (T * B, self.D + 1))  # a 1 behind each x_t: the bias is one more row of W_xh
        rows[:, :-1], rows[:, -1] = x.reshape(T * B, -1), 1
        np.matmul(rows, W, out=a.reshape(T * B, -1))
        return a

    def by_gate(self, a_t: np.ndarray) -> np.ndarray:
        """(B, G·H) as (G, B, H), a view: copied in this order, each gate of a batch is one block of memory."""
        return a_t.reshape(len(a_t), -1, self.H).swapaxes(0, 1)

    def start_backward(
        self, dh: np.ndarray | None, dstate: tuple[np.ndarray, ...] | None, gates: int | None = None
    ) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray | None] | np.ndarray, Callable]:
        """Look at the arguments; prepare the sweep through time.

        Parameters
        ----------
        dh, dstate
            As for `RNN.backward`.
        gates : int, optional
            ``add_product`` is for so many gates; for all where it is not given.

        Returns
        -------
        da : array (T, B, G·H)
            For δ_t, to fill.
        last : list of arrays (B, H)
            What reaches the states after the last step: ∂L/∂h_T, and of the others what comes from later segments.
        immediate : T arrays (B, H), or None for zero
            At t ∂⁺L/∂h_{t-1}, the immediate derivative of the step before, to which the sweep may add the rest.
        add_product : callable
            `adds_product` with W_hhᵀ: ``add_product(da_t, immediate[t])`` is what reaches h_{t-1}.
        """
        self._require_of_pass(dh, dstate)
        T, B = self.x.shape[:2]
        last = [self.buffer("d" + name, (B, self.H)) for name in self.states]
        for k, reaches in enumerate(last):
            reaches[...] = 0 if dstate is None else dstate[k]
        if dh is not None:
            last[0] += dh[-1]
        if B == 1:  # an array to add to
            immediate = self.buffer("immediate", (T, B, self.H))
            immediate[0], immediate[1:] = 0, 0 if dh is None else dh[:-1]
        else:
            immediate = [None] * T if dh is None else [None, *dh[:-1]]
        add_product = adds_product(self.W_hh.T if gates is None else self.W_hh.T[: gates * self.H], B)
        return self.buffer("da", (T, B, len(self.gates) * self.H)), last, immediate, add_product

    def _require_of_pass(self, dh, dstate):
        self.require_pass()
        T, B = self.x.shape[:2]
        if dh is not None:
            require(dh.shape == (T, B, self.H), "dh", f"shape {(T, B, self.H)}", dh.shape)
            require_dtype("dh", dh, self.dtype)
        if dstate is not None:
            require(len(dstate) == len(self.states), "dstate", f"{len(self.states)} arrays", f"{len(dstate)}")
            for array in dstate:
                array = as_array("dstate", array)
                require(array.shape == (B, self.H), "dstate", f"arrays of shape {(B, self.H)}", array.shape)
                require_dtype("dstate", array, self.dtype)

    def blocks(self, T: int, B: int) -> list[slice]:
        """Slices of steps from the last to the first, each so short that its arrays stay in the cache."""
        length = self._block_length(T, B)
        return [slice(max(0, end - length), end) for end in range(T, 0, -length)]

    def block_buffer(self, name: str, steps: slice, shape: tuple[int, ...]) -> np.ndarray:
        """An array (number of steps, then `shape`) for a block: kept, because fresh memory costs more than the sums."""
        length = self._block_length(*self.x.shape[:2])
        return self.buffer(name, (length, *shape))[: steps.stop - steps.start]

    def _block_length(self, T, B):
        return min(T, max(1, 2**14 // (B * self.H)))

    def weight_gradients(self, h_before: np.ndarray, da: np.ndarray, da_hh: np.ndarray | None = None) -> None:
        """From δ = da (T, B, G·H): the gradients of W_xh, W_hh and the biases, one product over all T·B rows each.

        `da_hh` is what W_hh and b_hh see, where that is not δ.
        """
        da = da.reshape(-1, da.shape[-1])
        da_hh = da if da_hh is None else da_hh.reshape(da.shape)
        np.matmul(h_before.reshape(-1, self.H).T, da_hh, out=self.dW_hh)  # Σ_t h_{t-1}ᵀ δ_t
        if self.x.ndim == 2:
            dW = sum_by_token(self.x, self.D, da)
            db = _sum_of_rows(dW)  # every row of δ belongs to one token: their sum is the sum over the tokens
        else:
            rows = self.buffer("x with ones", (len(da), self.D + 1))
            dW = np.matmul(rows.T, da, out=self.buffer("dW", (self.D + 1, da.shape[1])))
            dW, db = dW[:-1], dW[-1]
        self.dW_xh = dW
        for name in {"b_h", "b_xh"} & self.parameters.keys():
            self.gradients[name][...] = db
        if self.bias == 2:
            self.db_hh = db if da_hh is da else _sum_of_rows(da_hh)

    def input_gradients(self, da: np.ndarray, want_dx: bool) -> np.ndarray | None:
        """∂L/∂x (T, B, D) from δ; None for tokens."""
        if self.x.ndim == 2 or not want_dx:
            return None
        dx = self.buffer("dx", self.x.shape)
        np.matmul(da.reshape(-1, da.shape[-1]), self.W_xh.T, out=dx.reshape(-1, self.D))
        return dx

    @property
    def scaled_W_hh(self) -> np.ndarray:
        """W_hh times the gates' `scales`."""
        return self.W_hh * self.column_scales

    @property
    def total_bias(self) -> np.ndarray | None:
        """The vector that is added to x_t W_xh + h_{t-1} W_hh, or None."""
        if self.bias == 0:
            return None
        return self.b_h if self.bias == 1 else self.b_xh + self.b_hh


def sigmoid_of_half(a: np.ndarray, out: np.ndarray) -> None:
    """σ(2a): the weights hold the inner ½ of σ(a) = ½ tanh(½ a) + ½ already."""
    np.tanh(a, out=out)
    np.multiply(out, 0.5, out=out)
    np.add(out, 0.5, out=out)


def _sum_of_rows(array):
    """Σ over the rows, as a product: some times faster than `sum`."""
    return np.ones(len(array), array.dtype) @ array
