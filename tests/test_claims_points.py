"""Undefined is not agreement, and no false statement hides between the points.

Each class of holes through which a false statement once came in has its examples here.
"""

from itertools import pairwise

import numpy as np
import pytest

from rnnlib.claims import Chain, Claim, ClaimError, Given, IllFormed, Mistake, Refuted, Undecided
from rnnlib.claims.display import payload
from rnnlib.claims.evidence import Evidence
from rnnlib.claims.judge import UNDEFINED, Agreement, Counterexample, compare, counterexample
from rnnlib.claims.language import parse_statement, text_of
from rnnlib.claims.points import POINTS, Sample, index_choices

SOFTMAX = "K: size\ns: real[K]\ni, j, k: 1..K\np[i] := exp(s[i]) / sum(exp(s[k]), k)\n"
STEPS = "T: size >= 2\nt: 1..T\nx: real[T]\nw: real\nh[0] := 0\nh[t] := tanh(w*h[t-1] + x[t])\nL := sum(h[t]^2, t)\n"


def _judged(statement, setting="", **options):
    given, statement = Given(setting), parse_statement(statement)
    given.check_statement(statement)
    return compare(statement, given, **options)


# A side without a value.

UNDEFINED_SOMEWHERE = [
    ("1/delta(i, j) = 1", "K: size\ni, j: 1..K", "left"),
    ("1 = 1/delta(i, j)", "K: size\ni, j: 1..K", "right"),
    ("sqrt(1 - K) = K - 1", "K: size", "left"),
    ("(K - 1)/(K - 1) = 1", "K: size", "left"),
    ("(K - 6)/(K - 6) = 1", "K: size", "left"),  # beyond the sizes that random points have
    ("x/x = 1", "x: real", "left"),
    ("1 = x/x", "x: real", "right"),
    ("(x - 7)/(x - 7) = 1", "x: real", "left"),
    ("log(x^2) = 2*log(abs(x))", "x: real", "left"),
    ("d(abs(x), x) = x/abs(x)", "x: real", "left"),
    ("d(sqrt(x^2), x)*sqrt(x^2) = x", "x: real", "left"),
    ("v[i]/v[i] = 1", "K: size\nv: real[K]\ni: 1..K", "left"),
    ("v[i + 1] - v[i + 1] = 0", "K: size\nv: real[K]\ni: 1..K", "left"),
    ("1/(i - 700) - 1/(i - 700) = 0", "i: 1..1000", "left"),
    ("x/y >= x/y - 1", "x, y: real", "left"),
]


@pytest.mark.parametrize(("statement", "setting", "side"), UNDEFINED_SOMEWHERE)
def test_a_side_without_a_value_is_a_fault_of_the_statement(statement, setting, side):
    found = _judged(statement, setting)
    assert getattr(found, side) == UNDEFINED
    with pytest.raises(IllFormed, match=f"^a: the {side} side is undefined at .*narrow the setting"):
        Claim("a", statement, setting)


NARROWED = [
    ("1/(1 - delta(i, j)) = 1", "K: size >= 2\ni, j: 1..K\nassume i != j"),
    ("(K - 1)/(K - 1) = 1", "K: size >= 2"),
    ("x/x = 1", "x: nonzero"),
    ("x/x = 1", "x: real\nassume x ≠ 0"),
    ("v[i]/v[i] = 1", "K: size\nv: real[K]\ni: 1..K\nassume v[i] != 0"),
    ("sum(v[k]/v[k], k) = K", "K: size\nv: real[K]\nk: 1..K\nassume v[k] != 0"),
    ("sum(v[k]/v[k], k) = K", "K: size\nv: nonzero[K]\nk: 1..K"),
    ("d(abs(x), x) = 1", "x: real\nassume x > 0"),
    ("(1 - r)*sum(r^k, k) = r*(1 - r^K)", "K: size\nk: 1..K\nr: real\nassume abs(r) < 1"),
    ("sqrt(1 - w^2)^2 = 1 - w^2", "w: real\nassume abs(w) < 1"),
    ("abs(x - y) = x - y", "x, y: real\nassume x >= y"),
    ("x^2 > 400", "x: real\nassume abs(x) > 20"),
]


@pytest.mark.parametrize(("statement", "setting"), NARROWED)
def test_a_setting_can_exclude_points(statement, setting):
    found = _judged(statement, setting)
    assert isinstance(found, Agreement), found
    assert found.exact >= POINTS / 2


def test_what_is_assumed_is_continued_and_stands_on_the_face():
    setting = Given("assume x < 1 | small", base=Given("x: real\nassume x > 0"))
    made = Claim("a", "sqrt(x)^2 = x", setting)
    assert payload(made)["assumes"] == ["$x > 0$", "$x < 1$"]
    assert "x > 1" not in payload(Claim("a", "y = y", "x, y: real\nassume x > 1"))["assumes"]


def test_what_is_assumed_excludes_no_more():
    assert isinstance(_judged("i = j + 1", "K: size >= 2\ni, j: 1..K\nassume i != j"), Counterexample)
    assert isinstance(_judged("x < 0.9", "x: real\nassume abs(x) < 1"), Counterexample)
    # An assumption on indices alone bears on statements in which they stand free.
    assert isinstance(_judged("sum(delta(i, k), k) = 1", "K: size\ni, k: 1..K\nassume i != k"), Agreement)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("x: real\nassume x = 1", "exactly one of <= >= < > !="),
        ("x: real\nassume x", "exactly one of"),
        ("x: real\nassume y > 0", "`y` has no domain"),
        ("K: size\nv: real[K]\nassume v > 0", "numbers on both sides"),
    ],
)
def test_assumptions_that_mean_nothing(setting, told):
    with pytest.raises(ClaimError, match=told):
        Given(setting)


def test_what_no_point_satisfies_is_undecided():
    with pytest.raises(Undecided, match="hardly any satisfy"):
        Claim("a", "x = 1", "x: real\nassume x > 1\nassume x < 0")


def test_a_counterexample_satisfies_what_is_assumed():
    given, statement = Given("x, y: real\nassume x > y + 1"), parse_statement("x = y")
    shown = counterexample(statement, given, compare(statement, given))
    assert float(shown.point.values["x"]) > float(shown.point.values["y"]) + 1
    with pytest.raises(Refuted, match="not hold at x = "):
        Claim("a", "x = y", given)


def test_a_wrong_version_without_a_value_is_refuted_and_no_equal_one():
    made = Claim(
        "perplexity.single",
        "1 / sum(y[k] * p[k], k) = exp(-sum(y[k] * log(p[k]), k))",
        SOFTMAX + "y: onehot[K]",
    )
    equal = {text_of(mutant.statement.left) for mutant in made.mutants.equivalent}
    assert "1 / (y[k] * p[k])" not in equal
    assert "1 / (y[k] * p[k])" in {text_of(mutant.statement.left) for mutant in made.mutants.refuted}
    mistake = Claim("a", "x*y = y*x", "x, y: real", mistakes=[Mistake("x/(1/y)", "it has no value at 0")]).mistakes[0]
    assert mistake.refutation == "at x = 0, y = 0: the left side is 0, the right side undefined"


# What grows beyond the digits.


def test_points_out_of_reach_are_skipped_and_counted():
    found = _judged("exp(x^2)*exp(-x^2) = 1", "x: real")
    assert isinstance(found, Agreement)
    found = _judged("exp(30*x)*exp(-30*x) = 1", "x: real")
    assert found.skipped > 0
    assert found.points >= POINTS
    told = payload(Claim("a", "exp(30*x)*exp(-30*x) = 1", "x: real"))["how"]
    assert any(f"{found.skipped} points told nothing" in line for line in told)


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("exp(-200*K) = 0", "K: size"),
        ("1 + exp(-200*K) = 1", "K: size"),
        ("tanh(100*K) = 1", "K: size"),
        ("tanh(60 + x^2) = 1", "x: real"),
        ("sigmoid(-200*K) = 0", "K: size"),
        ("x + 10^(-60)*10^(-40) = x", "x: real"),
        ("1 + 2^(-60*K) = 1", "K: size"),
        ("tanh(100) = 1", ""),
        ("exp(-200) = 0", ""),
    ],
)
def test_what_is_tiny_is_not_nothing(statement, setting):
    assert isinstance(_judged(statement, setting), Counterexample)


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("exp(-100000*K) = 0", "K: size"),
        ("1 + exp(-100000*K) = 1", "K: size"),
        ("tanh(100000*K) = 1", "K: size"),
        ("tanh(100000) = 1", ""),
        ("1 + 2^(-64*64*K) = 1", "K: size"),
        ("(sum(p[k], k) - 1)/(sum(p[k], k) - 1) = 1", SOFTMAX),  # rounding hides that it is 0/0
    ],
)
def test_what_no_digits_can_tell_is_undecided(statement, setting):
    with pytest.raises((Undecided, IllFormed)):
        Claim("a", statement, setting)


def test_rounding_is_no_difference():
    for statement in ("sum(p[k], k) - 1 = 0", "(sum(p[k], k) - 1)^2 = 0", "0 >= (sum(p[k], k) - 1)^2"):
        assert isinstance(_judged(statement, SOFTMAX), Agreement), statement
    assert isinstance(_judged("log(q) = -log(1/q)", "q: positive"), Agreement)
    assert isinstance(_judged("d(-log(p[i]), p[i]) = -1/p[i]", SOFTMAX), Agreement)  # near p = 0 too


# Sizes, indices and simple values.

WARM = SOFTMAX + "beta: positive\nu[i] := exp(beta*s[i]) / sum(exp(beta*s[k]), k)\ny: distribution[K]\n"
FALSE = [
    # What is nearly always positive is not its own absolute value.
    ("sum((u[k] - y[k])*s[k], k) = abs(sum((u[k] - y[k])*s[k], k))", WARM),
    ("sum(u[k]*s[k], k) = abs(sum(u[k]*s[k], k))", WARM),
    ("x + 3*sum(v[k]^2, k) = abs(x + 3*sum(v[k]^2, k))", "K: size\nk: 1..K\nv: real[K]\nx: real"),
    ("(1 + 1/K)^K <= 2.5", "K: size"),
    ("K <= 5", "K: size"),
    ("K <= 8", "K: size"),
    ("K <= 8", "K: size\nx: real[K]\nassume x[1] > 0"),
    ("prod(k, k) <= 3^K", "K: size\nk: 1..K"),
    ("2^(K-1) = 1 + K*(K-1)/2 + K*(K-1)*(K-2)*(K-3)/24", "K: size"),
    ("prod(K - n, n, 1, 8) = 0", "K: size"),
    ("prod(K - n, n, 1, 12) = 0", "K: size"),
    ("sum(x[k], k)*prod(K - n, n, 1, 7) = 0", "K: size\nk: 1..K\nx: real[K]"),
    ("H*prod(D - n, n, 1, 8) = 0", "D, H: size"),
    ("H*(D*H+H^2+H) + prod(D - n, n, 1, 5) = H*(D*H+H^2+H)", "D, H: size"),
    ("prod(T - n, n, 3, 9) = 0", "T: size >= 3"),
    ("delta(i, 700) = 0", "i: 1..1000"),
    ("delta(i, 1) = 0", "i: 1..1000"),
    ("delta(i, 1000) = 0", "i: 1..1000"),
    ("delta(i, j) = 0", "i, j: 1..1000"),
    ("delta(i, j + 1) = 0", "i, j: 1..1000"),
    ("delta(i + 1, j) = 0", "i, j: 1..1000"),
    ("delta(i, 1)*delta(j, 1000) = 0", "i, j: 1..1000"),
    ("(x - 7)^2 > 0", "x: real"),
    ("(x - 7)^2 + (y - 3)^2 > 0", "x, y: real"),
    ("q^2 > 0", "x: real\nq := x - 7"),
    ("abs(x - 25) = 25 - x", "x: real"),
    ("abs(x - 1000) = 1000 - x", "x: real"),
    ("x^2 > 0", "x: real"),
    ("sum((x[k] - x[1])^2, k) > 0", "K: size\nk: 1..K\nx: real[K]"),
    ("cases(x == 7, 1, 0) = 0", "x: real"),
    ("cases(x == y, 1, 0) = 0", "x, y: real"),
    ("cases(x == -1, 1, 0) = 0", "x: real"),
    ("floor(x/100) + floor(-x/100) = -cases(x == 0, 0, 1)", "x: real"),
]


@pytest.mark.parametrize(("statement", "setting"), FALSE)
def test_false_between_the_points_is_refuted(statement, setting):
    assert isinstance(_judged(statement, setting), Counterexample)
    with pytest.raises(Refuted):
        Claim("a", statement, setting)


@pytest.mark.parametrize("setting", ["K: size\nx: real[K]", "K, T: size\nx: real[K]\ny: real[T]", "K: size >= 3"])
def test_every_size_meets_1_to_8(setting):
    given = Given(setting)
    statement = parse_statement(
        "x @ x + y @ y = K + T" if "T" in setting else "x @ x = K" if "x" in setting else "K = 1"
    )
    trials = Sample(statement, given).trials
    for name in given.sizes_declared():
        least = given.smallest(name)
        assert {t.sizes[name] - least + 1 for t in trials if t.exact and not t.fill} >= {1, 2, 3, 4}
        assert {t.sizes[name] - least + 1 for t in trials} >= set(range(1, 9))
    assert max(trials[0].sizes.values()) <= 4  # cheap: most mutants end there


@pytest.mark.parametrize("ranges", [("1..1000",) * 2, ("1..7",) * 3, ("2..9", "1..1000", "1..12")])
def test_indices_meet_every_class(ranges):
    names = "ijk"[: len(ranges)]
    given = Given("\n".join(f"{name}: {r}" for name, r in zip(names, ranges, strict=True)))
    statement = parse_statement(" + ".join(names) + " = 3")
    trees = [statement.left, statement.right]
    (_, point), *_ = Sample(statement, given).points(trees, given)
    met = [at.indices for at in index_choices(given, trees, point)]
    assert 10 < len(met) < 60
    for name, r in zip(names, ranges, strict=True):
        low, high = map(int, r.split(".."))
        assert {low, low + 1, high - 1, high, 2, 3, 4} - set(range(low)) <= {at[name] for at in met}
    for a, b in pairwise(names):
        assert {0, 1, -1} <= {at[a] - at[b] for at in met}
        assert any(abs(at[a] - at[b]) > 1 for at in met)


def test_points_follow_from_the_claim_alone():
    def values(statement, setting):
        given, statement = Given(setting), parse_statement(statement)
        points = Sample(statement, given).points([statement.left, statement.right], given)
        return [np.copy(point.values["x"]) for trial, point in points if not trial.fill]

    first, again = (values("x^2 = x*x", "x: real") for _ in range(2))
    assert first == again
    assert first != values("x^2 = x*x*1", "x: real")
    assert first != values("x^2 = x*x", "x: positive")
    # So a polynomial through the points of one claim does not vanish at its own.
    text = "*".join(f"(x - {abs(float(x)):.15f})*(x + {abs(float(x)):.15f})" for x in first)
    assert isinstance(_judged(f"x^2 + {text} = x^2", "x: real"), Counterexample)


def test_what_is_compared_with_a_claim_meets_its_points():
    given = Given(STEPS)
    statement, wrong = (parse_statement(f"d(L, w) = {right}") for right in ("0*w", "x[1]*w"))
    sample = Sample(statement, given)
    (_, first), *_ = sample.points([statement.left, statement.right], given)
    (_, again), *_ = sample.points([wrong.left, wrong.right], given + "u: real")
    np.testing.assert_array_equal(first.values["x"], again.values["x"])


def test_the_left_side_is_computed_once(monkeypatch):
    from rnnlib.claims import numeric, points

    given, statement = Given(STEPS), parse_statement("d(L, w) = d(L, w)*1")
    sample, computed = Sample(statement, given), []
    real = numeric.evaluate
    monkeypatch.setattr(points, "evaluate", lambda tree, *rest: computed.append(text_of(tree)) or real(tree, *rest))
    assert isinstance(compare(statement, given, sample), Agreement)
    times = []
    for right in ("d(L, w)*2", "d(L, w)/3", "w"):
        assert isinstance(compare(parse_statement(f"d(L, w) = {right}"), given, sample), Counterexample)
        times.append(computed.count("d(L, w)"))
    assert len(set(times)) == 1


def test_where_nothing_varies_points_are_no_evidence():
    with pytest.raises(Undecided, match="nothing in it varies"):
        Claim("a", "norm(A) = 1", "i, j: 1..2\nA[i, j] := delta(i, j)")
    assert Claim("a", "2^10 = 1024").evidence.level == "exact"


def test_a_chain_tells_the_points_of_each_line():
    made = Chain("a", "x*x\n= x^2 | square\n= (x + 1)^2 - 2*x - 1", "x: real")
    assert isinstance(made.evidence, Evidence)
    assert [agreement.exact for agreement in made.evidence.tested] == [POINTS, POINTS]


# What rounding decides, or what no machine holds, is no evidence.

SOFT = SOFTMAX.replace("K: size", "K: size >= 3")


@pytest.mark.parametrize("statement", ["1/27*27 < 1", "1/27*27 - 1 < 0", "x*(1/27*27) < x", "-x*(1/27*27) > -x"])
def test_rounding_makes_no_number_larger(statement):
    with pytest.raises(Refuted):
        Claim("a", statement, "x: positive")


@pytest.mark.parametrize("statement", ["x*10^(-60)*10^(-60) < 2*x*10^(-60)*10^(-60)", "1 < 1 + 10^(-60)*10^(-60)*x"])
def test_a_tiny_gap_that_stays_is_no_rounding(statement):
    assert isinstance(_judged(statement, "x: positive"), Agreement)


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("cases(1/27*27 < 1, x, 0) = x", "x: real"),
        ("x + cases(1/27*27 == 1, 1, 0) = x", "x: real"),
        ("x = x*1", SOFT + "x: real\nassume sum(p[k], k) < 1"),
        ("x = x*1", SOFT + "x: real\nassume sum(p[k], k) != 1"),
    ],
)
def test_rounding_decides_no_condition(statement, setting):
    with pytest.raises(Undecided):
        Claim("a", statement, setting)


def test_what_rounding_leaves_of_an_equality_satisfies_it():
    assert isinstance(_judged("x = x*1", SOFT + "x: real\nassume sum(p[k], k) <= 1"), Agreement)


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("norm(A) = norm(A.T)", "K: size\nA: real[K-1, K]"),
        ("d(v @ v, v) = 2*v", "K: size\nv: real[K-1]"),
        ("diag(v) = diag(v).T", "K: size\nv: real[K-1]"),
    ],
)
def test_what_is_empty_at_the_least_size_has_a_value(statement, setting):
    assert (1,) in {tuple(size for _, size in sizes) for sizes in _judged(statement, setting).sizes}


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("y = y*1", "K: size\ny: onehot[K-1]"),
        ("w[t]*1 = w[t]", "K: size\nt: 1..2\nw[t]: 1..K-1"),
        ("v = v*1", "K: size\nv: real[K-3]"),
    ],
)
def test_what_does_not_exist_at_a_size_asks_for_a_larger_one(statement, setting):
    with pytest.raises(IllFormed, match=r"has no value at .* least value"):
        Claim("a", statement, setting)


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("i = 1*i", "i: 1..1000000000000*1000000000000"),
        ("eye(1000000)[1, 1] = 1", ""),
        ("x[1] = 1*x[1]", "x: real[1000000000]"),
        ("x*1 = x", "x: real\nk: 1..1000000000\nassume x < k + 10"),
        ("p @ p = 1", "k: 1..1000000000\np[k] := k"),
        ("cases(1 > 2, 2^(64*64*64*64*64*64), 0) = 0", ""),
    ],
)
def test_what_no_memory_holds_is_undecided(statement, setting):
    with pytest.raises(Undecided):
        Claim("a", statement, setting)


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("1 + x * prod(0.001, k, 1, 80) = 1", "x: real"),
        ("d(x^2, x) = 2*x + 10^(-60)", "x: real"),
        ("d(d(x^3, x), x) = 6*x + 10^(-50)", "x: real"),
        ("x + 10^(-64) <= x", "x: real"),
    ],
)
def test_nothing_hides_behind_a_number_that_is_far_larger(statement, setting):
    with pytest.raises(Refuted):
        Claim("a", statement, setting)
