"""Writing with a model: draw the next token, feed it back, and go on."""

import numpy as np

from rnnlib.arguments import require, require_number, require_size, require_tokens
from rnnlib.data import Vocabulary
from rnnlib.nn import RecurrentModel, softmax


def sample_tokens(
    model: RecurrentModel,
    prefix: np.ndarray,
    length: int,
    *,
    temperature: float = 1.0,
    stop: int | None = None,
    rng: np.random.Generator | None = None,
) -> list[np.ndarray]:
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
    require(isinstance(model, RecurrentModel), "model", "a RecurrentModel", type(model).__name__)
    V = model.V
    require(V is not None and model.every_step and model.W_hy.shape[1] == V, "model",
            "tokens in and a score for each token out", repr(model))  # fmt: skip
    require_number("temperature", temperature, "0 (greedy) or a positive number", lambda value: value >= 0)
    require_size("length", length, least=0)
    require(temperature == 0 or isinstance(rng, np.random.Generator), "rng",
            "a random generator, such as np.random.default_rng(0), unless the temperature is 0", repr(rng))  # fmt: skip
    prefix = require_tokens("prefix", prefix, V)
    if stop is not None:
        require_size("stop", stop, least=0)
        require(stop < V, "stop", f"a token from 0 to {V - 1}", stop)
    state, x, drawn, now = None, prefix, [], 0
    open_ = np.ones(prefix.shape[1], bool)
    for _ in range(length):
        s, state = model.forward(x, state, times=model.times_from(now, *x.shape))
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
    with np.errstate(over="ignore"):  # at a tiny temperature: -∞, and a probability of 0
        p = softmax((s - s.max(axis=-1, keepdims=True)) / temperature)
    below = np.cumsum(p, axis=-1) <= rng.random((len(p), 1))  # u falls into the interval of the first that is not below
    return np.minimum(below.sum(axis=-1), s.shape[-1] - 1)


def _first(column, stop):
    at = np.flatnonzero(column == stop) if stop is not None else []
    return at[0] if len(at) else len(column)


def generate(
    model: RecurrentModel,
    vocabulary: Vocabulary,
    prefix: str,
    length: int = 200,
    *,
    temperature: float = 1.0,
    stop: str | None = None,
    batch: int = 1,
    seed: int = 0,
) -> list[str]:
    """Texts that start with the prefix.

    Parameters
    ----------
    model : RecurrentModel
    vocabulary : Vocabulary
    prefix : str
        At least one character (or word, where the vocabulary is one of words).
    length : int
        How many characters or words to draw at most.
    temperature : float
        See `sample_tokens`; 0 is greedy.
    stop : str, optional
        One character or word: a text ends before it.
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
    require(isinstance(model, RecurrentModel), "model", "a RecurrentModel", type(model).__name__)
    require(isinstance(vocabulary, Vocabulary), "vocabulary", "a Vocabulary", repr(vocabulary))
    require(len(vocabulary) == model.V, "vocabulary", f"one of {model.V} tokens, as the model has", len(vocabulary))
    require(isinstance(prefix, str) and prefix, "prefix", "a text of at least one character", repr(prefix))
    require_size("batch", batch)
    require_size("seed", seed, least=0)
    tokens = np.repeat(vocabulary.encode(prefix)[:, None], batch, axis=1)
    end = None
    if stop is not None:
        ends = vocabulary.encode(stop)
        require(len(ends) == 1, "stop", "one character or word of the vocabulary", repr(stop))
        end = int(ends[0])
    drawn = sample_tokens(model, tokens, length, temperature=temperature, stop=end, rng=np.random.default_rng(seed))
    return [vocabulary.decode(np.concatenate([tokens[:, 0], column])) for column in drawn]
