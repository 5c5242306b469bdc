"""True statements that are proved for every size: what false ones are made from, and what may never be lost."""

VECTORS = """
    K: size
    x, v: real[K]
    r: positive[K]
    A: real[K, K]
    c: real
    i, j, k: 1..K
    q[i] := sum(A[i, k] * x[k], k)
    p[i] := exp(x[i]) / sum(exp(x[k]), k)
"""
TARGETS = """
    K: size
    x: real[K]
    y: distribution[K]
    z: onehot[K]
    i, j, k: 1..K
    m: 1..K-1
    p[i] := exp(x[i]) / sum(exp(x[k]), k)
    L := -sum(y[k] * log(p[k]), k)
    M := -sum(z[k] * log(p[k]), k)
"""
RANGES = """
    T: size >= 3
    K: size
    x: real[T]
    v: real[K]
    B: real[T, K]
    t, u: 1..T
    m: 2..T
    n: 1..T-1
    k: 1..K
    o: 0..T
"""
SUMS = {
    VECTORS: [
        "sum(x[k] * delta(k, i), k) = x[i]",
        "sum(1, k, i, K) = K - i + 1",
        "sum(sum(x[k], k), k) = K * sum(x[k], k)",
        "sum(x[k] * v[k] + c * x[k], k) = sum(x[k] * v[k], k) + c * sum(x[k], k)",
        "sum(sum(x[k] * v[i], k, 1, i), i) = sum(v[j] * sum(x[k], k, 1, j), j)",
        "sum(sum(sum(A[i,j]*A[j,k]*A[k,i], i), j), k) = sum(sum(sum(A[i,k]*A[k,j]*A[j,i], i), j), k)",
        "d(p[i], x[j]) = p[i] * (delta(i, j) - p[j])",
        "sum(p[k], k) = 1",
        "d(sum(q[i] * v[i], i)^2, q[j]) = 2 * v[j] * sum(v[i] * q[i], i)",
        "d(sum(q[i]^2, i), x[j]) = 2 * sum(q[k] * A[k, j], k)",
        "d(log(sum(exp(x[k]), k)), x[i]) = p[i]",
        "prod(r[k], k) = exp(sum(log(r[k]), k))",
        "d(sum(r[k] * log(r[k]), k), r[j]) = log(r[j]) + 1",
        "d(prod(r[k], k), r[j]) = prod(r[k], k) / r[j]",
        "sum(delta(i, k) * delta(k, j), k) = delta(i, j)",
        "sum(sum(delta(i, k) * A[i, j], i), j) = sum(A[k, j], j)",
        "sum((x[k] - c)^2, k) = sum(x[k]^2, k) - 2 * c * sum(x[k], k) + K * c^2",
        "sum(exp(x[k]), k) > 0",
        "sum(sigmoid(x[k]), k) = sum(1 / (1 + exp(-x[k])), k)",
        "d(sum(sigmoid(x[k]), k), x[j]) = sigmoid(x[j]) * sigmoid(-x[j])",
        "sum(x[k]^2 * r[k], k) >= 0",
    ],
    TARGETS: [
        "d(L, x[j]) = p[j] - y[j]",
        "d(M, x[j]) = p[j] - z[j]",
        "d(d(L, x[i]), x[j]) = p[i] * (delta(i, j) - p[j])",
        "sum(y[k], k) = 1",
        "sum(z[k] * x[k], k)^2 = sum(z[k] * x[k]^2, k)",
        "z[i] * z[j] = delta(i, j) * z[i]",
        "d(L, p[i]) = -y[i] / p[i]",
        "sum(d(L, p[k]) * d(p[k], x[j]), k) = p[j] - y[j]",
        "d(log(p[m]), x[m]) = 1 - p[m]",
        "d(log(p[m]), x[m+1]) = -p[m+1]",
    ],
    RANGES: [
        "sum(x[t] * delta(t, m), t) = x[m]",
        "sum(x[t] * delta(t, m - 1), t) = x[m-1]",
        "sum(1, t, 2, T) = T - 1",
        "sum(1, t, m, T) = T - m + 1",
        "sum(1, t, 1, o) = o",
        "sum(delta(t, n + 1), t) = 1",
        "sum(delta(t, 3), t) = 1",
        "sum(sum(x[t] * v[k], t), k) = sum(x[t], t) * sum(v[k], k)",
        "sum(sum(B[t, k] * delta(t, u), t), k) = sum(B[u, k], k)",
        "d(sum(sum(B[t, k]^2, t), k), B[m, k]) = 2 * B[m, k]",
        "d(sum(x[t] * x[t+1], t, 1, T-1), x[u]) = d(sum(x[t+1] * x[t], t, 1, T-1), x[u])",
        "sum(T - t, t, 1, T) = T * T - sum(t, t)",
        "sum(x[t] + 1, t, 2, T) = sum(x[t], t, 2, T) + T - 1",
        "T >= 3",
        "sum(sum(delta(t, u), t, 1, u), u) = T",
    ],
}

ARRAYS = """
    N, K: size
    A, B: real[N, K]
    C, D: real[K, K]
    x, v: real[K]
    b: real[N]
    c: real
    i, j: 1..K
    n: 1..N
    s := x @ C
    g := tanh(s)
    L := g @ v
    P := (x @ A.T - b) @ (x @ A.T - b) / 2
"""
LAYER = """
    D, H, V: size
    x: real[D]
    W: real[D, H]
    U: real[H, V]
    b: real[H]
    y: real[V]
    i, j: 1..H
    n: 1..D
    k, o: 1..V
    a := x @ W + b
    h := tanh(a)
    s := h @ U
    q := softmax(s)
    E := (s - y) @ (s - y) / 2
    L := -(y @ log(q))
"""
MATRICES = {
    ARRAYS: [
        "x @ (C + D) = x @ C + x @ D",
        "(A @ C) @ D = A @ (C @ D)",
        "(A @ C).T = C.T @ A.T",
        "b @ outer(b, x) = (b @ b) * x",
        "A @ outer(x, v) = outer(x @ A.T, v)",
        "x @ (A + c * B).T = x @ A.T + c * (x @ B.T)",
        "d(x @ A.T, x) = A",
        "d(x @ C @ x, x) = x @ (C + C.T)",
        "d(x @ C @ v, C) = outer(x, v)",
        "d(L, s) = v * (1 - g^2)",
        "d(L, x) = (v * (1 - g^2)) @ C.T",
        "d(L, C) = outer(x, v * (1 - g^2))",
        "d(g[i], x[j]) = (1 - g[i]^2) * C[j, i]",
        "d(P, x) = (x @ A.T - b) @ A",
        "d(P, A) = outer(x @ A.T - b, x)",
        "v @ diag(x) = x * v",
        "d(softmax(x), x) = diag(softmax(x)) - outer(softmax(x), softmax(x))",
        "x @ C @ v = v @ C.T @ x",
        "outer(x, v).T = outer(v, x)",
        "(x @ C.T) @ v = sum(sum(C[i, j] * x[j] * v[i], j), i)",
    ],
    LAYER: [
        "d(E, s) = s - y",
        "d(E, U) = outer(h, s - y)",
        "d(E, h) = (s - y) @ U.T",
        "d(E, a) = ((s - y) @ U.T) * (1 - h^2)",
        "d(E, W) = outer(x, ((s - y) @ U.T) * (1 - h^2))",
        "d(E, b) = ((s - y) @ U.T) * (1 - h^2)",
        "d(E, x) = (((s - y) @ U.T) * (1 - h^2)) @ W.T",
        "d(L, s) = q * sum(y[k], k) - y",
        "d(L, U) = outer(h, q * sum(y[k], k) - y)",
        "d(q[k], s[o]) = q[k] * (delta(k, o) - q[o])",
        "d(E, W[n, i]) = x[n] * d(E, a[i])",
        "d(E, W) = outer(x, d(E, a))",
        "d(s, h) = U.T",
        "d(s[k], a[i]) = (1 - h[i]^2) * U[i, k]",
    ],
}

# Forms beside matrices: blocks, rows picked by data, cases.
BLOCKS = """
    N, D, H: size
    x: real[D]
    h, c: real[H]
    y: real[N]
    W: real[D + H, H]
    X: real[N, D]
    Y: real[N, H]
    n: 1..N
    k: 1..D
    i, j: 1..H
    r[n] := concat(X[n], Y[n])
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
    U: real[D, H]
    c: real[H]
    b: real[V]
    a[t] := E[w[t]] @ U
    L := sum(tanh(a[t]) @ c, t)
"""
CLIPPED = """
    K: size
    x, v: real[K]
    c, u: real
    i, j: 1..K
    r[i] := max(x[i], 0)
    q[i] := cases(x[i] > c, c, x[i])
    L := sum(r[i] * v[i], i)
"""
MATRICES |= {
    BLOCKS: [
        "d(L, h[i]) = sum(d(L, a[j]) * W[D + i, j], j)",
        "d(L, x[k]) = sum(d(L, a[j]) * W[k, j], j)",
        "z @ W = sum(x[k] * W[k], k) + sum(h[i] * W[D + i], i)",
        "(y @ r)[k] = (y @ X)[k]",
        "(y @ r)[D + i] = sum(y[n] * Y[n, i], n)",
        "h @ eye(H) = h",
        "d(c @ eye(H), c) = eye(H)",
        "norm(x)^2 = sum(x[k]^2, k)",
        "softmax(h)[i] = exp(h[i]) / sum(exp(h[j]), j)",
    ],
    WINDOW: [
        "d(L, E[v, n]) = sum(delta(w[t], v) * sum(d(L, a[t, j]) * U[n, j], j), t)",
        "sum(b[v] * delta(w[t], v), v) = b[w[t]]",
        "sum(delta(w[t], v), v) = 1",
        "d(b[w[t]]^2, b[v]) = 2 * b[v] * delta(w[t], v)",
        "d(L, a[t]) = c * (1 - tanh(a[t])^2)",
    ],
    CLIPPED: [
        "q[i] = min(c, x[i])",
        "d(max(c, u), c) = cases(c > u, 1, 0)",
        "max(c, 0)^2 = c * max(c, 0)",
    ],
}

# Recursions: one starting value or two, tied and time-varying weights, coupled, gated, one carried state or two.
SCALAR = """
    T: size
    w, u, c, hs: real
    x, y: real[T]
    t, k: 1..T
    m: 1..T-1
    h[0] := hs
    a[t] := w*h[t-1] + u*x[t]
    h[t] := tanh(a[t])
    l[t] := (h[t] - y[t])^2 / 2
    L := sum(l[t], t)
    R := L + w^2 * L + c * sum(h[t], t)
"""
TWO_STARTS = """
    T: size >= 2
    w, u, g, hs: real
    x, c: real[T]
    t: 3..T
    k: 1..T
    m: 3..T-2
    h[1] := tanh(w*hs + x[1])
    h[2] := tanh(w*h[1] + u*hs + x[2])
    h[t] := tanh(w*h[t-1] + u*h[t-2] + x[t])
    L := sum(c[k]*h[k], k)
"""
FROM_ZERO = """
    T: size
    w, u, f, g: real
    x: real[T]
    t: 2..T
    k: 1..T
    m: 2..T-2
    h[0] := f
    h[1] := g
    a[t] := w*h[t-1] + u*h[t-2] + x[t]
    h[t] := tanh(a[t])
    L := sum(x[k]*h[k]^2, k)
"""
VARYING = """
    T: size
    w, u, x, y: real[T]
    hs: real
    t, k: 1..T
    m: 1..T-1
    h[0] := hs
    a[t] := w[t]*h[t-1] + u[t]*x[t]
    h[t] := tanh(a[t])
    L := sum((h[t] - y[t])^2, t) / 2
"""
COUPLED = """
    T: size
    w, u, v, g, bs: real
    x, y: real[T]
    t: 1..T
    m: 1..T-1
    a[0] := 0
    b[0] := bs
    a[t] := tanh(w*a[t-1] + u*b[t-1] + x[t])
    b[t] := tanh(v*b[t-1] + g*a[t-1])
    L := sum(a[t]*y[t] + b[t], t)
"""
GATED = """
    T: size
    w, u, v, hs: real
    x, y: real[T]
    t: 1..T
    m: 1..T-1
    h[0] := hs
    z[t] := sigmoid(w*h[t-1] + x[t])
    n[t] := tanh(u*h[t-1] + v*x[t])
    h[t] := z[t]*h[t-1] + (1 - z[t])*n[t]
    L := sum(h[t]*y[t], t)
"""
LSTM = """
    T: size
    w, u, v, r, cs, hs: real
    x, y: real[T]
    t: 1..T
    m: 1..T-1
    c[0] := cs
    h[0] := hs
    i[t] := sigmoid(w*h[t-1] + x[t])
    f[t] := sigmoid(u*h[t-1] + x[t])
    o[t] := sigmoid(v*h[t-1] + x[t])
    g[t] := tanh(r*h[t-1] + x[t])
    c[t] := f[t]*c[t-1] + i[t]*g[t]
    h[t] := o[t]*tanh(c[t])
    L := sum(h[t]*y[t], t)
"""
MATRIX = """
    T, H, D: size
    x: real[T, D]
    W: real[D, H]
    U: real[H, H]
    hs: real[H]
    t: 1..T
    m: 1..T-1
    i: 1..H
    n: 1..D
    h[0] := hs
    a[t] := x[t] @ W + h[t-1] @ U
    h[t] := tanh(a[t])
    L := sum(h[t] @ h[t], t) / 2
"""
LSTM_MATRIX = """
    T, D, H: size
    x: real[T, D]
    y: real[T, H]
    W: real[D, H]
    U, V, E, F: real[H, H]
    b, cs, hs: real[H]
    t: 1..T
    m: 1..T-1
    c[0] := cs
    h[0] := hs
    i[t] := sigmoid(h[t-1] @ U + x[t] @ W)
    f[t] := sigmoid(h[t-1] @ V + b)
    o[t] := sigmoid(h[t-1] @ E)
    a[t] := x[t] @ W + h[t-1] @ F
    g[t] := tanh(a[t])
    c[t] := f[t]*c[t-1] + i[t]*g[t]
    h[t] := o[t]*tanh(c[t])
    L := sum(h[t] @ y[t], t)
"""
LINEAR = """
    T: size
    w, hs: real
    x, y: real[T]
    t, k: 1..T
    m: 1..T-1
    h[0] := hs
    h[t] := w*h[t-1] + x[t]
    L := sum(y[t]*h[t], t)
"""
RECURSIONS = {
    SCALAR: [
        "d(L, a[m]) = (h[m] - y[m]) * (1 - h[m]^2) + d(L, a[m+1]) * w * (1 - h[m]^2)",
        "d(L, a[T]) = (h[T] - y[T]) * (1 - h[T]^2)",
        "d(L, h[m]) = h[m] - y[m] + d(L, h[m+1]) * w * (1 - h[m+1]^2)",
        "d(L, w) = sum(d(L, a[t]) * h[t-1], t)",
        "d(L, u) = sum(d(L, a[t]) * x[t], t)",
        "d(L, w) = sum((h[t] - y[t]) * d(h[t], w), t)",
        "d(h[t], w) = (1 - h[t]^2) * (h[t-1] + w * d(h[t-1], w))",
        "d(L, hs) = d(L, a[1]) * w",
        "d(L, h[0]) = d(L, a[1]) * w",
        "d(R, w) = sum(d(R, a[t]) * h[t-1], t) + 2 * w * L",
        "d(h[t], h[t-1]) = (1 - h[t]^2) * w",
        "d(L, x[t]) = d(L, a[t]) * u",
        "d(l[t], w) = (h[t] - y[t]) * d(h[t], w)",
    ],
    TWO_STARTS: [
        "d(L, w) = sum(c[k]*d(h[k], w), k)",
        "d(L, u) = sum(c[k]*d(h[k], u), k)",
        "d(L, h[m]) = c[m] + d(L, h[m+1])*w*(1 - h[m+1]^2) + d(L, h[m+2])*u*(1 - h[m+2]^2)",
        "d(h[t], w) = (1 - h[t]^2)*(h[t-1] + w*d(h[t-1], w) + u*d(h[t-2], w))",
        "d(h[2], w) = (1 - h[2]^2)*(h[1] + w*d(h[1], w))",
        "d(h[1], w) = (1 - h[1]^2)*hs",
        "d(h[2], h[1]) = (1 - h[2]^2)*w",
        "d(L, x[t]) = d(L, h[t])*(1 - h[t]^2)",
    ],
    FROM_ZERO: [
        "d(L, w) = sum(d(L, a[t])*h[t-1], t)",
        "d(L, u) = sum(d(L, a[t])*h[t-2], t)",
        "d(L, h[m]) = 2*x[m]*h[m] + d(L, a[m+1])*w + d(L, a[m+2])*u",
        "d(L, a[m]) = (2*x[m]*h[m] + d(L, a[m+1])*w + d(L, a[m+2])*u) * (1 - h[m]^2)",
        "d(h[t], w) = (1 - h[t]^2)*(h[t-1] + w*d(h[t-1], w) + u*d(h[t-2], w))",
        "d(L, w) = sum(2*x[k]*h[k]*d(h[k], w), k)",
    ],
    VARYING: [
        "d(L, w[t]) = d(L, a[t])*h[t-1]",
        "d(L, u[t]) = d(L, a[t])*x[t]",
        "d(L, a[m]) = (h[m] - y[m] + d(L, a[m+1])*w[m+1]) * (1 - h[m]^2)",
        "d(L, h[m]) = h[m] - y[m] + d(L, a[m+1])*w[m+1]",
        "d(L, a[T]) = (h[T] - y[T])*(1 - h[T]^2)",
        "d(L, hs) = d(L, a[1])*w[1]",
        "d(h[t], h[t-1]) = (1 - h[t]^2)*w[t]",
    ],
    COUPLED: [
        "d(L, a[m]) = y[m] + d(L, a[m+1])*(1 - a[m+1]^2)*w + d(L, b[m+1])*(1 - b[m+1]^2)*g",
        "d(L, b[m]) = 1 + d(L, a[m+1])*(1 - a[m+1]^2)*u + d(L, b[m+1])*(1 - b[m+1]^2)*v",
        "d(L, w) = sum(d(L, a[t])*(1 - a[t]^2)*a[t-1], t)",
        "d(L, g) = sum(d(L, b[t])*(1 - b[t]^2)*a[t-1], t)",
        "d(a[t], w) = (1 - a[t]^2)*(a[t-1] + w*d(a[t-1], w) + u*d(b[t-1], w))",
        "d(b[t], w) = (1 - b[t]^2)*(v*d(b[t-1], w) + g*d(a[t-1], w))",
        "d(L, bs) = d(L, a[1])*(1 - a[1]^2)*u + d(L, b[1])*(1 - b[1]^2)*v",
    ],
    GATED: [
        "d(L, h[m]) = y[m] + d(L, h[m+1])*z[m+1] + d(L, z[m+1])*z[m+1]*(1 - z[m+1])*w + d(L, n[m+1])*(1 - n[m+1]^2)*u",
        "d(L, z[t]) = d(L, h[t])*(h[t-1] - n[t])",
        "d(L, n[t]) = d(L, h[t])*(1 - z[t])",
        "d(L, w) = sum(d(L, z[t])*z[t]*(1 - z[t])*h[t-1], t)",
        "d(L, u) = sum(d(L, n[t])*(1 - n[t]^2)*h[t-1], t)",
        "d(L, v) = sum(d(L, n[t])*(1 - n[t]^2)*x[t], t)",
    ],
    LSTM: [
        "d(L, h[m]) = y[m] + d(L, i[m+1])*i[m+1]*(1 - i[m+1])*w + d(L, f[m+1])*f[m+1]*(1 - f[m+1])*u"
        " + d(L, o[m+1])*o[m+1]*(1 - o[m+1])*v + d(L, g[m+1])*(1 - g[m+1]^2)*r",
        "d(L, c[m]) = d(L, h[m])*o[m]*(1 - tanh(c[m])^2) + d(L, c[m+1])*f[m+1]",
        "d(L, c[T]) = d(L, h[T])*o[T]*(1 - tanh(c[T])^2)",
        "d(L, h[T]) = y[T]",
        "d(L, o[t]) = d(L, h[t])*tanh(c[t])",
        "d(L, i[t]) = d(L, c[t])*g[t]",
        "d(L, f[t]) = d(L, c[t])*c[t-1]",
        "d(L, g[t]) = d(L, c[t])*i[t]",
        "d(L, u) = sum(d(L, c[t])*c[t-1]*f[t]*(1 - f[t])*h[t-1], t)",
        "d(L, w) = sum(d(L, i[t])*i[t]*(1 - i[t])*h[t-1], t)",
        "d(L, cs) = d(L, c[1])*f[1]",
    ],
    MATRIX: [
        "d(L, a[m]) = (h[m] + d(L, a[m+1]) @ U.T) * (1 - h[m]^2)",
        "d(L, U) = sum(outer(h[t-1], d(L, a[t])), t)",
        "d(L, W) = sum(outer(x[t], d(L, a[t])), t)",
        "d(L, W[n, i]) = sum(x[t, n] * d(L, a[t, i]), t)",
        "d(L, hs) = d(L, a[1]) @ U.T",
        "d(L, x[t]) = d(L, a[t]) @ W.T",
        "d(L, h[m]) = h[m] + d(L, a[m+1]) @ U.T",
    ],
    LSTM_MATRIX: [
        "d(L, h[m]) = y[m] + (d(L, i[m+1])*i[m+1]*(1 - i[m+1])) @ U.T + (d(L, f[m+1])*f[m+1]*(1 - f[m+1])) @ V.T"
        " + (d(L, o[m+1])*o[m+1]*(1 - o[m+1])) @ E.T + d(L, a[m+1]) @ F.T",
        "d(L, c[m]) = d(L, h[m])*o[m]*(1 - tanh(c[m])^2) + d(L, c[m+1])*f[m+1]",
        "d(L, c[T]) = d(L, h[T])*o[T]*(1 - tanh(c[T])^2)",
        "d(L, o[t]) = d(L, h[t])*tanh(c[t])",
        "d(L, i[t]) = d(L, c[t])*g[t]",
        "d(L, a[t]) = d(L, c[t])*i[t]*(1 - g[t]^2)",
        "d(L, F) = sum(outer(h[t-1], d(L, a[t])), t)",
        "d(L, V) = sum(outer(h[t-1], d(L, c[t])*c[t-1]*f[t]*(1 - f[t])), t)",
        "d(L, b) = sum(d(L, f[t])*f[t]*(1 - f[t]), t)",
        "d(L, W) = sum(outer(x[t], d(L, a[t]) + d(L, i[t])*i[t]*(1 - i[t])), t)",
    ],
    LINEAR: [
        "d(L, h[m]) = y[m] + w*d(L, h[m+1])",
        "d(L, w) = sum(d(L, h[t])*h[t-1], t)",
        "d(h[t], w) = h[t-1] + w*d(h[t-1], w)",
        "d(L, x[t]) = d(L, h[t])",
        "d(L, hs) = w*d(L, h[1])",
        "d(h[t], h[t-1]) = w",
    ],
}

# Closed forms at every step: averages, momentum, geometric sums, linear recursions and products.
MEANS = """
    T: size
    beta: unit
    mu, eta, gs: real
    g: real[T]
    t, k: 1..T
    s: 0..T
    m[0] := 0
    m[t] := beta*m[t-1] + (1 - beta)*g[t]
    v[0] := 0
    v[t] := mu*v[t-1] - eta*g[t]
    c[0] := 0
    c[t] := beta*c[t-1] + (1 - beta)*gs
"""
POWERS = """
    T: size
    w, b, hs: real
    g: real[T]
    t, k: 1..T
    s: 0..T
    h[0] := hs
    h[t] := w*h[t-1]
    f[0] := hs
    f[t] := w*f[t-1] + b
    n[0] := hs
    n[t] := g[t]*n[t-1]
    p[0] := hs
    p[t] := p[t-1]^2 / hs
"""
ROWS = """
    T, H: size
    x: real[T, H]
    hs: real[H]
    c: real
    t, k: 1..T
    i: 1..H
    h[0] := hs
    h[t] := c*h[t-1] + x[t]
"""
CLOSED = {
    MEANS: [
        "m[t] = (1 - beta)*sum(beta^(t-k)*g[k], k, 1, t)",
        "m[s] = (1 - beta)*sum(beta^(s-k)*g[k], k, 1, s)",
        "sum(beta^(t-k), k, 1, t) = (1 - beta^t)/(1 - beta)",
        "(1 - beta)*sum(beta^(t-k), k, 1, t) = 1 - beta^t",
        "v[t] = -eta*sum(mu^(t-k)*g[k], k, 1, t)",
        "c[t] = gs*(1 - beta^t)",
    ],
    POWERS: [
        "h[t] = w^t*h[0]",
        "h[s] = w^s*hs",
        "f[t] = w^t*hs + b*(1 - w^t)/(1 - w)",
        "f[t] = w^t*hs + b*sum(w^(t-k), k, 1, t)",
        "n[t] = hs*prod(g[k], k, 1, t)",
        "p[t] = hs",
        "sum(w^k, k, 0, t) = (1 - w^(t+1))/(1 - w)",
        "sum(k, k, 1, t) = t*(t+1)/2",
        "sum(k^2, k, 1, t) = t*(t+1)*(2*t+1)/6",
    ],
    ROWS: [
        "h[t] = c^t*hs + sum(c^(t-k)*x[k], k, 1, t)",
        "h[t,i] = c^t*hs[i] + sum(c^(t-k)*x[k,i], k, 1, t)",
    ],
}
# A starting value that is free, and derivatives by it.
RECURSIONS[
    """
    T, H, D: size
    x: real[T, D]
    W: real[D, H]
    U: real[H, H]
    t: 1..T
    m: 1..T-1
    i, j: 1..H
    h[0]: real[H]
    a[t] := x[t] @ W + h[t-1] @ U
    h[t] := tanh(a[t])
    L := sum(h[t] @ h[t], t) / 2
"""
] = [
    "d(L, h[0]) = d(L, a[1]) @ U.T",
    "d(L, U) = sum(outer(h[t-1], d(L, a[t])), t)",
    "d(h[1, i], h[0, j]) = (1 - h[1, i]^2) * U[j, i]",
]
RECURSIONS[
    """
    T: size
    w, u: real
    x: real[T]
    t: 1..T
    n: 2..T
    h[0]: real
    h[t] := tanh(w*h[t-1] + u*x[t])
    L := sum(h[t]^2, t)
"""
] = [
    "d(L, h[0]) = d(L, h[1]) * (1 - h[1]^2) * w",
    "d(h[1], h[0]) = (1 - h[1]^2) * w",
    "d(h[n], h[0]) = (1 - h[n]^2) * w * d(h[n-1], h[0])",
    "d(h[0], h[0]) = 1",
]

KINDS = {"sums": SUMS, "matrices": MATRICES, "recursions": RECURSIONS, "closed forms": CLOSED}
