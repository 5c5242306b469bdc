"""Softmax, cross-entropy, perplexity and the L2 penalty. Natural logarithms; losses in nats."""

import numpy as np
from numpy.typing import ArrayLike

from rnnlib.arguments import (
    as_array,
    as_floats,
    require,
    require_choice,
    require_dtype,
    require_flag,
    require_mask,
    require_number,
    require_own_floats,
    require_range,
    require_shape,
    require_size,
)


def softmax(s: ArrayLike) -> np.ndarray:
    """ŷ = softmax(s) over the last axis, safe for scores of any size: exp(s - max s) / Σ exp(s - max s)."""
    s = _scores(s)
    p = np.exp(s - s.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def cross_entropy(s: ArrayLike, targets: ArrayLike, mask: ArrayLike | None = None, reduction: str = "sum",
                  ds: np.ndarray | None = None) -> tuple[float, np.ndarray]:  # fmt: skip
    """Softmax cross-entropy L = -Σ ln ŷ[target] and its gradient ∂L/∂s = ŷ - one_hot(target).

    Parameters
    ----------
    s : array (..., Y)
        Scores, before the softmax. NaN gives a loss of NaN.
    targets : array of int (...)
        The right classes, from 0 to Y - 1.
    mask : array of bool (...), optional
        False where a prediction does not count.
    reduction : {"sum", "mean"}
        The sum over all predictions that count, or their mean.
    ds : array (..., Y), optional
        Where to write the gradient; may be `s` itself, which saves an array of this size.

    Returns
    -------
    loss : float
        In nats.
    ds : array (..., Y)
        ∂L/∂s.

    Raises
    ------
    ValueError
        For wrong shapes or kinds of numbers, targets out of range, or the mean of no predictions.
    """
    s, targets = _scores(s), as_array("targets", targets)
    require_shape("targets", targets, s.shape[:-1])
    require_range("targets", targets, s.shape[-1])
    require_choice("reduction", reduction, ("sum", "mean"))
    mask = require_mask("mask of the loss", mask, targets.shape)
    count = targets.size if mask is None else mask.sum()
    require(count > 0 or reduction == "sum", "mask of the loss", "at least one prediction that counts", "none")
    ds = np.empty(s.shape, s.dtype) if ds is None else _to_write_to(ds, s)
    counted = None if mask is None else mask.reshape(-1)
    weight = 1 / int(count) if reduction == "mean" else 1
    loss = _rows(s.reshape(-1, s.shape[-1]), targets.reshape(-1), counted, weight, ds.reshape(-1, s.shape[-1]))
    return loss * weight, ds


def _scores(s):
    s = as_floats("scores", s)
    require(s.ndim >= 1 and s.size > 0, "scores", "shape (..., Y) with at least one number", s.shape)
    return s


def _to_write_to(ds, s):
    """`ds`, if it is an array like s that can be seen as rows."""
    require_own_floats("ds", ds, kinds="fc")
    require_dtype("ds", ds, s.dtype)
    if ds.shape != s.shape or not ds.flags.c_contiguous:
        given = f"one of shape {ds.shape}" + ("" if ds.flags.c_contiguous else " that is not contiguous")
        require(False, "ds", f"a contiguous array of shape {s.shape}", given)
    return ds


def _rows(s, targets, counted, weight, ds):
    """The sum of the losses of all rows of s; fills ds."""
    loss, block = 0.0, max(1, 100_000 // s.shape[1])  # rows that stay in the cache while they are used
    for first in range(0, len(s), block):
        rows = slice(first, first + block)
        s_rows, p = s[rows], ds[rows]
        at_target = (np.arange(len(p)), targets[rows])
        np.subtract(s_rows, s_rows.real.max(axis=-1, keepdims=True), out=p)  # no exp can overflow now
        log_p = p[at_target]
        np.exp(p, out=p)
        total = p.sum(axis=-1, keepdims=True)
        log_p = log_p - np.log(total[:, 0])  # ln ŷ[target] = s[target] - max s - ln Σ exp(s - max s)
        p *= weight / total
        p[at_target] -= weight
        if counted is not None:
            log_p = log_p[counted[rows]]
            p[~counted[rows]] = 0
        loss -= log_p.sum(dtype=np.result_type(p.dtype, np.float64))
    return loss if np.iscomplexobj(ds) else float(loss)


def perplexity(loss: float, predictions: int = 1) -> float:
    """exp of the mean loss per prediction: of `loss` in nats, summed over so many predictions."""
    mean = require_number("loss", loss) / require_size("predictions", predictions)
    with np.errstate(over="ignore"):  # above 709 nats it is infinite
        return float(np.exp(mean))


def l2_penalty(W: ArrayLike, strength: float, half: bool, dW: np.ndarray | None = None) -> float:
    """λ Σ W², or ½ λ Σ W² if `half`; its gradient 2 λ W, or λ W, is added to `dW`.

    The two forms are told apart because sources use both: the ½ makes λ twice as large for the same effect.
    """
    W = as_floats("W", W)
    strength = require_number("strength", strength, "0 or a positive number", lambda x: x >= 0)
    factor = strength * (0.5 if require_flag("half", half) else 1.0)
    if dW is not None:
        require_own_floats("dW", dW)
        require(dW.shape == W.shape, "dW", f"shape {W.shape}", dW.shape)
        dW += 2 * factor * W
    return factor * float(np.vdot(W, W))
