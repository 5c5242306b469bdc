"""Claims that exercises ask for: a page shows them from here and `check` judges answers against them.

Each chapter has a module with one function a claim; a claim is made, and so checked, when it is first asked for.
"""

from functools import cache
from importlib import import_module

CHAPTERS = {"softmax": "chapter02", "rnn": "chapter04", "bptt": "chapter05"}
_MAKERS = {}


def entry(id):
    """Register the function below as the maker of the claim `id`."""

    def register(make):
        if id in _MAKERS:
            raise ValueError(f"the bank has two claims `{id}`; give one another id")
        _MAKERS[id] = make
        return make

    return register


@cache
def claim(id):
    """The claim of this id.

    Raises
    ------
    KeyError
        With the ids there are, when there is none of this name.
    """
    for module in dict.fromkeys(CHAPTERS.values()):
        import_module(f"{__name__}.{module}")
    if id not in _MAKERS:
        raise KeyError(f"the bank has no claim `{id}`; it has {', '.join(sorted(_MAKERS))}")
    return _MAKERS[id](id)


def ids():
    """The ids of all claims in the bank."""
    for module in dict.fromkeys(CHAPTERS.values()):
        import_module(f"{__name__}.{module}")
    return sorted(_MAKERS)
