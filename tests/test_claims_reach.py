"""One claim of each kind that the chapters need: it is made, with the evidence it deserves, and its slip is refuted."""

import pytest

from rnnlib.claims import Claim, Given, IllFormed, Mistake, Refuted

LAYER = """
    D, H: size
    x: real[D]
    h: real[H]
    W: real[D + H, H]
    c: real[H]
    k: 1..D
    i, j: 1..H
    z := concat(x, h)
    a := z @ W
    L := tanh(a) @ c
"""
WINDOW = """
    C, V, D, H: size
    t: 1..C
    v: 1..V
    n: 1..D
    j: 1..H
    w[t]: 1..V
    E: real[V, D]
    W: real[3 * D, H]
    c: real[H]
    a[t] := E[w[t]] @ U
    U: real[D, H]
    L := sum(tanh(a[t]) @ c, t)
    m: 1..3
    u[m]: 1..V
    z := concat(E[u[1]], E[u[2]], E[u[3]])
    b := z @ W
    M := tanh(b) @ c
"""
STEPS = "T, K: size\nt: 1..T\nA: real[T, K, K]\nv: real[K]"
PHASE = "t, shift: real\ntau: positive\nr_on: unit\nleak: unit\nphi := mod(t - shift, tau) / tau\n" + (
    "k := cases(phi < r_on / 2, 2 * phi / r_on, cases(phi < r_on, 2 - 2 * phi / r_on, leak * phi))"
)

CLAIMS = {
    "a block of joined vectors": (
        "d(L, h[i]) = sum(d(L, a[j]) * W[D + i, j], j)",
        LAYER,
        "d(L, h[i]) = sum(d(L, a[j]) * W[i, j], j)",
        "proved for every D and H",
    ),
    "joined vectors times a matrix": (
        "z @ W = sum(x[k] * W[k], k) + sum(h[i] * W[D + i], i)",
        LAYER,
        "z @ W = sum(x[k] * W[k], k) + sum(h[i] * W[i], i)",
        "proved for every D and H",
    ),
    "the weights of a block": (
        "d(L, W[D + i, j]) = h[i] * d(L, a[j])",
        LAYER,
        "d(L, W[D + i, j]) = x[1] * d(L, a[j])",
        "",
    ),
    "rows picked by data": (
        "d(L, E[v, n]) = sum(delta(w[t], v) * sum(d(L, a[t, j]) * U[n, j], j), t)",
        WINDOW,
        "d(L, E[v, n]) = sum(sum(d(L, a[t, j]) * U[n, j], j), t)",
        "proved for every",
    ),
    "blocks of a window of picked rows": (
        "d(M, E[v, n]) = sum(delta(u[m], v) * sum(d(M, b[j]) * W[(m - 1) * D + n, j], j), m)",
        WINDOW,
        "d(M, E[v, n]) = sum(delta(u[m], v) * sum(d(M, b[j]) * W[n, j], j), m)",
        "",
    ),
    "the identity matrix": (
        "d(v @ eye(K), v) = eye(K)",
        "K: size\nv: real[K]",
        "d(v @ eye(K), v) = 2 * eye(K)",
        "proved for every K",
    ),
    "a product over steps": (
        "matprod(A[t], t, 1, 3) = A[1] @ A[2] @ A[3]",
        "K: size\nA: real[3, K, K]",
        "matprod(A[t], t, 1, 3) = A[3] @ A[2] @ A[1]",
        "proved for every K",
    ),
    "an inequality between norms": (
        "norm(v @ matprod(A[t], t)) <= norm(v) * prod(norm(A[t]), t)",
        STEPS,
        "norm(v @ matprod(A[t], t)) <= norm(v) * sum(norm(A[t]), t)",
        "tested at random points",
    ),
    "a norm in full": ("norm(v)^2 = v @ v", "K: size\nv: real[K]", "norm(v) = v @ v", "proved for every K"),
    "the slope of a relu": (
        "d(max(x, 0), x) = cases(x > 0, 1, 0)",
        "x: positive",
        "d(max(x, 0), x) = cases(x > 1, 1, 0)",
        "exact",
    ),
    "clipping a gradient": (
        "norm(cases(norm(g) > q, q / norm(g), 1) * g) = min(norm(g), q)",
        "K: size\nx: positive[K]\ny: real[K]\ng := x\nq: positive",
        "norm(cases(norm(g) > q, q / norm(g), 1) * g) = q",
        "",
    ),
    "a phase": (
        "d(mod(t - shift, tau), t) = 1",
        "t: unit\nshift := 0\ntau := 1",
        "d(mod(t - shift, tau), t) = 0",
        "exact",
    ),
    "a gate that opens and closes": ("k <= 1", PHASE, "k <= 1/2", "tested at random points"),
}


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_claim_of_each_kind(kind):
    statement, setting, slip, evidence = CLAIMS[kind]
    made = Claim("a", statement, setting, mistakes=[Mistake(slip, "the slip")])
    assert str(made.evidence).startswith(evidence)
    assert made.mistakes[0].refutation
    with pytest.raises(Refuted):
        Claim("a", slip, setting)


@pytest.mark.parametrize(
    ("statement", "setting", "told"),
    [
        ("eye(x) = eye(x)", "x: real", "is no index"),
        ("norm(x) = 1", "x: real", "norm takes a vector or a matrix"),
        ("concat(x, 1) = x", "K: size\nx: real[K]", "concat joins vectors"),
        ("matprod(A, k) = A", "K, M: size\nk: 1..K\nA: real[K, M]", "multiplies square matrices"),
        ("cases(v > 0, 1, 0) = 1", "K: size\nv: real[K]", "a condition compares numbers"),
        ("E[w[t]] = E[1]", "T, V, W: size\nt: 1..T\nw[t]: 1..V\nE: real[W, 2]", "runs to V, the axis has W"),
        ("d(w[t], w[t]) = 1", "T: size\nt: 1..T\nw[t]: 1..T", "no quantity that can vary"),
        ("max(x, v) = max(x, u)", "K, M: size\nv: real[K]\nu: real[M]\nx: real", "left side has shape"),
    ],
)
def test_what_means_nothing_is_refused(statement, setting, told):
    with pytest.raises(IllFormed, match=told):
        Claim("a", statement, setting)


def test_axes_are_compared_as_numbers_of_entries():
    setting = Given("D, H: size\nx: real[D]\ny: real[2 * D]\nz: real[D + H]\nw: real[H]")
    assert Claim("a", "concat(x, x) + y = y + concat(x, x)", setting)
    assert Claim("a", "concat(x, w) - z = -z + concat(x, w)", setting)
    with pytest.raises(IllFormed, match="do not fit"):
        Claim("a", "concat(x, w) + y = z", setting)


def test_a_number_as_one_case_of_an_array_is_an_array_of_it():
    assert Claim("a", "cases(x > 0, v, 0) @ u = cases(x > 0, v @ u, 0)", "K: size\nx: real\nu, v: real[K]")
