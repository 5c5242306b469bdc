"""The claims that exercises ask for: `check` judges answers against them, and solutions show them with `claim`.

Each chapter has a module with one function a claim; a claim is made, and so checked, when it is first asked for. Where
an exercise asks for a number or for names, the module says with `value` what is right.
"""

from functools import cache
from importlib import import_module

from rnnlib.claims import judge_answer

# The module that holds the claims and values whose id starts with this word.
CHAPTERS = {
    "softmax": "chapter02",
    "ce": "chapter02",
    "temperature": "chapter02",
    "rnn": "chapter04",
    "bptt": "chapter05",
    "word": "chapter12",
}
VALUES = {}
_MAKERS = {}


def entry(id):
    """Register the function below as the maker of the claim `id`."""

    def register(make):
        module = make.__module__.removeprefix(f"{__name__}.")
        if CHAPTERS.get(_word(id)) != module:
            raise ValueError(f"CHAPTERS does not look for the claim `{id}` in {module}; add its first word there")
        if id in _MAKERS:
            raise ValueError(f"the exercises have two claims `{id}`; give one another id")
        _MAKERS[id] = make
        return make

    return register


def value(id, asked):
    """Register the number or the names that the exercise `id` asks for."""
    VALUES[id] = asked


def check(id, answer):
    """Judge an answer to an exercise: a formula, a derivation or a NumPy function; or a number, or names.

    Parameters
    ----------
    id : str
        The claim, or the value, that the exercise asks for.
    answer : str, list of str, callable, float or set of str
        A formula, for instance ``"p[j] - y[j]"``; ``"..."`` stands for no answer yet. Or the lines of a derivation,
        each of which begins with ``=``. Or a function whose parameters are named like the symbols of the exercise,
        and which returns the whole array that is asked for; `rnnlib.claims.judge_answer` says how its arrays lie.

    Returns
    -------
    rnnlib.claims.answers.Verdict

    Raises
    ------
    KeyError
        When no exercise asks for such a claim.
    """
    _load(id)
    return VALUES[id].judge(answer) if id in VALUES else judge_answer(claim(id), answer)


@cache
def claim(id):
    """The claim of this id.

    Raises
    ------
    KeyError
        With the ids there are, when there is none of this name.
    """
    _load(id)
    if id not in _MAKERS:
        raise KeyError(f"no exercise asks for a claim `{id}`; there are {', '.join(ids())}")
    return _MAKERS[id](id)


def ids():
    """The ids of all claims that exercises ask for."""
    for module in dict.fromkeys(CHAPTERS.values()):
        import_module(f"{__name__}.{module}")
    return sorted(_MAKERS)


def _load(id):
    """Import the module that would have the claim or value of this id."""
    if module := CHAPTERS.get(_word(id)):
        import_module(f"{__name__}.{module}")


def _word(id):
    return id.partition(".")[0]
