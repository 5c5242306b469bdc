"""What the recurrent cells share: checks, the products with the inputs, and the gradients of the weights.

The recurrence itself, forward and backward through time, stands in `rnn`, `lstm`, `gru` and `phased_lstm`.
"""

import numpy as np

from rnnlib.nn.checks import check_choice, check_floats, check_mask, check_tokens, require
from rnnlib.nn.layer import Layer
from rnnlib.nn.one_hot import one_hot_columns


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

    def __init__(self, D, H, bias=1, dtype="float64", extra_shapes=None):
        require(D >= 1, "D", "at least 1", D)
        require(H >= 1, "H", "at least 1", H)
        check_choice("bias", bias, (0, 1, 2))
        self.D, self.H, self.bias = D, H, bias
        G = len(self.gates)
        shapes = {"W_xh": (D, G * H), "W_hh": (H, G * H)}
        shapes |= {name: (G * H,) for name in ((), ("b_h",), ("b_xh", "b_hh"))[bias]}
        super().__init__(shapes | (extra_shapes or {}), dtype)

    def views(self):
        """W_xi, W_hi, b_i and so on: the columns that belong to one gate."""
        stems = {"W_xh": "W_x", "W_hh": "W_h", "b_h": "b_", "b_xh": "b_x", "b_hh": "b_h"}
        named = {}
        if len(self.gates) > 1:
            for name in self.parameters.keys() & stems.keys():
                for k, gate in enumerate(self.gates):
                    columns = np.s_[..., k * self.H : (k + 1) * self.H]
                    named[stems[name] + gate] = self.parameters[name][columns]
                    named["d" + stems[name] + gate] = self.gradients[name][columns]
        return named

    def start(self, x, state, mask):
        """Check the arguments; return x, the states as arrays (T+1, B, H) with the first filled, and the padding."""
        if np.asarray(x).dtype.kind in "iu":
            x = check_tokens("x", x, self.D)
        else:
            x = check_floats("x", x, ("T", "B", self.D), self.dtype)
        T, B = x.shape[:2]
        states = [self.buffer(name, (T + 1, B, self.H)) for name in self.states]
        if state is None:
            state = [np.zeros((B, self.H), self.dtype)] * len(states)
        require(len(state) == len(states), "state", f"a tuple of {len(states)} arrays", f"{len(state)}")
        for name, array, first in zip(self.states, states, state, strict=True):
            array[0] = check_floats(f"state {name}", first, (B, self.H), self.dtype)
        mask = check_mask("mask", mask, (T, B))
        self.x, self.padding = x, None if mask is None else ~mask
        return x, states

    def padded(self, T):
        """For each step the sequences (B, 1) that are padding there, or None where there are none."""
        if self.padding is None:
            return [None] * T
        return [rows[:, None] if rows.any() else None for rows in self.padding]

    def start_backward(self, dh, dstate):
        """Check the arguments; return δ (T, B, G·H) to fill, what reaches each state from later, and W_hhᵀ."""
        require("x" in self.__dict__, "backward", "a forward pass before it", "none")
        T, B = self.x.shape[:2]
        if dh is not None:
            require(dh.shape == (T, B, self.H), "dh", f"shape {(T, B, self.H)}", dh.shape)
            require(dh.dtype == self.dtype, "dh", f"dtype {self.dtype}", dh.dtype)
        totals = [self.buffer("d" + name, (B, self.H)) for name in self.states]
        for k, total in enumerate(totals):
            total[...] = 0 if dstate is None else dstate[k]
        W_hhT = self.buffer("W_hhT", self.W_hh.shape[::-1])
        W_hhT[...] = self.W_hh.T  # copied once: every step's product is some percent faster than with a view
        return self.buffer("da", (T, B, len(self.gates) * self.H)), totals, W_hhT

    def by_gate(self, W):
        """The columns (..., G·H) as (G, ..., H): gates first, so that one gate of a batch is one block of memory."""
        return np.moveaxis(W.reshape(*W.shape[:-1], len(self.gates), self.H), -2, 0)

    def input_products(self, x, bias):
        """x_t W_xh + b_h times the gates' `scales`, as (G, T, B, H): one product before the recurrence starts."""
        T, B = x.shape[:2]
        G, H = len(self.gates), self.H
        a = self.buffer("a", (G, T, B, H))
        scales = np.array(self.scales, self.dtype)[:, None, None]
        W = np.multiply(self.by_gate(self.W_xh), scales, out=self.buffer("W_xh by gate", (G, self.D, H)))
        bias = None if bias is None else self.by_gate(bias)[:, None] * scales
        if x.ndim == 2:  # tokens: a one-hot row times W_xh is a row of W_xh, so the bias can go to the rows
            if bias is not None:
                W += bias
            return np.take(W, x, axis=1, out=a, mode="clip")  # (the mode that writes to `out` directly)
        np.matmul(x.reshape(T * B, self.D), W, out=a.reshape(G, T * B, H))
        if bias is not None:
            a += bias[:, None]
        return a

    def recurrent_products(self, B, gates=slice(None)):
        """A function of h_{t-1} (B, H) that returns h_{t-1} W_hh for these gates, (G, B, H), times their `scales`.

        It writes to the same array each time.
        """
        scales, H = np.array(self.scales[gates], self.dtype)[:, None, None], self.H
        W = self.by_gate(self.W_hh)[gates] * scales
        G = len(W)
        r = np.empty((G, B, H), self.dtype)
        if B > 1:
            return lambda h_before: np.matmul(h_before, W, out=r)
        # one sequence: a single product with the gates side by side is faster than one for each
        W, flat = W.transpose(1, 0, 2).reshape(H, G * H), r.reshape(1, G * H)

        def product(h_before):
            np.dot(h_before, W, out=flat)
            return r

        return product

    def blocks(self, T, B):
        """Slices of steps from the last to the first, each so short that its arrays stay in the cache."""
        length = self._block_length(T, B)
        return [slice(max(0, end - length), end) for end in range(T, 0, -length)]

    def block_buffer(self, name, steps, shape):
        """An array (number of steps, *shape) for one block: kept, because fresh memory costs more than the sums."""
        length = self._block_length(*self.x.shape[:2])
        return self.buffer(name, (length, *shape))[: steps.stop - steps.start]

    def _block_length(self, T, B):
        return min(T, max(1, 2**14 // (B * self.H)))

    def input_gradients(self, da, want_dx):
        """From δ = da (T, B, G·H): ∂L/∂W_xh and ∂L/∂x, each one product over all T·B rows."""
        T, B = self.x.shape[:2]
        da = da.reshape(T * B, -1)
        if self.x.ndim == 2:
            self.dW_xh = one_hot_columns(self.x, self.D, self.dtype) @ da
            return None
        np.matmul(self.x.reshape(T * B, self.D).T, da, out=self.dW_xh)
        if not want_dx:
            return None
        dx = self.buffer("dx", (T, B, self.D))
        np.matmul(da, self.W_xh.T, out=dx.reshape(T * B, self.D))
        return dx

    def recurrent_gradients(self, h_before, da):
        """∂L/∂W_hh = Σ_t h_{t-1}ᵀ δ_t: one product over all T·B rows, after the sweep."""
        np.matmul(h_before.reshape(-1, self.H).T, da.reshape(-1, da.shape[-1]), out=self.dW_hh)

    def bias_gradients(self, da, da_hh=None):
        """∂L/∂b = Σ_t δ_t; `da_hh` where b_hh is added elsewhere than b_xh."""
        names = [name for name in ("b_h", "b_xh", "b_hh") if name in self.parameters]
        for name in names:
            rows = (da_hh if name == "b_hh" and da_hh is not None else da).reshape(-1, da.shape[-1])
            np.matmul(np.ones(len(rows), self.dtype), rows, out=self.gradients[name])  # faster than a sum over rows

    @property
    def total_bias(self):
        """The vector that is added to x_t W_xh + h_{t-1} W_hh, or None."""
        if self.bias == 0:
            return None
        return self.b_h if self.bias == 1 else self.b_xh + self.b_hh
