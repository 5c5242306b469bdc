r"""What is printed is what was checked: an independent reader computes from the LaTeX what the source text says.

The reader (`latex_reader`) knows no line of the engine; the source text is computed by `claims_plain`.
"""

import random
import re

import numpy as np
import pytest
from claims_plain import FUNCTIONS, plain
from latex_reader import Page, Unclear, read

from rnnlib.claims import Claim, Given, IllFormed, Mistake, Unreadable
from rnnlib.claims.display import payload
from rnnlib.claims.language import indices_of, parse, parse_statement
from rnnlib.claims.latex import latex, latex_statement
from rnnlib.claims.steps import steps

SETTING = Given("""
    K, H, T: size
    i, j, k: 1..K
    m, n: 1..H
    r: 2..K
    x, y, w, beta, h1: real
    mean: real
    p, v, W_k: real[K]
    g, b_h: real[H]
    A, B: real[K, K]
    W_xh: real[K, H]
    C: real[H, K]
    W_hh: real[H, H]
    a[i] := tanh(v[i] + x * p[i])
    q := softmax(p + w * v)
    L := sum(q[k] * v[k], k) + beta * x
    t: 1..K
    z[t]: 1..K
    c[0] := x
    c[t] := w * c[t-1] + v[t]
""")
# How a person would write these symbols; nothing here is asked of the engine.
LEGEND = {name: name for name in "KHTijkmnrxywpvgzABCaqLc"} | {
    "beta": r"\beta",
    "h1": "h_{1}",
    "mean": r"\mathrm{mean}",
    "W_k": "W_{k}",
    "b_h": "b_{h}",
    "W_xh": "W_{xh}",
    "W_hh": "W_{hh}",
}
SIZES = {"K": 3.0, "H": 2.0, "T": 4.0}
SHAPES = {"K": 3, "H": 2}


def _softmax(x):
    return np.exp(x) / np.exp(x).sum()


def _recursion(values):
    c = [values["x"]]
    for entry in values["v"]:
        c.append(values["w"] * c[-1] + entry)
    return np.array(c)


COMPUTED = {
    "a": lambda values: np.tanh(values["v"] + values["x"] * values["p"]),
    "q": lambda values: _softmax(values["p"] + values["w"] * values["v"]),
    "L": lambda values: values["q"] @ values["v"] + values["beta"] * values["x"],
    "c": _recursion,
}


def page(seed):
    """A point: random values of all free symbols, and the indices that stand free."""
    rng = np.random.default_rng(seed)
    free = dict(SIZES)
    free |= {name: rng.uniform(0.4, 1.6) for name in ("x", "y", "w", "beta", "h1", "mean")}
    free |= {name: rng.uniform(0.4, 1.6, 3) for name in ("p", "v", "W_k")}
    free |= {name: rng.uniform(0.4, 1.6, 2) for name in ("g", "b_h")}
    free |= {"A": rng.uniform(0.4, 1.6, (3, 3)), "B": rng.uniform(0.4, 1.6, (3, 3))}
    free |= {"W_xh": rng.uniform(0.4, 1.6, (3, 2)), "C": rng.uniform(0.4, 1.6, (2, 3))}
    free["W_hh"] = rng.uniform(0.4, 1.6, (2, 2))
    free["z"] = rng.integers(1, 4, 3)
    running = {index: int(rng.integers(1, 4)) for index in "ijkt"}
    running |= {index: int(rng.integers(1, 3)) for index in "mn"} | {"r": int(rng.integers(2, 4))}
    ranges = dict.fromkeys("ijkt", 3) | dict.fromkeys("mn", 2)
    return Page(LEGEND, free, COMPUTED, ranges, {"c": 0}), running


def source_value(tree, page, running, moved=()):
    """What the source text says, computed by the plain evaluator."""
    values = page.values(moved)

    def slope(f, x, index):
        name, at = (x.value.id, indices_of(x)) if hasattr(x, "slice") else (x.id, [])
        at = tuple(int(plain(i, values | {"ranges": page.ranges}, index)) - page.first.get(name, 1) for i in at)
        return page.slope(lambda moved: source_value(f, page, index, moved), name, at, dict(moved))

    c = values["c"]
    names = values | {"ranges": page.ranges, "slope": slope, "c": lambda t: c[t]}
    return plain(tree, names, running)


class Writer:
    """Random well-typed formulas of the language: numbers, rows over K or H, matrices over them."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def of(self, *options):
        return self.random.choice(options)()

    def formula(self, shape, depth):
        if depth <= 0:
            return self.leaf(shape)
        return {0: self.number, 1: self.row, 2: self.matrix}[len(shape)](shape, depth - 1)

    def index(self, axis):
        letter = self.random.choice("ijkt" if axis == "K" else "mn")
        options = [letter, letter, letter, str(self.random.randint(1, SHAPES[axis])), axis]
        return self.random.choice([*options, "r", "r-1", "z[t]", "z[1]"] if axis == "K" else options)

    def leaf(self, shape):
        names = {("K",): ["p", "v", "W_k", "a", "q"], ("H",): ["g", "b_h"], ("K", "K"): ["A", "B"]}
        names |= {("K", "H"): ["W_xh"], ("H", "K"): ["C"], ("H", "H"): ["W_hh"]}
        if shape == ("K",) and self.random.random() < 0.3:
            return f"{self.random.choice('AB')}[{self.index('K')}]"
        if shape == ("H",) and self.random.random() < 0.3:
            return f"W_xh[{self.index('K')}]"
        if shape:
            return self.random.choice(names[shape])
        kind = self.random.random()
        if kind < 0.3:
            return self.random.choice(["x", "y", "w", "beta", "h1", "mean", "L", "pi"])
        if kind < 0.45:
            return self.random.choice(["2", "3", "0.5", "1", "10", "1e-2", "2.5e-1", "K", "H", "T", "i", "m"])
        if kind < 0.6:
            return f"c[{self.random.choice(['0', 'i', 'i-1', 'K', 't', '1', 't-1'])}]"
        name, axes = self.random.choice([(name, axes) for axes in names for name in names[axes]])
        return f"{name}[{', '.join(map(self.index, axes))}]"

    def arithmetic(self, shape, depth):
        left = right = shape
        if shape and self.random.random() < 0.3:
            left, right = self.random.choice([((), shape), (shape, ())])
        sign = self.random.choice("+-**/+*")
        return f"({self.formula(left, depth)}) {sign} ({self.formula(right, depth)})"

    def power(self, shape, depth):
        exponents = ["2", "2", "3", "(-1)", "(1/2)", "T", "(K-1)", "i", "x", "(-2)", "0.5", "(-x)", "(T+1)"]
        exponent = self.random.choice(exponents)
        if shape and self.random.random() < 0.1:
            return f"({self.formula((), depth)})^({self.formula(shape, 0)})"
        return f"({self.formula(shape, depth)})^{exponent}"

    def function(self, shape, depth):
        name = self.random.choice([*FUNCTIONS, "ln", "exp", "log", "tanh"])
        if name in ("max", "min", "mod"):
            return f"{name}({self.formula(shape, depth)}, {self.formula(self.random.choice([(), shape]), depth)})"
        return f"{name}({self.formula(shape, depth)})"

    def series(self, shape, depth):
        name, letter = self.random.choice(["sum", "sum", "prod"]), self.random.choice("ijkmnt")
        bounds = self.random.choice(["", "", ", 1, 2", ", 2, K", ", i, K", ", 1, K-1"]) if letter in "jk" else ""
        return f"{name}({self.formula(shape, depth)}, {letter}{bounds})"

    def negative(self, shape, depth):
        return f"{self.random.choice('--+')}({self.formula(shape, depth)})"

    def any_shape(self, shape, depth):
        kinds = [self.arithmetic, self.power, self.function]
        return self.random.choice([*kinds, *kinds, self.arithmetic, self.series, self.negative, self.cases])(
            shape, depth
        )

    def cases(self, shape, depth):
        sides = (
            f"{self.formula((), depth - 1)} {self.random.choice(['<', '<=', '>', '>='])} {self.formula((), depth - 1)}"
        )
        return f"cases({sides}, {self.formula(shape, depth)}, {self.formula(shape, depth)})"

    def entry(self, depth):
        axes = self.random.choice([("K",), ("H",), ("K", "H"), ("K", "K")])
        return f"({self.formula(axes, depth)})[{', '.join(map(self.index, axes))}]"

    def norm(self, depth):
        return f"norm({self.formula(self.random.choice([('K',), ('H',), ('K', 'H')]), depth)})"

    def matmul(self, left, right, depth):
        return f"({self.formula(left, depth)}) @ ({self.formula(right, depth)})"

    def number(self, shape, depth):
        axis = self.random.choice("KH")
        return self.of(
            *[lambda: self.any_shape((), depth)] * 7,
            lambda: self.matmul((axis,), (axis,), depth),
            lambda: self.entry(depth),
            lambda: self.norm(depth),
            lambda: f"delta({self.index('K')}, {self.index('K')})",
            lambda: self.derivative((), ("x", "w", "v[j]", "p[i]", "q[j]", "A[i, j]", "W_xh[i, m]", "W_k[i]"), depth),
            lambda: self.derivative_of_name(("L", "a[i]", "q[j]", "c[i]", "c[t]"), ("x", "w", "v[k]", "p[j]")),
        )

    def derivative(self, shape, by, depth):
        return f"d({self.formula(shape, min(depth, 2))}, {self.random.choice(by)})"

    def derivative_of_name(self, names, by):
        return f"d({self.random.choice(names)}, {self.random.choice(by)})"

    def row(self, shape, depth):
        axis = self.random.choice("KH")
        by = ("v", "p", "q", "A[i]", "W_k") if shape == ("K",) else ("g", "b_h", "W_xh[j]")
        return self.of(
            *[lambda: self.any_shape(shape, depth)] * 6,
            lambda: self.matmul((axis,), (axis, *shape), depth),
            lambda: f"softmax({self.formula(shape, depth)})",
            lambda: f"concat({self.formula((axis,), depth)}, v)[{self.index('K')}] * {self.formula(shape, depth)}",
            lambda: self.derivative((), by, depth),
            lambda: self.derivative_of_name(("L", "a[i]", "c[t]"), by),
        )

    def matrix(self, shape, depth):
        axis = self.random.choice("KH")
        rows, columns = shape
        options = [
            *[lambda: self.any_shape(shape, depth)] * 4,
            lambda: self.matmul((rows, axis), (axis, columns), depth),
            lambda: f"({self.formula((columns, rows), depth)}).T",
            lambda: f"outer({self.formula((rows,), depth)}, {self.formula((columns,), depth)})",
        ]
        if rows == columns:
            options.append(lambda: f"diag({self.formula((rows,), depth)})")
            options.append(lambda: f"eye({rows})")
            options.append(lambda: f"matprod({self.formula(shape, depth)}, {self.random.choice('ijm')})")
        if columns == "K":
            options.append(lambda: self.derivative((rows,), ("v", "p", "W_k"), depth))
        if shape == ("K", "K"):
            options.append(lambda: self.derivative_of_name(("q", "a"), ("v", "p")))
        return self.of(*options)

    def any(self):
        shape = self.random.choice([(), (), (), ("K",), ("H",), ("K", "K"), ("K", "H"), ("H", "K"), ("H", "H")])
        return self.formula(shape, self.random.randint(1, 5))


def read_back(count, seed):
    """How many formulas mean what their LaTeX says, how many have no value at their point, and what differs."""
    writer, means, without_value, different = Writer(seed), 0, 0, []
    while means + len(different) < count:
        text = writer.any()
        if len(text) > 400 or len(re.findall(r"\bd\(", text)) > 2:
            continue
        where, running = page(means)
        tree = parse(text)
        SETTING.shape(tree)
        try:
            expected = source_value(tree, where, running)
            meant = np.all(np.isfinite(expected)) and np.max(np.abs(expected)) < 1e9
        except FloatingPointError:
            meant = False
        if not meant:
            without_value += 1
            continue
        typeset = latex(tree, SETTING)
        try:
            with np.errstate(all="raise"):
                found = read(typeset, where, running)
            same = np.shape(found) == np.shape(expected) and np.allclose(found, expected, rtol=1e-6, atol=1e-7)
            told = "" if same else f"{expected} printed as {found}"
        except (Unclear, FloatingPointError) as error:
            told = str(error)
        if told:
            different.append(f"{text}\n    {typeset}\n    {told}")
        else:
            means += 1
    return means, without_value, different


# Each was printed wrongly once, or would be if one rule of the typesetting were left out.
HARD = [
    "(v / p) * x",
    "x * (v / p)",
    "(v / p) / (p / v)",
    "tanh(x)^1",
    "tanh(x)^0",
    "tanh(x)^(-1)",
    "tanh(A)^2",
    "outer(p, 1^v)",
    "outer(p, v)^2",
    "outer(p, v).T",
    "p @ 2^A",
    "v[2 * r - 3]",
    "A[2 * r - 3, j]",
    "2 * (1 / 2)",
    "2 * (3 / 4) * x",
    "max(cases(x > y, x, y), 2)",
    "cases(x > y, cases(x > 2, 1, 2), 3)",
    "cases(x > y, 1, 2) + 3",
    "log(2) * x",
    "log(x)^2",
    "(A * B) @ A",
    "A * (B @ A)",
    "A @ B * A * x",
    "exp(x)^2",
    "1 / A",
    "A^(-1)",
    "sum(v[i], i) * v[i]",
    "sum(v[i] + 1, i) + x",
    "-(-x)",
    "x - -y * w",
    "x * 1e-2",
    "p @ v * (p @ W_k)",
    "abs(A) * abs(x)",
    "delta(r - 1, j)",
    "prod(A, i) @ matprod(A, i)",
    "w * (1 - x) * (x + 1)",
]


@pytest.mark.parametrize("text", HARD)
def test_hard_formulas_mean_what_is_printed(text):
    where, running = page(5)
    tree = parse(text)
    np.testing.assert_allclose(
        read(latex(tree, SETTING), where, running), source_value(tree, where, running), rtol=1e-9
    )


def _report(different):
    shortest = sorted(different, key=len)[:12]
    return f"{len(different)} formulas read otherwise:\n" + "\n".join(shortest)


def test_generated_formulas_mean_what_is_printed(record_property):
    means, without_value, different = read_back(1200, seed=1)
    assert not different, _report(different)
    record_property("formulas read back", means)
    record_property("without a value at their point", without_value)


@pytest.mark.slow
def test_many_generated_formulas_mean_what_is_printed(record_property):
    means, without_value, different = read_back(5000, seed=2)
    assert not different, _report(different)
    record_property("formulas read back", means)
    record_property("without a value at their point", without_value)


_PLAIN = Page(
    {"x": "x", "a": "a", "u": "u", "A": "A", "K": "K", "W_b": "W_{b}", "h1": "h_{1}", "delta": r"\delta", "k": "k"},
    {
        "x": 0.5,
        "a": 2.0,
        "u": np.array([1.0, 3.0]),
        "A": np.array([[1.0, 2.0], [0.0, 4.0]]),
        "K": 2,
        "W_b": 7.0,
        "h1": 3.0,
        "delta": np.array([5.0, 6.0]),
    },
)


@pytest.mark.parametrize(
    ("typeset", "meaning"),
    [
        (r"\tanh^{-1}(x)", np.arctanh(0.5)),
        (r"\tanh^{2}(x)", np.tanh(0.5) ** 2),
        (r"\sigma^{-1}(x)", 0),
        (r"\ln 2 a", np.log(4)),
        (r"a \, \ln 2", 2 * np.log(2)),
        (r"A^{-1}", [[1, -0.5], [0, 0.25]]),
        (r"A^{2}", [[1, 10], [0, 16]]),
        (r"A^{\odot 2}", [[1, 4], [0, 16]]),
        (r"1 \oslash u", [1, 1 / 3]),
        (r"u^{2}", [1, 9]),
        (r"u^{\top} u", [[1, 3], [3, 9]]),
        (r"u \, u^{\top}", 10),
        (r"u \, A", [1, 14]),
        (r"\sum_{k=1}^{K} u_{k} + a", 6),
        (r"\sum_{k=1}^{K} u_{k} a", 8),
        (r"e^{x} a", 2 * np.exp(0.5)),
        (r"u_{K}", 3),
        (r"A_{1,K}", 2),
        (r"A_{K,K-1}", 0),
        (r"\frac{\partial u_{1}}{\partial u}", [1, 0]),
        (r"\mathbf{1}_{K=2}", 1),
        (r"-x^{2}", -0.25),
    ],
)
def test_the_reader_reads_as_a_person_does(typeset, meaning):
    np.testing.assert_allclose(read(typeset, _PLAIN), meaning, atol=1e-9)


@pytest.mark.parametrize(
    "typeset",
    [
        r"x(a)",
        r"x \, (a + x)",
        r"2 3",
        r"2 \, \frac{1}{2}",
        r"x \, 2",
        r"a + -x",
        r"x^{2}^{3}",
        r"e^{x}^{2}",
        r"\exp(x)^{2}",
        r"\ln x \cdot a",
        r"\tanh^{k}(x)",
        r"A \, u",
        r"u \, u",
        r"u^{T}",
        r"\frac{1}{A}",
        r"\left|A\right|",
        r"e^{A}",
        r"A \odot A \, A",
        r"u \oslash u \odot u",
        r"u \cdot u",
        r"u^{-1}",
        r"A_{i-1j}",
        r"A_{12}",
        r"\delta_{1,2}",
        r"\frac{a}{x}^{2}",
        r"h_{2}",
        r"q",
        r"u^{\top}",
        r"x^{\top}",
    ],
)
def test_the_reader_refuses_what_a_person_would_ask_about(typeset):
    with pytest.raises(Unclear):
        read(typeset, _PLAIN)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("h1, h_1: real", "`h1` and `h_1` print alike"),
        ("delta, δ: real", "`delta` and `δ` print alike"),
        ("beta1, β_1: real", "print alike"),
        ("K: size\nk: 1..K\np: real[K]\np_k: real", "`p_k` prints like an entry of `p`"),
        ("T: size\nt: 1..T\nh0: real\nh[0] := h0\nh[t] := 2 * h[t-1]", "`h0` prints like an entry of `h`"),
        ("T: size\nh: real[T]\nh_T: real", "`h_T` prints like an entry of `h`"),
        ("K: size\nA: real[K, K]\nA12: real", "`A12` prints like an entry of `A`"),
        ("e: real", "Euler's number"),
        ("sigma: real", "the sigmoid"),
        ("σ: real", "the sigmoid"),
        ("π: real", "the number π"),
        ("K: size\nI: real[K, K]", r"eye\(K\)"),
        ("x, x_: real", "can't be the name"),
        ("_x: real", "can't be the name"),
        ("W_1_2: real", "can't be the name"),
    ],
)
def test_two_symbols_of_a_setting_never_print_alike(setting, told):
    with pytest.raises((IllFormed, Unreadable), match=told) as caught:
        Given(setting)
    assert "\n" not in str(caught.value)


def test_a_running_index_never_prints_like_a_symbol():
    given = Given("K: size\np: real[K]\np_q: real\nbeta: real")
    for text in ("sum(p[q] * p_q, q, 1, K)", "sum(p[β], β, 1, K)", "sum(p[e], e, 1, K)"):
        with pytest.raises(IllFormed, match="print"):
            given.shape(parse(text))


def test_symbols_that_differ_in_print_are_told_apart():
    Given(
        "H: size\nW: real[H, H]\nW_xh: real[H, H]\nh: real[H]\nh_before: real[H]\nyhat, y_hat, ab, a, b, x1, X1: real"
    )


def test_kronecker_gives_way_to_another_delta():
    given = Given("T: size\nt, k: 1..T\ndelta: real[T, T]")
    assert latex(parse("delta(t, k) * delta[t, k]"), given) == r"\mathbf{1}_{t=k} \, \delta_{t k}"


def test_a_mistake_that_means_nothing_is_shown_as_it_was_written():
    ill = Mistake("b * a", "a row does not fit", kind="ill-formed", given="")
    claim = Claim("t.t", "a @ A = a @ A", "K, H: size\na: real[K]\nb: real[H]\nA: real[K, H]", mistakes=[ill])
    shown = payload(claim)["mistakes"][0]
    assert (shown["latex"], shown["text"]) == ("", "a @ A = b * a")


def test_lines_are_aligned_at_their_relation_and_not_at_that_of_a_condition():
    given = Given("x, y: real")
    text = latex_statement(parse_statement("x + cases(x == 0, 1, 2) = y"), given)
    rows = steps([{"latex": text, "reason": ""}, {"latex": "= x", "reason": ""}])
    assert r"x = 0 \\" in rows[0][0] and [right for _, right, _ in rows] == ["= y", "= x"]


@pytest.mark.parametrize("name", ["х", "А", "ο", "ɑ", "x\u0301", "ı", "x_а", "xа", "x٣", "中"])
def test_a_letter_of_another_alphabet_names_nothing(name):
    with pytest.raises(Unreadable, match=r"can't be the name|cannot read|expected"):
        Given(f"{name}: real")
    with pytest.raises((IllFormed, Unreadable)):
        Claim("a", f"sum({name}*0, {name}, 1, 2) = 0")


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("sum(sum(k_, k, 1, 2), k_, 1, 3) = 12", ""),
        ("sum(sum(k1, k_1, 1, 2), k1, 1, 3) = 12", ""),
        ("sum(sum(W[n, m] - W_nm, n, 1, 2), m, 1, 2) = 0", "W: real[2, 2]\nW_nm: real"),
    ],
)
def test_the_indices_of_sums_inside_one_another_are_told_apart(statement, setting):
    with pytest.raises(IllFormed, match=r"print|name of an index"):
        Claim("a", statement, setting)


def test_products_of_both_kinds_are_told_apart_and_an_ill_formed_mistake_is_shown_as_written():
    setting = "H, V: size\nu, v: real[H]\nW: real[H, H]\nU: real[H, V]"
    ill = Mistake("u * (v @ U)", "the other matrix", kind="ill-formed")
    claim = Claim("mixed", "(u * v) @ W = (v * u) @ W", setting, mistakes=[ill])
    assert latex(claim.lines[0].left, claim.given) == r"\left(u \odot v\right) \, W"
    mistake = payload(claim)["mistakes"][0]
    assert (mistake["latex"], mistake["text"]) == ("", "u * v @ W = u * (v @ U)")
