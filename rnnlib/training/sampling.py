"""Writing with a model: draw the next token, feed it back, and go on."""

import numpy as np

from rnnlib.arguments import require
from rnnlib.nn.losses import softmax


def sample_tokens(model, prefix, length, *, temperature=1.0, stop=None, rng=None):
    """Continue a batch of token sequences.

    Parameters
    ----------
    model : RecurrentModel
        With tokens in, and as many scores out.
    prefix : array of int (T, B)
        What the sequences start with; at least one token each.
    length : int
        How many tokens to draw at most.
    temperature : float
        The scores are divided by it: below 1 the likely becomes likelier, above 1 the unlikely. 0 is greedy: always
        the likeliest token.
    stop : int, optional
        A sequence ends before this token.
    rng : numpy.random.Generator, optional
        Needed unless the temperature is 0.

    Returns
    -------
    list of B arrays of int
        What was drawn, without the prefix.

    Raises
    ------
    ValueError
        For an empty prefix, tokens outside the vocabulary, a negative temperature.
    """
    V = model.V
    require(V is not None and model.every_step and model.W_hy.shape[1] == V, "model",
            "tokens in and a score for each token out", "another")  # fmt: skip
    require(
        temperature >= 0 and np.isfinite(temperature), "temperature", "0 (greedy) or a positive number", temperature
    )
    require(length >= 0, "length", "0 or more", length)
    require(temperature == 0 or rng is not None, "rng", "a random generator unless the temperature is 0", rng)
    prefix = np.asarray(prefix)
    require(prefix.ndim == 2 and prefix.size > 0, "prefix", "shape (T, B) with at least one token each", prefix.shape)
    state, x, drawn, now = None, prefix, [], 0
    open_ = np.ones(prefix.shape[1], bool)
    for _ in range(length):
        times = now + model.cells[0].default_times(*x.shape) if model.config["cell"] == "phased_lstm" else None
        s, state = model.forward(x, state, times=times)
        now += len(x)
        x = _draw(s[-1], temperature, rng)[None]
        drawn.append(x[0])
        if stop is not None:
            open_ &= x[0] != stop
            if not open_.any():
                break
    columns = np.array(drawn, dtype=int).reshape(len(drawn), prefix.shape[1]).T
    return [column[: _first(column, stop)] for column in columns]


def _draw(s, temperature, rng):
    """One token for each row of scores (B, V)."""
    if temperature == 0:
        return s.argmax(axis=-1)
    s = s.astype(np.float64)
    p = softmax((s - s.max(axis=-1, keepdims=True)) / temperature)
    below = np.cumsum(p, axis=-1) <= rng.random((len(p), 1))  # u falls into the interval of the first that is not below
    return np.minimum(below.sum(axis=-1), s.shape[-1] - 1)


def _first(column, stop):
    at = np.flatnonzero(column == stop) if stop is not None else []
    return at[0] if len(at) else len(column)


def generate(model, vocabulary, prefix, length=200, *, temperature=1.0, stop=None, batch=1, seed=0):
    """Texts that start with the prefix.

    Parameters
    ----------
    model : RecurrentModel
    vocabulary : Vocabulary
    prefix : str
        At least one character.
    length : int
        How many characters to draw at most.
    temperature : float
        See `sample_tokens`; 0 is greedy.
    stop : str, optional
        A text ends before this character.
    batch : int
        How many texts to write.
    seed : int

    Returns
    -------
    list of str

    Raises
    ------
    ValueError
        For an empty prefix, or characters that the vocabulary does not have.
    """
    require(len(prefix) > 0, "prefix", "at least one character", repr(prefix))
    require(batch >= 1, "batch", "at least 1", batch)
    tokens = np.repeat(vocabulary.encode(prefix)[:, None], batch, axis=1)
    end = None if stop is None else int(vocabulary.encode(stop)[0])
    drawn = sample_tokens(model, tokens, length, temperature=temperature, stop=end, rng=np.random.default_rng(seed))
    return [prefix + vocabulary.decode(column) for column in drawn]
