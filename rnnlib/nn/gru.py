"""Gated recurrent unit, in both conventions of the reset gate; the dot stands for the letter of a gate::

    z_t, r_t = σ(x_t W_x· + h_{t-1} W_h· + b_·)          h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    reset="before" the recurrent product (Cho et al. 2014):   n_t = tanh(x_t W_xn + (r_t ⊙ h_{t-1}) W_hn + b_n)
    reset="after" it (PyTorch, cuDNN):                        n_t = tanh(x_t W_xn + b_xn + r_t ⊙ (h_{t-1} W_hn + b_hn))

Here z keeps, as in Cho et al. and PyTorch; in Chung et al. (2014) 1 - z keeps. A single bias b_n stands outside
the reset product. The order of the gates is z, r, n; PyTorch's is r, z, n.
"""

import numpy as np

from rnnlib.arguments import require_choice
from rnnlib.nn.cell import Cell
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

    def __init__(self, D, H, bias=1, dtype="float64", reset="after"):
        self.reset = require_choice("reset", reset, ("after", "before"))
        super().__init__(D, H, bias, dtype)

    def forward(self, x, state=None, mask=None):
        """Run through all steps of a batch; arguments and results are those of `RNN.forward`."""
        x, (h,) = self.start(x, state, mask)
        T, B = x.shape[:2]
        self.h, self.values, self.q = h, self.buffer("values", (T, 3, B, self.H)), self.buffer("q", (T, B, self.H))
        gates_at = (self._reset_after if self.reset == "after" else self._reset_before)(x)
        for t, pad in enumerate(self.padded(T)):
            h_before, h_t = h[t], h[t + 1]
            z, n = gates_at(t, h_before)
            np.subtract(h_before, n, out=h_t)
            np.multiply(h_t, z, out=h_t)
            np.add(h_t, n, out=h_t)  # h_t = z h_{t-1} + (1 - z) n = z (h_{t-1} - n) + n
            if pad is not None:
                np.copyto(h_t, h_before, where=pad)
        return h[1:], (h[-1],)

    def _reset_after(self, x):
        """A function of t and h_{t-1} that computes z and n, and keeps z, r, n and q = h_{t-1} W_hn + b_hn."""
        a, W_hh, H = self.input_products(x, self._outer_bias()), self.scaled_W_hh, self.H
        products = self.buffer("products", (x.shape[1], 3 * H))

        def gates_at(t, h_before):
            gates, q, a_t = self.values[t], self.q[t], a[t]
            z, r, n = gates
            np.dot(h_before, W_hh, out=products)
            np.add(products[:, : 2 * H], a_t[:, : 2 * H], out=a_t[:, : 2 * H])
            _sigmoid_of_half(self.by_gate(a_t[:, : 2 * H]), out=gates[:2])
            np.add(products[:, 2 * H :], self.b_hn if self.bias == 2 else 0, out=q)
            np.multiply(r, q, out=n)
            np.add(n, a_t[:, 2 * H :], out=n)
            return z, np.tanh(n, out=n)

        return gates_at

    def _reset_before(self, x):
        """A function of t and h_{t-1} that computes z and n, and keeps z, r, n and q = r_t ⊙ h_{t-1}."""
        a, W_hh, B, H = self.input_products(x, self._outer_bias()), self.scaled_W_hh, x.shape[1], self.H
        add_zr, add_n = adds_product(W_hh[:, : 2 * H], B), adds_product(W_hh[:, 2 * H :], B)

        def gates_at(t, h_before):
            gates, q, a_t = self.values[t], self.q[t], a[t]
            z, r, n = gates
            _sigmoid_of_half(self.by_gate(add_zr(h_before, a_t[:, : 2 * H])), out=gates[:2])
            np.multiply(r, h_before, out=q)
            return z, np.tanh(add_n(q, a_t[:, 2 * H :]), out=n)

        return gates_at

    def _outer_bias(self):
        """The bias outside the reset product."""
        bias = self.total_bias
        if self.bias == 2 and self.reset == "after":
            bias[2 * self.H :] = self.b_xn
        return bias

    def backward(self, dh, dstate=None, want_dx=True):
        """Backpropagation through time; arguments and results are those of `RNN.backward`."""
        self.da, (total,), immediate, add_product = self.start_backward(dh, dstate, 3 if self.reset == "after" else 2)
        self.dq = self.buffer("dq", self.da.shape) if self.reset == "after" else None
        step = self._back_after if self.reset == "after" else self._back_before
        T, B = self.x.shape[:2]
        kept = self.buffer("kept", (B, self.H))
        for steps in self.blocks(T, B):
            slopes, z = self._slopes(steps)
            for t in reversed(range(T)[steps]):
                k = t - steps.start
                np.multiply(total, z[k], out=kept)
                total = step(t, total, slopes[k], immediate[t], add_product)  # from ∂L/∂h_t to ∂L/∂h_{t-1}
                np.add(total, kept, out=total)
        self._finish_weights()
        return self.input_gradients(self.da, want_dx), (total.copy(),)

    def _back_after(self, t, total, slopes, before, add_product):
        H = self.H
        dq = self.dq[t]  # the columns that W_hh sees: δ of z and r, and ∂L/∂q_t
        np.multiply(total, slopes[:3], out=dq.reshape(-1, 3, H).transpose(1, 0, 2))
        np.multiply(total, slopes[3], out=self.da[t, :, 2 * H :])
        return add_product(dq, before)

    def _back_before(self, t, total, slopes, before, add_product):
        H, da = self.H, self.da[t]
        np.multiply(total, slopes[0], out=da[:, :H])
        np.multiply(total, slopes[3], out=da[:, 2 * H :])
        drh = da[:, 2 * H :] @ self.W_hn.T  # ∂L/∂(r_t ⊙ h_{t-1})
        np.multiply(drh, slopes[1], out=da[:, H : 2 * H])
        total = add_product(da[:, : 2 * H], before)
        total += np.multiply(drh, self.values[t, 1], out=drh)
        return total

    def _slopes(self, steps):
        """By what to multiply ∂L/∂h_t for δ of z, of r, for ∂L/∂q_t and for δ of n, in a block of steps; and z.

        With the reset gate before the product, the second is for ∂L/∂q_t instead, and there is no third.
        """
        values, h_before, q = self.values[steps], self.h[:-1][steps], self.q[steps]
        z, r, n = np.moveaxis(values, 1, 0)
        slopes = self.block_buffer("slopes", steps, (4, *z.shape[1:]))
        of_z, of_r, of_q, of_n = np.moveaxis(slopes, 1, 0)
        np.subtract(1, values[:, :2], out=slopes[:, :2])
        np.multiply(n, n, out=of_n)
        np.subtract(1, of_n, out=of_n)  # tanh' = 1 - tanh²
        of_n *= of_z  # ∂h_t/∂n_t = 1 - z_t
        slopes[:, :2] *= values[:, :2]  # σ' = σ (1 - σ)
        of_z *= np.subtract(h_before, n, out=of_q)
        if self.reset == "after":
            of_r *= np.multiply(q, of_n, out=of_q)
            np.multiply(r, of_n, out=of_q)
        else:
            of_r *= h_before
        if self.padding is not None:  # h_t = h_{t-1} there
            padding, z = self.padding[steps], z.copy()
            np.moveaxis(slopes, 1, 2)[padding] = 0
            z[padding] = 1
        return slopes, z

    def _finish_weights(self):
        H, h_before = self.H, self.h[:-1]
        if self.reset == "after":
            self.da[..., : 2 * H] = self.dq[..., : 2 * H]
            self.weight_gradients(h_before, self.da, self.dq)
        else:
            self.weight_gradients(h_before, self.da)
            rows = self.q.reshape(-1, H), self.da[..., 2 * H :].reshape(-1, H)
            self.dW_hn = rows[0].T @ rows[1]  # W_hn was multiplied by r_t ⊙ h_{t-1}


def _sigmoid_of_half(a, out):
    """σ(2a)."""
    np.tanh(a, out=out)
    np.multiply(out, 0.5, out=out)
    np.add(out, 0.5, out=out)
