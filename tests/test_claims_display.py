"""What is shown of claims, settings and boards: their data, and what a console prints."""

import json

import pytest

from book_builder.claim_table import FATES
from rnnlib.claims import Board, Chain, Claim, Given, IllFormed, Mistake
from rnnlib.claims.display import bundle, payload
from rnnlib.claims.seal import MIME, claims_in, is_sealed

SOFTMAX = Given(
    """
    K: size                                  | the number of classes
    s: real[K]                               | the scores
    i, j, k: 1..K
    p[i] := exp(s[i]) / sum(exp(s[k]), k)    | the probabilities
""",
    id="softmax.definition",
)


KEYS = {
    "kind",
    "id",
    "title",
    "lines",
    "verdict",
    "evidence",
    "level",
    "how",
    "mistakes",
    "mutants",
    "mutants_refuted",
    "mutants_equivalent",
    "equivalent",
    "seconds",
    "answers",
}


def test_payload():
    made = Claim(
        "softmax.jacobian",
        "d(p[i], s[j]) = p[i] * (delta(i, j) - p[j])",
        SOFTMAX,
        title="The Jacobian",
        answers="S0-08",
        mistakes=[Mistake("p[i] * (1 - p[j])", "the diagonal", rows="S2-05 S2-06", damage=True)],
    )
    data = payload(made)
    assert set(data) >= KEYS
    assert json.loads(json.dumps(data)) == data
    assert data["kind"] == "claim"
    assert data["verdict"] == "holds"
    assert data["evidence"] == "proved for every K"
    assert data["level"] == "proved"
    assert data["mutants"] == sum(data[f"mutants_{fate}"] for fate in FATES)
    (mistake,) = data["mistakes"]
    assert mistake["refuted"]
    assert mistake["rows"] == ["S2-05", "S2-06"]
    assert mistake["damage"] is True
    assert mistake["latex"].startswith(r"\frac{\partial p_{i}}")
    proof, points, mutants = data["how"]
    assert proof.startswith("SymPy proves it for every $K$") and "Trusted: " in proof
    assert "Systematic small errors" in mutants
    assert "float64" in points and "$K$ from 1 to 8" in points


def test_a_claim_names_the_settings_in_which_its_symbols_live():
    first = Given("w: real | the weight\nv: real\nx := 2*w", id="a.first", title="the first")
    second = Given("y := x + w", id="a.second", base=first)
    data = payload(Claim("a", "y + u = 3*w + u", second + "u: positive"))
    assert data["settings"] == ["a.first", "a.second"]
    assert [(entry["setting"], entry["text"]) for entry in data["symbols"]] == [
        ("a.first", r"$w \in \mathbb{R}$: the weight"),
        ("a.first", r"$x := 2 \, w$"),
        ("a.second", "$y := x + w$"),
        ("", r"$u \in \mathbb{R}_{>0}$"),
    ]
    assert payload(first)["title"] == "the first" and payload(first)["settings"] == []
    assert payload(second)["settings"] == ["a.first"]


def test_a_setting_may_narrow_a_size_of_the_one_it_continues():
    network = Given("T, K: size\nt: 1..T\nx: real[T]", id="a.network")
    narrow = Given("T: size >= 2\nr: 1..T-1", base=network)
    assert (narrow.smallest("T"), network.smallest("T")) == (2, 1)
    made = Claim("a", "sum(x[t], t) - x[r] = sum(cases(t == r, 0, x[t]), t)", narrow)
    data = payload(made)
    assert min(dict(sizes)["T"] for agreement in made.evidence.tested for sizes in agreement.sizes) == 2
    assert r"$T \ge 2$" in data["assumes"]
    assert {"setting": "", "text": r"$T \ge 2$, a whole number"} in data["symbols"]


@pytest.mark.parametrize(
    ("wide", "narrow"), [("T: size >= 3", "T: size"), ("T: size = 3", "T: size >= 3"), ("", "T: size\nT: size >= 2")]
)
def test_a_size_is_neither_widened_nor_declared_twice(wide, narrow):
    with pytest.raises(IllFormed, match="declared already"):
        Given(narrow, base=Given(wide))


def test_a_board_holds_claims_that_belong_together():
    twice, half = Claim("a.twice", "x + x = 2*x", "x: real"), Claim("a.half", "x/2 + x/2 = x", "x: real")
    shown = bundle(Board("Twice and half", twice, half))
    assert is_sealed(shown[MIME]) and shown[MIME]["title"] == "Twice and half"
    assert claims_in(shown[MIME]) == [payload(twice), payload(half)]
    assert claims_in(payload(half)) == [payload(half)]
    assert "✓ exact · a.twice\nx + x = 2 * x" in shown["text/plain"]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (("A title", "x"), "expected claims, found 'x'"),
        (("A title",), "expected two or more claims, found 0"),
        (("",), "expected a title"),
        ((Given("x: real"),), "expected a title"),
    ],
)
def test_a_board_without_title_or_claims_is_refused(parts, told):
    with pytest.raises(IllFormed, match=told):
        Board(*parts)


def test_a_console_is_shown_the_formulas_as_they_are_written():
    chain = Chain("a", "x + x\n= 2*x  | count\n= x*2  | swap", "x: real", title="Twice")
    assert bundle(chain)["text/plain"] == "✓ exact · a\nTwice\nx + x = 2 * x\n= x * 2"
    assert bundle(SOFTMAX)["text/plain"].startswith("definition · ")
    assert bundle(Given("x: real")) == {"text/plain": "x: real"}


@pytest.mark.parametrize(
    ("last", "told"), [("2", "$j = 1, 2$"), ("3", r"$j = 1, \dots, 3$"), ("K", r"$j = 1, \dots, K$")]
)
def test_an_index_of_two_values_names_both(last, told):
    setting = f"K: size\nj: 1..{last}\nx: real[{last}]"
    made = Claim("a", "x[j] + x[j] = 2*x[j]", setting)
    assert told in [entry["text"] for entry in payload(made)["symbols"]]
