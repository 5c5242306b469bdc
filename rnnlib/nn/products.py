"""Sums with a product, s + v W: the inner step of every sweep through time."""

from collections.abc import Callable
from functools import cache

import numpy as np


def adds_product(W: np.ndarray, B: int) -> Callable:
    """A function of v (B, K) and s that returns s + v W.

    It writes to `s` or to an array of its own that the next call overwrites, whichever is faster. For one sequence,
    B = 1, the time goes into starting operations, and BLAS's gemv saves one: it adds while it multiplies, which no
    product of NumPy does. For a batch, the array of its own stays in the cache.

    Parameters
    ----------
    W : array (K, N)
        Then s is (B, N). It must be contiguous for B = 1; for a batch it may be None, for zero.
    B : int
        Number of sequences.
    """
    if B == 1:
        gemv = _gemv(W.dtype)
        WT = np.ascontiguousarray(W).T  # BLAS counts along columns where NumPy counts along rows
        return lambda v, s: gemv(1.0, WT, v, 1.0, s, 0, 1, 0, 1, 0, 1)  # the last: write to `s` itself
    W, r = _in_rows(W), np.empty((B, W.shape[1]), W.dtype)

    def add(v, s):
        np.matmul(v, W, out=r)
        return r if s is None else np.add(s, r, out=r)

    return add


@cache
def _gemv(dtype):
    from scipy.linalg.blas import get_blas_funcs  # here, because SciPy takes longer to import than all of rnnlib.nn

    return get_blas_funcs("gemv", dtype=dtype)


def _in_rows(W):
    """W with contiguous rows: every step's product is some percent faster with a copy of W_hhᵀ than with a view.

    Copied strip by strip, because NumPy goes through a transpose as a whole so that no line of the cache lasts.
    """
    if W.flags.c_contiguous:
        return W
    copy = np.empty(W.shape, W.dtype)
    for first in range(0, W.shape[1], 16):
        strip = np.s_[:, first : first + 16]
        copy[strip] = W[strip]
    return copy
