"""Long short-term memory with a forget gate (Hochreiter and Schmidhuber 1997; Gers et al. 2000; PyTorch's form).

The dot stands for the letter of a gate::

    i_t, f_t, o_t = σ(x_t W_x· + h_{t-1} W_h· + b_·)        g_t = tanh(x_t W_xg + h_{t-1} W_hg + b_g)
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t                         h_t = o_t ⊙ tanh(c_t)

PyTorch's order of the gates is i, f, g, o. `plain.lstm_step` and `plain.lstm_back` are the same, one step at a time, in
plain.
"""

from collections.abc import Callable

import numpy as np

from rnnlib.nn.cell import Cell
from rnnlib.nn.products import adds_product


class LSTM(Cell):
    """LSTM layer; W_xh, W_hh and b_h hold the columns of i, f, o and g, in this order.

    Parameters
    ----------
    D, H, bias, dtype
        As for `Cell`.
    """

    gates = ("i", "f", "o", "g")
    scales = (0.5, 0.5, 0.5, 1.0)
    states = ("h", "c")
    keeps = (*Cell.keeps, "c", "joint", "values", "o_tanh_c", "tanh_c")

    def forward(
        self, x: np.ndarray, state: tuple[np.ndarray, np.ndarray] | None = None, mask: np.ndarray | None = None
    ) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Run through all steps of a batch; the arguments are those of `RNN.forward`.

        Parameters
        ----------
        x, mask
            As for `RNN.forward`.
        state : (h_0, c_0), each array of shape (B, H), optional

        Returns
        -------
        h : array (T, B, H)
            `backward` needs it as it is, and the next `forward` overwrites it.
        state : (h_T, c_T)
            The next `forward` overwrites these too.
        """
        x, (h, c) = self.start(x, state, mask)
        gates_at, ig = self.start_gates(x), self.buffer("ig", h.shape[1:])
        self.h, self.c, self.o_tanh_c, self.tanh_c = h, c, h[1:], self.buffer("tanh c", h[1:].shape)
        for t, (tanh_c_t, pad) in enumerate(zip(self.tanh_c, self.padded(len(x)), strict=True)):
            h_t, c_t = h[t + 1], c[t + 1]
            i, f, o, g = gates_at(t, h[t])
            np.multiply(f, c[t], out=c_t)
            np.multiply(i, g, out=ig)
            np.add(c_t, ig, out=c_t)  # c_t = f ⊙ c_{t-1} + i ⊙ g
            np.tanh(c_t, out=tanh_c_t)
            np.multiply(o, tanh_c_t, out=h_t)  # h_t = o ⊙ tanh(c_t)
            if pad is not None:
                np.copyto(h_t, h[t], where=pad)
                np.copyto(c_t, c[t], where=pad)
        return h[1:], (h[-1], c[-1])

    def start_gates(self, x: np.ndarray) -> Callable:
        """A function of t and h_{t-1} that computes i, f, o and g, each (B, H), and keeps them in `values`."""
        T, B = x.shape[:2]
        self.joint = x.ndim == 3 and B > 1 and self.D <= self.H // 4
        products = self._joint_products(x) if self.joint else self._separate_products(x)
        self.values = values = self.buffer("values", (T, 4, B, self.H))

        def gates_at(t, h_before):
            gates = np.tanh(self.by_gate(products(t, h_before)), out=values[t])
            ifo = gates[:3]
            np.multiply(ifo, 0.5, out=ifo)
            np.add(ifo, 0.5, out=ifo)  # σ(a) = ½ tanh(½ a) + ½
            return gates

        return gates_at

    def _separate_products(self, x):
        """A function of t and h_{t-1} that returns x_t W_xh + h_{t-1} W_hh + b_h times the gates' `scales`."""
        a, add_product = self.input_products(x, self.total_bias), adds_product(self.scaled_W_hh, x.shape[1])
        return lambda t, h_before: add_product(h_before, a[t])

    def _joint_products(self, x):
        """The same as one product: of h_{t-1}, x_t and 1 side by side, with W_hh, W_xh and b_h.

        For a batch of small input vectors that saves up to a tenth of a step; for large ones it would cost time.
        """
        T, B = x.shape[:2]
        H, K = self.H, self.H + self.D + 1
        W, z = self.buffer("W", (K, 4 * H)), self.buffer("h, x and 1", (T, B, K))
        W[:H], W[H:-1], W[-1] = self.W_hh, self.W_xh, 0 if self.bias == 0 else self.total_bias
        W *= self.column_scales
        z[..., H:-1], z[..., -1] = x, 1
        r = self.buffer("r", (B, 4 * H))

        def products(t, h_before):
            z[t, :, :H] = h_before
            return np.matmul(z[t], W, out=r)

        return products

    def finish_weights(self, da: np.ndarray) -> None:
        """The gradients of the weights and biases from δ, after the sweep."""
        if not self.joint:
            return self.weight_gradients(self.h[:-1], da)
        K, H = self.H + self.D + 1, self.H
        z = self.buffer("h, x and 1", (*self.x.shape[:2], K))
        dW = np.matmul(z.reshape(-1, K).T, da.reshape(-1, 4 * H), out=self.buffer("dW", (K, 4 * H)))
        self.dW_hh, self.dW_xh = dW[:H], dW[H:-1]
        for name in {"b_h", "b_xh", "b_hh"} & self.parameters.keys():
            self.gradients[name][...] = dW[-1]

    def backward(
        self, dh: np.ndarray | None, dstate: tuple[np.ndarray, np.ndarray] | None = None, want_dx: bool = True
    ) -> tuple[np.ndarray | None, tuple[np.ndarray, np.ndarray]]:
        """Backpropagation through time; the arguments are those of `RNN.backward`.

        Parameters
        ----------
        dh, want_dx
            As for `RNN.backward`.
        dstate : (dh_T, dc_T), optional

        Returns
        -------
        dx : array (T, B, D) or None
        dstate : (dh_0, dc_0)
        """
        da, (dh_t, dc_later), immediate, add_product = self.start_backward(dh, dstate)
        T, B = da.shape[:2]
        dc_t = self.buffer("dc_t", (B, self.H))
        da_by_gate = da.reshape(T, B, 4, self.H).transpose(0, 2, 1, 3)
        padded = self.padded(T)
        for steps in self.blocks(T, B):
            slopes, dh_dc, f = self._slopes(steps)
            for t in reversed(range(T)[steps]):
                k, da_t = t - steps.start, da_by_gate[t]
                np.multiply(dh_t, dh_dc[k], out=dc_t)
                np.add(dc_t, dc_later, out=dc_t)  # ∂L/∂c_t: through h_t, and through c_{t+1}
                np.multiply(dc_t, slopes[k, :2], out=da_t[:2])  # δ_t of i and f, which act through c_t,
                np.multiply(dc_t, slopes[k, 3], out=da_t[3])  # as g does,
                np.multiply(dh_t, slopes[k, 2], out=da_t[2])  # and of o, which acts on h_t at once
                skipped = None if padded[t] is None else np.where(padded[t], dh_t, 0)
                dh_before = add_product(da[t], immediate[t])  # ∂L/∂h_{t-1} = ∂⁺L/∂h_{t-1} + δ_t W_hhᵀ
                if skipped is not None:
                    dh_before += skipped
                np.multiply(dc_t, f[k], out=dc_later)  # one step back: what reaches c_{t-1} through c_t
                dh_t = dh_before
        self.finish_weights(da)
        return self.input_gradients(da, want_dx), (dh_t.copy(), dc_later.copy())

    def _slopes(self, steps):
        """For a block of steps ∂c_t/∂a_t of i, f and g, and ∂h_t/∂a_t of o; ∂h_t/∂c_t; and ∂c_t/∂c_{t-1}."""
        values, o_tanh_c = self.values[steps], self.o_tanh_c[steps]
        i, f, o, g = values.swapaxes(0, 1)
        slopes = self.block_buffer("slopes", steps, values.shape[1:])
        of_i, of_f, of_o, of_g = slopes.swapaxes(0, 1)
        dh_dc, scratch = (self.block_buffer(name, steps, o.shape[1:]) for name in ("dh/dc", "scratch"))
        np.subtract(1, values[:, :3], out=slopes[:, :3])  # with σ' = σ (1 - σ):
        np.multiply(i, g, out=scratch)
        np.multiply(of_i, scratch, out=of_i)  # g i (1 - i),
        np.multiply(of_f, f, out=of_f)
        np.multiply(of_f, self.c[:-1][steps], out=of_f)  # c_{t-1} f (1 - f),
        np.multiply(of_o, o_tanh_c, out=of_o)  # tanh(c_t) o (1 - o);
        np.multiply(scratch, g, out=scratch)  # with tanh' = 1 - tanh²:
        np.subtract(i, scratch, out=of_g)  # i (1 - g²) = i - i g g,
        np.multiply(o_tanh_c, self.tanh_c[steps], out=scratch)
        np.subtract(o, scratch, out=dh_dc)  # o (1 - tanh(c_t)²)
        if self.padding is not None:  # h_t = h_{t-1} and c_t = c_{t-1} there
            padding, f = self.padding[steps], f.copy()
            np.moveaxis(slopes, 1, 2)[padding] = 0
            dh_dc[padding] = 0
            f[padding] = 1
        return slopes, dh_dc, f
