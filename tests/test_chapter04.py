"""Chapter 4: its rows, the diagnoses of its exercises, and the numbers that its prose quotes."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from exercises import chapter04, check, claim, ids
from exercises.chapter04 import NETWORK
from rnnlib.claims import Claim
from rnnlib.claims.claim import FALSE
from rnnlib.data.tiny import tiny

ROOT = Path(__file__).parents[1]
CELLS = json.loads((ROOT / "notebooks/04_vanilla_rnn.ipynb").read_text())["cells"]
SOURCE = {cell["id"]: "".join(cell["source"]) for cell in CELLS}
ROWS = """
    S0-01 S0-05 S0-06 S0-09 S0-10 S0-13 S0-14 S2-07 S2-09 S2-10 S2-14 S2-15 S2-16 S2-69
    S3-31 S3-32 S3-33 S3-34 S3-35 S3-36 S3-37 S3-51 S4-03 S4-05 S4-06 S4-07 S4-10
"""
CLAIMS = [id for id in ids() if f'@entry("{id}")' in Path(chapter04.__file__).read_text()]
RIGHT = {
    "rnn.two-biases": "(D + H + 2) * H + (H + 1) * V",
    "rnn.mean-loss": "sum(p[t], t) / T - sum(y[t], t) / T",
    "rnn.output-weights": "sum(outer(h[t], p[t]), t) - sum(outer(h[t], y[t]), t)",
    "rnn.output-bias": "sum(p[t], t) - sum(y[t], t)",
    "rnn.sigmoid-step": "((p - y) @ W_hy.T) * sigmoid(a) * (1 - sigmoid(a))",
    "rnn.embedding-row": "(((p - y) @ W_hy.T) * (1 - tanh(a)^2)) @ W_xh.T",
    "rnn.shortcut": "sum(outer(x[t], p[t]), t) - sum(outer(x[t], y[t]), t)",
    "rnn.output-curvature": "h[i] * h[j] * (delta(k, m) * p[k] - p[k] * p[m])",
}


def test_each_row_of_the_chapter_is_answered():
    text = "\n".join([*SOURCE.values(), Path(chapter04.__file__).read_text()])
    found = set(" ".join(re.findall(r'(?:answers|rows)="([^"]*)"', text)).split())
    assert set(ROWS.split()) <= found


def test_each_exercise_with_a_check_asks_for_a_claim_of_its_module():
    asked = set(re.findall(r'check\("([^"]+)"', "\n".join(SOURCE.values())))
    assert len(asked) >= 6 and asked <= set(CLAIMS) == set(RIGHT)


@pytest.mark.parametrize("id", CLAIMS)
def test_another_right_answer_is_right_and_each_listed_mistake_gets_its_diagnosis(id):
    assert check(id, RIGHT[id]).status == "right"
    wrong = [named.mistake for named in claim(id).mistakes if named.mistake.kind == FALSE]
    assert len(wrong) >= 2
    for mistake in wrong:
        assert mistake.wrong in check(id, mistake.statement).message


def test_the_tiny_network_by_hand_in_the_prose():
    n, h, text = tiny(), np.zeros(2), SOURCE["hand-1"].replace("\\;", "")
    for t, (x, y) in enumerate(zip(n["x"], n["y"], strict=True), start=1):
        a = x @ n["W_xh"] + h @ n["W_hh"] + n["b_h"]
        h = np.tanh(a)
        s = h @ n["W_hy"] + n["b_y"]
        p = np.exp(s) / np.exp(s).sum()
        step = re.sub(r"\s", "", text.split(f"**Step {t}.**")[1].split("**Step")[0])
        for row in (a, h, s) if t > 1 else (h, s):
            assert f"({row[0]:.3f},{row[1]:.3f})" in step
        assert f"{p @ y:.3f}" in step and f"{-np.log(p @ y):.3f}" in step


def test_a_setting_that_continues_a_recursion_may_begin_with_any_quantity_of_it():
    # `a` and `h` are defined by each other, and only `h` has a base from which the shapes are found.
    Claim("rnn.continued", "a[t] = x[t] @ U.T + h[t-1] @ W_hh + b_h", NETWORK + "U := W_xh.T")
