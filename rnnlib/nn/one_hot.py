"""Gradients of rows that tokens chose: a product with the one-hot vectors."""

import numpy as np
from scipy.sparse import csc_array


def sum_by_token(tokens: np.ndarray, V: int, rows: np.ndarray) -> np.ndarray:
    """Sᵀ @ rows, where the rows of S are the one-hot vectors of tokens: for each token the sum of its rows.

    Parameters
    ----------
    tokens : array of int, N numbers from 0 to V - 1 in any shape
    V : int
        Vocabulary size.
    rows : array (N, K)

    Returns
    -------
    array (V, K)
    """
    N, tokens = tokens.size, tokens.ravel()
    if N * V <= 2**12 and N * V * rows.shape[1] <= 2**19:  # to build a sparse matrix would take longer
        ST = np.zeros((V, N), rows.dtype)
        ST[tokens, np.arange(N)] = 1
    else:  # many times faster than `np.add.at`
        ST = csc_array((np.ones(N, rows.dtype), tokens, np.arange(N + 1)), shape=(V, N))
    return ST @ rows
