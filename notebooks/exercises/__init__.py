"""The claims that exercises ask for: `check` judges answers against them.

A page shows one with `claim`, or, where it solves an exercise, folded with `solution`.

Each chapter has a module with one function a claim; a claim is made, and so checked, when it is first asked for.
"""

from functools import cache
from importlib import import_module

from rnnlib.claims import judge_answer
from rnnlib.claims.display import Solution

# The module that holds the claims whose id starts with this word.
CHAPTERS = {
    "softmax": "chapter02",
    "ce": "chapter02",
    "temperature": "chapter02",
    "rnn": "chapter04",
    "bptt": "chapter05",
}
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


def check(id, answer):
    """Judge an answer to an exercise: a formula, a derivation or a NumPy function.

    Parameters
    ----------
    id : str
        The claim that the exercise asks for.
    answer : str, list of str or callable
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
    return judge_answer(claim(id), answer)


@cache
def claim(id):
    """The claim of this id.

    Raises
    ------
    KeyError
        With the ids there are, when there is none of this name.
    """
    if module := CHAPTERS.get(_word(id)):
        import_module(f"{__name__}.{module}")
    if id not in _MAKERS:
        raise KeyError(f"no exercise asks for a claim `{id}`; there are {', '.join(ids())}")
    return _MAKERS[id](id)


def solution(id):
    """The claim of this id, folded until the reader asks for it.

    Raises
    ------
    KeyError
        When no exercise asks for such a claim.
    """
    return Solution(claim(id))


def ids():
    """The ids of all claims that exercises ask for."""
    for module in dict.fromkeys(CHAPTERS.values()):
        import_module(f"{__name__}.{module}")
    return sorted(_MAKERS)


def _word(id):
    return id.partition(".")[0]
