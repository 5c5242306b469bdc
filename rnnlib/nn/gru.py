"""Gated recurrent unit, in both conventions of the reset gate.

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

    def __init__(self, D, H, bias=1, dtype="float64", reset="after"):
        self.reset = check_choice("reset", reset, ("after", "before"))
        super().__init__(D, H, bias, dtype)

    def forward(self, x, state=None, mask=None):
        """Run through all steps of a batch; arguments and results are those of `RNN.forward`."""
        x, (h,) = self.start(x, state, mask)
        # σ(a) = ½ tanh(½ a) + ½ is faster than exp; the inner ½ goes into the weights once, not into every step
        scale = np.array([0.5, 0.5, 1.0], self.dtype)[:, None, None]
        gates = self.input_products(x, scale, self._outer_bias())  # (3, T, B, H)
        W_hh = np.multiply(
            self.by_gate(self.W_hh), scale, out=self.buffer("W_hh by gate", (3, self.H, self.H))
        )
        self.h, self.gate_values = h, gates
        # what r multiplies: h_{t-1} W_hn + b_hn, or for "before" h_{t-1} itself
        self.q = self.buffer("q", gates.shape[1:])
        step = self._step_after if self.reset == "after" else self._step_before
        for t, pad in enumerate(self.padded(len(x))):
            step(t, W_hh)
            z, r, n = gates[:, t]
            np.subtract(h[t], n, out=h[t + 1])
            h[t + 1] *= z
            h[t + 1] += n  # h_t = z h_{t-1} + (1 - z) n = z (h_{t-1} - n) + n
            if pad is not None:
                np.copyto(h[t + 1], h[t], where=pad)
        return h[1:], (h[-1],)

    def _step_after(self, t, W_hh):
        gates_t, product = self.gate_values[:, t], self.buffer("product", (3, *self.h.shape[1:]))
        np.matmul(self.h[t], W_hh, out=product)
        if self.bias == 2:
            product[2] += self.b_hn
        self.q[t] = product[2]
        self._sigmoid(np.add(gates_t[:2], product[:2], out=gates_t[:2]))
        product[2] *= gates_t[1]
        gates_t[2] += product[2]
        np.tanh(gates_t[2], out=gates_t[2])

    def _step_before(self, t, W_hh):
        gates_t, product = self.gate_values[:, t], self.buffer("product", (2, *self.h.shape[1:]))
        np.matmul(self.h[t], W_hh[:2], out=product)
        self._sigmoid(np.add(gates_t[:2], product, out=gates_t[:2]))
        np.multiply(gates_t[1], self.h[t], out=self.q[t])
        gates_t[2] += np.matmul(self.q[t], W_hh[2], out=product[0])
        np.tanh(gates_t[2], out=gates_t[2])

    @staticmethod
    def _sigmoid(half_a):
        np.tanh(half_a, out=half_a)
        half_a *= 0.5
        half_a += 0.5

    def _outer_bias(self):
        """The bias outside the reset product."""
        bias = self.total_bias
        if self.bias == 2 and self.reset == "after":
            bias[2 * self.H :] = self.b_xn
        return bias

    def backward(self, dh, dstate=None, want_dx=True):
        """Backpropagation through time; arguments and results are those of `RNN.backward`."""
        self.da, (total,), W_hhT = self.start_backward(dh, dstate)
        z = self.gate_values[0]
        slopes = self._slopes()
        self.dq = self.da if self.reset == "before" else self.buffer("dq", self.da.shape)
        step = self._back_after if self.reset == "after" else self._back_before
        through = self.buffer("through", total.shape)
        for t in reversed(range(len(self.x))):
            if dh is not None:
                total += dh[t]  # now ∂L/∂h_t
            step(t, total, slopes, W_hhT, through)
            total *= z[t]
            total += through
        self._weight_gradients()
        return self.input_gradients(self.da, want_dx), (total.copy(),)

    def _back_after(self, t, total, slopes, W_hhT, through):
        H = self.H
        dq = self.dq[t]  # the columns that W_hh sees: δ of z and r, and ∂L/∂q_t
        np.multiply(total, slopes[:3, t], out=dq.reshape(-1, 3, H).transpose(1, 0, 2))
        np.multiply(total, slopes[3, t], out=self.da[t, :, 2 * H :])
        np.dot(dq, W_hhT, out=through)

    def _back_before(self, t, total, slopes, W_hhT, through):
        H, da = self.H, self.da[t]
        np.multiply(total, slopes[0, t], out=da[:, :H])
        np.multiply(total, slopes[3, t], out=da[:, 2 * H :])
        drh = da[:, 2 * H :] @ W_hhT[2 * H :]  # ∂L/∂(r_t ⊙ h_{t-1})
        np.multiply(drh, slopes[1, t], out=da[:, H : 2 * H])
        np.matmul(da[:, : 2 * H], W_hhT[: 2 * H], out=through)
        through += np.multiply(drh, self.gate_values[1, t], out=drh)

    def _slopes(self):
        """By what to multiply ∂L/∂h_t for δ of z, of r, for ∂L/∂q_t and δ of n: all steps at once.

        With the reset gate before the product, the second is for ∂L/∂(r_t ⊙ h_{t-1}) instead, and no third is used.
        """
        (z, r, n), h_before = self.gate_values, self.h[:-1]
        slopes = self.buffer("slopes", (4, *z.shape))
        of_z, of_r, of_q, of_n = slopes
        np.subtract(1, self.gate_values[:2], out=slopes[:2])
        np.multiply(n, n, out=of_n)
        np.subtract(1, of_n, out=of_n)  # tanh' = 1 - tanh²
        of_n *= of_z  # ∂h_t/∂n_t = 1 - z_t
        slopes[:2] *= self.gate_values[:2]  # σ' = σ (1 - σ)
        of_z *= np.subtract(h_before, n, out=of_q)
        if self.reset == "after":
            of_r *= np.multiply(self.q, of_n, out=of_q)
            np.multiply(r, of_n, out=of_q)
        else:
            of_r *= h_before
        if self.padding is not None:  # h_t = h_{t-1} there
            slopes[:, self.padding] = 0
            z[self.padding] = 1
        return slopes

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
