"""The agreement table: the same quantity, computed in several ways, compared pair by pair.

>>> print(agree("2 + 2", python=2 + 2, sum=sum([2, 2])))
2 + 2: 2 ways agree (tolerance 1e-09)
pair            largest difference  relative  verdict
--------------  ------------------  --------  -------
python and sum  0.0e+00             0.0e+00   agree
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from rnnlib.arguments import require_number

# In the order in which one reads about them, which is that of the page.
__all__ = ["agree", "Agreement", "Pair", "Disagreement", "relative_difference", "as_numbers"]  # noqa: RUF022


class Disagreement(AssertionError):
    """Two ways of computing one quantity gave different values; the message holds the table."""


@dataclass(frozen=True)
class Pair:
    """How far two of the ways are apart: one row of the table."""

    first: str
    second: str
    absolute: float
    relative: float
    agrees: bool

    @property
    def verdict(self):
        return "agree" if self.agrees else "differ"


@dataclass(frozen=True)
class Agreement:
    """What `agree` found: the quantity's name, the tolerances, and one `Pair` for each two ways."""

    name: str
    tol: float
    atol: float
    pairs: tuple

    @property
    def agrees(self):
        return all(pair.agrees for pair in self.pairs)

    def _tolerance(self):
        return f"tolerance {self.tol:.0e}" + (f", or {self.atol:.0e} absolute" if self.atol else "")

    def _rows(self):
        yield "pair", "largest difference", "relative", "verdict"
        for p in self.pairs:
            yield f"{p.first} and {p.second}", f"{p.absolute:.1e}", f"{p.relative:.1e}", p.verdict

    def __str__(self):
        rows = list(self._rows())
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        rows.insert(1, tuple("-" * width for width in widths))
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n".join([f"{self.name}: {self._outcome()} ({self._tolerance()})", *lines])

    def _outcome(self):
        ways = len({way for p in self.pairs for way in (p.first, p.second)})
        return f"{ways} ways agree" if self.agrees else "the ways differ"

    def _repr_markdown_(self):
        marks = {"agree": "✓", "differ": "✗"}
        if len(self.pairs) == 1:  # a table of one row would be a shout
            (p,) = self.pairs
            return (
                f"{marks[p.verdict]} **{self.name}**: {p.first} and {p.second} {p.verdict}; largest difference "
                f"{p.absolute:.1e}, relative {p.relative:.1e} ({self._tolerance()})"
            )
        header, *rows = self._rows()
        lines = [" | ".join(header), " | ".join(["---"] * len(header))]
        lines += [" | ".join((*row[:-1], f"{marks[row[-1]]} {row[-1]}")) for row in rows]
        largest = max(p.relative for p in self.pairs)
        head = (
            f"{'✓' if self.agrees else '✗'} **{self.name}**: {self._outcome()}; largest relative difference "
            f"{largest:.1e} ({self._tolerance()})"
        )
        return f"{head}\n\n" + "\n".join(f"| {line} |" for line in lines)


def agree(name: str, /, *, tol: float = 1e-9, atol: float = 0.0, **ways: ArrayLike) -> Agreement:
    """Compare every pair of ways to compute one quantity, and raise unless all of them agree.

    Parameters
    ----------
    name : str
        What is compared, as the page calls it: ``"∂L/∂W_hh"``.
    tol : float
        Largest normwise relative difference ‖a − b‖ / max(‖a‖, ‖b‖) that counts as agreement.
    atol : float
        Largest absolute difference that also counts as agreement. Needed only where the true value
        is zero: a rounding error has no small *relative* distance to zero.
    **ways : array_like
        Two or more of: NumPy arrays, PyTorch tensors, SymPy numbers or matrices, lists, numbers.

    Returns
    -------
    Agreement
        Shows itself as a table, in a notebook and in print.

    Raises
    ------
    Disagreement
        If the shapes differ, a value is NaN or infinite, or a pair is further apart than allowed.
    ValueError
        If fewer than two ways are given, or one is not made of numbers, or for an impossible tolerance.
    """
    if len(ways) < 2:
        raise ValueError(f"agree({name!r}) expected at least two ways to compute it, given {len(ways)}.")
    for option, value in (("tol", tol), ("atol", atol)):
        require_number(option, value, "a finite number of at least 0", lambda limit: limit >= 0)
    values = {way: as_numbers(value, way) for way, value in ways.items()}
    for way, value in values.items():
        if not np.isfinite(value).all():
            raise Disagreement(f"{name}: {way} holds {_first_not_finite(value)}, which agrees with nothing.")
    pairs = [_compare(a, b, values, tol, atol, name) for a, b in combinations(values, 2)]
    result = Agreement(name, tol, atol, tuple(pairs))
    if not result.agrees:
        worst = max((p for p in pairs if not p.agrees), key=lambda p: p.relative)
        raise Disagreement(
            f"{name}: {worst.first} and {worst.second} differ by {worst.relative:.1e} relative "
            f"(largest entry: {worst.absolute:.1e}), more than the tolerance {tol:.0e}.\n\n{result}"
        )
    return result


def as_numbers(value: ArrayLike, way: str = "value") -> np.ndarray:
    """The numbers of a NumPy array, PyTorch tensor, SymPy object, list or number, in double precision."""
    if hasattr(value, "detach"):  # a PyTorch tensor, recognised without importing PyTorch
        value = value.detach().cpu().numpy()
    elif hasattr(value, "tolist") and hasattr(value, "free_symbols"):  # a SymPy matrix or array
        value = value.tolist()
    try:
        array = np.asarray(value)
        return array.astype(np.complex128 if np.iscomplexobj(array) else np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{way} expected an array of numbers, given {value!r:.80}.") from error


def _first_not_finite(value):
    where = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
    return f"{value[where]}" + (f" at index {where}" if where else "")


def _compare(first, second, values, tol, atol, name):
    a, b = values[first], values[second]
    if a.shape != b.shape:
        raise Disagreement(f"{name}: {first} has shape {a.shape}, but {second} has shape {b.shape}.")
    absolute = float(np.max(np.abs(a - b), initial=0.0))
    relative = relative_difference(a, b)
    return Pair(first, second, absolute, relative, relative <= tol or absolute <= atol)


def relative_difference(a: ArrayLike, b: ArrayLike) -> float:
    """Normwise relative difference ‖a − b‖ / max(‖a‖, ‖b‖), and 0 where both are zero."""
    a, b = as_numbers(a), as_numbers(b)
    largest = max(np.max(np.abs(a), initial=0.0), np.max(np.abs(b), initial=0.0))
    if largest == 0:
        return 0.0
    a, b = a / largest, b / largest  # so that no square underflows: gradients may be as small as 1e-200
    return float(np.linalg.norm(a - b) / max(np.linalg.norm(a), np.linalg.norm(b)))
