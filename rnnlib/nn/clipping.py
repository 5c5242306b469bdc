"""Clipping of gradients, in place."""

import numpy as np

from rnnlib.arguments import require


def clip_by_norm(dtheta, limit):
    """Scale the gradient to norm `limit` if it is longer (Pascanu et al. 2013); returns the norm before.

    This is the norm of all gradients together, so the direction of descent stays.
    """
    require(limit > 0, "limit", "a positive norm", limit)
    norm = float(np.sqrt(np.vdot(dtheta, dtheta)))
    if norm > limit:
        dtheta *= limit / norm
    return norm


def clip_by_value(dtheta, limit):
    """Cut each component to [-limit, limit]; this changes the direction of descent."""
    require(limit > 0, "limit", "a positive number", limit)
    np.clip(dtheta, -limit, limit, out=dtheta)
