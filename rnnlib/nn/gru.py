"""Gated recurrent unit, in both conventions of the reset gate; the dot stands for the letter of a gate::

    z_t, r_t = σ(x_t W_x· + h_{t-1} W_h· + b_·)          h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ n_t

    reset="before" the recurrent product (Cho et al. 2014):   n_t = tanh(x_t W_xn + (r_t ⊙ h_{t-1}) W_hn + b_n)
    reset="after" it (PyTorch, cuDNN):                        n_t = tanh(x_t W_xn + b_xn + r_t ⊙ (h_{t-1} W_hn + b_hn))

Here z keeps, as in Cho et al. and PyTorch; in Chung et al. (2014) 1 - z keeps. A single bias b_n stands outside
the reset product. The order of the gates is z, r, n; PyTorch's is r, z, n.
"""

import numpy as np

from rnnlib.nn.cell import Cell
from rnnlib.nn.checks import check_choice


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
        self.reset = check_choice("reset", reset, ("after", "before"))
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
        a, product = self.input_products(x, self._outer_bias()), self.recurrent_products(x.shape[1])

        def gates_at(t, h_before):
            gates, q, products, a_t = self.values[t], self.q[t], product(h_before), a[:, t]
            zr = np.add(a_t[:2], products[:2], out=gates[:2])
            _sigmoid_of_half(zr)
            z, r, n = gates
            np.copyto(q, products[2])
            if self.bias == 2:
                np.add(q, self.b_hn, out=q)
            np.multiply(r, q, out=n)
            np.add(n, a_t[2], out=n)
            return z, np.tanh(n, out=n)

        return gates_at

    def _reset_before(self, x):
        """A function of t and h_{t-1} that computes z and n, and keeps z, r, n and q = r_t ⊙ h_{t-1}."""
        a, B = self.input_products(x, self._outer_bias()), x.shape[1]
        product_zr, product_n = self.recurrent_products(B, slice(0, 2)), self.recurrent_products(B, slice(2, 3))

        def gates_at(t, h_before):
            gates, q, a_t = self.values[t], self.q[t], a[:, t]
            zr = np.add(a_t[:2], product_zr(h_before), out=gates[:2])
            _sigmoid_of_half(zr)
            z, r, n = gates
            np.multiply(r, h_before, out=q)
            np.add(a_t[2], product_n(q)[0], out=n)
            return z, np.tanh(n, out=n)

        return gates_at

    def _outer_bias(self):
        """The bias outside the reset product."""
        bias = self.total_bias
        if self.bias == 2 and self.reset == "after":
            bias[2 * self.H :] = self.b_xn
        return bias

    def backward(self, dh, dstate=None, want_dx=True):
        """Backpropagation through time; arguments and results are those of `RNN.backward`."""
        self.da, (total,), W_hhT = self.start_backward(dh, dstate)
        self.dq = self.da if self.reset == "before" else self.buffer("dq", self.da.shape)
        step = self._back_after if self.reset == "after" else self._back_before
        through = self.buffer("through", total.shape)
        T, B = self.x.shape[:2]
        for steps in self.blocks(T, B):
            slopes, z = self._slopes(steps)
            for t in reversed(range(T)[steps]):
                k = t - steps.start
                if dh is not None:
                    np.add(total, dh[t], out=total)  # now ∂L/∂h_t
                step(t, total, slopes[k], W_hhT, through)
                np.multiply(total, z[k], out=total)
                np.add(total, through, out=total)
        self._weight_gradients()
        return self.input_gradients(self.da, want_dx), (total.copy(),)

    def _back_after(self, t, total, slopes, W_hhT, through):
        H = self.H
        dq = self.dq[t]  # the columns that W_hh sees: δ of z and r, and ∂L/∂q_t
        np.multiply(total, slopes[:3], out=dq.reshape(-1, 3, H).transpose(1, 0, 2))
        np.multiply(total, slopes[3], out=self.da[t, :, 2 * H :])
        np.dot(dq, W_hhT, out=through)

    def _back_before(self, t, total, slopes, W_hhT, through):
        H, da = self.H, self.da[t]
        np.multiply(total, slopes[0], out=da[:, :H])
        np.multiply(total, slopes[3], out=da[:, 2 * H :])
        drh = da[:, 2 * H :] @ W_hhT[2 * H :]  # ∂L/∂(r_t ⊙ h_{t-1})
        np.multiply(drh, slopes[1], out=da[:, H : 2 * H])
        np.matmul(da[:, : 2 * H], W_hhT[: 2 * H], out=through)
        through += np.multiply(drh, self.values[t, 1], out=drh)

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

    def _weight_gradients(self):
        H, h_before = self.H, self.h[:-1]
        if self.reset == "after":
            self.recurrent_gradients(h_before, self.dq)
            self.da[..., : 2 * H] = self.dq[..., : 2 * H]
        else:
            self.recurrent_gradients(h_before, self.da)
            rows = self.q.reshape(-1, H), self.da[..., 2 * H :].reshape(-1, H)
            self.dW_hn = rows[0].T @ rows[1]  # W_hn was multiplied by r_t ⊙ h_{t-1}
        self.bias_gradients(self.da, self.dq)


def _sigmoid_of_half(a):
    """σ(2a) in place of a."""
    np.tanh(a, out=a)
    np.multiply(a, 0.5, out=a)
    np.add(a, 0.5, out=a)
