"""Recursions: right statements about backpropagation are proved for every number of steps, false ones never."""

import pytest

from exercises.chapter04 import NETWORK
from rnnlib.claims import Claim, Given
from rnnlib.claims.judge import Agreement, compare
from rnnlib.claims.language import parse_statement
from rnnlib.claims.recursion import proves_by_unrolling

SCALAR = """
    T: size
    w, u, c, start: real
    x, y: real[T]
    t, k: 1..T
    m: 1..T-1
    h[0] := start
    a[t] := w*h[t-1] + u*x[t]
    h[t] := tanh(a[t])
    l[t] := (h[t] - y[t])^2 / 2
    L := sum(l[t], t)
    R := L + w^2 * L + c * sum(h[t], t)
"""
MATRIX = """
    T, H, D: size
    x: real[T, D]
    W: real[D, H]
    U: real[H, H]
    h[0]: real[H]
    t: 1..T
    m: 1..T-1
    i: 1..H
    n: 1..D
    a[t] := x[t] @ W + h[t-1] @ U
    h[t] := tanh(a[t])
    L := sum(h[t] @ h[t], t) / 2
"""
# The general clause does not hold at step 1: neither may be used for all steps.
OVERLAPPING = "T: size\nw, c: real\nt: 1..T\nh[0] := c\nh[1] := w\nh[t] := tanh(w * h[t-1])\nL := sum(h[t], t)"

PROVED = [
    ("d(L, a[m]) = (h[m] - y[m]) * (1 - h[m]^2) + d(L, a[m+1]) * w * (1 - h[m]^2)", SCALAR),
    ("d(L, a[T]) = (h[T] - y[T]) * (1 - h[T]^2)", SCALAR),
    ("d(L, h[m]) = h[m] - y[m] + d(L, h[m+1]) * w * (1 - h[m+1]^2)", SCALAR),
    ("d(L, w) = sum(d(L, a[t]) * h[t-1], t)", SCALAR),
    ("d(L, w) = sum((h[t] - y[t]) * d(h[t], w), t)", SCALAR),
    ("d(h[t], w) = (1 - h[t]^2) * (h[t-1] + w * d(h[t-1], w))", SCALAR),
    ("d(L, start) = d(L, a[1]) * w", SCALAR),
    ("d(R, w) = sum(d(R, a[t]) * h[t-1], t) + 2 * w * L", SCALAR),
    ("d(L, a[m]) = (h[m] + d(L, a[m+1]) @ U.T) * (1 - h[m]^2)", MATRIX),
    ("d(L, U) = sum(outer(h[t-1], d(L, a[t])), t)", MATRIX),
    ("d(L, W[n, i]) = sum(x[t, n] * d(L, a[t, i]), t)", MATRIX),
    ("d(L, h[0]) = d(L, a[1]) @ U.T", MATRIX),
]
FALSE = [
    ("d(L, a[m]) = (h[m] - y[m]) * (1 - h[m]^2)", SCALAR),
    ("d(L, a[m]) = d(L, a[m+1]) * w * (1 - h[m]^2)", SCALAR),
    ("d(L, a[t]) = (h[t] - y[t]) * (1 - h[t]^2)", SCALAR),
    ("d(L, h[m]) = h[m] - y[m] + d(L, h[m+1]) * w * (1 - h[m]^2)", SCALAR),
    ("d(L, w) = sum(d(L, a[t]) * h[t], t)", SCALAR),
    ("d(L, w) = sum(d(l[t], a[t]) * h[t-1], t)", SCALAR),
    ("d(L, w) = sum(d(L, h[t]) * h[t-1], t)", SCALAR),
    ("d(h[t], w) = (1 - h[t]^2) * h[t-1]", SCALAR),
    ("d(L, x[t]) = d(L, a[t]) * w", SCALAR),
    ("d(L, h[t]) = d(l[t], h[t])", SCALAR),
    ("d(L, w) = d(L, u)", SCALAR),
    ("d(h[m], h[m+1]) = 1", SCALAR),
    ("d(h[t], x[k]) = (1 - h[t]^2) * u * delta(t, k)", SCALAR),
    ("d(R, w) = sum(d(R, a[t]) * h[t-1], t)", SCALAR),
    ("h[t] = tanh(w * h[t] + u * x[t])", SCALAR),
    ("d(L, a[m]) = (h[m] + d(L, a[m+1]) @ U) * (1 - h[m]^2)", MATRIX),
    ("d(L, U) = sum(outer(d(L, a[t]), h[t-1]), t)", MATRIX),
    ("d(L, h[0]) = d(L, a[1]) @ U", MATRIX),
    ("d(L, h[0]) = d(L, h[1]) * w * (1 - tanh(w * h[0])^2)", OVERLAPPING),
    ("d(L, c) = d(L, h[1]) * w * (1 - tanh(w * h[0])^2)", OVERLAPPING),
    ("d(L, w) = sum(d(L, h[t]) * h[t-1] * (1 - h[t]^2), t)", OVERLAPPING),
]


@pytest.mark.parametrize(("statement", "setting"), PROVED)
def test_proved_for_every_number_of_steps(statement, setting):
    setting, statement = Given(setting), parse_statement(statement)
    setting.check_statement(statement)
    assert proves_by_unrolling(statement, setting, {})
    assert isinstance(compare(statement, setting, light=True), Agreement)


def _refuted_and_not_proved(statement, setting):
    setting, statement = Given(setting), parse_statement(statement)
    setting.check_statement(statement)
    assert not isinstance(compare(statement, setting), Agreement)
    assert not proves_by_unrolling(statement, setting, {})


@pytest.mark.parametrize(("statement", "setting"), FALSE[3:5] + FALSE[-5:])
def test_false_is_refuted_and_never_proved(statement, setting):
    _refuted_and_not_proved(statement, setting)


@pytest.mark.slow
@pytest.mark.parametrize(("statement", "setting"), FALSE)
def test_false_is_refuted_and_never_proved_in_all_cases(statement, setting):
    _refuted_and_not_proved(statement, setting)


def test_the_evidence_names_the_rule_that_it_trusts():
    unit = "T: size\nt: 1..T\nx: real[T]\nw: real\nh[0]: real\na[t] := w*h[t-1] + x[t]\nh[t] := tanh(a[t])"
    claim = Claim("scalar", "d(h[t], w) = (1 - h[t]^2) * (h[t-1] + w * d(h[t-1], w))", unit)
    assert str(claim.evidence) == "proved for every T, given the chain rule"


def test_a_setting_that_continues_a_recursion_may_begin_with_any_quantity_of_it():
    # `a` and `h` are defined by each other, and only `h` has a base from which the shapes are found.
    Claim("rnn.continued", "a[t] = x[t] @ U.T + h[t-1] @ W_hh + b_h", NETWORK + "U := W_xh.T")
