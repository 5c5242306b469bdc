"""The judge of answers, tried with formulas pasted from anywhere, with derivations, functions and nonsense.

What each exercise gets is in `test_exercises.py`.
"""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from exercises import check, claim
from rnnlib.claims import Claim, judge_answer
from rnnlib.claims.answers import diagnosis
from rnnlib.claims.answers.evasions import names_allowed
from rnnlib.claims.answers.spelling import read
from rnnlib.claims.language import text_of


@pytest.mark.parametrize(
    ("id", "answer", "told"),
    [
        ("ce.gradient", "sum(p[k] - y[k])", "write `sum(p[k] - y[k], k)`"),
        ("ce.gradient", "q[j]", "its answers are written with p, y, K, s"),
        ("ce.gradient", "Σp[k]", "`sum` is a function"),
        ("ce.gradient", "sum(p[k], k=1..K)", "sum(f, k, 1, K)"),
        ("ce.gradient", "tanh'(s[j])", "the slope itself"),
        ("ce.gradient", "p(j)", "write `p[...]`, with square brackets"),
        ("ce.gradient", "p", "as in `p[j]`"),
        ("ce.gradient", "p[j] = y[j]", "write the right side alone"),
        ("ce.gradient", r"\mathcal p", r"`\mathcal` is not read here"),
        ("ce.gradient", "p[j] if p else y", "cases"),
        ("rnn.output-bias", "sum(p[t] - y[t])", "write `sum(p[t] - y[t], t)`"),
        ("rnn.output-bias", "(p - y).sum(axis=0)", "sum(f, t)"),
        ("rnn.output-bias", "1", "an array of shape (V)"),
        ("rnn.shortcut", "sum(x_t^T (p_t - y_t), t)", "outer(a, b)"),
        ("bptt.memory", "T * H", "`T` is no symbol of this exercise"),
        ("bptt.bias", "sum(delta[t], t, 1, 3)", "written with delta1, delta2, delta3"),
        ("bptt.bias", "sum(delta[t], t)", "write the range, as in"),
        ("rnn.mean-loss", "sum(p - y, t) / T", "the letter t counts nothing in `p - y`"),
        ("rnn.mean-loss", "sum(p[t] - y[t], T) / T", "one of t, v"),
        ("rnn.mean-loss", r"\frac{1}{T} \sum_{t=1}^{T} (p_t - y_t)", "write `sum(f, t)`"),
        ("rnn.mean-loss", "for t in range(T): g = g + p[t]", "without quotes"),
        ("rnn.output-bias", "(p - y).sum(0)", "write `sum(f, t)`"),
        ("rnn.output-bias", "sum(p[n] - y[t], t)", "`n` is no index of this exercise; it has t, v"),
        ("ce.hessian", "sigmoid[i]", "write `sigmoid(...)`, with round brackets"),
        ("bptt.initial-state", "delta(1) @ W_hh.T", "write `delta[...]`"),
        ("bptt.initial-state", "delta[1] @ self.W_hh.T", "write `W_hh` alone"),
        ("temperature.slope", "s^T (u - y)", "`@` for a matrix product"),
        ("temperature.slope", "1. sum(u[k], k)", "leave the number before the formula out"),
        ("softmax.two-classes", "0,5 * a", "a decimal number has a point"),
        ("softmax.two-classes", "tanh(0,5 * a)", "a decimal number has a point"),
        ("softmax.two-classes", "softmax([a, b])", "no list"),
        ("softmax.two-classes", r"\frac{1}{1 + e^{b - a}", "it has 3 `{` and 2 `}`"),
        ("softmax.two-classes", "sigmoid(\N{CYRILLIC SMALL LETTER A})", "cyrillic small letter a"),
        ("softmax.two-classes", "a \N{RIGHTWARDS DOUBLE ARROW} b", "is not read here"),
        ("softmax.two-classes", "q = sigmoid(a - b)", "one formula without `=`"),
        ("softmax.two-classes", "sigmoid(a - b) =", "one formula without `=`"),
        (
            "softmax.two-classes",
            "exp(a)/(exp(a) + exp(b)) = 1/(1 + exp(b - a)) = sigmoid(a - b)",
            "one formula without",
        ),
        ("softmax.two-classes", "`a` - b", "a backtick"),
        ("softmax.two-classes", "a'", "`a` is a number, which has no transpose"),
        ("softmax.two-classes", "a()", "nothing stands between"),
        ("softmax.two-classes", "math.inf", "`inf` is no symbol of this exercise"),
        ("ce.hessian", r"\frac{\partial^2 L}{\partial s_i \partial s_j}", "a derivative is written `d(f, x)`"),
        ("softmax.two-classes", 0.5, "between quotes"),
        ("softmax.two-classes", b"a", "between quotes"),
    ],
)
def test_what_can_not_be_read_is_told_in_the_letters_of_the_exercise(id, answer, told):
    verdict = check(id, answer)
    assert verdict.status == "unreadable"
    assert told.lower() in verdict.message.lower()
    assert verdict.message.count("`") % 2 == 0  # else Jupyter shows the rest of the sentence as code


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("softmax.two-classes", r"$\sigma(a - b)$"),
        ("softmax.two-classes", r"\[ \sigma(a - b) \]."),
        ("softmax.two-classes", "“sigmoid(a − b)”"),
        ("softmax.two-classes", "`sigmoid(a - b)`"),
        ("softmax.two-classes", "sigmoid(\N{ZERO WIDTH SPACE}a - b)"),
        ("softmax.two-classes", "sigmoid(𝑎 - 𝑏)"),  # as Word and PDF files have their letters
        ("softmax.two-classes", r"\frac12 + \frac12 tanh((a - b)/2)"),
        ("ce.hessian", r"p_i (\delta_{i j} - p_j)"),
        ("ce.hessian", "p[i] * (delta[i, j] - p[j])"),
        ("bptt.initial-state", "torch.matmul(delta[1], W_hh.t())"),
        ("rnn.sigmoid-step", "(p - y) @ W_hy.t() * h * (1 - h)"),
        ("bptt.leaky", r"c_r + \frac{\partial L}{\partial h_{r+1}} (\alpha + (1-\alpha) w (1-g_{r+1}^2))"),
        ("temperature.gradient", "𝛽(𝑢_j - 𝑦_j)"),
        ("softmax.two-classes", r"\operatorname{sigmoid}(a - b)"),
        ("softmax.two-classes", "1/(1 + np.e**(b - a))"),
        ("rnn.sigmoid-step", r"(p - y) @ W_{\text{hy}}.transpose(0, 1) * h * (1 - h)"),
    ],
)
def test_what_is_pasted_from_elsewhere_is_read(id, answer):
    assert check(id, answer).status == "right", check(id, answer)


@pytest.mark.parametrize("answer", [None, ..., "", " ", "...", [], (), ["", " "]])
def test_no_answer_yet(answer):
    assert check("ce.gradient", answer).status == "unanswered"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("w^T * x", "right"),  # T is a size here, and w a number
        ("x * w^T", "right"),
        ("w^T", "wrong"),
        ("x^T * w", "wrong"),
    ],
)
def test_a_raised_T_is_a_power_of_a_number(answer, status):
    asked = Claim("a", "prod(w, t) * x = w^T * x", "T: size\nt: 1..T\nw, x: real")
    assert judge_answer(asked, answer).status == status


def test_matrix_products_are_read_in_rows():
    asked = Claim("a", "d(s @ v, W) = outer(x, v)", "H, D: size\nx: real[D]\nv: real[H]\nW: real[D, H]\ns := x @ W")
    for answer in ("x^T @ v", "x.T @ v", "x^⊤ v", "outer(v, x)'", "np.outer(x, v)"):
        expected = "unreadable" if answer == "x^⊤ v" else "right"  # an outer product needs its sign
        assert judge_answer(asked, answer).status == expected, answer
    assert judge_answer(asked, "v^T @ x").status == "unreadable"


def test_vectors_may_be_columns_where_rows_do_not_fit():
    for answer in ("(u - y)^T @ s", "(u - y).T @ s", "s' @ (u - y)", "(u - y) @ s"):
        assert check("temperature.slope", answer).status == "right", answer


def test_a_formula_without_a_value_at_some_points_is_told_so():
    verdict = check("bptt.product", "u*f4*f3/(1/f2)")
    assert verdict.status == "right"
    assert "it has no value at" in verdict.message
    assert check("bptt.product", "u*f4*f3*f2 + 0/(f2 - f2)").status == "wrong"


def test_numbers_that_print_alike_are_told_apart():
    asked = Claim("a", "x + x = 2 * x", "x: real")
    verdict = judge_answer(asked, "2 * x + tanh(sqrt(abs(x)) + exp(x)) * cases(x > 0, 1, 0) / 10^8")
    assert verdict.status == "wrong"
    assert "the right value is 2 and your formula gives 2.0000000" in verdict.message, verdict
    assert "entry [1] of the right value is " in check("rnn.mean-loss", "y[T] - p[T]").message


@pytest.mark.parametrize("answer", ["delta[r+0]", "d(L+0, a[r])", "delta[r] * 1", "sum(delta[t]*delta(t, r), t)"])
def test_the_question_in_another_spelling_is_no_answer(answer):
    assert check("bptt.sigmoid", answer).status == "unreadable"


def test_a_definition_may_be_inserted():
    assert check("bptt.initial-state", "d(L, a[1]) @ W_hh.T").status == "right"
    assert check("bptt.sigmoid", "(c[r] + d(L, a[r+1])*w) * h[r] * (1 - h[r])").status == "right"


# Derivations.


def test_a_derivation_is_judged_line_by_line():
    verdict = check(
        "ce.gradient",
        """
        d(L, s[j])
        = sum(d(L, p[k]) * d(p[k], s[j]), k)                 | the chain rule
        = sum(-y[k] / p[k] * p[k] * (delta(k, j) - p[j]), k)
        = -y[j] + p[j] * sum(y[k], k)
        = p[j] - y[j]
        """,
    )
    assert verdict.status == "right"
    assert "4 lines" in verdict.message


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("lines", "status", "told"),
    [
        (
            ["= sum(-y[k] * (delta(k, j) - p[j]), k)", "= -y[j] - p[j] * sum(y[k], k)"],
            "wrong",
            "Line 2 does not follow",
        ),
        (["= sum(-y[k] * (delta(k, j) - p[j]), k)", "= y[j] - p[j]", "= p[j] - y[j]"], "wrong", "Line 2"),
        (["= p[j] + y[j]", "= p[j] - y[j]"], "wrong", "Line 1 does not follow from what the exercise asks for"),
        (["= p[j] - y[j]"], "right", "in one step"),
        (["d(L, s[j])", "= p[j] - y[j]"], "right", "in one step"),
        (["d(L, s[j])"], "unreadable", "only the left side"),
        ("d(L, s[j]) = p[j] * sum(y[k], k) - y[j]\n = p[j] - y[j]", "right", "2 lines"),
        ("d(L, s[j])\n &= p[j] * sum(y[k], k)\n   - y[j] \n &= p[j] - y[j]", "right", "2 lines"),
        (["= -y[j] + p[j]", "= d(L, s[j])"], "unreadable", "the last is no answer yet"),
        (["= p[j] - y[j] = 0"], "unreadable", "Line 1: there is one `=`"),
        (["= p - y"], "unreadable", "Line 1"),
        (["= q[j]"], "unreadable", "Line 1: `q` is no symbol"),
        ([1, 2], "unreadable", "each a text"),
        (["= p[j]"] * 99, "unreadable", "at most 40"),
        (["= p[j] - y[j]"] * 3, "right", "in one step"),
        ("1. = p[j] * sum(y[k], k) - y[j]\n(2) = p[j] - y[j]", "right", "2 lines"),
        ("= p[j] * sum(y[k], k) - y[j]  # the chain rule\n= p[j] - y[j]", "right", "2 lines"),
        (
            "\\begin{aligned}\n  &= -y_j + p_j \\cdot 1 \\\\\n  &= p_j - y_j\n\\end{aligned}",
            "right",
            "2 lines",
        ),
    ],
)
def test_the_first_line_that_does_not_follow_is_named(lines, status, told):
    verdict = check("ce.gradient", lines)
    assert verdict.status == status, verdict
    assert told in verdict.message


@pytest.mark.usefixtures("patient")
def test_a_line_is_diagnosed_against_the_line_before():
    lines = ["= -y[j] + p[j] * sum(y[k], k)", "= -y[j] - p[j] * sum(y[k], k)"]
    assert "a sign is flipped" in check("ce.gradient", lines).message or "sign" in check("ce.gradient", lines).message


# Functions.


def _network(x, h0, W_xh, W_hh, b_h, W_hy, b_y, y, T):
    """The gradient of the output weights from the inputs alone."""
    h, gradient = h0, np.zeros_like(W_hy)
    for t in range(T):
        h = np.tanh(x[t] @ W_xh + h @ W_hh + b_h)
        weights = np.exp(h @ W_hy + b_y)
        gradient += np.outer(h, weights / weights.sum() - y[t])
    return gradient


def _through_time(x, c, w, T):
    h, delta, found = [0.0], 0.0, []
    for t in range(T):
        h.append(1 / (1 + np.exp(-(w * h[-1] + x[t]))))
    for t in range(T, 0, -1):
        delta = (c[t - 1] + delta * w) * h[t] * (1 - h[t])
        found.append(delta)
    return found[::-1][:-1]


@pytest.mark.parametrize(
    ("id", "function"),
    [
        ("rnn.output-bias", lambda p, y: (p - y).sum(axis=0)),
        ("rnn.output-weights", lambda h, p, y: h[1:].T @ (p - y)),
        ("rnn.output-weights", _network),
        ("ce.gradient", lambda p, y: p - y),
        ("ce.hessian", lambda p: np.diag(p) - np.outer(p, p)),
        ("rnn.two-biases", lambda D, H, V: D * H + H * H + 2 * H + H * V + V),
        ("bptt.sigmoid", _through_time),
        ("bptt.initial-state", lambda delta, W_hh: delta[0] @ W_hh.T),
        ("bptt.product", lambda u, f2, f3, f4: u * f2 * f3 * f4),
        ("rnn.output-bias", lambda p, y: torch.tensor(p - y, requires_grad=True).sum(0)),
    ],
)
def test_functions_that_are_right(id, function):
    verdict = check(id, function)
    assert verdict.status == "right", verdict


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize(
    ("id", "function", "told"),
    [
        ("rnn.output-bias", lambda p, y: (y - p).sum(0), "downhill"),
        ("rnn.output-bias", lambda p, y: (p - y).mean(0), "a mean stands where a sum belongs"),
        ("rnn.output-bias", lambda p, y: p - y, "the sum over axis 0 is missing"),
        ("rnn.output-bias", lambda p, y: (p - y)[-1], "only the last step"),
        ("rnn.output-bias", lambda p, y: (p - y)[1:].sum(0), "the first term of the sum is left out"),
        ("rnn.output-bias", lambda p, y: 2 * (p - y).sum(0), "2 times what it should be"),
        ("rnn.output-bias", lambda p, y: 0 * p[0], "0 whatever the numbers are"),
        ("rnn.output-bias", lambda p, y: p.sum(0) - 0.5, "entry [0] of the right value"),
        ("rnn.output-bias", lambda p: 1.0, "where an array of shape"),
        ("rnn.output-weights", lambda h, p, y: h[:-1].T @ (p - y), "shifted by one"),
        ("rnn.output-weights", lambda h, p, y: (p - y).T @ h[1:], "transposed"),
        ("rnn.output-weights", lambda h, p: h[1:].T @ p, "a term is missing"),
        ("bptt.initial-state", lambda delta, W_hh: delta[0] @ W_hh, "the transpose is missing"),
        ("rnn.two-biases", lambda D, H, V: D * H + H * H + H + H * V + V, "one hidden bias"),
        # Without sizes: a value at one point says nothing of the others.
        ("bptt.product", lambda u, f2, f3: u * f2 * f3, "a factor is missing"),
        ("bptt.bias", lambda delta2, delta3: delta2 + delta3, "reaches $b$ through $h_1$"),
        ("softmax.two-classes", lambda a, b: a > b, "Not right, with random values"),
        ("bptt.product", lambda u, f2, f3, f4: u * f2 * f3 * f4 * (1 + 1e-5), "this is 1.00001 times"),
        ("softmax.two-classes", lambda a, b: [a - b], "where a number is expected."),
    ],
)
def test_functions_that_are_wrong_get_the_same_diagnoses(id, function, told):
    verdict = check(id, function)
    assert verdict.status == "wrong", verdict
    assert told in verdict.message


def _changing(p, y):
    p -= y
    return p.sum(axis=0)


def _stopping(p, y):
    gap = p - y
    return gap.sum(axis=5)


def _random(p, y):
    return (p - y).sum(0) + np.random.default_rng().random()


def _wordy(p, y):
    raise ValueError("two\nlines, and a `backtick`")


def _leaving(p, y):
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (_changing, "changes its argument `p`"),
        (_stopping, "stops in its line 3, `return gap.sum(axis=5)`"),
        (_random, "two calls"),
        (_leaving, "SystemExit"),
        (_wordy, "(`ValueError: two lines, and a 'backtick'`; at T = 3"),
        (lambda p: p[99], "the first entry of an array is at place 0"),
        (lambda p, z: p, "there is no `z` to give"),
        (lambda p, L: p, "there is no `L` to give"),
        (lambda *arrays: 0, "name every parameter"),
        (lambda **arrays: 0, "name every parameter"),
        (lambda p: None, "perhaps a `return` is missing"),
        (lambda p: "p", "no array of numbers"),
        (lambda p: p * 1j, "no array of numbers"),
        (lambda p: [[1], [1, 2]], "no array of numbers"),
        (lambda p: (x for x in p), "returns a generator"),
        (lambda p: p[0] * np.nan, "not finite"),
        (print, "name every parameter"),
        (dict, "def"),
    ],
)
def test_functions_that_can_not_be_compared(function, told):
    verdict = check("rnn.output-bias", function)
    assert verdict.status == "unreadable", verdict
    assert told.lower() in verdict.message.lower()


def test_an_inequality_asks_for_a_formula():
    asked = Claim("a", "tanh(x)^2 < 1", "x: real")
    assert judge_answer(asked, lambda x: 1).status == "unreadable"
    assert judge_answer(asked, "1 + x^2").status == "right"
    assert "the left side is " in judge_answer(asked, "1/2").message


def test_a_function_is_not_given_what_the_exercise_asks_for():
    assert "o `delta`" in check("bptt.sigmoid", lambda delta: delta[:-1]).message
    assert "no `N`" in check("rnn.two-biases", lambda N: N).message


# Hostile texts.


@pytest.mark.parametrize(
    ("id", "answer"),
    [
        ("ce.hessian", "sum(sum(sigmoid(s[j])^sigmoid(s[j]), q, 1, 60), r, 1, 60)"),
        ("bptt.initial-state", "sum(sum((2+abs(h0))^(1/3), q1, 1, 60), q2, 1, 60)"),
        ("bptt.initial-state", "prod(prod(1+h0^2, q, 1, 900), q2, 1, 900)"),
        ("ce.gradient", "((((1 + s[j]^2)^64)^64)^64)^64"),
        ("ce.gradient", "eye(" + "*".join(["(K + 1)"] * 60) + ")"),
        ("ce.gradient", "{" * 900),
        ("ce.gradient", "_{" * 600 + "}" * 600),
        ("ce.gradient", "\\frac{" * 300),
        ("ce.gradient", "a b " * 480),
        ("ce.gradient", "p" * 1990),
        ("ce.gradient", "-" * 1990 + "p"),
        ("ce.gradient", "₀" * 1990),
        ("ce.gradient", "=" * 500),
        ("ce.gradient", "\n=" * 30),
        ("ce.gradient", "p\n" + " " * 1900 + "q"),
        ("ce.gradient", "`" * 1990 + "p"),
        ("ce.hessian", ["= sum(sum(sigmoid(s[j])^sigmoid(s[j]), q, 1, 20), r, 1, 20)"] * 40),
    ],
)
def test_hostile_answers_end_by_their_bounds(id, answer):
    verdict = check(id, answer)
    assert verdict.status in ("unreadable", "wrong")
    assert len(verdict.message) < 700


def test_what_takes_too_long_is_told():
    assert "takes too long" in check("bptt.initial-state", "prod(prod(1+h0^2, q, 1, 900), q2, 1, 900)").message


NOTATION = Path(__file__).parents[1] / "book/notation.md"


def _spellings():
    """The rows of the table of spellings: what is written, and what is read as well."""
    section = NOTATION.read_text("utf-8").partition("## Typing an answer")[2].partition("\n## ")[0]
    rows = [line.split("|")[2:4] for line in section.splitlines() if line.startswith("| ")][1:]
    return [(re.findall("`([^`]+)`", write)[0], re.findall("`([^`]+)`", others)) for write, others in rows]


def test_every_spelling_that_the_notation_page_names_is_read():
    asked = claim("bptt.initial-state")
    rows = _spellings()
    assert sum(len(others) for _, others in rows) > 15
    for write, others in rows:
        meant = text_of(read(write, asked.given, names_allowed(asked)))
        for other in others:
            assert text_of(read(other, asked.given, names_allowed(asked))) == meant, other


def test_a_slow_machine_gets_numbers_where_a_slip_is_not_found_in_time(monkeypatch):
    monkeypatch.setattr(diagnosis, "SECONDS", 0.0)
    assert check("rnn.two-biases", lambda D, H, V: D * H + H**2 + H + H * V + V).status == "wrong"
    assert check("bptt.leaky", "c[r] * d(L, h[r+1])").status == "wrong"
