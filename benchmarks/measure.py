"""Measuring on a machine that does other things too: interleaved, in short blocks, by medians."""

import gc
import time
from contextlib import contextmanager
from statistics import median

import numpy as np
import torch
from threadpoolctl import threadpool_info, threadpool_limits
from tqdm import tqdm


@contextmanager
def threads(number):
    """The same number of threads for NumPy and PyTorch."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        with threadpool_limits(number, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


def kernels():
    """The kernels that NumPy's matrix library uses."""
    found = {pool["architecture"] for pool in threadpool_info() if pool.get("internal_api") == "openblas"}
    return ", ".join(sorted(found)) or "unknown"


def interleaved(functions, seconds=6.0, rounds=25, pause=0.0):
    """Milliseconds of each function: for every round, the median of a block of calls.

    A round measures the functions one after the other, so that a slow phase of the machine meets all of them. Before
    each block there is one call that does not count.

    Parameters
    ----------
    functions : list of callables
    seconds : float
        Time for all calls together.
    rounds : int
    pause : float
        Seconds before each block. Threads that have nothing to do spin for some tens of milliseconds before they
        sleep; until then those of one library take processor time from the other.

    Returns
    -------
    list of lists
        For each function the medians, round by round.
    """
    once = [_timed(f) for f in functions for _ in (0, 1)][1::2]
    calls = [max(3, min(200, int(seconds * 1000 / rounds / len(functions) / max(t, 1e-3)))) for t in once]
    results = [[] for _ in functions]
    gc.disable()
    try:
        for _ in tqdm(range(rounds), leave=False, delay=1):
            for f, number, result in zip(functions, calls, results, strict=True):
                time.sleep(pause)
                f()
                result.append(median(_timed(f) for _ in range(number)))
    finally:
        gc.enable()
    return results


def _timed(f):
    start = time.perf_counter()
    f()
    return (time.perf_counter() - start) * 1000


def peak_flops(dtype, size=1024, repeats=25):
    """Floating-point operations per second of a large product of matrices: the best of a few."""
    a, b = (np.random.default_rng(k).normal(size=(size, size)).astype(dtype) for k in (0, 1))
    out = np.empty_like(a)
    best = min(_timed(lambda: np.dot(a, b, out=out)) for _ in range(repeats))
    return 2 * size**3 / best * 1000
