"""Two conditions compared in pairs: runs of the same seed, which start alike."""

from typing import NamedTuple

import numpy as np


class PairedDifference(NamedTuple):
    """The differences a - b over the pairs: their mean, their standard deviation, and in how many a is lower."""

    mean: float
    sd: float
    lower: int
    pairs: int


def paired_difference(a, b):
    """By how much a metric differs between two conditions, seed by seed.

    Parameters
    ----------
    a, b : array (seeds,)
        The metric of each run, in the same order of seeds, as `Record.values` returns it.

    Returns
    -------
    PairedDifference
        With the standard deviation of the sample (``ddof=1``). A tie counts as no lower.

    Raises
    ------
    ValueError
        Unless both hold one number for each of the same two or more seeds.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.ndim != 1 or a.shape != b.shape or len(a) < 2:
        raise ValueError(f"a and b expected a number for each of the same 2 or more seeds, given {a.shape}, {b.shape}.")
    difference = a - b
    lower = int(np.count_nonzero(a < b))
    return PairedDifference(float(difference.mean()), float(difference.std(ddof=1)), lower, len(a))
