"""What a caller hands in, looked at: each refusal is one sentence with the argument, what was expected and given."""

from math import isfinite
from numbers import Integral, Real

import numpy as np


def require(condition, argument, expected, given):
    """Raise ``ValueError("ARGUMENT expected EXPECTED, given GIVEN.")`` unless the condition holds."""
    if not condition:
        given = " ".join(f"{given}".split())  # an array shows itself in many lines
        given = given if len(given) <= 300 else f"{given[:297]}..."
        raise ValueError(f"{argument} expected {expected}, given {given}.")


def require_flag(argument, value):
    """True or False, and no number or text that counts as one of them."""
    require(isinstance(value, bool | np.bool_), argument, "True or False", repr(value))
    return bool(value)


def require_random(argument, value):
    """A random generator of NumPy."""
    require(isinstance(value, np.random.Generator), argument, "a numpy.random.Generator", repr(value))
    return value


def require_size(argument, value, least=1):
    """An integer of at least `least`, Python's or NumPy's: no bool, and no float such as 64.0."""
    whole = isinstance(value, Integral) and not isinstance(value, bool | np.bool_)
    require(whole and value >= least, argument, f"an integer of at least {least}", repr(value))
    return int(value)


def require_segment(segment):
    """A number of steps, or "sqrt"."""
    if isinstance(segment, str):
        return require_choice("segment", segment, ("sqrt",))
    return require_size("segment", segment)


def require_number(argument, value, expected="a number", holds=lambda value: True):
    """A finite real number for which `holds` is true, as `expected` says: no bool."""
    real = isinstance(value, Real) and not isinstance(value, bool | np.bool_)
    require(real and isfinite(value) and holds(value), argument, expected, repr(value))
    return float(value)


def require_choice(argument, value, choices):
    """The one of a few names or numbers that equals the value, or a ValueError that lists them."""
    for choice in choices:  # compared with their kinds, because True == 1 == 1.0
        kind = Integral if isinstance(choice, int) else type(choice)
        if isinstance(value, kind) and not isinstance(value, bool) and value == choice:
            return choice
    return require(False, argument, "one of " + ", ".join(map(repr, choices)), repr(value))


def float_dtype(value):
    """A dtype of floats, given as its name, as NumPy's type or as a dtype; complex128 serves the gradient check."""
    try:
        dtype = np.dtype(value) if isinstance(value, str | type | np.dtype) else None
    except TypeError:
        dtype = None
    require(dtype in (np.float64, np.float32, np.complex128), "dtype", "'float64' or 'float32'", repr(value))
    return dtype


def name_of(function):
    """The name of a function, or of the class of whatever else is called; None for none. What it does can't be seen."""
    return None if function is None else getattr(function, "__qualname__", type(function).__qualname__)


def as_array(argument, value):
    """Any numbers as an array: lists too, if their rows are equally long."""
    try:
        return np.asarray(value)
    except (TypeError, ValueError):
        return require(False, argument, "an array of numbers", "a list whose rows differ")


def as_floats(argument, value):
    """Any real (or complex) numbers as an array of floats: lists too; integers become float64."""
    array = as_array(argument, value)
    _require_kind(argument, array, "fciu", "numbers")
    return array if array.dtype.kind in "fc" else array.astype(np.float64)


def _require_kind(argument, array, kinds, expected):
    if array.dtype.kind not in kinds:  # (to write a dtype as text takes longer than a step of a small network)
        require(False, argument, expected, f"dtype {array.dtype}")


def require_own_floats(argument, array, kinds="f"):
    """An array of floats that numbers are to be written to: a list would be a copy."""
    require(isinstance(array, np.ndarray), argument, "a NumPy array to write to", type(array).__name__)
    _require_kind(argument, array, kinds, "floats")
    require(array.flags.writeable, argument, "an array that may be written to", "one that is only for reading")
    return array


def copy_into(argument, array, value):
    """Copy finite numbers into the array that is there: one for all places, or an array of the same shape."""
    if value is array:  # what ``model.W_hh -= ...`` assigns after its work in place
        return
    value = as_floats(argument, value)
    require(value.shape in ((), array.shape), argument, f"shape {array.shape}", value.shape)
    require(value.dtype.kind == "f" or array.dtype.kind == "c", argument, "real numbers", f"dtype {value.dtype}")
    with np.errstate(over="ignore"):
        value = value.astype(array.dtype)
    require(np.isfinite(value).all(), argument, f"finite numbers of {array.dtype}", "NaN or infinity")
    array[...] = value


def require_floats(argument, array, shape, dtype):
    """A finite array of exactly this shape and dtype; a letter in `shape` stands for any size of at least 1."""
    array = as_array(argument, array)
    expected = "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
    fits = array.ndim == len(shape) and all(
        n >= 1 if isinstance(size, str) else n == size for n, size in zip(array.shape, shape, strict=True)
    )
    require(fits, argument, f"shape {expected}" + (" with every size ≥ 1" if array.size == 0 else ""), array.shape)
    require_dtype(argument, array, dtype)
    require(np.isfinite(array).all(), argument, "finite numbers", "NaN or infinity")
    return array


def require_shape(argument, array, shape):
    """An array of exactly this shape."""
    if array.shape != shape:
        require(False, argument, f"shape {shape}", array.shape)


def require_dtype(argument, array, dtype):
    """An array of exactly this dtype."""
    if array.dtype != dtype:  # (to write a dtype as text takes longer than a step of a small network)
        require(False, argument, f"dtype {np.dtype(dtype)}", array.dtype)


def require_tokens(argument, tokens, V):
    """Integers of shape (T, B), each from 0 to V - 1."""
    tokens = as_array(argument, tokens)
    require(tokens.ndim == 2 and tokens.size > 0, argument, "shape (T, B) with T ≥ 1 and B ≥ 1", tokens.shape)
    require_range(argument, tokens, V)
    return tokens


def require_range(argument, tokens, V):
    """Integers, each from 0 to V - 1, in an array of any shape."""
    require(tokens.dtype.kind in "iu", argument, "integers", tokens.dtype)
    low, high = tokens.min(), tokens.max()
    require(low >= 0 and high < V, argument, f"tokens from 0 to {V - 1}", int(low if low < 0 else high))


def require_mask(argument, mask, shape):
    """True where a step counts and False where it is padding; no mask, or one without padding, gives None."""
    if mask is None:
        return None
    mask = as_array(argument, mask)
    require(mask.shape == shape, argument, f"shape {shape}", mask.shape)
    require(mask.dtype == bool, argument, "dtype bool", mask.dtype)
    return None if mask.all() else mask
