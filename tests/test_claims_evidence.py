"""Evidence: what a mark says is what was done; chains and inductions are as strong as their weakest line."""

import signal
import time

import pytest

from rnnlib.claims import Chain, Claim, Given, IllFormed, Induction, Refuted, Undecided, Unreadable
from rnnlib.claims.display import payload
from rnnlib.claims.evidence import COMPUTED, EXACT, GIVEN, PROVED, TESTED, Evidence, joined, time_limit
from rnnlib.claims.judge import Agreement
from rnnlib.claims.language import text_of

SOFTMAX = Given("""
    K: size
    s: real[K]
    i, j, k: 1..K
    p[i] := exp(s[i]) / sum(exp(s[k]), k)
""")
LOSS = SOFTMAX + "y: distribution[K]\nL := -sum(y[k] * log(p[k]), k)"
AGREED = Agreement(12, ())


@pytest.mark.parametrize(
    ("statement", "setting", "options", "told"),
    [
        ("x = x + 1 - 1", "x: real", {}, "exact"),
        ("sum(x[k], k) = x @ (x / x)", "K: size\nx: positive[K]\nk: 1..K", {}, "proved for every K"),
        ("sum(x[t], t) = x[1] + x[2] + x[3]", "T: size = 3\nx: real[T]\nt: 1..T", {}, "proved at T = 3"),
        (
            "h[T] = w^T",
            "T: size\nw: real\nt: 1..T\nh[0] := 1\nh[t] := w*h[t-1]",
            {"fixed": {"T": 4}},
            "tested at random points, proved at T = 4",
        ),
        (
            "q = sum(x[k], k) * T",
            "T, K: size\nx: real[K]\nk: 1..K\nq := sum(x[k], k) * T",
            {},
            "proved for every T and K",
        ),
        ("sum(p[k]^2, k) >= 1 / K", "K: size\np: distribution[K]\nk: 1..K", {}, "tested at random points"),
        ("exp(2.03) ≈ 7.61", "", {}, "computed"),
    ],
)
def test_evidence(statement, setting, options, told):
    assert str(Claim("x", statement, setting, **options).evidence) == told


def test_evidence_of_a_chain_is_that_of_its_weakest_line():
    every, at3 = Evidence(PROVED, {"K": "all"}, (), (AGREED,)), Evidence(PROVED, {"T": 3}, (), (Agreement(8, ()),))
    exact, tested = Evidence(EXACT, {}), Evidence(TESTED, {})
    assert str(joined([every, exact])) == "proved for every K"
    assert str(joined([every, at3])) == "proved for every K, at T = 3"
    assert str(joined([every, Evidence(PROVED, {"K": 3}), every])) == "proved at K = 3"
    assert str(joined([every, tested])) == "tested at random points"
    assert str(joined([exact, exact])) == "exact"
    assert [agreement.points for agreement in joined([every, at3]).tested] == [12, 8]
    assert str(joined([every, Evidence(TESTED, {"T": 3})])) == "tested at random points, proved for every K, at T = 3"
    assert str(joined([every, Evidence(GIVEN, {"T": "all"}, ("a rule, with words",))])).endswith(", given a rule")
    assert joined([exact, Evidence(COMPUTED, {})]).level == COMPUTED


def test_chains():
    chain = Chain(
        "ce.steps",
        """
        d(L, s[j])
        = sum(d(L, p[k]) * d(p[k], s[j]), k)   | the chain rule
        = p[j] - y[j]                          | the targets sum to one
    """,
        LOSS,
    )
    assert str(chain.evidence) == "proved for every K"
    assert chain.reasons == ["", "the chain rule", "the targets sum to one"]
    assert text_of(chain.statement.right) == "p[j] - y[j]"
    with pytest.raises(Refuted, match=r"^ce.steps: step 2 \(`y\[j\] - p\[j\]`\) does not hold"):
        Chain("ce.steps", "d(L, s[j])\n= p[j] - y[j]\n= y[j] - p[j]", LOSS)
    with pytest.raises(Unreadable, match="at least two lines"):
        Chain("ce.steps", "d(L, s[j])", LOSS)
    with pytest.raises(Unreadable, match="begins with one of"):
        Chain("ce.steps", "d(L, s[j])\np[j] - y[j]", LOSS)


def test_a_chain_runs_one_way():
    assert Chain("a", "x\n<= x + 1\n< x + 2\n= 2 + x", "x: real").statement.relation == "<"
    assert Chain("a", "x\n= x + 1 - 1", "x: real").statement.relation == "="
    with pytest.raises(IllFormed, match="one way"):
        Chain("a", "x\n<= x + 1\n>= x", "x: real")
    with pytest.raises(IllFormed, match="last line"):
        Chain("a", "exp(1)\n≈ 2.718\n= 2.718", "")


def _run_on():
    while True:
        try:
            sum(range(1000))
        except Exception:  # SymPy catches these in places; the limit gets through all the same
            continue


def test_the_time_limit_leaves_the_alarm_as_it_was():
    rung = []
    previous = signal.signal(signal.SIGPROF, lambda *_: rung.append(1))
    try:
        signal.setitimer(signal.ITIMER_PROF, 0.3)
        with pytest.raises(Undecided, match=r"did not end within 0.05 s"), time_limit(0.05):
            _run_on()
        assert not rung
        started = time.process_time()
        while not rung and time.process_time() - started < 10:
            pass
        assert rung == [1]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


RECURSION = """
    T: size >= 2
    t: 1..T
    r: 2..T
    w: real
    h[0] := w
    h[t] := w * h[t-1]
    q: 1..T-1
    u: 3..T
    v: 1..T-2
    F[t] := t^2
    G[t] := t
    x: real[T]
    a[t] := x[t] + w * g[t-1]
    g[0] := 0
    g[t] := a[t]
    L := sum(a[t]^2, t)
    delta[t] := d(L, a[t])
"""


@pytest.mark.parametrize(
    ("lines", "covered"),
    [
        ("h[1] = w^2 | first\nh[r] = w * h[r-1] | then", "induction over r, from 1 up to T"),
        ("h[0] = w\nh[t] = w * h[t-1]", "induction over t, from 0 up to T"),
        ("h[1] = w^2\nh[q+1] = h[q] * w", "induction over q, from 1 up to T"),
        ("delta[T] = 2*a[T]\ndelta[q] = 2*a[q] + w*delta[q+1]", "induction over q, from T down to 1"),
    ],
)
def test_what_an_induction_covers_is_derived(lines, covered):
    made = Induction("a", lines, RECURSION)
    assert covered in made.evidence.rules
    assert any(covered in told for told in payload(made)["how"])


def test_an_induction_tells_its_reasons():
    made = Induction("a", "h[1] = w^2 | first\nh[r] = w * h[r-1] | then", RECURSION)
    assert [line["reason"] for line in payload(made)["lines"]] == ["first", "then"]


@pytest.mark.parametrize(
    ("lines", "error", "told"),
    [
        ("h[1] = w\nh[r] = w * h[r-1]", Refuted, "a: the base does not hold"),
        ("h[1] = w^2\nh[r] = w * h[r-1] + 1", Refuted, "a: the step does not hold"),
        ("h[1] = w^2", Unreadable, "two lines"),
        ("h[1] = w^2\nh[u] = w * h[u-1]", IllFormed, "do not meet: the base is about 1, and the step starts from 2"),
        ("delta[T] = 2*a[T]\ndelta[v] = 2*a[v] + w*delta[v+1]", IllFormed, "do not meet: the base is about T"),
        ("F[1] = 1\nG[q+1] = G[q] + 1", IllFormed, "what one quantity is at two places"),
        ("h[1] = w^2\nh[r] = w^(r+1)", IllFormed, "uses the quantity at one place beside its own"),
        ("h[1] = w^2\nh[1] = w*h[0]", IllFormed, "at two places"),
        ("h[1] <= w^2\nh[r] = w * h[r-1]", IllFormed, "an induction says what"),
    ],
)
def test_lines_that_do_not_meet_are_no_induction(lines, error, told):
    with pytest.raises(error, match=told):
        Induction("a", lines, RECURSION)


@pytest.mark.parametrize(
    ("statement", "setting"),
    [("(1+1/K)^K <= 3", "K: size"), ("K <= K^2", "K: size"), ("3^K >= K^3", "K: size = 3")],
)
def test_a_proof_at_a_size_that_was_not_declared_is_no_proof(statement, setting):
    made = Claim("a", statement, setting)
    assert (made.evidence.level == PROVED) == ("=" in setting or "every" in str(made.evidence))


def test_the_rules_that_a_proof_trusts_are_told():
    made = Claim("a", "delta[T] = 2 * a[T]", RECURSION)
    assert made.evidence.level == GIVEN
    assert str(made.evidence) == "proved for every T, given the chain rule"


@pytest.mark.parametrize(
    ("statement", "level"),
    [("2 + 2 = 4", EXACT), ("exp(1) ≈ 2.718", COMPUTED), ("log(2)^2 + 1/2 <= 0.99", EXACT)],
)
def test_what_is_computed_is_told_from_what_is_exact(statement, level):
    assert Claim("a", statement).evidence.level == level


def test_what_was_computed_is_not_told_as_proved():
    told = payload(Claim("a", "exp(1) ≈ 2.718"))["how"]
    assert any("that is no proof" in line for line in told)
    assert not any("SymPy proves" in line for line in told)


def test_equal_digits_are_no_proof():
    with pytest.raises(Undecided, match="at only 0 of 1 points, because numbers grew"):
        Claim("a", "tanh(1000) = 1")
    with pytest.raises(Undecided, match="no proof was found"):
        Claim("a", "norm(A) = 1", "i, j: 1..2\nA[i, j] := delta(i, j)")


@pytest.mark.parametrize(
    ("statement", "setting", "assumed"),
    [
        ("h[r] = w * h[r-1]", RECURSION, [r"$T \ge 2$", r"$r = 2, \dots, T$"]),
        ("d(L, s[j]) = p[j] - y[j]", LOSS, [r"$\sum y = 1$"]),
        ("x = x", "K: size = 3\nx: positive[K]", ["$K = 3$", "$x > 0$"]),
        (
            "sum(y[t, k], k) = 1",
            "T, K: size\nt: 1..T\nk: 1..K\ny: distribution[T, K]",
            ["each row of $y$ has the sum 1"],
        ),
        ("x = x", "x: real", []),
    ],
)
def test_what_a_claim_assumes_stands_on_its_face(statement, setting, assumed):
    assert payload(Claim("a", statement, setting))["assumes"] == assumed


def test_what_a_derivative_leaves_is_told():
    def moving(statement):
        return [entry["text"] for entry in payload(Claim("a", statement, LOSS))["symbols"] if "freely" in entry["text"]]

    (told,) = moving("d(L, p[j]) = -y[j] / p[j]")
    assert r"off the surface on which $\sum p = 1$" in told
    assert not moving("d(L, s[j]) = p[j] - y[j]")


# A derivative where branches meet may be none of theirs.


@pytest.mark.parametrize(
    "statement",
    [
        "d(cases(x*x == 2, 2, x^2), x) = cases(x*x == 2, 0, 2*x)",
        "d(cases((x*x - 2)^2 > 0, x^2, 2), x) = cases((x*x - 2)^2 > 0, 2*x, 0)",
        "d(max(x^2 - 2, 0) + min(x^2 - 2, 0), x) = 2*x*(cases(x^2 > 2, 1, 0) + cases(x^2 < 2, 1, 0))",
    ],
)
def test_a_derivative_of_branches_is_proved_off_the_points_where_they_meet(statement):
    made = Claim("a", statement, "x: real")  # false at the square root of 2, which no point meets
    assert made.evidence.level == GIVEN
    assert "given derivatives branch by branch" in str(made.evidence)
    assert "off the points at which branches meet" in " ".join(payload(made)["how"])


def test_what_is_not_differentiated_needs_no_such_rule():
    assert Claim("a", "max(x, 0)^2 = x*max(x, 0)", "x: real").evidence.level == EXACT
    assert Claim("a", "d(x^2, x) = 2*x", "x: real").evidence.level == EXACT


@pytest.mark.parametrize("size", [0, -2, "all", 2.5, 1])
def test_a_size_is_held_fixed_where_it_may_be(size):
    with pytest.raises(IllFormed, match="from its least value on"):
        Claim("a", "sum(x[k], k)^2 >= 0", "K: size >= 2\nk: 1..K\nx: real[K]", fixed={"K": size})


def test_a_rounded_last_line_does_not_say_that_nothing_varies():
    told = " ".join(payload(Chain("a", "x - x + 1/3\n= 1/3\n≈ 0.333", "x: real"))["how"])
    assert "Nothing in it can vary" not in told
    assert "rounded number" in told
    assert "Nothing in it can vary" in " ".join(payload(Claim("a", "1/3 ≈ 0.333"))["how"])


def test_an_induction_leaves_no_step_out():
    steps = "T: size\nt: 1..T\nn: 2..T\nw: real\nh[0] := 1\nh[t] := w*h[t-1]\n"
    Induction("a", "h[1] = w\nh[n] = w*h[n-1]", steps)
    with pytest.raises(IllFormed, match="may leave a step out"):
        Induction("a", "h[1] = w\nh[n] = w*h[n-1]", steps + "assume n != 3")
    assert Claim("a", "h[t] = w^t", steps).evidence.level == GIVEN
    assert Claim("a", "h[t] = w^t", steps + "assume t != 3").evidence.level == TESTED


@pytest.mark.parametrize("reason", ["} = 7 \\text{", "a } b", "a { b", "ends in \\"])
def test_a_reason_does_not_become_part_of_the_formula(reason):
    with pytest.raises(IllFormed, match="braces of the reason"):
        Chain("a", f"x\n= 1*x | {reason}", "x: real")
    assert Chain("a", "x\n= 1*x | by $x^{1}$, a set \\{1\\}", "x: real").reasons[-1]
