"""Chapter 5: the engine's scalar recursions, the exercises' diagnoses, and the statements that the chapter answers."""

import json
import re
from pathlib import Path

import pytest

from exercises import check
from rnnlib.claims import Claim, Mistake
from rnnlib.claims.display import payload
from rnnlib.claims.latex import latex

ROOT = Path(__file__).parent.parent
ROWS = {
    "S0": (11, 12, 15, 16, 17, 18, 19), "S2": (11, 12, 13, 17, 18, 19),
    "S3": (38, 39, 40, 41, 42), "S4": (8, 9, 11, 12, 13),
}  # fmt: skip
DIAGNOSES = [
    ("bptt.bias", "delta2 + delta3", "reaches $b$ through $h_1$ is missing"),
    ("bptt.bias", "c*(1-h3^2)*(1 + w*(1-h2^2))", "reaches $b$ through $h_1$ is missing"),
    ("bptt.bias", "delta1 + delta2", "the term of the last one"),
    ("bptt.bias", "delta3", "immediate part alone"),
    ("bptt.bias", "c*(1-h3^2)*(1 + w*(1-h2^2)*(1 + w*(1-h1^2)*(1 + w)))", "starts with 1 in place of 0"),
    ("bptt.initial-state", "delta[1] @ W_hh", "transpose is missing"),
    ("bptt.initial-state", "sum(delta[t], t) @ W_hh.T", "used once"),
    ("bptt.sigmoid", "(c[r] + w*delta[r+1]) * (1 - h[r]^2)", "slope of the tanh"),
    ("bptt.sigmoid", "(c[r] + delta[r+1]*w) * sigmoid(h[r]) * (1 - sigmoid(h[r]))", "taken at $h_r$"),
    ("bptt.leaky", "c[r] + d(L, h[r+1]) * (1 - alpha)*w*(1 - g[r+1]^2)", "direct way is missing"),
    ("bptt.leaky", "d(L, h[r+1]) * (alpha + (1 - alpha)*w*(1 - g[r+1]^2))", "loss of step $r$ itself"),
    ("bptt.product", "u * f4^3", "each step has its own"),
    ("bptt.product", "u^3 * f2 * f3 * f4", "enters once"),
    ("bptt.tied", "sum(delta[t]*h[t-1], t)", "way out are missing"),
    ("bptt.tied", "sum(c[t]*h[t], t)", "between the steps are missing"),
    ("bptt.memory", "D*H + H^2 + H", "number of parameters"),
]
RIGHT = {
    "bptt.bias": "delta3 + c*(1-h3^2)*w*(1-h2^2)*(1 + w*(1-h1^2))",
    "bptt.initial-state": "(delta[1] / 2) @ (2 * W_hh).T",
    "bptt.sigmoid": "h[r] * c[r] + h[r] * w * delta[r+1] - h[r]^2 * (c[r] + w * delta[r+1])",
    "bptt.leaky": "c[r] + alpha*d(L, h[r+1]) + (1 - alpha)*w*(1 - g[r+1]^2)*d(L, h[r+1])",
    "bptt.product": "f2*f3*f4*u",
    "bptt.tied": "sum(c[t]*h[t] + delta[t]*h[t-1], t)",
    "bptt.memory": "H^3 + D*H^2 + H^2",
}


def test_scalar_recursions_are_proved_for_every_number_of_steps():
    unit = "T: size\nt: 1..T\nx: real[T]\nw: real\nh[0]: real\na[t] := w*h[t-1] + x[t]\nh[t] := tanh(a[t])"
    claim = Claim("scalar", "d(h[t], w) = (1 - h[t]^2) * (h[t-1] + w * d(h[t-1], w))", unit)
    assert str(claim.evidence) == "proved for every T, given the chain rule"


def test_products_of_both_kinds_are_told_apart_and_an_ill_formed_mistake_is_shown_as_written():
    setting = "H, V: size\nu, v: real[H]\nW: real[H, H]\nU: real[H, V]"
    ill = Mistake("u * (v @ U)", "the other matrix", kind="ill-formed")
    claim = Claim("mixed", "(u * v) @ W = (v * u) @ W", setting, mistakes=[ill])
    assert latex(claim.lines[0].left, claim.given) == r"\left(u \odot v\right) \, W"
    mistake = payload(claim)["mistakes"][0]
    assert (mistake["latex"], mistake["text"]) == ("", "u * v @ W = u * (v @ U)")


@pytest.mark.parametrize(("id", "answer", "words"), DIAGNOSES)
def test_a_wrong_answer_gets_its_diagnosis(id, answer, words):
    verdict = check(id, answer)
    assert verdict.status == "wrong"
    assert words in verdict.message


@pytest.mark.parametrize(("id", "answer"), RIGHT.items())
def test_a_right_answer_in_another_form_is_right(id, answer):
    assert check(id, answer).status == "right"


def test_every_row_of_the_chapter_is_answered_by_a_claim_or_a_mistake():
    cells = json.loads((ROOT / "notebooks/05_bptt.ipynb").read_text("utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    source += (ROOT / "notebooks/exercises/chapter05.py").read_text("utf-8")
    answered = {row for words in re.findall(r'(?:rows|answers)="([^"]*)"', source) for row in words.split()}
    assert {f"{source}-{row:02}" for source, rows in ROWS.items() for row in rows} <= answered
