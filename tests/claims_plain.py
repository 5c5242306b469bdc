"""What the identity test is judged by: hand-written NumPy for each subject, and a plain evaluator for its variants.

Nothing here uses the engine's own arithmetic. A subject's truth is programmed by hand (derivatives by complex
step); a variant is computed from the values that the hand-written program gives to every name.
"""

import ast
import operator
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "ln": np.log,
    "log2": np.log2,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "abs": np.abs,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "floor": np.floor,
    "mod": np.mod,
    "max": np.maximum,
    "min": np.minimum,
}
RELATIONS = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class Subject(NamedTuple):
    """A right statement, and the same in plain NumPy.

    `sizes` are the sizes at which variants are classified, `free` names the free indices and the size each runs to,
    `names` draws a dictionary of all names from a generator and sizes, `truth` gives the value of the left side.
    """

    name: str
    given: str
    left: str
    right: str
    sizes: tuple
    free: dict
    names: Callable
    truth: Callable
    wrong: tuple = ()


def softmax(s):
    e = np.exp(s)
    return e / e.sum()


def slope(f, x, *at):
    """Derivative of a scalar function by one entry of x, by complex step."""
    x = np.array(x, dtype=complex)
    x[tuple(k - 1 for k in at)] += 1e-30j
    return np.imag(f(x)) / 1e-30


def plain(tree, names, index):
    """The value of a tree in float64, arrays counted from 1; ``names["slope"]`` differentiates, where there is any."""

    def value(tree, index=index):
        match tree:
            case ast.Constant():
                return np.float64(tree.value)
            case ast.Name():
                if tree.id in index:
                    return np.float64(index[tree.id])
                return np.pi if tree.id == "pi" else names.get(tree.id)
            case ast.Subscript() if not isinstance(tree.value, ast.Name):
                parts = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
                return value(tree.value, index)[tuple(int(value(part, index)) - 1 for part in parts)]
            case ast.Subscript():
                parts = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
                at = tuple(int(value(part, index)) for part in parts)
                array = names[tree.value.id]
                if callable(array):  # a recursion that starts at 0
                    return array(*at)
                if not all(1 <= k <= n for k, n in zip(at, np.shape(array), strict=False)):
                    raise IndexError
                return array[tuple(k - 1 for k in at)]
            case ast.UnaryOp():
                return -value(tree.operand, index) if isinstance(tree.op, ast.USub) else value(tree.operand, index)
            case ast.Attribute():
                return np.transpose(value(tree.value, index))
            case ast.BinOp():
                a, b = value(tree.left, index), value(tree.right, index)
                return {
                    ast.Add: np.add,
                    ast.Sub: np.subtract,
                    ast.Mult: np.multiply,
                    ast.Div: np.divide,
                    ast.Pow: np.power,
                    ast.MatMult: np.matmul,
                }[type(tree.op)](a, b)
        return call(tree, index)

    def call(tree, index):
        name, args = tree.func.id, tree.args
        if name == "cases":
            left, right = value(args[0].left, index), value(args[0].comparators[0], index)
            return value(args[1 if RELATIONS[type(args[0].ops[0])](left, right) else 2], index)
        if name in ("sum", "prod", "matprod"):
            low, high = (value(a, index) for a in args[2:]) if len(args) == 4 else (1, names["ranges"][args[1].id])
            terms = [value(args[0], {**index, args[1].id: k}) for k in range(int(low), int(high) + 1)]
            if name == "matprod":
                return np.linalg.multi_dot(terms) if len(terms) > 1 else terms[0]
            return sum(terms) if name == "sum" else np.prod(terms, axis=0)
        if name == "d":
            return names["slope"](*args, index)
        a = [value(argument, index) for argument in args]
        if name == "delta":
            return np.float64(a[0] == a[1])
        if name == "outer":
            return np.outer(*a)
        if name == "concat":
            return np.concatenate(a)
        if name == "norm":
            return np.linalg.norm(a[0], 2)
        if name == "eye":
            return np.eye(int(a[0]))
        if name == "diag":
            return np.diag(a[0])
        return softmax(a[0]) if name == "softmax" else FUNCTIONS[name](*a)

    with np.errstate(all="raise"):
        return value(tree)


def _softmax_names(random, K):
    s, y, v = random.uniform(-2, 2, (3, K))
    return {"K": K, "s": s, "p": softmax(s), "y": softmax(y), "v": v, "ranges": dict.fromkeys("ijkm", K)}


def _one_hot_names(random, K):
    s = random.uniform(-2, 2, K)
    return {"K": K, "s": s, "p": softmax(s), "y": np.eye(K)[random.integers(K)], "ranges": dict.fromkeys("ijkm", K)}


def _temperature_names(random, K):
    names = _softmax_names(random, K)
    beta = random.uniform(0.3, 2)
    return names | {"beta": beta, "u": softmax(beta * names["s"])}


def _steps_names(random):
    w, u, h0, x1, x2 = random.uniform(-1.5, 1.5, 5)
    h1 = np.tanh(w * h0 + u * x1)
    return {"w": w, "u": u, "h0": h0, "x1": x1, "x2": x2, "h1": h1, "h2": np.tanh(w * h1 + u * x2), "ranges": {}}


def _layer_names(random, D, H):
    W, b, x, c = random.uniform(-1, 1, (D, H)), *(random.uniform(-1, 1, n) for n in (H, D, H))
    a = x @ W + b
    return {
        "D": D,
        "H": H,
        "W": W,
        "b": b,
        "x": x,
        "c": c,
        "a": a,
        "h": np.tanh(a),
        "ranges": dict(dict.fromkeys("kl", H), n=D),
    }


def _lstm_names(random):
    n = dict(zip(["a", "b", "r", "g", "c0"], random.uniform(-1.5, 1.5, 5), strict=True))
    f, i, o = (1 / (1 + np.exp(-n[k])) for k in "abr")
    c1 = f * n["c0"] + i * np.tanh(n["g"])
    return n | {"f": f, "i": i, "o": o, "c1": c1, "h": o * np.tanh(c1), "ranges": {}}


def _powers_names(random, T):
    w, x = random.uniform(0.5, 1.5), random.uniform(-2, 2, T)
    return {
        "T": T,
        "w": w,
        "x": x,
        "h": lambda t: w**t,
        "q": random.uniform(0.1, 0.9, T),
        "ranges": dict.fromkeys("tk", T),
    }


_SOFTMAX = "K: size\ns: real[K]\ni, j, k, m: 1..K\np[i] := exp(s[i]) / sum(exp(s[k]), k)\n"
_TARGET = "y: distribution[K]\nL := -sum(y[k] * log(p[k]), k)\n"
_STEPS = "w, u, h0, x1, x2: real\nh1 := tanh(w*h0 + u*x1)\nh2 := tanh(w*h1 + u*x2)\n"
_LAYER = (
    "D, H: size\nW: real[D, H]\nb, c: real[H]\nx: real[D]\nk, l: 1..H\nn: 1..D\n"
    "a := x @ W + b\nh := tanh(a)\nL := h @ c\n"
)
_LSTM = (
    "a, b, r, g, c0: real\nf := sigmoid(a)\ni := sigmoid(b)\no := sigmoid(r)\nc1 := f*c0 + i*tanh(g)\nh := o*tanh(c1)\n"
)
_POWERS = "T: size\nw: positive\nx: real[T]\nq: unit[T]\nt, k: 1..T\nh[0] := 1\nh[t] := w * h[t-1]\n"


def _hidden(names, W):
    return np.tanh(names["x"] @ W + names["b"]) @ names["c"]


SUBJECTS = [
    Subject(
        "softmax jacobian",
        _SOFTMAX,
        "d(p[i], s[j])",
        "p[i] * (delta(i, j) - p[j])",
        (1, 2, 3),
        {"i": "K", "j": "K"},
        _softmax_names,
        lambda n, i, j: slope(lambda s: softmax(s)[i - 1], n["s"], j),
        (
            "p[i] * (1 - p[j])",
            "-p[i] * p[j]",
            "p[i] * delta(i, j) - p[j]",
            "p[i] * (delta(i, j) - p[j] * p[j])",
            "p[i] * delta(i, j) - exp(s[i]) * exp(s[j]) / sum(exp(s[k]), k)",
            "delta(i, j) * p[i] * (1 - p[i])",
        ),
    ),
    Subject(
        "cross-entropy gradient",
        _SOFTMAX + _TARGET,
        "d(L, s[j])",
        "p[j] - y[j]",
        (1, 2, 3),
        {"j": "K"},
        _softmax_names,
        lambda n, j: slope(lambda s: -(n["y"] * np.log(softmax(s))).sum(), n["s"], j),
        (
            "p[j]",
            "p[j] - y[j] * p[j]",
            "p[j] - y[j]^2",
            "p[j] * sum(y[k], k) - sqrt(y[j])",
            "exp(s[j]) - y[j]",
            "p[j] - y[j] / sum(p[k]^2, k)",
            "abs(p[j] - y[j])",
        ),
    ),
    Subject(
        "one-hot loss",
        _SOFTMAX + "y: onehot[K]\n",
        "-sum(y[k] * log(p[k]), k)",
        "log(sum(exp(s[k]), k)) - sum(y[k] * s[k], k)",
        (2, 3),
        {},
        _one_hot_names,
        lambda n: -np.log(n["p"][n["y"].argmax()]),
        (
            "-log(sum(y[k] * s[k], k))",
            "-sum(log(p[k]), k)",
            "log(sum(exp(s[k]), k)) - sum(s[k], k)",
            "-sum((1 - y[k]) * log(1 - p[k]), k)",
            "-sum(p[k] * log(p[k]), k)",
            "-sum(y[k]^2 * log(p[k])^2, k)",
        ),
    ),
    Subject(
        "temperature",
        _SOFTMAX + "beta: positive\nu[i] := exp(beta*s[i]) / sum(exp(beta*s[k]), k)\n"
        "y: distribution[K]\nM := -sum(y[k] * log(u[k]), k)\n",
        "d(M, beta)",
        "sum((u[k] - y[k]) * s[k], k)",
        (2, 3),
        {},
        _temperature_names,
        lambda n: slope(lambda b: -(n["y"] * np.log(softmax(b[0] * n["s"]))).sum(), [n["beta"]], 1),
        (
            "sum((p[k] - y[k]) * s[k], k)",
            "beta * sum((u[k] - y[k]) * s[k], k)",
            "sum(u[k] - y[k], k)",
            "sum((u[k] - y[k]) * s[k], k) / beta",
            "sum(u[k] * s[k], k)",
            "sum(u[k] - y[k] * s[k], k)",
        ),
    ),
    Subject(
        "variance",
        _SOFTMAX + "v: real[K]\nmean := sum(p[k] * v[k], k)\n",
        "sum(p[k] * (v[k] - mean)^2, k)",
        "sum(p[k] * v[k]^2, k) - sum(p[k] * v[k], k)^2",
        (2, 3),
        {},
        _softmax_names,
        lambda n: n["p"] @ (n["v"] - n["p"] @ n["v"]) ** 2,
        (
            "sum(p[k] * v[k]^2, k)",
            "sum(p[k] * v[k]^2, k) - sum(p[k]^2 * v[k]^2, k)",
            "sum(p[k] * v[k]^2, k) - sum(v[k], k)^2 / K^2",
            "sum(p[k] * v[k]^2, k) + sum(p[k] * v[k], k)^2",
        ),
    ),
    Subject(
        "one step",
        _STEPS,
        "d(h1, w)",
        "(1 - h1^2) * h0",
        (),
        {},
        _steps_names,
        lambda n: slope(lambda w: np.tanh(w[0] * n["h0"] + n["u"] * n["x1"]), [n["w"]], 1),
        ("(1 - h1) * h0", "(1 - h1^2) * h1", "(1 - h1)^2 * h0", "(1 - h0^2) * h0", "h0", "(1 - tanh(h1)^2) * h0"),
    ),
    Subject(
        "two steps",
        _STEPS,
        "d(h2, w)",
        "(1 - h2^2) * (h1 + w * (1 - h1^2) * h0)",
        (),
        {},
        _steps_names,
        lambda n: slope(
            lambda w: np.tanh(w[0] * np.tanh(w[0] * n["h0"] + n["u"] * n["x1"]) + n["u"] * n["x2"]), [n["w"]], 1
        ),
        (
            "(1 - h2^2) * h1",
            "(1 - h2^2) * (h1 + w * h0)",
            "(1 - h2^2) * (h1 + (1 - h1^2) * h0)",
            "(1 - h2^2) * (h1 + sqrt(w^2) * (1 - h1^2) * h0)",
            "(1 - h2^2) * h1 + w * (1 - h1^2) * h0",
            "(1 - h2^2) * w * (1 - h1^2) * h0",
        ),
    ),
    Subject(
        "layer weights",
        _LAYER,
        "d(L, W)",
        "outer(x, (1 - h^2) * c)",
        ((1, 2), (2, 2), (3, 2)),
        {},
        _layer_names,
        lambda n: np.array(
            [[slope(lambda W: _hidden(n, W), n["W"], r, k) for k in range(1, n["H"] + 1)] for r in range(1, n["D"] + 1)]
        ),
        (
            "outer(x, c)",
            "outer(x, (1 - h) * c)",
            "outer(x, (1 - a^2) * c)",
            "outer(x, h * c)",
            "outer(x, (1 - h^2) * c) @ diag(c)",
            "outer(x, (1 - h^2) * c) * W",
        ),
    ),
    Subject(
        "layer entries",
        _LAYER,
        "d(L, W[n, k])",
        "x[n] * (1 - h[k]^2) * c[k]",
        ((1, 2), (2, 2), (2, 3)),
        {"n": "D", "k": "H"},
        _layer_names,
        lambda n, r, k: slope(lambda W: _hidden(n, W), n["W"], r, k),
        ("x[n] * c[k]", "x[n] * (1 - h[k]^2)", "x[n] * sum((1 - h[l]^2) * c[l], l)", "x[n] * (1 - h[k]) * c[k]"),
    ),
    Subject(
        "sigmoid",
        "z: real",
        "d(sigmoid(z), z)",
        "sigmoid(z) * (1 - sigmoid(z))",
        (),
        {},
        lambda random: {"z": random.uniform(-3, 3), "ranges": {}},
        lambda n: slope(lambda z: 1 / (1 + np.exp(-z[0])), [n["z"]], 1),
        (
            "sigmoid(z) * sigmoid(z)",
            "1 - sigmoid(z)^2",
            "sigmoid(z) * (1 - tanh(z))",
            "tanh(z) * (1 - tanh(z))",
            "sigmoid(z) - sigmoid(z)^3",
            "exp(z) / (1 + exp(z))",
        ),
    ),
    Subject(
        "memory cell",
        _LSTM,
        "d(h, c0)",
        "o * (1 - tanh(c1)^2) * f",
        (),
        {},
        _lstm_names,
        lambda n: n["o"] / np.cosh(n["c1"]) ** 2 * n["f"],
        (
            "o * f",
            "o * (1 - h^2) * f",
            "o * (1 - c1^2) * f",
            "(1 - tanh(c1)^2) * f",
            "o * (1 - tanh(c1)^2) * i",
            "o * (1 - tanh(c1)^2) * f * c0",
        ),
    ),
    Subject(
        "powers",
        _POWERS,
        "h[T] * x[T]",
        "w^T * x[T]",
        (1, 2, 3),
        {},
        _powers_names,
        lambda n: n["w"] ** n["T"] * n["x"][-1],
        ("w * x[T]", "w^(T - 1) * x[T]", "w * T * x[T]", "w^T", "h[T - 1] * x[T]", "w^2 * x[T]"),
    ),
    Subject(
        "partial sums",
        _POWERS,
        "sum(sum(x[k], k, 1, t), t)",
        "sum((T + 1 - k) * x[k], k)",
        (1, 2, 3, 4),
        {},
        _powers_names,
        lambda n: np.cumsum(n["x"]).sum(),
        ("sum((T - k) * x[k], k)", "sum(k * x[k], k)", "T * sum(x[k], k)", "sum(x[k], k)", "sum((T + 1) * x[k], k)"),
    ),
    Subject(
        "perplexity",
        _POWERS,
        "exp(-sum(log(q[t]), t) / T)",
        "prod(q[t], t)^(-1 / T)",
        (1, 2, 3),
        {},
        _powers_names,
        lambda n: np.exp(-np.log(n["q"]).mean()),
        (
            "prod(q[t], t)^(1 / T)",
            "sum(1 / q[t], t) / T",
            "exp(-sum(log(q[t]), t))",
            "T / sum(q[t], t)",
            "1 / prod(q[t], t)",
            "prod(q[t]^(-1), t)",
        ),
    ),
]
