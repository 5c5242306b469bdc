"""The Phased LSTM (Neil, Pfeiffer and Liu 2016, equations 2 to 10, without peepholes).

Every unit has an openness k, a function of time: it rises and falls once in each period τ, and is closed for the rest::

    φ_t = ((t - shift) mod τ) / τ           k_t = 2 φ_t / r_on        where φ_t < r_on / 2
                                                  2 - 2 φ_t / r_on    where r_on / 2 ≤ φ_t < r_on
                                                  α φ_t               otherwise (α is the leak)
    c̃_t = f_t ⊙ c_{t-1} + i_t ⊙ g_t         c_t = k_t ⊙ c̃_t + (1 - k_t) ⊙ c_{t-1}
    h̃_t = o_t ⊙ tanh(c̃_t)                   h_t = k_t ⊙ h̃_t + (1 - k_t) ⊙ h_{t-1}

The gates i, f, o and g are those of the LSTM. `plain.phased_lstm_step` and `plain.phased_lstm_back` are the same, one
step at a time, in plain.
"""

import numpy as np

from rnnlib.arguments import as_array, require, require_floats, require_number
from rnnlib.nn.lstm import LSTM

_OPENNESS = ("tau", "shift", "r_on", "alpha")


class PhasedLSTM(LSTM):
    """Phased LSTM layer; besides the LSTM's parameters it has tau, shift, r_on and alpha, each of shape (H,).

    Parameters
    ----------
    D, H, bias, dtype
        As for `Cell`.
    periods : (float, float)
        τ is drawn log-uniformly between these two, in the units of `times`; the shift uniformly from 0 to τ.
    r_on : float
        Share of a period in which a unit is open, 0 < r_on ≤ 1.
    leak : float
        α; the paper trains with 0.001 and tests with 0.
    learned : tuple of str
        Which of tau, shift, r_on and alpha have gradients; those of the others stay zero. The paper learns three.
    """

    keeps = (*LSTM.keeps, "times", "k", "phases", "c_open", "held")

    def __init__(
        self, D: int, H: int, bias: int = 1, dtype: str = "float64", periods: tuple[float, float] = (1.0, 20.0),
        r_on: float = 0.05, leak: float = 0.001, learned: tuple[str, ...] = ("tau", "shift", "r_on"),
    ):  # fmt: skip
        pair = as_array("periods", periods)
        require(pair.shape == (2,), "periods", "two positive numbers, the smaller first", repr(periods))
        low, high = (require_number("periods", period.item(), "positive numbers", lambda x: x > 0) for period in pair)
        require(low <= high, "periods", "two positive numbers, the smaller first", repr(periods))
        r_on = require_number("r_on", r_on, "a share with 0 < r_on ≤ 1", lambda share: 0 < share <= 1)
        leak = require_number("leak", leak)
        listed = isinstance(learned, tuple | list) and all(name in _OPENNESS for name in learned)
        require(listed, "learned", f"some of {_OPENNESS}", repr(learned))
        self.periods, self.learned = (low, high), tuple(learned)
        self.fixed = tuple(name for name in _OPENNESS if name not in learned)
        super().__init__(D, H, bias, dtype, {name: (H,) for name in _OPENNESS})
        self.tau, self.r_on, self.alpha = np.sqrt(periods[0] * periods[1]), r_on, leak

    def draw_openness(self, rng: np.random.Generator) -> None:
        """Draw periods and shifts anew."""
        low, high = np.log(self.periods)
        self.tau = np.exp(rng.uniform(low, high, self.H))
        self.shift = rng.uniform(0, 1, self.H) * self.tau

    def keep_domain(self) -> None:
        """After an update: bring τ and r_on back to where they mean something, and what is not learned to what it was.

        An update may change that too: AdamW's weight decay goes over all parameters.
        """
        for name, array in self.__dict__.get("held", {}).items():
            self.parameters[name][...] = array
        np.maximum(self.tau, 1e-3, out=self.tau)
        np.clip(self.r_on, 1e-3, 1, out=self.r_on)

    @staticmethod
    def default_times(T: int, B: int) -> np.ndarray:
        """0, 1, 2 and so on for every sequence."""
        return np.broadcast_to(np.arange(float(T))[:, None], (T, B))

    def openness(self, times: np.ndarray) -> np.ndarray:
        """k at these times (T, B), as (T, B, H)."""
        return self._phases(times)[0]

    def _phases(self, times):
        """k, φ and time since the shift, all (T, B, H), and where k rises and where it falls."""
        tau, r_on = self.tau.real, self.r_on.real
        require(tau.min() > 0, "tau", "positive periods", tau.min())
        require(
            r_on.min() > 0 and r_on.max() <= 1,
            "r_on",
            "shares with 0 < r_on ≤ 1",
            (float(r_on.min()), float(r_on.max())),
        )
        since = times[:, :, None].astype(self.dtype) - self.shift
        turns = since / self.tau
        phase = turns - np.floor(turns.real)
        rises, falls = phase.real < self.r_on.real / 2, phase.real < self.r_on.real
        falls &= ~rises
        k = np.where(rises, 2 * phase / self.r_on, np.where(falls, 2 - 2 * phase / self.r_on, self.alpha * phase))
        return k, phase, since, rises, falls

    def forward(
        self, x: np.ndarray, state: tuple[np.ndarray, np.ndarray] | None = None, mask: np.ndarray | None = None,
        times: np.ndarray | None = None,
    ) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:  # fmt: skip
        """Run through all steps of a batch.

        Parameters
        ----------
        x, state, mask
            As for `LSTM.forward`.
        times : array of float (T, B), optional
            When each step happens, in the units of the periods; 0, 1, 2 and so on where it is not given. Carry the
            clock on yourself when a sequence is cut in pieces.

        Returns
        -------
        h : array (T, B, H)
        state : (h_T, c_T)
        """
        x, (h, c) = self.start(x, state, mask)
        T, B = x.shape[:2]
        times = self.default_times(T, B) if times is None else np.asarray(times)
        self.times = require_floats("times", times.astype(np.float64), (T, B), np.float64)
        self.k, *self.phases = self._phases(self.times)
        self.held = {name: self.parameters[name].copy() for name in self.fixed}
        if self.padding is not None:
            self.k[self.padding] = 0  # closed for good: the state is carried on
        gates_at, self.h, self.c = self.start_gates(x), h, c
        self.o_tanh_c, self.c_open, self.tanh_c = (self.buffer(n, (T, B, self.H)) for n in ("h~", "c~", "tanh c"))
        for t in range(T):
            i, f, o, g = gates_at(t, h[t])
            self.c_open[t] = f * c[t] + i * g
            np.tanh(self.c_open[t], out=self.tanh_c[t])
            self.o_tanh_c[t] = o * self.tanh_c[t]
            c[t + 1] = self.k[t] * self.c_open[t] + (1 - self.k[t]) * c[t]
            h[t + 1] = self.k[t] * self.o_tanh_c[t] + (1 - self.k[t]) * h[t]
        return h[1:], (h[-1], c[-1])

    def backward(
        self, dh: np.ndarray | None, dstate: tuple[np.ndarray, np.ndarray] | None = None, want_dx: bool = True
    ) -> tuple[np.ndarray | None, tuple[np.ndarray, np.ndarray]]:
        """Backpropagation through time; arguments and results are those of `LSTM.backward`."""
        da, (dh_t, dc_t), immediate, add_product = self.start_backward(dh, dstate)
        T, B = da.shape[:2]
        da_by_gate = da.reshape(T, B, 4, self.H).transpose(0, 2, 1, 3)
        k, dk = self.k, self.buffer("dk", (T, B, self.H))
        for t in reversed(range(T)):
            (slopes,), (dh_dc,), (f,) = self._slopes(slice(t, t + 1))
            dk[t] = dh_t * (self.o_tanh_c[t] - self.h[t]) + dc_t * (self.c_open[t] - self.c[t])
            dh_open = k[t] * dh_t
            dc_open = k[t] * dc_t + dh_open * dh_dc
            np.multiply(dc_open, slopes[:2], out=da_by_gate[t, :2])
            np.multiply(dc_open, slopes[3], out=da_by_gate[t, 3])
            np.multiply(dh_open, slopes[2], out=da_by_gate[t, 2])
            kept = (1 - k[t]) * dh_t
            dh_before = add_product(da[t], immediate[t])  # (where dh_t was, so that `kept` comes first)
            dh_before += kept
            dc_before = (1 - k[t]) * dc_t + f * dc_open
            dh_t, dc_t = dh_before, dc_before
        self._openness_gradients(dk)
        self.finish_weights(da)
        return self.input_gradients(da, want_dx), (dh_t.copy(), dc_t.copy())

    def _openness_gradients(self, dk):
        """From ∂L/∂k to those by τ, shift, r_on and α."""
        phase, since, rises, falls = self.phases
        if self.padding is not None:
            dk[self.padding] = 0
        slope = np.where(rises, 2 / self.r_on, np.where(falls, -2 / self.r_on, self.alpha))  # ∂k/∂φ
        dphase = dk * slope
        gradients = {
            "tau": -dphase * since / self.tau**2,  # ∂φ/∂τ = -(t - shift)/τ², for the number of whole turns is constant
            "shift": -dphase / self.tau,
            "r_on": dk * np.where(rises, -1, np.where(falls, 1, 0)) * 2 * phase / self.r_on**2,
            "alpha": dk * np.where(rises | falls, 0, phase),
        }
        for name, gradient in gradients.items():
            self.gradients[name][...] = gradient.sum(axis=(0, 1)) if name in self.learned else 0
