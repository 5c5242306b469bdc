"""Gated recurrent unit, in both conventions of the reset gate; the dot stands for the letter of a gate::

    z_t, r_t = σ(x_t W_x· + h_{t-1} W_h· + b_·)          h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    reset="before" the recurrent product (Cho et al. 2014):   n_t = tanh(x_t W_xn + (r_t ⊙ h_{t-1}) W_hn + b_n)
    reset="after" it (PyTorch, cuDNN):                        n_t = tanh(x_t W_xn + b_xn + r_t ⊙ (h_{t-1} W_hn + b_hn))

Here z keeps, as in Cho et al. and PyTorch; in Chung et al. (2014) 1 - z keeps. A single bias b_n stands outside
the reset product. The order of the gates is z, r, n; PyTorch's is r, z, n. `plain.gru_before_step` and
`plain.gru_after_step`, each with its `back`, are the same, one step at a time, in plain.
"""

import numpy as np

from rnnlib.arguments import require_choice
from rnnlib.nn.cell import Cell, sigmoid_of_half
from rnnlib.nn.products import adds_product


class GRU(Cell):
    """GRU layer; W_xh, W_hh and the biases hold the columns of z, r and n, in this order.

    Parameters
    ----------
    D, H, bias, dtype
        As for `Cell`.
    reset : {"after", "before"}
        Whether the reset gate multiplies after or before the recurrent product.
    """

    gates = ("z", "r", "n")
    scales = (0.5, 0.5, 1.0)
    keeps = (*Cell.keeps, "values", "q")

    def __init__(self, D: int, H: int, bias: int = 1, dtype: str = "float64", reset: str = "after"):
        self.reset = require_choice("reset", reset, ("after", "before"))
        super().__init__(D, H, bias, dtype)

    def forward(
        self, x: np.ndarray, state: tuple[np.ndarray] | None = None, mask: np.ndarray | None = None
    ) -> tuple[np.ndarray, tuple[np.ndarray]]:
        """Run through all steps of a batch; arguments and results are those of `RNN.forward`."""
        x, (h,) = self.start(x, state, mask)
        T, B = x.shape[:2]
        self.h, self.values, self.q = h, self.buffer("values", (T, 3, B, self.H)), self.buffer("q", (T, B, self.H))
        gates_at = (self._reset_after if self.reset == "after" else self._reset_before)(x)
        scratch = self.buffer("scratch", (B, self.H))
        for t, pad in enumerate(self.padded(T)):
            h_before, h_t = h[t], h[t + 1]
            z, n = gates_at(t, h_before)
            np.subtract(h_before, n, out=scratch)
            np.multiply(z, scratch, out=scratch)
            np.add(scratch, n, out=h_t)  # h_t = z ⊙ h_{t-1} + (1 - z) ⊙ n = z ⊙ (h_{t-1} - n) + n
            if pad is not None:
                np.copyto(h_t, h_before, where=pad)
        return h[1:], (h[-1],)

    def _reset_after(self, x):
        """A function of t and h_{t-1} that computes z and n, and keeps z, r, n and q = h_{t-1} W_hn + b_hn."""
        a, W_hh, H = self.input_products(x, self._outer_bias()), self.scaled_W_hh, self.H
        products, scratch = self.buffer("products", (x.shape[1], 3 * H)), self.buffer("scratch", (x.shape[1], H))

        def gates_at(t, h_before):
            gates, q, a_t = self.values[t], self.q[t], a[t]
            z, r, n = gates
            np.dot(h_before, W_hh, out=products)
            np.add(products[:, : 2 * H], a_t[:, : 2 * H], out=a_t[:, : 2 * H])
            sigmoid_of_half(self.by_gate(a_t[:, : 2 * H]), out=gates[:2])
            np.add(products[:, 2 * H :], self.b_hn if self.bias == 2 else 0, out=q)
            np.multiply(r, q, out=scratch)
            np.add(scratch, a_t[:, 2 * H :], out=scratch)
            return z, np.tanh(scratch, out=n)  # n = tanh(x_t W_xn + b_xn + r ⊙ q)

        return gates_at

    def _reset_before(self, x):
        """A function of t and h_{t-1} that computes z and n, and keeps z, r, n and q = r_t ⊙ h_{t-1}."""
        a, W_hh, B, H = self.input_products(x, self._outer_bias()), self.scaled_W_hh, x.shape[1], self.H
        add_zr, add_n = adds_product(W_hh[:, : 2 * H], B), adds_product(W_hh[:, 2 * H :], B)

        def gates_at(t, h_before):
            gates, q, a_t = self.values[t], self.q[t], a[t]
            z, r, n = gates
            sigmoid_of_half(self.by_gate(add_zr(h_before, a_t[:, : 2 * H])), out=gates[:2])
            np.multiply(r, h_before, out=q)
            return z, np.tanh(add_n(q, a_t[:, 2 * H :]), out=n)  # n = tanh(x_t W_xn + b_n + q W_hn)

        return gates_at

    def _outer_bias(self):
        """The bias outside the reset product."""
        bias = self.total_bias
        if self.bias == 2 and self.reset == "after":
            bias[2 * self.H :] = self.b_xn
        return bias

    def backward(
        self, dh: np.ndarray | None, dstate: tuple[np.ndarray] | None = None, want_dx: bool = True
    ) -> tuple[np.ndarray | None, tuple[np.ndarray]]:
        """Backpropagation through time; arguments and results are those of `RNN.backward`."""
        after = self.reset == "after"
        da, (dh_t,), immediate, add_product = self.start_backward(dh, dstate, 3 if after else 2)
        dq = self.buffer("dq", da.shape) if after else None
        through_gates = self._back_after(da, dq, add_product) if after else self._back_before(da, add_product)
        T, B = self.x.shape[:2]
        kept = self.buffer("kept", (B, self.H))
        for steps in self.blocks(T, B):
            slopes, z = self._slopes(steps)
            for t in reversed(range(T)[steps]):
                k = t - steps.start
                np.multiply(dh_t, z[k], out=kept)
                dh_before = through_gates(t, dh_t, slopes[k], immediate[t])
                np.add(dh_before, kept, out=dh_before)  # h_{t-1} acts through the gates, and z keeps a part of it
                dh_t = dh_before
        self._finish_weights(da, dq)
        return self.input_gradients(da, want_dx), (dh_t.copy(),)

    def _back_after(self, da, dq, add_product):
        """A function of t, ∂L/∂h_t, its slopes and ∂⁺L/∂h_{t-1} that computes δ_t and what reaches h_{t-1} by gates.

        It keeps in `dq` the columns that W_hh sees: δ of z and r, and ∂L/∂q_t with q_t = h_{t-1} W_hn + b_hn.
        """
        H, dq_by_gate = self.H, dq.reshape(*dq.shape[:2], 3, self.H).swapaxes(1, 2)

        def through_gates(t, dh_t, slopes, immediate):
            np.multiply(dh_t, slopes[:3], out=dq_by_gate[t])
            np.multiply(dh_t, slopes[3], out=da[t, :, 2 * H :])
            return add_product(dq[t], immediate)

        return through_gates

    def _back_before(self, da, add_product):
        """The same with the reset gate before the product, where q_t = r_t ⊙ h_{t-1}."""
        H, W_nh = self.H, self.W_hn.T
        scratch = self.buffer("scratch", (da.shape[1], H))

        def through_gates(t, dh_t, slopes, immediate):
            da_z, da_r, da_n = da[t, :, :H], da[t, :, H : 2 * H], da[t, :, 2 * H :]
            np.multiply(dh_t, slopes[0], out=da_z)
            np.multiply(dh_t, slopes[3], out=da_n)
            dq_t = da_n @ W_nh  # ∂L/∂q_t
            np.multiply(dq_t, slopes[1], out=da_r)
            dh_before = add_product(da[t, :, : 2 * H], immediate)
            dh_before += np.multiply(dq_t, self.values[t, 1], out=scratch)  # ∂L/∂q_t ⊙ r_t
            return dh_before

        return through_gates

    def _slopes(self, steps):
        """By what to multiply ∂L/∂h_t for δ of z, of r, for ∂L/∂q_t and for δ of n, in a block of steps; and z.

        With the reset gate before the product, the second is for ∂L/∂q_t instead, and there is no third.
        """
        values, h_before, q = self.values[steps], self.h[:-1][steps], self.q[steps]
        z, r, n = np.moveaxis(values, 1, 0)
        slopes = self.block_buffer("slopes", steps, (4, *z.shape[1:]))
        of_z, of_r, of_q, of_n = np.moveaxis(slopes, 1, 0)
        scratch, lets_in = (self.block_buffer(name, steps, z.shape[1:]) for name in ("block scratch", "1 - z"))
        np.subtract(1, z, out=lets_in)  # ∂h_t/∂n_t
        np.multiply(n, n, out=scratch)
        np.subtract(1, scratch, out=of_n)
        of_n *= lets_in  # (1 - z) (1 - n²), with tanh' = 1 - tanh²
        np.multiply(lets_in, z, out=of_z)  # with σ' = σ (1 - σ):
        of_z *= np.subtract(h_before, n, out=scratch)  # (h_{t-1} - n) z (1 - z),
        np.subtract(1, r, out=of_r)
        of_r *= r
        if self.reset == "after":
            of_r *= np.multiply(q, of_n, out=scratch)  # q r (1 - r) times δ of n
            np.multiply(r, of_n, out=of_q)
        else:
            of_r *= h_before  # h_{t-1} r (1 - r)
        if self.padding is not None:  # h_t = h_{t-1} there
            padding, z = self.padding[steps], z.copy()
            np.moveaxis(slopes, 1, 2)[padding] = 0
            z[padding] = 1
        return slopes, z

    def _finish_weights(self, da, dq):
        H, h_before = self.H, self.h[:-1]
        if self.reset == "after":
            da[..., : 2 * H] = dq[..., : 2 * H]
            self.weight_gradients(h_before, da, dq)
        else:
            self.weight_gradients(h_before, da)
            self.dW_hn = self.q.reshape(-1, H).T @ da[..., 2 * H :].reshape(-1, H)  # W_hn met q_t = r_t ⊙ h_{t-1}
