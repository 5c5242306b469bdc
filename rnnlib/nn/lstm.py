"""Long short-term memory with a forget gate (Hochreiter and Schmidhuber 1997; Gers et al. 2000; PyTorch's form).

The dot stands for the letter of a gate::

    i_t, f_t, o_t = σ(x_t W_x· + h_{t-1} W_h· + b_·)        g_t = tanh(x_t W_xg + h_{t-1} W_hg + b_g)
    c_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t                         h_t = o_t ⊙ tanh(c_t)

PyTorch's order of the gates is i, f, g, o.
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
    scales = (0.5, 0.5, 0.5, 1.0)
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
        gates_at, ig = self.start_gates(x), self.buffer("ig", (B, self.H))
        self.h, self.c, self.tanh_c = h, c, self.buffer("tanh c", (T, B, self.H))
        for t, (tanh_c_t, pad) in enumerate(zip(self.tanh_c, self.padded(T), strict=True)):
            h_t, c_t = h[t + 1], c[t + 1]
            i, f, o, g = gates_at(t, h[t])
            np.multiply(f, c[t], out=c_t)
            np.multiply(i, g, out=ig)
            np.add(c_t, ig, out=c_t)
            np.tanh(c_t, out=tanh_c_t)
            np.multiply(o, tanh_c_t, out=h_t)
            if pad is not None:
                np.copyto(h_t, h[t], where=pad)
                np.copyto(c_t, c[t], where=pad)
        return h[1:], (h[-1], c[-1])

    def start_gates(self, x):
        """A function of t and h_{t-1} that computes i, f, o and g, each (B, H), and keeps them in `values`."""
        T, B = x.shape[:2]
        a, product = self.input_products(x, self.total_bias), self.recurrent_products(B)
        self.values = values = self.buffer("values", (T, 4, B, self.H))

        def gates_at(t, h_before):
            r, gates = product(h_before), values[t]
            np.add(a[:, t], r, out=r)
            np.tanh(r, out=gates)
            ifo = gates[:3]
            np.multiply(ifo, 0.5, out=ifo)
            np.add(ifo, 0.5, out=ifo)
            return gates

        return gates_at

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
        term = self.buffer("term", (B, self.H))
        da_by_gate = da.reshape(T, B, 4, self.H).transpose(0, 2, 1, 3)
        padded = self.padded(T)
        for steps in self.blocks(T, B):
            slopes, dh_dc, f = self._slopes(steps)
            for t in reversed(range(T)[steps]):
                k, da_t = t - steps.start, da_by_gate[t]
                if dh is not None:
                    np.add(total, dh[t], out=total)  # now ∂L/∂h_t
                np.multiply(total, dh_dc[k], out=term)
                np.add(dc, term, out=dc)  # now ∂L/∂c_t
                np.multiply(dc, slopes[k, :2], out=da_t[:2])  # δ_t of i and f, which act through c_t,
                np.multiply(dc, slopes[k, 3], out=da_t[3])  # as g does,
                np.multiply(total, slopes[k, 2], out=da_t[2])  # and of o, which acts on h_t at once
                np.multiply(dc, f[k], out=dc)
                skipped = None if padded[t] is None else total.copy()
                np.dot(da[t], W_hhT, out=total)
                if skipped is not None:
                    np.copyto(total, skipped, where=padded[t])
        self.recurrent_gradients(self.h[:-1], da)
        self.bias_gradients(da)
        return self.input_gradients(da, want_dx), (total.copy(), dc.copy())

    def _slopes(self, steps):
        """For a block of steps ∂c_t/∂a_t of i, f and g, and ∂h_t/∂a_t of o; ∂h_t/∂c_t; and ∂c_t/∂c_{t-1}."""
        values, tanh_c = self.values[steps], self.tanh_c[steps]
        i, f, o, g = np.moveaxis(values, 1, 0)
        slopes = self.block_buffer("slopes", steps, values.shape[1:])
        np.subtract(1, values[:, :3], out=slopes[:, :3])
        slopes[:, :3] *= values[:, :3]  # σ' = σ (1 - σ)
        slopes[:, 0] *= g
        slopes[:, 1] *= self.c[:-1][steps]
        slopes[:, 2] *= tanh_c
        np.multiply(g, g, out=slopes[:, 3])
        np.subtract(1, slopes[:, 3], out=slopes[:, 3])  # tanh' = 1 - tanh²
        slopes[:, 3] *= i
        dh_dc = np.multiply(tanh_c, tanh_c, out=self.block_buffer("dh/dc", steps, tanh_c.shape[1:]))
        np.subtract(1, dh_dc, out=dh_dc)
        dh_dc *= o
        if self.padding is not None:  # h_t = h_{t-1} and c_t = c_{t-1} there
            padding, f = self.padding[steps], f.copy()
            np.moveaxis(slopes, 1, 2)[padding] = 0
            dh_dc[padding] = 0
            f[padding] = 1
        return slopes, dh_dc, f
