"""Learning-rate schedules: each gives the rate as a function of the number of updates made, 0 before the first."""

from collections.abc import Callable
from math import cos, pi

from rnnlib.arguments import name_of, require, require_number, require_size


class Schedule:
    """A function of the number of updates that shows itself as the call that made it."""

    def __init__(self, told: str, rate_at: Callable[[int], float]):
        self.told, self.rate_at = told, rate_at

    def __call__(self, update: int) -> float:
        return self.rate_at(update)

    def __repr__(self):
        return self.told


def constant(rate: float) -> Schedule:
    """η at every update."""
    rate = _positive("rate", rate)
    return Schedule(f"constant({rate})", lambda update: rate)


def step_decay(rate: float, factor: float, every: int) -> Schedule:
    """η · factor^⌊update / every⌋: a staircase."""
    rate, factor, every = _positive("rate", rate), _positive("factor", factor), require_size("every", every)
    return Schedule(f"step_decay({rate}, {factor}, {every})", lambda update: rate * factor ** (update // every))


def exponential(rate: float, factor: float, every: int = 1) -> Schedule:
    """η · factor^(update / every): the same without stairs."""
    rate, factor, every = _positive("rate", rate), _positive("factor", factor), require_size("every", every)
    return Schedule(f"exponential({rate}, {factor}, {every})", lambda update: rate * factor ** (update / every))


def cosine(rate: float, updates: int, lowest: float = 0.0) -> Schedule:
    """From η down to `lowest` along half a cosine, in so many updates (Loshchilov and Hutter 2017, equation 5)."""
    rate, updates = _positive("rate", rate), require_size("updates", updates)
    lowest = require_number("lowest", lowest, f"a number from 0 to the rate {rate}", lambda x: 0 <= x <= rate)
    return Schedule(
        f"cosine({rate}, {updates}, {lowest})",
        lambda update: lowest + (rate - lowest) * (1 + cos(pi * min(update, updates) / updates)) / 2,
    )


def warmup(schedule: Callable[[int], float], updates: int) -> Schedule:
    """Another schedule, multiplied by a factor that grows from 1/updates to 1 during the first updates."""
    require(
        callable(schedule), "schedule", "a function of the number of updates, such as constant(0.1)", repr(schedule)
    )
    updates = require_size("updates", updates)
    return Schedule(
        f"warmup({told(schedule)}, {updates})", lambda update: schedule(update) * min(1.0, (update + 1) / updates)
    )


def told(schedule: Callable[[int], float]) -> str:
    """A schedule in words; of another function than those above only the name."""
    return repr(schedule) if isinstance(schedule, Schedule) else name_of(schedule)


def _positive(argument, value):
    return require_number(argument, value, "a positive number", lambda x: x > 0)
