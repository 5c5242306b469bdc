"""Batches for training: each source says where it stands, continues from there exactly, and tells its data apart.

Every source has four methods: `next` gives a batch; `position` says where the source stands, as a JSON value, and
`seek` goes there; `digest` tells which data these are, so that no run goes on with others by mistake. Sources that end
have an `epoch` too: all their batches once, for an evaluation.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from rnnlib.arguments import require


@dataclass
class Batch:
    """One batch: inputs, targets, the mask of padding or None, and whether carried states start anew."""

    x: np.ndarray
    targets: np.ndarray
    mask: np.ndarray | None = None
    fresh: bool = True


def _sha256(*arrays):
    """A fingerprint of arrays (or None): of their dtypes, shapes and numbers."""
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray([] if array is None else array)
        digest.update(f"{array.dtype} {array.shape};".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


class OneBatch:
    """The same batch every time, as for one word to memorise.

    Parameters
    ----------
    x, targets : array (T, B)
    """

    def __init__(self, x, targets):
        self.batch = Batch(x, targets)

    def next(self):
        """The batch."""
        return self.batch

    def epoch(self):
        """The batch, once."""
        yield self.batch

    def position(self):
        """Where the source stands, as a JSON value."""
        return None

    def digest(self):
        """Which data these are, as a JSON value: equal for two sources that give the same batches."""
        return {"kind": "OneBatch", "sha256": _sha256(self.batch.x, self.batch.targets)}

    def seek(self, position):
        """Continue from an earlier position."""


class DrawnBatches:
    """Batches that a function draws at random, as for palindromes.

    Parameters
    ----------
    draw : function
        From a NumPy random generator to x and targets.
    seed : int
    """

    def __init__(self, draw, seed=0):
        self.draw, self.seed, self.rng = draw, seed, np.random.default_rng(seed)

    def next(self):
        """A new batch."""
        return Batch(*self.draw(self.rng))

    def position(self):
        """Where the source stands, as a JSON value."""
        return self.rng.bit_generator.state

    def digest(self):
        """Which data these are, as a JSON value: the seed and the function's name. What it does can't be seen."""
        name = getattr(self.draw, "__qualname__", type(self.draw).__qualname__)
        return {"kind": "DrawnBatches", "draw": name, "seed": self.seed}

    def seek(self, position):
        """Continue from an earlier position."""
        self.rng.bit_generator.state = position


class TextBatches:
    """A long text in B parallel streams, T steps at a time: the state is carried from each batch to the next.

    The text is cut into B pieces of equal length; the rest at its end, shorter than B, is left out. The last batch of
    an epoch may be shorter than T. After it the streams start again, with fresh states.

    Parameters
    ----------
    tokens : array of int (N,)
    T, B : int
    """

    def __init__(self, tokens, T, B):
        tokens = np.asarray(tokens)
        require(tokens.ndim == 1, "tokens", "shape (N,)", tokens.shape)
        require(T >= 1 and B >= 1, "T and B", "at least 1 each", (T, B))
        length = (len(tokens) - 1) // B
        require(length >= 1, "tokens", f"more than {B} tokens for {B} streams", len(tokens))
        self.x = np.ascontiguousarray(tokens[: length * B].reshape(B, length).T)
        self.targets = np.ascontiguousarray(tokens[1 : length * B + 1].reshape(B, length).T)
        self.T, self.at, self.fingerprint = T, 0, None

    def __len__(self):
        """Batches in an epoch."""
        return -(-len(self.x) // self.T)

    def next(self):
        """The next T steps of all streams."""
        batch = self._from(self.at)
        self.at = 0 if self.at + self.T >= len(self.x) else self.at + self.T
        return batch

    def epoch(self):
        """All batches from the beginning, wherever the source stands."""
        yield from map(self._from, range(0, len(self.x), self.T))

    def _from(self, at):
        steps = slice(at, at + self.T)
        return Batch(self.x[steps], self.targets[steps], fresh=at == 0)

    def position(self):
        """Where the source stands, as a JSON value."""
        return self.at

    def digest(self):
        """Which data these are, as a JSON value: equal for two sources that give the same batches."""
        if self.fingerprint is None:  # once, because a long text takes a second
            self.fingerprint = _sha256(self.x, self.targets[-1])
        return {"kind": "TextBatches", "T": self.T, "B": self.x.shape[1], "sha256": self.fingerprint}

    def seek(self, position):
        """Continue from an earlier position."""
        self.at = position


class ShuffledBatches:
    """Examples of their own, in a new random order in every epoch; the last batch of an epoch may be smaller.

    Parameters
    ----------
    x, targets : array (T, N, ...), (T, N) or (N,)
        N examples, along the second axis of x.
    B : int
        Examples in a batch.
    mask : array of bool (T, N), optional
    seed : int
    """

    def __init__(self, x, targets, B, mask=None, seed=0):
        require(B >= 1, "B", "at least 1", B)
        require(x.ndim >= 2 and x.size > 0, "x", "shape (T, N, ...) with every size ≥ 1", x.shape)
        require(targets.shape[-1] == x.shape[1], "targets", f"{x.shape[1]} examples", targets.shape[-1])
        self.x, self.targets, self.mask, self.B = x, targets, mask, B
        self.seed, self.rng, self.at, self.fingerprint = seed, np.random.default_rng(seed), 0, None

    def next(self):
        """The next batch."""
        if self.at == 0:
            self.before = self.rng.bit_generator.state
            self.order = self.rng.permutation(self.x.shape[1])
        chosen = self.order[self.at : self.at + self.B]
        self.at = 0 if self.at + self.B >= len(self.order) else self.at + self.B
        return self._of(chosen)

    def epoch(self):
        """All examples once, in their own order, wherever the source stands."""
        for first in range(0, self.x.shape[1], self.B):
            yield self._of(slice(first, first + self.B))

    def _of(self, chosen):
        mask = None if self.mask is None else self.mask[:, chosen]
        return Batch(self.x[:, chosen], self.targets[..., chosen], mask)

    def position(self):
        """Where the source stands, as a JSON value."""
        if self.at == 0:
            return {"at": 0, "random": self.rng.bit_generator.state}
        return {"at": self.at, "random": self.before}

    def digest(self):
        """Which data these are, as a JSON value: equal for two sources that give the same batches."""
        if self.fingerprint is None:  # once, because many examples take a second
            self.fingerprint = _sha256(self.x, self.targets, self.mask)
        return {"kind": "ShuffledBatches", "B": self.B, "seed": self.seed, "sha256": self.fingerprint}

    def seek(self, position):
        """Continue from an earlier position."""
        self.rng.bit_generator.state = position["random"]
        if position["at"]:
            self.before, self.order = position["random"], self.rng.permutation(self.x.shape[1])
        self.at = position["at"]
