"""Batches for training: each source says where it stands, continues from there exactly, and tells its data apart.

Every source has four methods: `next` gives a batch; `position` says where the source stands, as a JSON value, and
`seek` goes there; `digest` tells which data these are, so that no run goes on with others by mistake. Sources that end
have an `epoch` too: all their batches once, for an evaluation.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike

from rnnlib.arguments import as_array, name_of, require, require_mask, require_size


@dataclass
class Batch:
    """One batch: inputs, targets, the mask of padding or None, and the step of its sequences with which it begins."""

    x: np.ndarray
    targets: np.ndarray
    mask: np.ndarray | None = None
    first: int = 0

    @property
    def fresh(self) -> bool:
        """Whether carried states start anew."""
        return self.first == 0


def _sha256(*arrays):
    """A fingerprint of arrays (or None): of their dtypes, shapes and numbers."""
    digest = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray([] if array is None else array)
        digest.update(f"{array.dtype} {array.shape};".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _examples(x, targets):
    """x (T, B, ...) and targets (T, B) or (B,) as arrays, or a ValueError that says what doesn't fit."""
    x, targets = as_array("x", x), as_array("targets", targets)
    require(x.dtype.kind in "iuf", "x", "integer tokens or vectors of floats", x.dtype)
    require(x.ndim >= 2 and x.size > 0, "x", "shape (T, B, ...) with every size ≥ 1", x.shape)
    T, B = x.shape[:2]
    require(targets.shape in ((T, B), (B,)), "targets", f"shape {(T, B)} or {(B,)}", targets.shape)
    require(targets.dtype.kind in "iu", "targets", "integers", targets.dtype)
    return x, targets


def _go_on(random, state):
    """Put a random generator where an earlier one stood."""
    try:
        random.bit_generator.state = state
    except (TypeError, ValueError, KeyError):
        require(False, "position", "the state of a random generator", f"{state!r:.80}")


class OneBatch:
    """The same batch every time, as for one word to memorise.

    Parameters
    ----------
    x : array (T, B, ...)
    targets : array of int (T, B) or (B,)

    Raises
    ------
    ValueError
        For shapes that don't fit, or targets that are no integers.
    """

    def __init__(self, x: ArrayLike, targets: ArrayLike):
        self.batch = Batch(*_examples(x, targets))

    def __repr__(self):
        T, B = self.batch.x.shape[:2]
        return f"OneBatch(T={T}, B={B})"

    def next(self) -> Batch:
        """The batch."""
        return self.batch

    def epoch(self) -> Iterator[Batch]:
        """The batch, once."""
        yield self.batch

    def position(self) -> None:
        """Where the source stands, as a JSON value."""
        return None

    def digest(self) -> dict:
        """Which data these are, as a JSON value: equal for two sources that give the same batches."""
        return {"kind": "OneBatch", "sha256": _sha256(self.batch.x, self.batch.targets)}

    def seek(self, position: None) -> None:
        """Continue from an earlier position."""
        require(position is None, "position", "None, the only one that this source has", f"{position!r:.80}")


class DrawnBatches:
    """Batches that a function draws at random, as for palindromes.

    Parameters
    ----------
    draw : function
        From a NumPy random generator, and nothing else, to x (T, B, ...) and targets (T, B) or (B,); a mask (T, B) may
        be the third.
    seed : int

    Raises
    ------
    ValueError
        For impossible settings; in `next`, if what the function returns is no batch.
    """

    def __init__(self, draw: Callable[[np.random.Generator], tuple], seed: int = 0):
        require(callable(draw), "draw", "a function from a random generator to x and targets", repr(draw))
        self.draw, self.seed, self.fingerprint = draw, require_size("seed", seed, least=0), None
        self.rng = np.random.default_rng(self.seed)

    def __repr__(self):
        return f"DrawnBatches({name_of(self.draw)}, seed={self.seed})"

    def next(self) -> Batch:
        """A new batch."""
        return self._drawn(self.rng)

    def _drawn(self, rng):
        drawn = self.draw(rng)
        fits = isinstance(drawn, tuple | list) and len(drawn) in (2, 3)
        given = f"{len(drawn)} values" if isinstance(drawn, tuple | list) else type(drawn).__name__
        require(fits, "what draw returns", "x and targets, or x, targets and a mask", given)
        x, targets = _examples(*drawn[:2])
        return Batch(x, targets, require_mask("mask", drawn[2], x.shape[:2]) if len(drawn) == 3 else None)

    def position(self) -> dict:
        """Where the source stands, as a JSON value."""
        return self.rng.bit_generator.state

    def digest(self) -> dict:
        """Which data these are, as a JSON value: the function's name, the seed, and the first batch that it gives."""
        if self.fingerprint is None:  # many functions are called <lambda>
            first = self._drawn(np.random.default_rng(self.seed))
            self.fingerprint = _sha256(first.x, first.targets, first.mask)
        return {"kind": "DrawnBatches", "draw": name_of(self.draw), "seed": self.seed, "sha256": self.fingerprint}

    def seek(self, position: dict) -> None:
        """Continue from an earlier position."""
        _go_on(self.rng, position)


class TextBatches:
    """A long text in B parallel streams, T steps at a time: the state is carried from each batch to the next.

    The text is cut into B pieces of equal length; the rest at its end, shorter than B, is left out. The last batch of
    an epoch may be shorter than T. After it the streams start again, with fresh states.

    Parameters
    ----------
    tokens : array of int (N,)
    T, B : int

    Raises
    ------
    ValueError
        For tokens that are no integers, impossible sizes, or a text too short for B streams.
    """

    def __init__(self, tokens: ArrayLike, T: int, B: int):
        encoded = not isinstance(tokens, str)
        require(encoded, "tokens", "the integers that vocabulary.encode(text) gives", "the text itself")
        tokens, T, B = as_array("tokens", tokens), require_size("T", T), require_size("B", B)
        require(tokens.ndim == 1, "tokens", "shape (N,)", tokens.shape)
        require(tokens.dtype.kind in "iu", "tokens", "integers", tokens.dtype)
        length = (len(tokens) - 1) // B
        require(length >= 1, "tokens", f"more than {B} tokens for {B} streams", len(tokens))
        self.x = np.ascontiguousarray(tokens[: length * B].reshape(B, length).T)
        self.targets = np.ascontiguousarray(tokens[1 : length * B + 1].reshape(B, length).T)
        self.T, self.at, self.fingerprint = T, 0, None

    def __len__(self):
        """Batches in an epoch."""
        return -(-len(self.x) // self.T)

    def __repr__(self):
        return f"TextBatches({self.x.size:,} tokens, T={self.T}, B={self.x.shape[1]}: {len(self):,} batches an epoch)"

    def next(self) -> Batch:
        """The next T steps of all streams."""
        batch = self._from(self.at)
        self.at = 0 if self.at + self.T >= len(self.x) else self.at + self.T
        return batch

    def epoch(self) -> Iterator[Batch]:
        """All batches from the beginning, wherever the source stands."""
        yield from map(self._from, range(0, len(self.x), self.T))

    def _from(self, at):
        steps = slice(at, at + self.T)
        return Batch(self.x[steps], self.targets[steps], first=at)

    def position(self) -> int:
        """Where the source stands, as a JSON value."""
        return self.at

    def digest(self) -> dict:
        """Which data these are, as a JSON value: equal for two sources that give the same batches."""
        if self.fingerprint is None:  # once, because a long text takes a second
            self.fingerprint = _sha256(self.x, self.targets[-1])
        return {"kind": "TextBatches", "T": self.T, "B": self.x.shape[1], "sha256": self.fingerprint}

    def seek(self, position: int) -> None:
        """Continue from an earlier position; a ValueError says where it is none of these data."""
        place = isinstance(position, Integral) and not isinstance(position, bool)
        within = place and 0 <= position < len(self.x) and position % self.T == 0
        expected = f"a multiple of T = {self.T} from 0 to below {len(self.x)} steps"
        require(within, "position", expected, f"{position!r:.80}")
        self.at = position


class ShuffledBatches:
    """Examples of their own, in a new random order in every epoch; the last batch of an epoch may be smaller.

    Parameters
    ----------
    x : array (T, N, ...)
        N examples, along the second axis.
    targets : array of int (T, N) or (N,)
    B : int
        Examples in a batch.
    mask : array of bool (T, N), optional
    seed : int

    Raises
    ------
    ValueError
        For shapes that don't fit, targets that are no integers, or impossible settings.
    """

    def __init__(self, x: ArrayLike, targets: ArrayLike, B: int, mask: ArrayLike | None = None, seed: int = 0):
        self.x, self.targets = _examples(x, targets)
        self.mask, self.B = require_mask("mask", mask, self.x.shape[:2]), require_size("B", B)
        seed = require_size("seed", seed, least=0)
        self.seed, self.rng, self.at, self.fingerprint = seed, np.random.default_rng(seed), 0, None

    def __len__(self):
        """Batches in an epoch."""
        return -(-self.x.shape[1] // self.B)

    def __repr__(self):
        return f"ShuffledBatches({self.x.shape[1]:,} examples, B={self.B}: {len(self):,} batches an epoch)"

    def next(self) -> Batch:
        """The next batch."""
        if self.at == 0:
            self.before = self.rng.bit_generator.state
            self.order = self.rng.permutation(self.x.shape[1])
        chosen = self.order[self.at : self.at + self.B]
        self.at = 0 if self.at + self.B >= len(self.order) else self.at + self.B
        return self._of(chosen)

    def epoch(self) -> Iterator[Batch]:
        """All examples once, in their own order, wherever the source stands."""
        for first in range(0, self.x.shape[1], self.B):
            yield self._of(slice(first, first + self.B))

    def _of(self, chosen):
        mask = None if self.mask is None else self.mask[:, chosen]
        return Batch(self.x[:, chosen], self.targets[..., chosen], mask)

    def position(self) -> dict:
        """Where the source stands, as a JSON value."""
        if self.at == 0:
            return {"at": 0, "random": self.rng.bit_generator.state}
        return {"at": self.at, "random": self.before}

    def digest(self) -> dict:
        """Which data these are, as a JSON value: equal for two sources that give the same batches."""
        if self.fingerprint is None:  # once, because many examples take a second
            self.fingerprint = _sha256(self.x, self.targets, self.mask)
        return {"kind": "ShuffledBatches", "B": self.B, "seed": self.seed, "sha256": self.fingerprint}

    def seek(self, position: dict) -> None:
        """Continue from an earlier position; a ValueError says where it is none of these data."""
        N, known = self.x.shape[1], isinstance(position, dict) and position.keys() == {"at", "random"}
        require(known, "position", "the keys at and random", f"{position!r:.80}")
        at, random = position["at"], position["random"]
        within = isinstance(at, Integral) and not isinstance(at, bool) and 0 <= at < N and at % self.B == 0
        require(within, "position", f"a multiple of B = {self.B} from 0 to below {N} examples", repr(at))
        _go_on(self.rng, random)
        if at:
            self.before, self.order = random, self.rng.permutation(N)
        self.at = at
