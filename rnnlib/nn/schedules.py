"""Learning-rate schedules: each returns a function of the number of updates made, 0 before the first."""

from math import cos, pi

from rnnlib.arguments import require


def constant(rate):
    """η at every update."""
    return lambda update: rate


def step_decay(rate, factor, every):
    """η · factor^⌊update / every⌋: a staircase."""
    require(every >= 1, "every", "at least 1 update", every)
    return lambda update: rate * factor ** (update // every)


def exponential(rate, factor, every=1):
    """η · factor^(update / every): the same without stairs."""
    return lambda update: rate * factor ** (update / every)


def cosine(rate, updates, lowest=0.0):
    """From η down to `lowest` along half a cosine, in so many updates (Loshchilov and Hutter 2017, equation 5)."""
    require(updates >= 1, "updates", "at least 1", updates)
    return lambda update: lowest + (rate - lowest) * (1 + cos(pi * min(update, updates) / updates)) / 2


def warmup(schedule, updates):
    """Another schedule, multiplied by a factor that grows from 1/updates to 1 during the first updates."""
    require(updates >= 1, "updates", "at least 1", updates)
    return lambda update: schedule(update) * min(1.0, (update + 1) / updates)
