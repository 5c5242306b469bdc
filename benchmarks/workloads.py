"""The workloads: the same training step in `rnnlib` and in `torch.nn`, and the matrix products that it needs."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from rnnlib.nn import RecurrentModel


@dataclass(frozen=True)
class Workload:
    """One training step: sizes as in the notation, `Y` scores, `layers` recurrent layers.

    `V` tokens enter as one-hot vectors, or with `D` through an embedding; without `V`, vectors of size D enter.
    """

    name: str
    cell: str
    T: int
    B: int
    H: int
    Y: int
    V: int | None = None
    D: int | None = None
    layers: int = 1
    every_step: bool = True
    dtype: str = "float32"
    threads: int = 2
    activation: str | None = None

    def told(self):
        """Layers and sizes in words, for a table."""
        kind = f"{self.activation} RNN" if self.activation else {"rnn": "tanh RNN"}.get(self.cell, self.cell.upper())
        sizes = {"T": self.T, "B": self.B, "V": self.V, "D": self.D, "H": self.H, "Y": None if self.V else self.Y}
        return {
            "layers": kind if self.layers == 1 else f"{self.layers} × {kind}",
            "sizes": ", ".join(f"{name} = {size}" for name, size in sizes.items() if size),
        }


ALL = [
    Workload("word float64", "rnn", T=62, B=1, H=100, Y=62, V=62, dtype="float64", threads=1),
    Workload("word float32", "rnn", T=62, B=1, H=100, Y=62, V=62, threads=1),
    Workload("word-lstm", "lstm", T=62, B=1, H=100, Y=62, V=62, dtype="float64", threads=1),
    Workload("palindrome", "lstm", T=20, B=128, H=128, Y=10, D=10, every_step=False),
    Workload("charlm", "lstm", T=40, B=64, H=256, Y=87, V=87, layers=2),
    Workload("wordlm", "rnn", T=10, B=64, H=100, Y=10_000, V=10_000, D=50, activation="sigmoid"),
    Workload("gru palindrome", "gru", T=20, B=128, H=128, Y=10, D=10, every_step=False),
    Workload("gru charlm", "gru", T=40, B=64, H=256, Y=87, V=87, layers=2),
]


def data(w):
    """Random inputs and targets."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, w.V, (w.T, w.B)) if w.V else rng.normal(size=(w.T, w.B, w.D)).astype(w.dtype)
    return x, rng.integers(0, w.Y, (w.T, w.B) if w.every_step else w.B)


def our_model(w):
    """The model in `rnnlib`."""
    options = {"activation": w.activation} if w.activation else {}
    return RecurrentModel(w.cell, V=w.V, D=w.D, H=w.H, Y=w.Y, layers=w.layers, every_step=w.every_step, dtype=w.dtype,
                          **options)  # fmt: skip


def our_step(w):
    """A function that makes one training step with `rnnlib`: forward, loss, full backward, all gradients."""
    model, (x, targets) = our_model(w), data(w)
    return lambda: model.loss_and_gradients(x, targets, reduction="mean")


class TorchModel(nn.Module):
    """The model as one would write it with `torch.nn`.

    It has no sigmoid RNN; its tanh RNN, which does the same work, stands in for it.
    """

    def __init__(self, w):
        super().__init__()
        dtype = getattr(torch, w.dtype)
        self.embedding = nn.Embedding(w.V, w.D, dtype=dtype) if w.V and w.D else None
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[w.cell]
        self.cells = kind(w.D or w.V, w.H, num_layers=w.layers, dtype=dtype)
        self.output, self.every_step = nn.Linear(w.H, w.Y, dtype=dtype), w.every_step

    def forward(self, x):
        """Scores."""
        h, _ = self.cells(x if self.embedding is None else self.embedding(x))
        return self.output(h if self.every_step else h[-1])


def torch_step(w):
    """A function that makes the same step with `torch.nn` and autograd; its one-hot vectors are made beforehand."""
    model, (x, targets) = TorchModel(w), data(w)
    x, targets = torch.from_numpy(x), torch.from_numpy(targets).reshape(-1)
    if w.V and not w.D:
        x = nn.functional.one_hot(x, w.V).to(getattr(torch, w.dtype))

    def step():
        model.zero_grad()
        nn.functional.cross_entropy(model(x).reshape(-1, w.Y), targets).backward()

    return step


def products(w):
    """The matrix products of one step, as (M, K, N, how often): an (M, K) matrix times a (K, N) one."""
    G = {"rnn": 1, "lstm": 4, "gru": 3}[w.cell] * w.H
    rows, scored = w.T * w.B, w.T * w.B if w.every_step else w.B
    needed = [(scored, w.H, w.Y, 1), (w.H, scored, w.Y, 1), (scored, w.Y, w.H, 1)]
    for layer in range(w.layers):
        needed += [(w.B, w.H, G, w.T), (w.B, G, w.H, w.T), (w.H, rows, G, 1)]
        size = w.H if layer else w.D
        if size:
            needed += [(rows, size, G, 1), (size, rows, G, 1)]
        if layer or (w.V and w.D):
            needed += [(rows, G, size, 1)]  # ∂L/∂x of the layer
    return needed


def products_step(w):
    """A function that makes only these products, with NumPy."""
    rng, parts = np.random.default_rng(0), []
    for M, K, N, times in products(w):
        a, b = (rng.normal(size=shape).astype(w.dtype) for shape in ((M, K), (K, N)))
        parts.append((a, b, np.empty((M, N), w.dtype), times))

    def step():
        for a, b, out, times in parts:
            for _ in range(times):
                np.dot(a, b, out=out)

    return step


def flops(w):
    """Floating-point operations of these products."""
    return sum(2 * M * K * N * times for M, K, N, times in products(w))
