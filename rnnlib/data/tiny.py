"""The tiny network of chapters 4 and 5: three steps, two units, and numbers that one can follow by hand.

It reads the word ``abba`` letter by letter and predicts the next one: after ``a`` comes ``b``, after the first
``b`` another ``b``, after the second one ``a``. Two of its inputs are equal and their targets are not, so a network
without a state can't get all three right. This one does, though its weights are only halves and ones.
"""

import numpy as np

LETTERS = "ab"
WORD = "abba"


def tiny() -> dict[str, np.ndarray]:
    """The tiny network's data and parameters, new arrays at every call.

    Returns
    -------
    dict of float64 arrays
        x, the inputs (T, D), and y, the targets (T, V), one-hot, with T = 3 and D = V = 2; h0, the state before
        the first step (H,), with H = 2; and the parameters W_xh (D, H), W_hh (H, H), b_h (H,), W_hy (H, V)
        and b_y (V,).
    """
    one_hot = np.eye(len(LETTERS))[[LETTERS.index(letter) for letter in WORD]]
    return {
        "x": one_hot[:-1],
        "y": one_hot[1:],
        "h0": np.zeros(2),
        "W_xh": np.array([[0.5, -1.0], [-1.0, 0.5]]),
        "W_hh": np.array([[0.5, -1.0], [1.0, 0.0]]),
        "b_h": np.array([0.5, 0.0]),
        "W_hy": np.array([[0.0, 0.5], [1.0, -1.0]]),
        "b_y": np.array([0.0, 0.5]),
    }
