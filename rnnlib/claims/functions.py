"""The elementary functions of the language: how each is typeset, proved with and computed."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import sympy

from .errors import Undefined

# exp of more than this is refused in exact arithmetic: its digits would not fit in memory.
MAX_EXPONENTIAL = 10**6


class Function(NamedTuple):
    """One elementary function in its four forms.

    `exact` takes an mpmath context and a number of it, `fast` takes NumPy arrays.
    """

    latex: str
    symbolic: Callable
    exact: Callable
    fast: Callable


def _exp(mp, x):
    if abs(x) > MAX_EXPONENTIAL:
        raise Undefined("an exponential grew beyond what is computed")
    return mp.exp(x)


def _log(mp, x):
    if x <= 0:
        raise Undefined("the logarithm of a number that is not positive")
    return mp.log(x)


def _sqrt(mp, x):
    if x < 0:
        raise Undefined("the square root of a negative number")
    return mp.sqrt(x)


def _tanh(mp, x):
    # tanh differs from +-1 by less than any working precision long before this bound.
    return mp.tanh(x) if abs(x) < MAX_EXPONENTIAL else mp.sign(x)


FUNCTIONS = {
    "exp": Function(r"\exp", sympy.exp, _exp, np.exp),
    "log": Function(r"\ln", sympy.log, _log, np.log),
    "ln": Function(r"\ln", sympy.log, _log, np.log),
    "log2": Function(r"\log_2", lambda x: sympy.log(x) / sympy.log(2), lambda mp, x: _log(mp, x) / mp.log(2), np.log2),
    "sqrt": Function(r"\sqrt", sympy.sqrt, _sqrt, np.sqrt),
    "tanh": Function(r"\tanh", sympy.tanh, _tanh, np.tanh),
    "sigmoid": Function(
        r"\sigma",
        lambda x: 1 / (1 + sympy.exp(-x)),
        lambda mp, x: 1 / (1 + _exp(mp, -x)),
        lambda x: 1 / (1 + np.exp(-x)),
    ),
    "abs": Function(r"\operatorname{abs}", sympy.Abs, lambda mp, x: abs(x), np.abs),
}
