"""Claims, chains, mistakes, mutants and answers."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import exercises
from book_builder.claim_table import FATES
from exercises import check
from rnnlib.claims import (
    Accepted,
    Claim,
    ClaimError,
    Given,
    IllFormed,
    Mistake,
    Refuted,
    Undecided,
    Unreadable,
)  # fmt: skip
from rnnlib.claims import claim as engine
from rnnlib.claims.claim import ILL_FORMED, WORDING
from rnnlib.claims.display import payload
from rnnlib.claims.language import parse, parse_statement, text_of
from rnnlib.claims.mutants import MAX_CHANGED_DEFINITIONS, MAX_MUTANTS, mutants, mutants_of

SOFTMAX = Given(
    """
    K: size                                  | the number of classes
    s: real[K]                               | the scores
    i, j, k: 1..K
    p[i] := exp(s[i]) / sum(exp(s[k]), k)    | the probabilities
""",
    id="softmax.definition",
)
LOSS = SOFTMAX + "y: distribution[K]\nL := -sum(y[k] * log(p[k]), k)"


def _jacobian(**options):
    return Claim("softmax.jacobian", "d(p[i], s[j]) = p[i] * (delta(i, j) - p[j])", SOFTMAX, **options)


def test_a_claim_tells_its_evidence():
    made = _jacobian(mistakes=[Mistake("p[i] * (1 - p[j])", "the diagonal for every entry")], answers="S0-08 S2-06")
    assert str(made.evidence) == "proved for every K"
    assert made.evidence.tested[0].points >= 12
    assert made.answers == ["S0-08", "S2-06"]
    assert made.mistakes[0].refutation.startswith("at K = 2, s = (0, 0), i = 1, j = 2")
    assert len(made.mutants.refuted) > 10
    assert made.seconds > 0


@pytest.mark.parametrize("id", ["Softmax", "a b", "a..b", "", "a.", None, "é"])
def test_ids(id):
    with pytest.raises(IllFormed, match="lower-case words"):
        Claim(id, "x = x", "x: real")


@pytest.mark.parametrize(
    ("statement", "setting", "error", "told"),
    [
        ("x = 2*x", "x: real", Refuted, "^a.b: does not hold at x = 1: the left side is 1, the right side 2$"),
        ("x = y", "x: real", IllFormed, "^a.b: .*`y` has no domain"),
        ("x == x", "x: real", Unreadable, "^a.b: .*exactly one"),
        ("v = x", "K: size\nv: real[K]\nx: real", IllFormed, r"shape \(K\)"),
        ("v[i + 1] = v[i + 1]", "K: size\nv: real[K]\ni: 1..K", IllFormed, "narrow the setting"),
        ("log(-x^2 - 1) = x", "x: real", IllFormed, "undefined at x = 0.*not positive"),
        ("sum(sum(sum(x, i, 1, 999), j, 1, 999), k, 1, 999) = x", "x: real", Undecided, "too long"),
        ("x ≈ y", "x, y: real", IllFormed, "≈ compares a scalar with a number"),
    ],
)
def test_wrong_claims_can_not_be_made(statement, setting, error, told, monkeypatch):
    monkeypatch.setattr(engine, "MAX_WORK", 100_000)
    with pytest.raises(error, match=told):
        Claim("a.b", statement, setting)


def test_unknown_sizes_can_not_be_fixed():
    with pytest.raises(IllFormed, match="`fixed` names T"):
        _jacobian(fixed={"T": 3})


@pytest.mark.parametrize(
    ("mistake", "error", "told"),
    [
        (
            Mistake("p[i] * delta(i, j) - p[j] * p[i]", "no mistake at all"),
            Accepted,
            "agrees with the claim at every point",
        ),
        (Mistake("p[i] * (", "unreadable"), IllFormed, "can't be checked"),
        (Mistake("p[i] * v", "unknown"), IllFormed, "can't be checked"),
        (Mistake("p[i]", "not ill-formed", kind=ILL_FORMED), Accepted, "it means something"),
    ],
)
def test_mistakes_must_be_mistakes(mistake, error, told):
    with pytest.raises(error, match=told):
        _jacobian(mistakes=[mistake])


def test_ill_formed_and_wording_mistakes_need_no_counterexample():
    ill, wording = _jacobian(
        mistakes=[Mistake("p[i] * s", "a vector", kind=ILL_FORMED), Mistake("", "a word", kind=WORDING)]
    ).mistakes
    assert "shape" in ill.refutation
    assert wording.refutation == ""


def test_a_mistake_may_bring_its_own_symbols():
    made = Claim(
        "ce.gradient",
        "d(L, s[j]) = p[j] - y[j]",
        LOSS,
        mistakes=[
            Mistake("d(M, s[j]) = p[j] - v[j]", "any target", given="v: real[K]\nM := -sum(v[k] * log(p[k]), k)")
        ],
    )
    assert "v = " in made.mistakes[0].refutation


def test_a_check_that_accepts_a_wrong_mutant_is_broken(monkeypatch):
    real = engine.compare

    def blind(statement, *others, **options):
        return real(statement._replace(right=statement.left), *others, **options)

    monkeypatch.setattr(engine, "compare", blind)
    with pytest.raises(Accepted, match="wrong in float64 but passes the check"):
        Claim("a", "2 * x = x + x", "x: real")


def test_mutants_equal_to_the_claim_are_listed():
    made = Claim("a", "delta(i, j) * v[i] = delta(i, j) * v[j]", "K: size\nv: real[K]\ni, j: 1..K")
    assert "delta(i, j) * v[i]" in [text_of(mutant.statement.right) for mutant in made.mutants.equivalent]


# What is mutated beside the two sides.


def _mutants(statement, setting):
    return list(mutants_of(parse_statement(statement), Given(setting)))


def test_inequalities_and_rounded_numbers_have_mutants():
    def shown(statement, setting=""):
        return {f"{text_of(s.left)} {s.relation} {text_of(s.right)}" for s, *_ in _mutants(statement, setting)}

    assert shown("x^2 + 1 >= 2", "x: real") == {
        "x ** 2 + 1 <= 2",
        "x ** 2 + 1 > 2",
        "x ** 2 + 1 >= 3",
        "x ** 2 + 1 >= 1",
        "x ** 2 + 2 >= 2",
        "x ** 3 + 1 >= 2",
        "x ** 1 + 1 >= 2",
    }
    assert shown("exp(2.03) ≈ 7.61") == {"exp(2.03) ≈ 7.62", "exp(2.03) ≈ 7.6"}
    assert shown("-exp(1) ≈ -3") == {"-exp(1) ≈ -4", "-exp(1) ≈ -2"}


def test_definitions_are_mutated():
    found = [m for m in _mutants("L = x^4", "x: real\nq := x^2\nL := q^2\nunused := x") if m.clause and m.given]
    assert {m.clause.name for m in found} == {"q", "L"}
    assert 3 < len(found) <= MAX_CHANGED_DEFINITIONS
    assert all(text_of(m.given.clauses[m.clause.name][0].body) == text_of(m.clause.body) for m in found)
    made = Claim("a", "L = x^4", "x: real\nq := x^2\nL := q^2")
    assert any(m.clause for m in made.mutants.refuted)


def test_every_mutant_is_counted():
    made = _jacobian()
    generated = sum(1 for line in made.lines for _ in mutants_of(line, made.given))
    assert sum(map(len, made.mutants)) == generated
    assert made.mutants.ill_formed  # such as p[i + 1]
    data = payload(made)
    assert data["mutants"] == generated


@pytest.mark.parametrize(
    ("statement", "setting"), [("x = x", "x: real"), ("sum(x[k], k) = sum(x[k], k)", "K: size\nx: real[K]\nk: 1..K")]
)
def test_a_check_refutes_something(statement, setting, monkeypatch):
    assert Claim("a", statement, setting).mutants.refuted
    monkeypatch.setattr(engine, "mutants_of", lambda *_: [])
    with pytest.raises(Accepted, match="refutes no wrong version"):
        Claim("a", statement, setting)
    assert Claim("a", statement, setting, mistakes=[Mistake("1", "it is no constant")])


def _mutant_texts(text, setting="x, y, z: real\nK, T: size\nA: real[K, K]\nv, w: real[K]\ni, j, k: 1..K"):
    return {mutant: words for mutant, (_, words) in mutants(parse(text), Given(setting)).items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + y", {"x - y", "x", "y", "-(x + y)"}),
        ("x - y", {"x + y", "x", "-y", "-(x - y)"}),
        ("x * y", {"x", "y", "-(x * y)"}),
        ("x / y", {"x", "x * y", "1 / y", "-(x / y)"}),
        ("x ** 2", {"x", "x ** 3", "x ** 1"}),
        ("0.5 * x", {"1.0 * x"}),
        ("v @ A", {"v @ A.T", "A", "v"}),
        ("v @ A.T", {"v @ A"}),
        ("A[i, j]", {"A[j, i]", "A[j, j]", "A[i - 1, j]", "A[i, j + 1]"}),
        ("v[i - 1]", {"v[i]"}),
        ("v[2]", {"v[1]", "v[3]"}),
        ("sum(v[k], k)", {"v[k]", "sum(v[i], k)"}),
        ("sum(v[k], k, 1, i - 1)", {"sum(v[k], k, 1, i)", "sum(v[k], k, 2, i - 1)"}),
        ("delta(i, j)", {"1", "delta(k, j)", "delta(i, k)"}),
        ("outer(v, v + 1)", {"outer(v + 1, v)"}),
        ("tanh(x)", {"x", "-tanh(x)", "sigmoid(x)", "tanh(y)", "tanh(z)"}),
        ("exp(x) + log(y)", {"log(x) + log(y)", "exp(x) + exp(y)"}),
        ("max(x, y)", {"x", "y", "min(x, y)", "max(y, y)"}),
        ("v[i]", {"w[i]", "v[i + 1]"}),
        ("K * x", {"T * x", "K * y"}),
        ("sum(v[k], k)", {f"sum(v[k], k, {ends})" for ends in ("1 + 1, K", "1, K - 1", "1, 1", "K, K")}),
        ("prod(x, k, 1, i)", {"prod(x, k, 1, i + 1)", "prod(x, k, 1, i - 1)"}),
        ("i * x", {"j * x", "k * x"}),
    ],
)
def test_mutants_of_every_kind(text, expected):
    assert expected <= set(_mutant_texts(text))


def test_an_index_has_no_transpose():
    assert not any(".T" in text for text in _mutant_texts("i * x + K * y"))


def test_of_a_long_formula_a_sample_of_mutants_is_tried_and_the_others_are_counted():
    text = " + ".join(f"x * y ** {n}" for n in range(2, 40))
    given, found = Given("x, y, z: real"), _mutant_texts(text)
    assert text not in found
    assert len(found) > 2 * MAX_MUTANTS
    made = list(mutants_of(parse_statement(f"z = {text}"), given, both_sides=False))
    assert len(made) == len(found)
    tried = [mutant for mutant in made if mutant.tried]
    assert len(tried) == MAX_MUTANTS
    # They come from the formula's whole length.
    assert any("y ** 3" not in text_of(mutant.statement.right).partition(" + x * y ** 5")[0] for mutant in tried)
    assert any("y ** 39" not in text_of(mutant.statement.right) for mutant in tried)


def test_what_is_not_tried_is_told():
    made = Claim("a", "x + x = " + " + ".join(["x / 2 * 0.1"] * 40), "x: real")
    assert made.mutants.untried
    data = payload(made)
    assert data["mutants"] == sum(data[f"mutants_{fate}"] for fate in FATES)
    assert any(f"{len(made.mutants.untried)} not tried" in told for told in data["how"])


def test_an_indexed_expression_has_mutants():
    assert Claim("a", "softmax(s)[j] = p[j]", SOFTMAX + "q := softmax(s)").mutants.refuted


def test_claims_can_be_made_in_a_thread():
    made = []
    thread = threading.Thread(target=lambda: made.append(Claim("a", "x = x * 1", "x: real")))
    thread.start()
    thread.join()
    assert str(made[0].evidence) == "exact"


# Answers.


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        ("p[j] - y[j]", "right", "points"),
        ("-(y[j] - p[j])", "right", ""),
        ("p[j] * sum(y[k], k) - y[j]", "right", ""),
        ("exp(s[j]) / sum(exp(s[k]), k) - y[j]", "right", ""),
        ("p[j] − y[j]", "right", ""),
        ("y[j] - p[j]", "wrong", "Not quite: the sign"),
        ("p[j]", "wrong", "Not quite: the target is missing"),
        ("p[j] + y[j]", "wrong", "Close: a sign is flipped"),
        ("p[i] - y[j]", "wrong", "Close: the index i stands where j belongs"),
        ("p[j] - 2*y[j]", "wrong", "Close: the factor `2` is too many"),
        ("-log(p[j])", "wrong", "Not right at K = "),
        ("log(-p[j])", "wrong", "your formula has no value there"),
        ("d(L, s[j])", "unreadable", "still holds"),
        ("sum(d(L, p[k]) * d(p[k], s[j]), k)", "unreadable", "still holds"),
        ("p - y", "unreadable", "asks for a number"),
        ("p[j] = y[j]", "unreadable", "right side alone"),
        ("2p[j]", "wrong", "Two slips"),
        ("q[j]", "unreadable", "no symbol of this exercise"),
        ("sum(p[m], m, 1, K) * p[j] - y[j]", "right", "agrees"),
        ("p_j - y_j", "right", "agrees"),
        (None, "unanswered", "No answer yet"),
        ("...", "unanswered", "No answer yet"),
        (..., "unanswered", ""),
        (" ", "unanswered", ""),
    ],
)
def test_check_says_what_became_of_an_answer(answer, status, told):
    verdict = check("ce.gradient", answer)
    assert verdict.status == status, verdict
    assert told.replace("\\", "") in verdict.message
    assert "\n" not in verdict.message
    assert str(verdict)[0] in "✓✗?…"
    assert verdict._repr_markdown_().startswith("**")


def _nested(inner, template, times):
    for _ in range(times):
        inner = template.format(inner)
    return inner


@pytest.mark.parametrize(
    "answer",
    [
        "sum(1, k, 1, 10**9)",
        "sum(1, k, 1, 1000000000)",
        "sum(1, k, 1, K * 1000000000)",
        "10^64^64",
        "1e999",
        "9" * 1000,
        "sum(sum(sum(p[j], k, 1, 999), i, 1, 999), m, 1, 999)",
        "10^(64*64*64*64)",
        "s[j]^(64*64*64*64*64*64)",
        _nested("p[j]", "d({}, s[j])", 20),
        _nested("p[j]", "sum({} * p[k], k, 1, K)", 12),
        _nested("s[j]", "({})^64", 40),
        _nested("s[j]", "exp({})", 50),
        _nested("s", "outer({}, s)", 20),
        _nested("p[j]", "-({})", 400),
        "lambda x: x",
        "__import__('os').system('true')",
        "p.__class__",
        "().__class__",
        "[x for x in p]",
        "p[j]; import os",
        "\ud800",
        "\x00",
        "x" * 1999,
        "+".join(["p[j]"] * 300),
        object(),
        {"p": 1},
        b"p[j]",
        float("nan"),
        "p[10**9]",
        "p[-1]",
        "0 / 0",
        "log(0)",
        "tanh(10^12 * s[j])",
        "sum(p[j], p, 1, 3)",
        "p\u200b[j]",
        "ﬃ[j]",
        "print(p)",
        "exec('1')",
        "p[j] if p else y",
        "*p",
        "p[*p]",
    ],
)
def test_hostile_answers_come_back_soon_with_one_sentence(answer):
    exercises.claim("ce.gradient")
    started = time.process_time()  # of the processor: a busy machine takes no more of it
    verdict = check("ce.gradient", answer)
    assert verdict.status in ("wrong", "unreadable")
    assert len(verdict.message) < 700
    assert "\n" not in verdict.message
    assert time.process_time() - started < 6  # it is less than one


@pytest.mark.parametrize(
    "statement",
    [
        "sum(1, k, 1, 10**9) = x",
        "x^64^64 = x",
        "x.__class__ = x",
        "x = " + "(" * 500,
        "x = " + "x*" * 3000 + "x",
        "x = 1e999",
        "x = " + _nested("x", "d({}, x)", 20),
    ],
)
def test_hostile_claims_come_back_soon(statement):
    started = time.process_time()
    with pytest.raises(ClaimError):
        Claim("a", statement, "x: real")
    assert time.process_time() - started < 6


def test_the_claims_of_the_exercises():
    assert "ce.gradient" in exercises.ids()
    assert exercises.claim("ce.gradient") is exercises.claim("ce.gradient")
    for id in ("nothing", "ce.nothing"):
        with pytest.raises(KeyError, match=f"no exercise asks for a claim `{id}`; there are .*bptt"):
            check(id, "1")

    def make(id):
        raise AssertionError("never called")

    make.__module__ = "exercises.chapter02"
    with pytest.raises(ValueError, match="two claims"):
        exercises.entry("ce.gradient")(make)
    with pytest.raises(ValueError, match="does not look for the claim"):
        exercises.entry("rnn.new")(make)


def test_a_claim_is_found_wherever_the_folder_is_and_loads_the_module_of_its_chapter_alone(tmp_path):
    shutil.copytree(Path(exercises.__file__).parent, tmp_path / "exercises")
    program = (
        "import sys, exercises; exercises.claim('bptt.memory'); print(exercises.__file__); "
        "print(*sorted(name for name in sys.modules if name.startswith('exercises.')))"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}  # the working directory comes before it
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [
        str(tmp_path / "exercises" / "__init__.py"), "exercises.chapter04", "exercises.chapter05",
    ]  # fmt: skip


# What is shown.


def test_an_error_in_a_definition_is_true_as_well_only_at_every_point():
    setting = "K: size\nk: 1..K\nx: real[K]\nz: real\nq := z + 1"
    made = Claim("a", "sum(x[k]*cases(k > 4, q, 1), k) = sum(x[k]*cases(k > 4, z + 1, 1), k)", setting)
    assert {text_of(m.clause.body) for m in made.mutants.refuted if m.clause} >= {"z", "z - 1", "-(z + 1)"}
    assert not [m for m in made.mutants.equivalent if m.clause]


def test_an_index_without_a_declaration_has_no_shape_to_be_mistaken_in():
    assert Claim("a", "sum(n*m, n, 1, 3) = 6*m", "m: real").evidence.level == "exact"
