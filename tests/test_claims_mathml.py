"""Formulas as MathML: every sign is there, in its place. Two independent readers (`mathml_reader`) compare."""

import xml.etree.ElementTree as ET

import pytest
from mathml_reader import from_latex, from_mathml
from test_claims_latex import HARD, SETTING, Writer
from true_statements import KINDS

from rnnlib.claims import Given
from rnnlib.claims.language import parse, parse_statement
from rnnlib.claims.latex import latex, latex_statement
from rnnlib.claims.mathml import mathml
from rnnlib.claims.told import definitions, domains

TRUE = [(setting, text) for kind in KINDS.values() for setting, texts in kind.items() for text in texts]


def assert_same(formula):
    for displayed in (False, True):
        shown = mathml(formula, displayed)
        assert shown.startswith("<math"), f"{formula} is shown as code"
        assert from_mathml(ET.fromstring(shown)) == from_latex(formula)


@pytest.mark.parametrize("text", HARD)
def test_hard_formulas_keep_every_sign_in_its_place(text):
    assert_same(latex(parse(text), SETTING))


def test_true_statements_keep_every_sign_in_their_place():
    settings = {setting: Given(setting) for setting, _ in TRUE}
    for setting, text in TRUE:
        assert_same(latex_statement(parse_statement(text), settings[setting]))


@pytest.mark.parametrize("setting", dict.fromkeys(setting for setting, _ in TRUE))
def test_settings_keep_every_sign_in_its_place(setting):
    given = Given(setting)
    texts = domains(given, given.own_domains) + definitions(given.own_clauses, given)
    formulas = [formula for text in texts for formula in text.split("$")[1::2]]
    assert formulas
    for formula in formulas:
        assert_same(formula)


@pytest.mark.parametrize("count", [60, pytest.param(3000, marks=pytest.mark.slow)])
def test_generated_formulas_keep_every_sign_in_its_place(count):
    writer = Writer(4)
    for _ in range(count):
        tree = parse(text) if len(text := writer.any()) < 400 else parse("x")
        assert_same(latex(tree, SETTING))


@pytest.mark.parametrize(
    "formula",
    [
        r"\hat {y}_{t} := \bar {h}", r"\mathrm{loss}_{\mathrm{out}}", r"\delta_{i j} \ne \mathbf{1}_{t=k}",
        r"T \in \{1, \dots, K\}^{T \times H}", r"\frac{\partial}{\partial h} \left[\ln x\right]",
        r"\log_2 V", r"\tfrac{1}{2}",
        r"\left\{ \begin{array}{ll} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{array} \right.",
    ],
)  # fmt: skip
def test_what_chapters_write_keeps_every_sign_in_its_place(formula):
    assert_same(formula)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<mi>i</mi>", "<mi />"), ("<mi>i</mi>", "<mi>j</mi>"), ("msub>", "msup>"), ("mfrac>", "mrow>"),
        ("<mo>−</mo>", "<mo>+</mo>"), ("<mi>⊤</mi>", "<mi />"),
    ],
)  # fmt: skip
def test_the_readers_see_what_is_lost_or_moved(before, after):
    formula = r"\frac{a_{i}}{b} - W^{\top}"
    assert_same(formula)
    shown = mathml(formula)
    assert before in shown
    assert from_mathml(ET.fromstring(shown.replace(before, after))) != from_latex(formula)


@pytest.mark.parametrize(
    "formula", [r"\frac{a", r"\unknown x", r"a & b", r"x_{", r"\begin{aligned} a &= b \end{aligned}"]
)
def test_what_has_no_mathml_is_shown_as_it_is_written(formula):
    shown = ET.fromstring(mathml(formula))
    assert (shown.tag, shown.text) == ("code", f"${formula}$")


def test_mathml_holds_nothing_but_signs():
    shown = mathml(r"\text{<script>alert(1)</script> & " " <b>} < x")
    assert "<script" not in shown and "<b>" not in shown
    assert ET.fromstring(shown).tag in ("math", "code")
    assert ET.fromstring(mathml("a < b")).findtext("semantics/annotation").strip() == "$a < b$"


def test_a_function_keeps_a_distance_from_its_argument_and_signs_in_an_index_none():
    assert '<mi>ln</mi><mspace width="0.167em" />' in mathml(r"\ln x")
    assert "mspace" not in mathml(r"\tanh(x)")
    assert '<mo lspace="0" rspace="0">' in mathml("h_{t - 1}") and "lspace" not in mathml("t - 1")
