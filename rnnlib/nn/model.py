"""A whole network: one-hot tokens, an embedding or vectors in; recurrent layers; scores out.

With the number of the layer in brackets::

    h_t^(1) = cell(x_t, h_{t-1}^(1))    h_t^(l) = cell(h_t^(l-1), h_{t-1}^(l))    s_t = h_t^(last) W_hy + b_y
"""

from collections.abc import Mapping
from inspect import signature
from math import isqrt
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from rnnlib.arguments import (
    as_array,
    as_floats,
    copy_into,
    float_dtype,
    require,
    require_choice,
    require_flag,
    require_mask,
    require_segment,
    require_size,
)
from rnnlib.nn.dropout import Dropout
from rnnlib.nn.embedding import Embedding
from rnnlib.nn.gru import GRU
from rnnlib.nn.initialisation import initialise, require_scheme
from rnnlib.nn.linear import Linear
from rnnlib.nn.losses import cross_entropy
from rnnlib.nn.lstm import LSTM
from rnnlib.nn.phased_lstm import PhasedLSTM
from rnnlib.nn.rnn import RNN

CELLS = {"rnn": RNN, "lstm": LSTM, "gru": GRU, "phased_lstm": PhasedLSTM}
State = list[tuple[np.ndarray, ...]]


class NamedArrays(Mapping):
    """Arrays by name, parts of one vector. To assign to a name copies the numbers; there is no way to replace one."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self._arrays = arrays

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def __setitem__(self, name: str, value: ArrayLike) -> None:
        require(name in self._arrays, "name", "one of " + ", ".join(self._arrays), repr(name))
        copy_into(name, self._arrays[name], value)

    def __iter__(self):
        return iter(self._arrays)

    def __len__(self):
        return len(self._arrays)

    def __repr__(self):
        return "{" + ", ".join(f"{name}: {array.shape}" for name, array in self._arrays.items()) + "}"


class RecurrentModel:
    """A recurrent network for sequences of tokens or vectors.

    All parameters are parts of one vector `theta`, and their gradients parts of `dtheta`, so that an optimiser is a
    few lines. By name they are ``model.W_hh`` and ``model.dW_hh``, or ``model.parameters["W_hh"]`` and
    ``model.gradients["W_hh"]``; the names of layer 2 end in ``_2``, and so on. To assign to any of these, to `theta`
    or to `dtheta` copies finite numbers into the array that is there; other names can't be assigned to.

    Parameters
    ----------
    cell : {"rnn", "lstm", "gru", "phased_lstm"}
    V : int, optional
        Vocabulary size: the input is tokens (T, B) from 0 to V - 1.
    D : int, optional
        With V, the size of an embedding (without it tokens enter as one-hot vectors); without V, the size of the
        input vectors (T, B, D).
    H : int
        Hidden units of each layer.
    Y : int, optional
        Number of scores; V where it is not given.
    layers : int
        Number of recurrent layers.
    bias : {1, 2, 0}
        Bias vectors of each cell, see `Cell`; the output has one unless this is 0.
    dropout : float
        Probability to drop a number between two recurrent layers while training.
    every_step : bool
        Scores at every step, (T, B, Y), or only after the last, (B, Y).
    init : {"uniform", "xavier", "orthogonal"} or float
        See `initialise`.
    dtype : {"float64", "float32"}
    seed : int
        For the initial values and for dropout.
    **options
        What the cell takes besides: ``activation`` (see `RNN`), ``reset`` (`GRU`), ``periods`` and others
        (`PhasedLSTM`).

    Raises
    ------
    ValueError
        For an unknown cell or option, or impossible sizes.
    """

    def __init__(self, cell: str = "rnn", *, V: int | None = None, D: int | None = None, H: int = 100,
                 Y: int | None = None, layers: int = 1, bias: int = 1, dropout: float = 0.0, every_step: bool = True,
                 init: str | float = "uniform", dtype: str | type | np.dtype = "float64",
                 seed: int = 0, **options):  # fmt: skip
        require_choice("cell", cell, tuple(CELLS))
        require(V is not None or D is not None, "V or D", "at least one of them", "neither")
        require(V is not None or Y is not None, "Y", "a number of scores where there is no vocabulary", None)
        V, D, Y = (
            None if size is None else require_size(name, size) for name, size in zip("VDY", (V, D, Y), strict=True)
        )
        H, layers, seed = require_size("H", H), require_size("layers", layers), require_size("seed", seed, least=0)
        bias, every_step = require_choice("bias", bias, (0, 1, 2)), require_flag("every_step", every_step)
        init, dtype = require_scheme(init), float_dtype(dtype).name
        unknown = set(options) - set(signature(CELLS[cell]).parameters)
        require(not unknown, "options", f"only those that {cell} takes", ", ".join(sorted(unknown)))
        config = {"cell": cell, "V": V, "D": D, "H": H, "Y": Y, "layers": layers, "bias": bias, "dropout": dropout,
                       "every_step": every_step, "init": init, "dtype": dtype, "seed": seed, **options}  # fmt: skip
        self.rng = np.random.default_rng(seed)
        self.every_step, self.dtype, self.V = every_step, np.dtype(dtype), V
        self.embedding = Embedding(V, D, dtype) if V is not None and D is not None else None
        first = V if D is None else D
        self.cells = [CELLS[cell](first if k == 0 else H, H, bias, dtype, **options) for k in range(layers)]
        dropouts = [Dropout(dropout, self.rng) for _ in range(layers)]
        config["dropout"], self.dropouts = dropouts[0].p, dropouts[1:]
        config |= {name: np.asarray(value).tolist() for name, value in options.items()}  # what JSON can hold
        self.config = MappingProxyType(config)  # to change it would change nothing that is computed
        self.output = Linear(H, V if Y is None else Y, bias > 0, dtype)
        self._pack()
        for _, layer in self._named_layers():
            initialise(layer, init, self.rng)
        self._pass = "none"  # what went through the network last: only a pass for training has a way back
        self._complete = True  # from now on no attribute is added or replaced

    def __repr__(self):
        sizes = {name: self.config[name] for name in ("V", "D", "H", "Y") if self.config[name] is not None}
        listed = ", ".join(f"{name}={size}" for name, size in (sizes | {"layers": len(self.cells)}).items())
        return f"RecurrentModel({self.config['cell']!r}, {listed}: {self.theta.size:,} parameters, {self.dtype})"

    def _named_layers(self):
        """Each layer with the ending of its parameters' names."""
        if self.embedding is not None:
            yield "", self.embedding
        for k, cell in enumerate(self.cells, start=1):
            yield "" if k == 1 else f"_{k}", cell
        yield "", self.output

    def _pack(self):
        """Move all parameters into one vector, and all gradients into another."""
        layers = list(self._named_layers())
        size = sum(W.size for _, layer in layers for W in layer.parameters.values())
        self.theta, self.dtheta = np.zeros(size, self.dtype), np.zeros(size, self.dtype)
        all_parameters, all_gradients, first = {}, {}, 0
        for ending, layer in layers:
            parameters, gradients = {}, {}
            for name, W in layer.parameters.items():
                part = slice(first, first := first + W.size)
                self.theta[part] = W.ravel()
                parameters[name] = all_parameters[name + ending] = self.theta[part].reshape(W.shape)
                gradients[name] = all_gradients[name + ending] = self.dtheta[part].reshape(W.shape)
            layer.bind(parameters, gradients)
        self.parameters, self.gradients = NamedArrays(all_parameters), NamedArrays(all_gradients)

    def __getattr__(self, name):
        array = self._array(name)
        if array is None:
            raise AttributeError(f"RecurrentModel has no {name!r}; its parameters are {self._names()}.")
        return array

    def __setattr__(self, name, value):
        if name.startswith("_") or "_complete" not in self.__dict__:
            return super().__setattr__(name, value)
        array = self.__dict__[name] if name in ("theta", "dtheta") else self._array(name)
        if array is not None:
            copy_into(name, array, value)
        else:
            only = f"its parameters {self._names()}, their gradients, theta and dtheta"
            raise AttributeError(f"RecurrentModel can't assign to {name!r}, only to {only}.")

    def _array(self, name):
        """The parameter or gradient of this name, or None."""
        array = self.__dict__.get("parameters", {}).get(name)
        if array is None and name.startswith("d"):
            array = self.__dict__.get("gradients", {}).get(name[1:])
        return array

    def _names(self):
        return ", ".join(self.__dict__.get("parameters", ()))

    def __reduce__(self):
        """How to copy a model, or send it to another process: its layers must share the vector of the new one."""
        return _rebuild, (dict(self.config), self.theta, self.rng.bit_generator.state)

    def like(self, dtype: str | type | np.dtype) -> "RecurrentModel":
        """A model of the same form with a copy of the parameters in another dtype."""
        other = RecurrentModel(**(self.config | {"dtype": dtype}))
        other.theta[...] = self.theta
        return other

    def keep_domain(self) -> None:
        """After an update: bring back parameters that left their domain or are not learned: the Phased LSTM's alone."""
        for cell in self.cells:
            if isinstance(cell, PhasedLSTM):
                cell.keep_domain()

    def forward(self, x: ArrayLike, state: State | None = None, mask: ArrayLike | None = None,
                times: ArrayLike | None = None, training: bool = False) -> tuple[np.ndarray, State]:  # fmt: skip
        """Scores for a batch of sequences.

        Parameters
        ----------
        x : array of int (T, B), or of float (T, B, D)
            Tokens, or vectors for a model without V.
        state : list of tuples of arrays (B, H), optional
            For each layer what its cell carries, as an earlier call returned it; zero where it is not given.
        mask : array of bool (T, B), optional
            False where a sequence is only padded.
        times : array (T, B), optional
            When each step happens; for the Phased LSTM only, 0, 1, 2 and so on where it is not given.
        training : bool
            Whether dropout drops, and whether `backward` may follow: an evaluation has no way back.

        Returns
        -------
        s : array (T, B, Y), or (B, Y) without `every_step`
            The next `forward` overwrites it.
        state : list of tuples of arrays
            After the last step.

        Raises
        ------
        ValueError
            For wrong shapes or dtypes, tokens outside the vocabulary, NaN, T = 0 or B = 0.
        """
        x, training = as_array("x", x), require_flag("training", training)
        kinds, expected = ("fc", "vectors of floats") if self.V is None else ("iu", "integer tokens")
        require(x.dtype.kind in kinds, "x", expected, x.dtype)
        state = self._state("state", state)
        more = {} if times is None else {"times": self._times(times, x.shape[:2])}
        self._pass = "a forward pass that was refused"
        h = x if self.embedding is None else self.embedding.forward(x)
        after = []
        for k, cell in enumerate(self.cells):
            if k > 0:
                h = self.dropouts[k - 1].forward(h, training)
            h, last = cell.forward(h, state[k], mask, **more)
            after.append(tuple(part.copy() for part in last))
        s = self.output.forward(h if self.every_step else after[-1][0])
        self._pass = "training" if training else "an evaluation since"
        return s, after

    def times_from(self, step: int, T: int, B: int) -> np.ndarray | None:
        """The times (T, B) of steps from this one on, for a sequence in pieces; None where the cells have no clock."""
        cell = self.cells[0]
        return step + cell.default_times(T, B) if isinstance(cell, PhasedLSTM) else None

    def _times(self, times, shape):
        phased = isinstance(self.cells[0], PhasedLSTM)
        require(phased, "times", "a phased_lstm to go with them", self.config["cell"])
        times = as_floats("times", times)
        require(times.shape == shape, "times", f"shape {shape}", times.shape)
        return times

    def _state(self, argument, state):
        """For each layer None or what its cell carries, as a new list."""
        layers = len(self.cells)
        if state is None:
            return [None] * layers
        require(isinstance(state, list | tuple), argument, "a list with an entry for each layer", type(state).__name__)
        require(len(state) == layers, argument, f"one entry for each of {layers} layers", len(state))
        for part in state:
            require(part is None or isinstance(part, list | tuple), argument,
                    "for each layer a tuple of arrays, or None", type(part).__name__)  # fmt: skip
        return list(state)

    def backward(self, ds: np.ndarray, dstate: State | None = None,
                 want_dx: bool = False) -> tuple[np.ndarray | None, State]:  # fmt: skip
        """Fill `dtheta` from ∂L/∂s, after ``forward(..., training=True)``.

        It goes back through what that pass has left in the layers: an evaluation in between overwrites it, and is
        noticed; parameters that change in between are not noticed, and give wrong gradients.

        Parameters
        ----------
        ds : array
            Of the shape of the scores.
        dstate : list of tuples, optional
            What reaches the state after the last step from later segments.
        want_dx : bool
            Whether ∂L/∂x is wanted, for input vectors.

        Returns
        -------
        dx : array (T, B, D) or None
            The next `backward` overwrites it.
        dstate : list of tuples
            ∂L/∂ of the initial state.

        Raises
        ------
        ValueError
            For a wrong shape or dtype, or unless the last pass forward was one for training.
        """
        require(self._pass == "training", "backward", "a forward pass with training=True right before it", self._pass)
        dstate = self._state("dstate", dstate)
        dh = self.output.backward(ds)
        if not self.every_step:  # the scores saw h_T only
            top = [dh] + [np.zeros_like(dh)] * (len(self.cells[-1].states) - 1)
            later = dstate[-1] or [0] * len(top)
            dstate[-1], dh = tuple(a + b for a, b in zip(top, later, strict=True)), None
        for k in reversed(range(len(self.cells))):
            want = k > 0 or self.embedding is not None or want_dx
            dh, dstate[k] = self.cells[k].backward(dh, dstate[k], want)
            if k > 0:
                dh = self.dropouts[k - 1].backward(dh)
        if self.embedding is not None:
            self.embedding.backward(dh)
        return dh if want_dx else None, dstate

    def loss(self, x: ArrayLike, targets: ArrayLike, state: State | None = None, mask: ArrayLike | None = None,
             times: ArrayLike | None = None, reduction: str = "sum") -> tuple[float, State]:  # fmt: skip
        """Softmax cross-entropy in nats without gradients and without dropout; returns it and the state.

        This is an evaluation: no `backward` can follow.
        """
        s, state = self.forward(x, state, mask, times)
        return cross_entropy(s, targets, mask if self.every_step else None, reduction, ds=s)[0], state

    def loss_and_gradients(self, x: ArrayLike, targets: ArrayLike, state: State | None = None,
                           mask: ArrayLike | None = None, times: ArrayLike | None = None, reduction: str = "sum",
                           segment: int | str | None = None) -> tuple[float, State]:  # fmt: skip
        """Softmax cross-entropy in nats, with its gradient by all parameters in `dtheta` and `gradients`.

        Parameters
        ----------
        x, state, mask, times
            As for `forward`. To truncate backpropagation, call this piece by piece with the state carried on.
        targets : array of int
            The right class of each score: (T, B), or (B,) without `every_step`.
        reduction : {"sum", "mean"}
            Over all predictions; padded steps do not count.
        segment : int or "sqrt", optional
            Full backpropagation with less memory: keep only the states between segments of so many steps, and run
            each segment again when the backward sweep reaches it. "sqrt" takes √T steps, for memory that grows as √T.

        Returns
        -------
        loss : float
        state : list of tuples
            After the last step.

        Raises
        ------
        ValueError
            As `forward`, and for targets out of range.
        """
        if segment is not None:
            return self._in_segments(x, targets, state, mask, times, reduction, segment)
        s, state = self.forward(x, state, mask, times, training=True)
        loss, ds = cross_entropy(s, targets, mask if self.every_step else None, reduction, ds=s)
        self.backward(ds)
        return loss, state

    def _in_segments(self, x, targets, state, mask, times, reduction, segment):
        x, targets = as_array("x", x), as_array("targets", targets)
        require(self.every_step, "segment", "a model with scores at every step", "one with scores after the last")
        require_choice("reduction", reduction, ("sum", "mean"))
        require(x.ndim >= 2 and x.size > 0, "x", "shape (T, B, ...) with T ≥ 1 and B ≥ 1", x.shape)
        require(targets.shape == x.shape[:2], "targets", f"shape {x.shape[:2]}", targets.shape)
        mask = require_mask("mask", mask, x.shape[:2])
        count = targets.size if mask is None else int(mask.sum())
        require(count > 0 or reduction == "sum", "mask of the loss", "at least one prediction that counts", "none")
        segment = require_segment(segment)
        length = isqrt(len(x) - 1) + 1 if segment == "sqrt" else segment
        parts = [slice(first, first + length) for first in range(0, len(x), length)]
        if times is not None:
            times = self._times(times, x.shape[:2])
        elif isinstance(self.cells[0], PhasedLSTM):
            times = self.cells[0].default_times(*x.shape[:2])

        def of(part, array):
            return None if array is None else array[part]

        starts, randoms = [state], []
        for part in parts:  # forward: keep the state before each segment, and what dropout will draw there
            randoms.append(self.rng.bit_generator.state)
            _, state = self.forward(x[part], starts[-1], of(part, mask), of(part, times), training=True)
            starts.append(state)
        after = self.rng.bit_generator.state
        loss, dstate, total = 0.0, None, np.zeros_like(self.dtheta)
        segments = list(zip(parts, starts, randoms, strict=False))
        for part, start, random in reversed(segments):  # backward: run each again
            self.rng.bit_generator.state = random
            s, _ = self.forward(x[part], start, of(part, mask), of(part, times), training=True)
            part_loss, ds = cross_entropy(s, targets[part], of(part, mask), "sum", ds=s)
            _, dstate = self.backward(ds, dstate)
            loss += part_loss
            total += self.dtheta
        self.rng.bit_generator.state = after
        weight = 1 if reduction == "sum" else 1 / count
        np.multiply(total, weight, out=self.dtheta)
        return loss * weight, state


def _rebuild(config, theta, random):
    model = RecurrentModel(**config)
    model.theta[...] = theta
    model.rng.bit_generator.state = random
    return model
