"""Long short-term memory with a forget gate (Hochreiter and Schmidhuber 1997; Gers et al. 2000; PyTorch's form).

i_t, f_t, o_t = σ(x_t W_x· + h_{t-1} W_h· + b_·)        g_t = tanh(x_t W_xg + h_{t-1} W_hg + b_g)
c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t                         h_t = o_t ⊙ tanh(c_t)
"""

import numpy as np

from rnnlib.nn.cell import Cell


class LSTM(Cell):
    """LSTM layer; W_xh, W_hh and b_h hold the columns of i, f, o and g, in this order.

    Parameters
    ----------
    D, H, bias, dtype
        As for `Cell`.
    """

    gates = ("i", "f", "o", "g")
    states = ("h", "c")

    def forward(self, x, state=None, mask=None):
        """Run through all steps of a batch; the arguments are those of `RNN.forward`.

        Parameters
        ----------
        x, mask
            As for `RNN.forward`.
        state : (h_0, c_0), each array of shape (B, H), optional

        Returns
        -------
        h : array (T, B, H)
            The next `forward` overwrites it.
        state : (h_T, c_T)
        """
        x, (h, c) = self.start(x, state, mask)
        T, B = x.shape[:2]
        gates, W_hh = self.gate_products(x)
        tanh_c, ig = self.buffer("tanh c", (T, B, self.H)), self.buffer("ig", (B, self.H))
        for t, pad in enumerate(self.padded(T)):
            i, f, o, g = self.gates_at(t, gates, h[t], W_hh)
            np.multiply(f, c[t], out=c[t + 1])
            np.multiply(i, g, out=ig)
            c[t + 1] += ig
            np.tanh(c[t + 1], out=tanh_c[t])
            np.multiply(o, tanh_c[t], out=h[t + 1])
            if pad is not None:
                np.copyto(h[t + 1], h[t], where=pad)
                np.copyto(c[t + 1], c[t], where=pad)
        self.h, self.c, self.tanh_c, self.gate_values = h, c, tanh_c, gates
        return h[1:], (h[-1], c[-1])

    def gate_products(self, x):
        """x_t W_xh + b_h for all gates and steps (4, T, B, H), and W_hh by gate; both with σ's inner ½."""
        # σ(a) = ½ tanh(½ a) + ½ is faster than exp; the inner ½ goes into the weights once, not into every step
        scale = np.array([0.5, 0.5, 0.5, 1.0], self.dtype)[:, None, None]
        W_hh = np.multiply(
            self.by_gate(self.W_hh), scale, out=self.buffer("W_hh by gate", (4, self.H, self.H))
        )
        return self.input_products(x, scale, self.total_bias), W_hh

    def gates_at(self, t, gates, h_before, W_hh):
        """i, f, o and g at step t, each (B, H), in the place of their products with the inputs."""
        gates_t, r = gates[:, t], self.buffer("r", (4, *h_before.shape))
        np.matmul(h_before, W_hh, out=r)
        np.add(gates_t, r, out=r)
        np.tanh(r, out=gates_t)
        ifo = gates_t[:3]
        ifo *= 0.5
        ifo += 0.5
        return gates_t

    def backward(self, dh, dstate=None, want_dx=True):
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
        T, B = self.x.shape[:2]
        da, (total, dc), W_hhT = self.start_backward(dh, dstate)
        slopes, dh_dc = self._slopes()
        f, term = self.gate_values[1], self.buffer("term", (B, self.H))
        da_by_gate = da.reshape(T, B, 4, self.H).transpose(0, 2, 1, 3)
        padded = self.padded(T)
        for t in reversed(range(T)):
            if dh is not None:
                total += dh[t]  # now ∂L/∂h_t
            dc += np.multiply(total, dh_dc[t], out=term)  # now ∂L/∂c_t
            np.multiply(dc, slopes[:2, t], out=da_by_gate[t, :2])  # δ_t of i and f, which act through c_t,
            np.multiply(dc, slopes[3, t], out=da_by_gate[t, 3])  # as g does,
            np.multiply(total, slopes[2, t], out=da_by_gate[t, 2])  # and of o, which acts on h_t at once
            dc *= f[t]
            skipped = None if padded[t] is None else total.copy()
            np.dot(da[t], W_hhT, out=total)
            if skipped is not None:
                np.copyto(total, skipped, where=padded[t])
        self.recurrent_gradients(self.h[:-1], da)
        self.bias_gradients(da)
        return self.input_gradients(da, want_dx), (total.copy(), dc.copy())

    def _slopes(self):
        """∂c_t/∂a_t for i, f and g, ∂h_t/∂a_t for o, and ∂h_t/∂c_t: all steps at once, for they need no sweep."""
        i, f, o, g = self.gate_values
        slopes = self.buffer("slopes", self.gate_values.shape)
        np.subtract(1, self.gate_values[:3], out=slopes[:3])
        slopes[:3] *= self.gate_values[:3]  # σ' = σ (1 - σ)
        slopes[0] *= g
        slopes[1] *= self.c[:-1]
        slopes[2] *= self.tanh_c
        np.multiply(g, g, out=slopes[3])
        np.subtract(1, slopes[3], out=slopes[3])  # tanh' = 1 - tanh²
        slopes[3] *= i
        dh_dc = np.multiply(self.tanh_c, self.tanh_c, out=self.buffer("dh/dc", o.shape))
        np.subtract(1, dh_dc, out=dh_dc)
        dh_dc *= o
        if self.padding is not None:  # h_t = h_{t-1} and c_t = c_{t-1} there
            slopes[:, self.padding] = 0
            dh_dc[self.padding] = 0
            f[self.padding] = 1
        return slopes, dh_dc
