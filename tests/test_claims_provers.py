"""The provers alone: of thousands of false statements they prove none, and what is true they prove for every size.

The points, which refute most false statements before a prover sees them, take no part here.
"""

import signal
from collections import Counter
from contextlib import contextmanager, suppress
from itertools import islice

import numpy as np
import pytest
from false_statements import false_statements, refuting_point
from true_statements import KINDS, MEANS

from rnnlib.claims import Claim
from rnnlib.claims.given import Given
from rnnlib.claims.induction import proves_by_induction
from rnnlib.claims.language import parse_statement
from rnnlib.claims.recursion import proves_by_unrolling
from rnnlib.claims.symbolic import proves

SECONDS = 1  # of processor time for one false statement; what is not proved by then counts as not proved
QUICK, MANY = 25, 500
PROVERS = (proves, proves_by_unrolling, proves_by_induction)


# Each was once proved: a starting value forgotten, an entry by itself, a definition that differentiates,
# steps at even places only, an index captured, blocks along the wrong axis, a factor without a value,
# a pick taken for another.
STEPS = """
    T: size
    w, u, hs: real
    x: real[T]
    t, k: 1..T
    m: 1..T-1
    h[0] := hs
    h[t] := tanh(w*h[t-1] + u*x[t])
    l[t] := h[t]^2
    L := sum(l[t], t)
    M := d(L, w) * u
"""
STARTS = """
    T: size >= {least}
    t: 3..T
    k: 1..T
    x, c: real[T]
    w, u, hs: real
    h[1] := tanh(w*hs + x[1])
    h[2] := tanh(w*h[1] + u*hs)
    h[t] := tanh(w*h[t-1] + u*h[t-2] + x[t])
    L := sum(c[k]*h[k], k)
    M := h[1] + h[2]
"""
HALVES = """
    T: size
    n: 2..T
    t: 1..T
    s: 1..2*T
    w: real
    h[0] := w
    h[s] := w*h[s-1]
    l[t] := h[2*t]
    L := sum(l[t], t)
"""
CAPTURE = """
    K: size
    x, v: real[K]
    A: real[K, K]
    i, j, k: 1..K
    S := sum(sum(A[i, k]*x[i]*x[k], i), k)
    q := d(S, x)
"""
JOINED = "T: size\nx, h, y: real[T]\nt: 1..T\nc[t] := concat(x[t]*x, h)"
# With one class the sum is empty, so it is 0, and no p has a value.
EMPTY_AT_ONE = "K: size\nx: real[K]\nk: 1..K-1\np[k] := exp(x[k]) / sum(exp(x[k]), k)"
PICKED = "T: size\nk, t: 1..T\nw[t]: 1..9"
ONCE_PROVED = [
    ("d(h[0], h[0]) = 0", STEPS),
    ("d(l[t], l[k]) = 0", STEPS),
    ("d(M, u) = 0", STEPS),
    ("d(L, w) = sum(c[k]*d(h[k], w), k, 2, T)", STARTS.format(least=4)),
    ("d(M, w) = sum(d(h[k], w), k)", STARTS.format(least=1)),
    ("d(L, h[n]) = 1", HALVES),
    ("d(sum(q[k]^2*v[k], k)^2, q[j]) = 4*v[j]*q[j]*sum((sum((A[k, i] + A[i, i])*x[i], i))^2*v[k], k)", CAPTURE),
    ("(y @ c)[t] = 2*sum(y[t]*x[t], t)*x[t]", JOINED),
    ("sum((t - 1)*k, k, 1, 3) = 0", "T: size\nt, k: 1..T"),
    ("(t - 1)*sum(x[k], k, 1, T) = 0", "T: size\nx: real[T]\nt, k: 1..T"),
    ("(t - 1)*sum(x[k], k, 1, t) = 0", "T: size\nx: real[T]\nt, k: 1..T"),
    ("sum(p[k], k) = 1", EMPTY_AT_ONE),
    ("sum(sum(delta(m, w[T]), m, 1, w[k]), k, 1, T) = T", PICKED),
]


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


@pytest.mark.slow
@pytest.mark.parametrize(("text", "told"), TRUE, ids=[statement for _, statement in TRUE])
def test_what_is_true_is_true_in_numbers(text, told):
    assert refuting_point(*_read(text, told), np.random.default_rng(0)) is None


def test_what_a_proof_by_induction_trusts_is_told():
    claim = Claim("a", "m[t] = (1 - beta)*sum(beta^(t-k)*g[k], k, 1, t)", MEANS)
    assert str(claim.evidence) == "proved for every T, given induction over the step"


@pytest.mark.parametrize(("told", "text"), ONCE_PROVED, ids=[told for told, _ in ONCE_PROVED])
def test_what_was_once_proved_is_false(told, text):
    statement, given = _read(text, told)
    assert refuting_point(statement, given, np.random.default_rng(0))
    assert not any(prove(statement, given, {}) for prove in PROVERS)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_false_is_proved_at_the_sizes_that_refute_it(kind):
    for text, told, point in islice(false_statements(KINDS[kind], 3), 4):
        statement, given = _read(text, told)
        sizes = {name: int(point[name]) for name in given.sizes([statement.left, statement.right])}
        with suppress(_TimeUp), _seconds(SECONDS):
            assert not any(prove(statement, given, sizes) for prove in PROVERS)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_false_is_proved(kind, record_property):
    proved, counts = _proved_false(kind, 1, QUICK)
    for name, count in counts.items():
        record_property(name, count)
    assert not proved
    assert counts["false statements"] == QUICK > 4 * counts["out of time"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 6))  # in parts, which two processes can share
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_false_is_proved_of_thousands(kind, seed, record_property):
    proved, counts = _proved_false(kind, seed, MANY)
    for name, count in counts.items():
        record_property(name, count)
    assert not proved
    assert counts["false statements"] == MANY > 10 * counts["out of time"]
