"""The provers alone: of thousands of false statements they prove none, and what is true they prove for every size.

The points, which refute most false statements before a prover sees them, take no part here.
"""

import signal
from collections import Counter
from contextlib import contextmanager
from itertools import islice

import numpy as np
import pytest
from false_statements import false_statements, refuting_point
from true_statements import KINDS

from rnnlib.claims.given import Given
from rnnlib.claims.induction import proves_by_induction
from rnnlib.claims.language import parse_statement
from rnnlib.claims.recursion import proves_by_unrolling
from rnnlib.claims.symbolic import proves

SECONDS = 1  # of processor time for one false statement; what is not proved by then counts as not proved
QUICK, MANY = 25, 2000
PROVERS = (proves, proves_by_unrolling, proves_by_induction)


class _TimeUp(BaseException):
    """Not an `Exception`: SymPy catches those in places."""


@contextmanager
def _seconds(limit):
    def stop(*_):
        raise _TimeUp

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def _read(text, statement):
    given, statement = Given(text), parse_statement(statement)
    given.check_statement(statement)
    return statement, given


def _proved_false(kind, seed, count):
    """The false statements that a prover proves, and how many were tried and ran out of time."""
    proved, counts = [], Counter()
    for text, told, point in islice(false_statements(KINDS[kind], seed), count):
        counts["false statements"] += 1
        try:
            with _seconds(SECONDS):
                statement, given = _read(text, told)
                proved += [(prove.__name__, told, text, point) for prove in PROVERS if prove(statement, given, {})]
        except _TimeUp:
            counts["out of time"] += 1
    return proved, counts


TRUE = [(text, statement) for settings in KINDS.values() for text, found in settings.items() for statement in found]


@pytest.mark.parametrize(("text", "told"), TRUE, ids=[statement for _, statement in TRUE])
def test_what_is_true_is_proved_for_every_size(text, told):
    statement, given = _read(text, told)
    assert any(prove(statement, given, {}) for prove in PROVERS)
    assert refuting_point(statement, given, np.random.default_rng(0)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_false_is_proved(kind, record_property):
    proved, counts = _proved_false(kind, 1, QUICK)
    for name, count in counts.items():
        record_property(name, count)
    assert not proved
    assert counts["false statements"] == QUICK > 4 * counts["out of time"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_false_is_proved_of_thousands(kind, record_property):
    proved, counts = _proved_false(kind, 2, MANY)
    for name, count in counts.items():
        record_property(name, count)
    assert not proved
    assert counts["false statements"] == MANY > 10 * counts["out of time"]
