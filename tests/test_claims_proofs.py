"""Proofs and points: right statements are proved for every size, false ones never, and both mean the same.

Each statement that is here because something once accepted it wrongly says so by standing under FALSE.
"""

import ast
import re

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnnlib.claims import Given, IllFormed, Undecided
from rnnlib.claims.arithmetic import Exact, Fast, Work
from rnnlib.claims.judge import UNDEFINED, Agreement, Counterexample, counterexample, number_text
from rnnlib.claims.judge import compare as judge
from rnnlib.claims.language import parse, parse_statement, text_of
from rnnlib.claims.numeric import Point, evaluate
from rnnlib.claims.points import random_point, readable_points
from rnnlib.claims.sums import never_negative, normal
from rnnlib.claims.symbolic import Form, NoProof, is_zero, proves

VECTORS = "K: size\nx, a: real[K]\nA: real[K, K]\ni, j, k: 1..K\nq[i] := sum(A[i, k] * x[k], k)\n"
SOFTMAX = "K: size\ns: real[K]\ni, j, k: 1..K\np[i] := exp(s[i]) / sum(exp(s[k]), k)\n"
LOSS = "L := -sum(y[k] * log(p[k]), k)\n"
TWO_SIZES = "T, K: size\nx: real[K]\ny: real[T]\nk: 1..K\nt: 1..T\n"
ONE_HOT = "K: size\ny, z: onehot[K]\nx: real[K]\ni, j, k: 1..K\n"
COOLED = "beta: positive\nu[i] := exp(beta*s[i]) / sum(exp(beta*s[k]), k)\n"
RECURSION = "T: size >= 3\nx: real[T]\nt: 1..T\nw: real\nh[0] := 0\nh[t] := tanh(w * h[t-1] + x[t])\n"

PROVED = [
    ("d(p[i], s[j]) = p[i] * (delta(i, j) - p[j])", SOFTMAX),
    ("d(softmax(s), s) = diag(softmax(s)) - outer(softmax(s), softmax(s))", SOFTMAX),
    ("d(L, s[j]) = p[j] * sum(y[k], k) - y[j]", SOFTMAX + "y: real[K]\n" + LOSS),
    ("d(L, s[j]) = p[j] - y[j]", SOFTMAX + "y: distribution[K]\n" + LOSS),
    ("d(L, s[j]) = p[j] - y[j]", SOFTMAX + "y: onehot[K]\n" + LOSS),
    ("d(d(L, s[i]), s[j]) = p[i] * (delta(i, j) - p[j])", SOFTMAX + "y: distribution[K]\n" + LOSS),
    ("exp(-sum(log(r[t]), t) / T) = prod(r[t], t)^(-1/T)", "T: size\nr: unit[T]\nt: 1..T\n"),
    ("d(-sum(u[k] * log(u[k]), k), beta) = -beta * (sum(u[k]*s[k]^2, k) - sum(u[k]*s[k], k)^2)", SOFTMAX + COOLED),
    ("sum(x[k] * delta(k, i), k) = x[i]", VECTORS),
    ("sum(delta(k, i), k, 1, i) = 1", VECTORS),
    ("sum(1, k, i, K) = K - i + 1", VECTORS),
    ("sum(x[k] * sum(x[k], k), k) = sum(x[k], k)^2", VECTORS),
    ("sum(sum(x[k], k), k) = K * sum(x[k], k)", VECTORS),
    ("sum(sum(x[k] * a[i], k, 1, i), i) = sum(a[j] * sum(x[k], k, 1, j), j)", VECTORS),
    (
        "sum(a[j] * sum(exp(x[i] * sum(a[k], k, 1, i)), i, 1, j), j)"
        " = sum(a[i] * sum(exp(x[k] * sum(a[j], j, 1, k)), k, 1, i), i)",
        VECTORS,
    ),
    ("sum(sum(sum(A[i,j]*A[j,k]*A[k,i], i), j), k) = sum(sum(sum(A[i,k]*A[k,j]*A[j,i], i), j), k)", VECTORS),
    # An index named inside a sum by a second pass was once captured by the sum around it.
    ("d(sum(q[i] * a[i], i)^2, q[j]) = 2 * a[j] * sum(a[i] * sum(A[i, k] * x[k], k), i)", VECTORS),
    ("d(sum(q[k] * exp(sum(a[i]*q[i], i)), k), q[j]) = exp(sum(a[i]*q[i], i)) * (1 + a[j]*sum(q[k], k))", VECTORS),
    ("d(d(sum(q[k]^2, k), x[i]), x[j]) = 2 * sum(A[k, i] * A[k, j], k)", VECTORS),
    ("(A @ diag(x)).T = diag(x) @ A.T", VECTORS),
    ("a @ outer(a, x) = x * (a @ a)", VECTORS),
    ("softmax(x) = softmax(x + 1)", VECTORS),
    ("prod(exp(x[k]), k) = exp(sum(x[k], k))", VECTORS),
    ("y[i] * y[j] = delta(i, j) * y[i]", ONE_HOT),
    ("sum(y[k] * x[k], k)^2 = sum(y[k] * x[k]^2, k)", ONE_HOT),
    ("sum(y[k] * z[k], k)^2 = sum(y[k] * z[k], k)", ONE_HOT),
    ("sum(exp(x[k]), k) > 0", VECTORS),
    ("K >= 3", "K: size >= 3"),
    ("abs(t) = t", "T: size\nt: 0..T"),
    ("sum(i0 * v[k], k) = i0 * sum(v[k], k)", "i0: size\nv: real[i0]\nk: 1..i0"),
    ("sum(v[t], t) = v[1] + v[2] + v[3]", "T: size = 3\nv: real[T]\nt: 1..T"),
]

FALSE = [
    ("d(p[i], s[j]) = p[i] * (1 - p[j])", SOFTMAX),
    ("d(L, s[j]) = p[j] - y[j]", SOFTMAX + "y: real[K]\n" + LOSS),
    ("d(L, s[j]) = p[j]", SOFTMAX + "y: onehot[K]\n" + LOSS),
    ("d(-sum(u[k] * log(u[k]), k), beta) = -(sum(u[k]*s[k]^2, k) - sum(u[k]*s[k], k)^2)", SOFTMAX + COOLED),
    ("exp(-sum(log(r[t]), t) / T) = prod(r[t], t)^(1/T)", "T: size\nr: unit[T]\nt: 1..T\n"),
    ("d(sum(q[i] * a[i], i)^2, q[j]) = 2 * a[j] * sum(a[i] * A[i, i] * x[i], i)", VECTORS),
    ("sum(x[k] * delta(k, i), k, 2, K) = x[i]", VECTORS),  # the index may lie outside of the range
    ("sum(delta(k, j), k, 1, i) = 1", VECTORS),
    ("sum(delta(k, t) * x[k], k) = y[t]", TWO_SIZES),  # two ranges
    ("sum(delta(k, t), k) * (sum(delta(k, t), k) - K) = 0", TWO_SIZES),  # a case for all k at once is no case
    ("sum(1, k, 3, K) = K - 2", VECTORS),  # the range ends before it starts
    ("sum(1, k, 1, K - 2) = K - 2", VECTORS),
    ("sum(exp(x[k]), k, 2, K) > 0", VECTORS),  # an empty sum is not positive
    ("sum(sum(x[k], k, 1, i), i) = K * sum(x[k], k)", VECTORS),  # the inner range depends on the outer index
    ("t > 0", "T: size\nt: 0..T"),  # an index that starts at 0
    ("K > 3", "K: size >= 3"),
    ("K <= 4", "K: size"),
    ("K = K + (K-1)*(K-2)*(K-3)*(K-4)", "K: size"),
    ("i0 + k_0 = 2 * i0", "i0, k_0: size"),  # names like those of inner indices
    ("d(d(L, s), q) = 0", "s: real\nq := s^2\nL := q^3"),  # q is a variable and yet follows s
    ("d(h[2], h[1]) = 1 - h[2]^2", RECURSION),
    ("d(d(h[2], h[2]), h[1]) = 1", RECURSION),
    ("sqrt(x^2) = x", "x: real"),
    ("abs(x - 3) = 3 - x", "x: real"),
    ("x <= 2", "x: real"),
    ("x < 90", "x: positive"),
    ("x^2 > 0", "x: real"),
    ("sum(p[k]^2, k) > 1/K", "K: size\np: distribution[K]\nk: 1..K"),
    ("x = x + 10^(-30)", "x: real"),
    ("10^(-40) * x = 2 * 10^(-40) * x", "x: real"),
    ("exp(2.03) ≈ 7.60", "x: real"),
    ("y[i] = 1/K", ONE_HOT),
    ("y[i] = z[i]", ONE_HOT),
    ("A @ A = (A @ A).T", VECTORS),
    ("x @ A = q", VECTORS),
    ("log(x^2) = 2*log(x)", "x: real"),
]


@pytest.mark.parametrize(("statement", "setting"), PROVED)
def test_proved_for_every_size(statement, setting):
    setting, statement = Given(setting), parse_statement(statement)
    setting.check_statement(statement)
    assert proves(statement, setting, {})
    assert isinstance(judge(statement, setting), Agreement)


@pytest.mark.parametrize(("statement", "setting"), FALSE)
def test_false_is_refuted_and_never_proved(statement, setting):
    setting, statement = Given(setting), parse_statement(statement)
    setting.check_statement(statement)
    outcome = judge(statement, setting)
    assert isinstance(outcome, Counterexample)
    if statement.relation != "≈":
        assert not proves(statement, setting, {})


def test_a_recursion_is_written_out_at_a_fixed_size():
    setting, statement = Given(RECURSION), parse_statement("h[T] = tanh(w * h[T-1] + x[T])")
    assert not proves(statement, setting, {})
    assert proves(statement, setting, {"T": 3})
    assert proves(parse_statement("d(h[3], w) = (1 - h[3]^2) * (h[2] + w * d(h[2], w))"), setting, {"T": 3})
    assert not proves(parse_statement("h[1] = x[1]"), setting, {"T": 3})


def test_the_length_of_a_range():
    K = sympy.Symbol("K", integer=True, positive=True)
    t, u = (sympy.Dummy(integer=True, positive=True) for _ in range(2))
    ranges = {t: (sympy.S.One, K), u: (t, K)}
    assert never_negative(K - t, ranges)
    assert never_negative(K - u, ranges)
    assert never_negative(u - 1, ranges)
    assert not never_negative(K - 2, ranges)
    assert not never_negative(t - u, ranges)


def test_a_sum_in_a_range_that_depends_on_the_outer_index_stays_inside():
    K = sympy.Symbol("K", integer=True, positive=True)
    i, k = (sympy.Dummy(integer=True, positive=True) for _ in range(2))
    x = sympy.IndexedBase("x", real=True)
    triangle = sympy.Sum(sympy.Sum(x[k], (k, 1, i)), (i, 1, K))
    formed = normal(triangle, {})
    assert not formed.is_Mul  # K * sum(x[k], k, 1, i) would be what the other order gives
    assert formed == normal(triangle.xreplace({i: k, k: i}), {}) == normal(formed, {})


@pytest.mark.parametrize(
    ("text", "zero"),
    [
        ("x - x", True),
        ("sigmoid(x) + sigmoid(-x) - 1", True),
        ("sqrt(x^2) - x", False),
        ("tanh(x) - 2*sigmoid(2*x) + 1", True),
        ("log(x*y) - log(x) - log(y)", False),
    ],
)
def test_is_zero(text, zero):
    form = Form(Given("x, y: real"), {})
    assert is_zero(form.entry(parse(text))) is zero


# Numbers.


def _value(text, setting="", sizes=(), arithmetic=Exact, **values):
    setting = Given(setting)
    numbers = arithmetic(Work(10**6), setting.nesting([parse(text)]))
    return evaluate(parse(text), Point(setting, dict(sizes), values), numbers)


@pytest.mark.parametrize("arithmetic", [Exact, Fast])
def test_values(arithmetic):
    v = {"K": 3}, arithmetic
    setting = "K: size\nx: real[K]\nA: real[K, K]\nk, i: 1..K\nm := x[1] * x[2]\n"
    x, A = np.array([1.0, 2.0, 4.0]), np.arange(9.0).reshape(3, 3)
    expected = {
        "sum(x[k], k)": 7,
        "prod(x[k], k)": 8,
        "sum(x[k], k, 2, K)": 6,
        "sum(x[k], k, 3, 2)": 0,
        "prod(x[k], k, 3, 2)": 1,
        "x @ A @ x": x @ A @ x,
        "x[K - 1]": 2,
        "x[+1]": 1,
        "A[2, 3]": 5,
        "d(m, x[1])": 2,
        "d(d(m, x[1]), x[2])": 1,
        "d(sum(x[k]^2, k), x[2])": 4,
        "delta(2, K - 1)": 1,
        "2^-1": 0.5,
        "log2(8)": 3,
    }
    for text, value in expected.items():
        found = _value(text, setting, *v, x=x, A=A)
        assert float(found) == pytest.approx(float(value), rel=1e-6), text
    for text, value in {
        "outer(x, x)": np.outer(x, x),
        "A.T": A.T,
        "diag(x)": np.diag(x),
        "d(x, x)": np.eye(3),
        "d(x @ A, x)": A.T,
        "sum(A[k], k)": A.sum(0),
        "sum(A[k], k, 2, 1)": np.zeros(3),
    }.items():
        np.testing.assert_allclose(np.array(_value(text, setting, *v, x=x, A=A), dtype=float), value, atol=1e-6)


def test_digits():
    assert abs(_value("d(exp(x), x) - exp(x)", "x: real", x=2.0)) < 1e-50
    assert abs(_value("d(d(tanh(x), x), x) + 2*tanh(x)*(1 - tanh(x)^2)", "x: real", x=0.3)) < 1e-45
    assert mpmath.mp.dps == 15  # no global precision was touched


def test_a_total_derivative_follows_definitions_and_holds_what_it_differentiates_by():
    setting = "x: real\nq := x^2\nL := q * x\n"
    assert float(_value("d(L, x)", setting, x=2.0)) == pytest.approx(12)
    assert float(_value("d(L, q)", setting, x=2.0)) == pytest.approx(2)


def test_a_definition_does_not_see_the_indices_of_its_caller():
    setting = "K: size\nx: real[K]\ni, j, k: 1..K\nq[i] := sum(x[j] * i, j)\n"
    statement = parse_statement("sum(q[j] * x[j], j) = sum(j * x[j], j) * sum(x[k], k)")
    assert proves(statement, Given(setting), {})
    assert isinstance(judge(statement, Given(setting)), Agreement)


def test_what_has_no_end_is_refused():
    for text, told in (
        ("sum(1, k, 1, K * 100000)", "terms"),
        ("sum(sum(sum(1, k, 1, 900), i, 1, 900), j, 1, 900)", "too long"),
    ):
        with pytest.raises(Undecided, match=told):
            judge(parse_statement(f"{text} = 0"), Given(VECTORS), work=Work(20_000))
    given = Given("T: size\nt: 1..T\nh[0] := 1\nh[t] := h[t] + 1")
    with pytest.raises(IllFormed, match="same index"):
        judge(parse_statement("h[1] = 0"), given)


def test_outside_of_its_range_an_index_has_no_entry():
    for text, side in (("x[i + 1] = x[i + 1]", "left"), ("x[i] = x[i + 1] + x[i] - x[i + 1]", "right")):
        outcome = judge(parse_statement(text), Given(VECTORS))
        assert getattr(outcome, side) == UNDEFINED
        assert outcome.out_of_range
        assert re.search(rf"the {side} side is undefined at .*i = \d.*x\[i \+ 1\]", outcome.undefined)


def test_too_few_points():
    with pytest.raises(Undecided, match=r"only 0 of .* points, because numbers grew"):
        judge(parse_statement("exp(1000 + x^2) = exp(1000) * exp(x^2)"), Given("x: real"))
    with pytest.raises(Undecided, match=r"only 0 of .* points, because hardly any"):
        judge(parse_statement("x = x"), Given("x: real\nassume x^2 < -1"))


def test_points_lie_where_they_should():
    given = Given("K, T: size\ny: onehot[K]\nq: distribution[K]\nu: unit[K]\nr: positive\nx: real[K]\nz: real[T]")
    trees, sizes, widest = [parse("y @ q + u @ x + r + z @ z")], set(), 0
    for number in range(12):
        point = random_point(given, trees, number)
        sizes |= set(point.sizes.items())
        v = point.values
        assert sorted(v["y"]) == [0] * (len(v["y"]) - 1) + [1]
        assert sum(v["q"]) == 1
        assert min(v["q"]) > 0
        assert (v["u"] > 0).all()
        assert (v["u"] < 1).all()
        assert v["r"] > 0
        widest = max(widest, np.abs(v["x"]).max())
        assert point.values["x"] is not None
        np.testing.assert_array_equal(random_point(given, trees, number).values["x"], v["x"])
    assert {("K", n) for n in (1, 2, 3, 4)} | {("T", n) for n in (1, 2, 3, 4)} <= sizes
    assert widest > 4
    for point in readable_points(given, trees):
        assert sum(point.values["q"]) == 1


def test_counterexamples_are_small_and_readable():
    setting = Given(SOFTMAX)
    statement = parse_statement("d(p[i], s[j]) = p[i] * (1 - p[j])")
    shown = str(counterexample(statement, setting, judge(statement, setting)))
    assert shown == "at K = 2, s = (0, 0), i = 1, j = 2: the left side is −1/4, the right side 1/4"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "1/2"),
        (-0.25, "−1/4"),
        (3.0, "3"),
        (0.123456, "0.1235"),
        (1e-40, "0"),
        (1e15, "1e+15"),
        (mpmath.mpf(10) ** 1000, "1.0e+1000"),
        (-2.0, "−2"),
    ],
)
def test_number_text(value, text):
    assert number_text(value) == text


# SymPy's form and the numbers mean the same: random trees, written out at a fixed size.


def _trees(depth):
    leaf = st.sampled_from(["x[1]", "x[2]", "x[K]", "a[2]", "w", "2", "K", "q[1]", "q[2]", "c", "A[1, 2]"])
    if depth == 0:
        return leaf
    below = _trees(depth - 1)
    body = st.sampled_from(["x[k]", "a[k] * x[k]", "A[k, 2] * q[k]", "k * x[k]", "delta(k, 2) * a[k]", "q[k]^2"])
    return st.one_of(
        leaf,
        st.tuples(below, st.sampled_from("+-*"), below).map(lambda t: f"({t[0]}) {t[1]} ({t[2]})"),
        below.map(lambda t: f"tanh({t})"),
        below.map(lambda t: f"({t})^2"),
        below.map(lambda t: f"-({t})"),
        below.map(lambda t: f"exp(tanh({t}))"),
        below.map(lambda t: f"1 / (1 + ({t})^2)"),
        body.map(lambda t: f"sum({t}, k)"),
        body.map(lambda t: f"sum({t}, k, 2, K)"),
        body.map(lambda t: f"prod({t}, k)"),
        st.tuples(below, st.sampled_from(["x[1]", "x[2]", "w", "q[2]", "c", "A[1, 2]"])).map(
            lambda t: f"d({t[0]}, {t[1]})"
        ),
        st.sampled_from(["x @ A @ a", "(x @ A) @ a", "softmax(x) @ a", "sum(sum(A[k, i] * x[i], i), k)"]),
    )


_FORMS = Given(
    "K: size\nx, a: real[K]\nA: real[K, K]\nw: real\ni, k: 1..K\n"
    "q[i] := tanh(sum(A[i, k] * x[k], k))\nc := w * q[1] + x[2]"
)


def _both_ways(text):
    tree = parse(text)
    if _FORMS.nesting([tree]) > 2:
        return
    _FORMS.check_statement(parse_statement(f"{text} = 0"))
    random = np.random.default_rng(len(text))
    values = {
        "x": random.uniform(-1, 1, 2),
        "a": random.uniform(-1, 1, 2),
        "A": random.uniform(-1, 1, (2, 2)),
        "w": random.uniform(-1, 1),
    }
    number = evaluate(tree, Point(_FORMS, {"K": 2}, values), Exact(Work(10**6), _FORMS.nesting([tree])))
    form = Form(_FORMS, {"K": 2})
    try:
        expression = form.entry(tree)
    except NoProof:  # nothing is claimed, so there is nothing to compare
        return
    known = {
        form.symbols[name][tuple(n + 1 for n in at)]: sympy.Float(str(array[at]), 40)
        for name, array in values.items()
        if np.ndim(array)
        for at in np.ndindex(array.shape)
    }
    known[form.symbols["w"]] = sympy.Float(str(values["w"]), 40)
    symbolic = sympy.sympify(expression).xreplace(known).evalf(30)
    assert abs(sympy.Float(str(number), 40) - symbolic) <= 1e-20 * max(1, abs(symbolic)), text


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(_trees(2))
def test_sympy_and_numbers_mean_the_same(text):
    _both_ways(text)


@pytest.mark.slow
@settings(max_examples=1500, suppress_health_check=list(HealthCheck))
@given(_trees(3))
def test_sympy_and_numbers_mean_the_same_widely(text):
    _both_ways(text)


def test_trees_are_not_changed_by_judging():
    statement = parse_statement("d(p[i], s[j]) = p[i] * (delta(i, j) - p[j])")
    before = ast.dump(statement.left), text_of(statement.right)
    judge(statement, Given(SOFTMAX))
    proves(statement, Given(SOFTMAX), {})
    assert (ast.dump(statement.left), text_of(statement.right)) == before
