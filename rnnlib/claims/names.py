"""Two symbols of one setting never print alike: what a reader sees is what was checked."""

import re

from .errors import IllFormed
from .latex import LETTERS, latex_name

# What the typeset formulas use for themselves.
_TAKEN = {"e": "Euler's number", r"\pi": "the number π", r"\sigma": "the sigmoid", "I": "the identity matrix, eye(K)"}


def is_name(name):
    """Whether a text can name a symbol: letters and digits, with one _ before what is set below.

    Letters are Latin or Greek: one of another alphabet, such as a Cyrillic х, may look like one of these.
    """
    return bool(re.fullmatch(rf"[{LETTERS}][{LETTERS}\d]*(_[{LETTERS}\d]+)?", name, re.ASCII))


def require_apart(symbols, indices=()):
    """Raise unless each symbol can be told from all others, and from every entry of another, by its print.

    Parameters
    ----------
    symbols : dict
        By name, whether the symbol has entries, so that it is printed with indices.
    indices : iterable of str
        The names that can stand as an index.

    Raises
    ------
    IllFormed
        Naming two symbols that print alike, such as ``h1`` and ``h_1``, or ``p_k`` beside ``p[k]``.
    """
    printed, letters = {}, set(map(latex_name, indices))
    for name in symbols:
        shown = latex_name(name)
        if shown in _TAKEN:
            raise IllFormed(f"`{name}` prints like {_TAKEN[shown]}; choose another letter")
        if shown in printed:
            raise IllFormed(f"`{printed[shown]}` and `{name}` print alike, as ${shown}$; rename one of them")
        printed[shown] = name
    for shown, name in printed.items():
        stem, _, below = shown.partition("_")
        parts = re.findall(r"\\\w+|\d+|\w", below.strip("{}"))
        is_entry = parts and not name.endswith("]") and all(part.isdigit() or part in letters for part in parts)
        if is_entry and symbols.get(printed.get(stem)):
            raise IllFormed(f"`{name}` prints like an entry of `{printed[stem]}`, as ${shown}$; rename one of them")
