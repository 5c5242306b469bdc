"""Any `RecurrentModel` as a PyTorch model with the same parameters, and back.

The twin uses `torch.nn.RNN`, `torch.nn.LSTM`, `torch.nn.GRU`, `torch.nn.Embedding` and `torch.nn.Linear`; where PyTorch
has no such cell (sigmoid RNN, GRU with the reset before the product, Phased LSTM) it is a small module written here.
PyTorch's weights are the transposes of ours, its LSTM gates stand in the order i, f, g, o (ours: i, f, o, g) and
its GRU gates in the order r, z, n (ours: z, r, n). Where we have one bias vector, the twin's second is zero and frozen.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from rnnlib.arguments import require
from rnnlib.nn import RecurrentModel

__all__ = ["TorchTwin"]

_ORDER = {"lstm": (0, 1, 3, 2), "gru": (1, 0, 2)}  # the k-th of PyTorch's gates is ours of this number


class TorchTwin(nn.Module):
    """A PyTorch model that computes what a `RecurrentModel` computes, from a copy of its parameters.

    Parameters
    ----------
    model : RecurrentModel
    """

    def __init__(self, model: RecurrentModel):
        require(isinstance(model, RecurrentModel), "model", "a RecurrentModel", type(model).__name__)
        super().__init__()
        self.config, self.V, self.every_step = dict(model.config), model.V, model.every_step
        dtype = getattr(torch, model.dtype.name)
        self.embedding = None if model.embedding is None else nn.Embedding(*model.E.shape, dtype=dtype)
        self.cells = nn.ModuleList(_torch_cell(cell, model.config["cell"], dtype) for cell in model.cells)
        self.output = nn.Linear(*model.W_hy.shape, bias="b_y" in model.parameters, dtype=dtype)
        self.copy_from(model)

    def forward(
        self,
        x: np.ndarray,
        state: list | None = None,
        mask: np.ndarray | None = None,
        times: np.ndarray | None = None,
        keep: Sequence[np.ndarray] = (),
    ) -> tuple[torch.Tensor, list]:
        """Scores and state, as `RecurrentModel.forward`; `keep` holds dropout's factors between the layers."""
        require(times is None or self.config["cell"] == "phased_lstm", "times", "a phased_lstm to go with them",
                self.config["cell"])  # fmt: skip
        x, after = _tensor(x), []
        if self.embedding is not None:
            h = self.embedding(x)
        elif self.V is not None:
            h = nn.functional.one_hot(x, self.V).to(self.output.weight.dtype)
        else:
            h = x
        for k, cell in enumerate(self.cells):
            h = h if k == 0 or not keep else h * torch.as_tensor(keep[k - 1])
            h, last = _run(cell, h, None if state is None else state[k], mask, times)
            after.append(last)
        return self.output(h if self.every_step else after[-1][0]), after

    def loss(
        self,
        x: np.ndarray,
        targets: np.ndarray,
        state: list | None = None,
        mask: np.ndarray | None = None,
        times: np.ndarray | None = None,
        reduction: str = "sum",
        keep: Sequence[np.ndarray] = (),
    ) -> torch.Tensor:
        """Softmax cross-entropy, as `RecurrentModel.loss_and_gradients`, to call ``backward()`` on."""
        s, _ = self(x, state, mask, times, keep)
        targets = _tensor(targets)
        if mask is not None and self.every_step:
            s, targets = s[torch.as_tensor(mask)], targets[torch.as_tensor(mask)]
        return nn.functional.cross_entropy(s.reshape(-1, s.shape[-1]), targets.reshape(-1), reduction=reduction)

    def copy_from(self, model: RecurrentModel) -> None:
        """Take over the parameters of a `RecurrentModel` of the same form; another is refused with a ValueError."""
        self._require_alike(model)
        with torch.no_grad():
            for name, parameter, to_torch, _ in self._pairs():
                parameter.copy_(torch.from_numpy(np.array(to_torch(model.parameters[name]))))

    def copy_to(self, model: RecurrentModel) -> None:
        """Hand the parameters to a `RecurrentModel` of the same form; another is refused with a ValueError."""
        self._require_alike(model)
        for name, parameter, _, from_torch in self._pairs():
            model.parameters[name][...] = from_torch(parameter.detach().numpy())

    def _require_alike(self, model):
        require(isinstance(model, RecurrentModel), "model", "a RecurrentModel", type(model).__name__)
        other = {name: value for name, value in model.config.items() if value != self.config.get(name, value)}
        told = {name: self.config[name] for name in other.keys() - {"seed", "init", "dropout"}}
        require(not told, "model", f"one with {told}", {name: other[name] for name in told})

    def grad(self, name: str) -> np.ndarray:
        """∂L/∂ of a parameter, by our name and in our layout, as a NumPy array."""
        for ours, parameter, _, from_torch in self._pairs():
            if ours == name:
                require(parameter.grad is not None, "grad", "a backward pass before it", "none")
                return np.array(from_torch(parameter.grad.numpy()))
        raise ValueError(f"name expected one of {[pair[0] for pair in self._pairs()]}, given {name!r}.")

    def _pairs(self):
        """Our name, the PyTorch parameter, and the change of layout there and back."""
        if self.embedding is not None:
            yield "E", self.embedding.weight, _same, _same
        for k, cell in enumerate(self.cells, start=1):
            ending = "" if k == 1 else f"_{k}"
            if isinstance(cell, _OwnCell):
                for name, parameter in cell.named_parameters():
                    yield name + ending, parameter, _same, _same
                continue
            there, back = _layout(self.config["cell"], cell.hidden_size)
            yield "W_xh" + ending, cell.weight_ih_l0, there, back
            yield "W_hh" + ending, cell.weight_hh_l0, there, back
            if self.config["bias"]:
                yield ("b_h" if self.config["bias"] == 1 else "b_xh") + ending, cell.bias_ih_l0, there, back
            if self.config["bias"] == 2:
                yield "b_hh" + ending, cell.bias_hh_l0, there, back
        yield "W_hy", self.output.weight, np.transpose, np.transpose
        if self.output.bias is not None:
            yield "b_y", self.output.bias, _same, _same


def _tensor(array):
    """Numbers as PyTorch takes them: any integers become int64."""
    tensor = array if isinstance(array, torch.Tensor) else torch.as_tensor(np.ascontiguousarray(array))
    return tensor if tensor.is_floating_point() else tensor.long()


def _same(W):
    return W


def _layout(kind, H):
    """Functions that bring our (…, G·H) to PyTorch's (G·H, …) in its order of gates, and back."""
    order = _ORDER.get(kind, (0,))
    columns = np.concatenate([np.arange(gate * H, (gate + 1) * H) for gate in order])
    return (lambda W: W[..., columns].T), (lambda W: np.ascontiguousarray(W.T[..., np.argsort(columns)]))


def _torch_cell(cell, kind, dtype):
    """The PyTorch module of one of our cells."""
    if kind == "phased_lstm":
        return PhasedLSTM(cell, dtype)
    if kind == "rnn" and cell.activation == "sigmoid":
        return SigmoidRNN(cell, dtype)
    if kind == "gru" and cell.reset == "before":
        return GRUResetBefore(cell, dtype)
    options = {"nonlinearity": cell.activation} if kind == "rnn" else {}
    module = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[kind]
    module = module(cell.D, cell.H, bias=cell.bias > 0, dtype=dtype, **options)
    if cell.bias == 1:
        nn.init.zeros_(module.bias_hh_l0)
        module.bias_hh_l0.requires_grad_(False)
    return module


def _run(cell, x, state, mask, times):
    """All steps of one layer: in one call where there is no mask, else step by step, carrying what is padded."""
    if isinstance(cell, nn.RNNBase):
        width, lstm = cell.hidden_size, isinstance(cell, nn.LSTM)
        if state is None:
            state = (x.new_zeros(x.shape[1], width),) * (2 if lstm else 1)
        state = tuple(torch.as_tensor(part) for part in state)

        def run(x, state, _):
            given = tuple(part[None] for part in state)
            h, last = cell(x, given if lstm else given[0])
            return h, tuple(part[0] for part in (last if lstm else (last,)))

        if mask is None:
            return run(x, state, None)
    else:
        width = cell.H
        if state is None:
            state = (x.new_zeros(x.shape[1], width),) * cell.states
        state = tuple(torch.as_tensor(part) for part in state)

        def run(x, state, now):
            state = cell.step(x[0], state, now)
            return state[0][None], state

    hs = []
    for t in range(len(x)):
        _, new = run(x[t : t + 1], state, t if times is None else torch.as_tensor(times[t])[:, None])
        if mask is not None:
            valid = torch.as_tensor(mask[t])[:, None]
            new = tuple(torch.where(valid, a, b) for a, b in zip(new, state, strict=True))
        state = new
        hs.append(state[0])
    return torch.stack(hs), state


class _OwnCell(nn.Module):
    """A cell that `torch.nn` does not have, with our names and layout of parameters."""

    states = 1

    def __init__(self, cell, dtype):
        super().__init__()
        self.H, self.D = cell.H, cell.D
        for name, W in cell.parameters.items():
            learned = name in getattr(cell, "learned", (name,)) or name.startswith(("W_", "b_"))
            self.register_parameter(name, nn.Parameter(torch.zeros(W.shape, dtype=dtype), requires_grad=learned))

    def bias(self, *names):
        return sum((getattr(self, name) for name in names if hasattr(self, name)), 0.0)


class SigmoidRNN(_OwnCell):
    """h_t = σ(x_t W_xh + h_{t-1} W_hh + b)."""

    def step(self, x: torch.Tensor, state: tuple, now: float | torch.Tensor) -> tuple:
        """The state after one step."""
        (h,) = state
        return (torch.sigmoid(x @ self.W_xh + h @ self.W_hh + self.bias("b_h", "b_xh", "b_hh")),)


class GRUResetBefore(_OwnCell):
    """The GRU of Cho et al. (2014): n_t = tanh(x_t W_xn + (r_t ⊙ h_{t-1}) W_hn + b_n)."""

    def step(self, x: torch.Tensor, state: tuple, now: float | torch.Tensor) -> tuple:
        """The state after one step."""
        (h,), H = state, self.H
        a = x @ self.W_xh + self.bias("b_h", "b_xh", "b_hh")
        z, r = torch.sigmoid(a[:, : 2 * H] + h @ self.W_hh[:, : 2 * H]).chunk(2, dim=1)
        n = torch.tanh(a[:, 2 * H :] + (r * h) @ self.W_hh[:, 2 * H :])
        return (z * h + (1 - z) * n,)


class PhasedLSTM(_OwnCell):
    """The Phased LSTM (Neil et al. 2016), as in `rnnlib.nn.phased_lstm`."""

    states = 2

    def openness(self, now: float | torch.Tensor) -> torch.Tensor:
        """k at a time, (B, H) or (1, H)."""
        phase = torch.remainder(now - self.shift, self.tau) / self.tau
        rise, fall = 2 * phase / self.r_on, 2 - 2 * phase / self.r_on
        return torch.where(phase < self.r_on / 2, rise, torch.where(phase < self.r_on, fall, self.alpha * phase))

    def step(self, x: torch.Tensor, state: tuple, now: float | torch.Tensor) -> tuple:
        """The state after one step."""
        h, c = state
        a = x @ self.W_xh + h @ self.W_hh + self.bias("b_h", "b_xh", "b_hh")
        i, f, o, g = a.chunk(4, dim=1)
        k = self.openness(torch.as_tensor(now, dtype=x.dtype))
        c_open = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h_open = torch.sigmoid(o) * torch.tanh(c_open)
        return k * h_open + (1 - k) * h, k * c_open + (1 - k) * c
