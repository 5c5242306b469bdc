"""Clipping of gradients, in place."""

import numpy as np

from rnnlib.arguments import require, require_number, require_own_floats


def clip_by_norm(dtheta: np.ndarray, limit: float) -> float:
    """Scale the gradient to norm `limit` if it is longer (Pascanu et al. 2013); returns the norm before.

    This is the norm of all gradients together, so the direction of descent stays. A gradient with NaN or infinity has
    no direction: it raises a ValueError, and stays as it was.
    """
    require_own_floats("dtheta", dtheta)
    limit = require_number("limit", limit, "a positive norm", lambda x: x > 0)
    norm, scale = float(np.sqrt(np.vdot(dtheta, dtheta))), 1.0
    if not np.isfinite(norm):  # a square may be too large for the dtype where the number is not
        scale = float(np.abs(dtheta).max())
        require(np.isfinite(scale), "dtheta", "finite numbers", "NaN or infinity")
        norm = float(np.linalg.norm((dtheta / scale).astype(np.float64))) * scale
    if norm > limit:
        if scale != 1:
            dtheta /= scale
        dtheta *= limit / (norm / scale)
    return norm


def clip_by_value(dtheta: np.ndarray, limit: float) -> None:
    """Cut each component to [-limit, limit]; this changes the direction of descent. NaN raises a ValueError."""
    require_own_floats("dtheta", dtheta)
    limit = require_number("limit", limit, "a positive number", lambda x: x > 0)
    require(not np.isnan(np.vdot(dtheta, dtheta)), "dtheta", "numbers", "NaN")  # one fast product tells
    np.clip(dtheta, -limit, limit, out=dtheta)
