r"""What is printed is what was checked: an independent reader computes from the LaTeX what the source text says.

The reader (`latex_reader`) knows no line of the engine; the source text is computed by `claims_plain`.
"""

import random
import re

import numpy as np
import pytest
from claims_plain import FUNCTIONS, plain
from latex_reader import Page, Unclear, read

from rnnlib.claims import Given
from rnnlib.claims.language import indices_of, parse
from rnnlib.claims.latex import latex

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
