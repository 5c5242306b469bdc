"""The claims of chapter 4 that exercises ask for, and the network that chapters 4 and 5 are about."""

from rnnlib.claims.claim import WORDING, Claim, Mistake
from rnnlib.claims.given import Given

from . import entry

NETWORK = Given(
    """
    T, D, H, V: size
    t: 1..T
    x: real[T, D]                                | the inputs, one row a step
    y: distribution[T, V]                        | the targets, one row a step
    h[0]: real[H]                                | the state before the first step
    W_xh: real[D, H]
    W_hh: real[H, H]
    b_h: real[H]
    W_hy: real[H, V]
    b_y: real[V]
    v: 1..V
    a[t] := x[t] @ W_xh + h[t-1] @ W_hh + b_h    | what reaches the hidden units
    h[t] := tanh(a[t])                           | the hidden state
    s[t] := h[t] @ W_hy + b_y                    | the scores
    p[t] := softmax(s[t])                        | the probabilities
    l[t] := -sum(y[t, v] * log(p[t, v]), v)      | the loss of one step
    L := sum(l[t], t)                            | the loss of the sequence
""",
    id="rnn.network",
    title="The network",
)

STEP = Given(
    """
    D, H, V: size
    x: real[D]                                   | the input
    h_before: real[H]                            | the state before, held fixed
    y: distribution[V]                           | the target
    W_xh: real[D, H]
    W_hh: real[H, H]
    b_h: real[H]
    W_hy: real[H, V]
    b_y: real[V]
    v: 1..V
    a := x @ W_xh + h_before @ W_hh + b_h
    h := tanh(a)
    s := h @ W_hy + b_y
    p := softmax(s)
    l := -sum(y[v] * log(p[v]), v)
""",
    id="rnn.one-step",
    title="One step",
)

OUTPUT_LAYER = Given(
    """
    H, V: size
    h: real[H]                       | the state of one step
    W_hy: real[H, V]
    b_y: real[V]
    y: distribution[V]               | its target
    v: 1..V
    s := h @ W_hy + b_y
    p := softmax(s)
    l := -sum(y[v] * log(p[v]), v)
""",
    id="rnn.output-layer",
    title="The output layer",
)

# For what acts on the scores alone: no state depends on it, so the states may be any.
STATES = Given("""
    T, D, H, V: size
    t: 1..T
    v: 1..V
    x: real[T, D]                    | the inputs, one row a step
    h: real[T, H]                    | the states, one row a step
    y: distribution[T, V]            | the targets, one row a step
    W_hy: real[H, V]
    b_y: real[V]
""")
LOSSES = """
    p[t] := softmax(s[t])
    l[t] := -sum(y[t, v] * log(p[t, v]), v)
    L := sum(l[t], t)
"""


@entry("rnn.output-weights")
def _output_weights(id):
    return Claim(
        id,
        "d(L, W_hy) = sum(outer(h[t], p[t] - y[t]), t)",
        NETWORK,
        title="The gradient of the output weights",
        mistakes=[
            Mistake(
                "outer(h[T], p[T] - y[T])",
                "only the last step's loss is counted, but every step has a loss of its own",
                tempts="In a network that answers once, at the end, this is the whole gradient",
            ),
            Mistake(
                "outer(sum(h[t], t), sum(p[t] - y[t], t))",
                "a product of two sums is not the sum of the products: it pairs states with errors of other steps",
                tempts="The sums by themselves are what the biases need",
            ),
            Mistake(
                "sum(outer(h[t], y[t] - p[t]), t)",
                "the sign is that of the step downhill, not of the gradient",
                tempts="Target minus prediction is how one says an error in words",
            ),
        ],
    )


@entry("rnn.output-bias")
def _output_bias(id):
    return Claim(
        id,
        "d(L, b_y) = sum(p[t] - y[t], t)",
        NETWORK,
        title="The gradient of the output bias",
        mistakes=[
            Mistake("p[T] - y[T]", "only the last step's loss is counted, but the bias is added at every step"),
            Mistake("sum(y[t] - p[t], t)", "the sign is that of the step downhill, not of the gradient"),
        ],
        answers="S0-01 S0-10 S4-07",
    )


@entry("rnn.two-biases")
def _two_biases(id):
    return Claim(
        id,
        "N = D*H + H^2 + 2*H + H*V + V",
        """
            T, D, H, V: size
            m: 1..D
            i, j: 1..H
            v: 1..V
            N_xh := sum(sum(1, j), m)
            N_hh := sum(sum(1, j), i)
            N_hy := sum(sum(1, v), j)
            N := N_xh + N_hh + 2 * sum(1, j) + N_hy + sum(1, v)
        """,
        title="How many numbers PyTorch learns",
        mistakes=[
            Mistake(
                "D*H + H^2 + H + H*V + V",
                "this is the network with one hidden bias; PyTorch's `RNN` has two, `bias_ih_l0` and `bias_hh_l0`",
                tempts="The formulas of this chapter have one, and only the sum of the two matters",
            ),
            Mistake(
                "D*H + H^2 + 2*H",
                "these are the numbers of the recurrent layer alone; the output layer has `W_hy` and `b_y` besides",
            ),
            Mistake(
                "T*(D*H + H^2 + 2*H + H*V + V)",
                "the weights are shared: each step uses the same ones",
                tempts="The unrolled diagram shows them once a step",
            ),
        ],
    )


@entry("rnn.mean-loss")
def _mean_loss(id):
    return Claim(
        id,
        "d(M, b_y) = sum(p[t] - y[t], t) / T",
        STATES + f"s[t] := h[t] @ W_hy + b_y{LOSSES}M := L / T | the mean loss of a step",
        title="The gradient of the mean loss",
        mistakes=[
            Mistake(
                "sum(p[t] - y[t], t)",
                "this is the gradient of the summed loss; a mean over $T$ steps divides it by $T$",
                tempts="Programs and papers often say 'the loss' and leave open whether it is a sum or a mean",
            ),
            Mistake("(p[T] - y[T]) / T", "only the last step's loss is counted"),
            Mistake("sum(y[t] - p[t], t) / T", "the sign is that of the step downhill, not of the gradient"),
        ],
    )


@entry("rnn.sigmoid-step")
def _sigmoid_step(id):
    given = STEP.text.replace("h := tanh(a)", "h := sigmoid(a)")
    return Claim(
        id,
        "d(l, a) = ((p - y) @ W_hy.T) * h * (1 - h)",
        Given(given),
        title="One step of a sigmoid network",
        mistakes=[
            Mistake(
                "((p - y) @ W_hy.T) * (1 - h^2)",
                "$1 - h^2$ is the slope of the tanh, and this network has a sigmoid",
                tempts="Both slopes can be computed from $h$ alone, and look alike",
            ),
            Mistake("(p - y) @ W_hy.T", "this is the derivative by the state $h$; the slope of the sigmoid is missing"),
            Mistake(
                "((p - y) @ W_hy.T) * a * (1 - a)",
                "the slope is computed from the sigmoid's *output*, not from what it is applied to",
                tempts="It is the derivative by $a$, so one writes $a$",
            ),
            Mistake(
                "((p - y) @ W_hy.T) * sigmoid(h) * (1 - sigmoid(h))",
                "$h$ is the sigmoid's output already: the sigmoid is taken twice",
                tempts="A function `sigmoid_gradient` may expect the input or the output, and not say which",
            ),
            Mistake(
                "",
                "the copy prints another letter in the place of the recurrent matrix",
                tempts="In handwriting the two look alike",
                rows="S3-34",
                kind=WORDING,
                damage=True,
            ),
        ],
        answers="S3-31 S3-34",
    )


@entry("rnn.embedding-row")
def _embedding_row(id):
    return Claim(
        id,
        "d(l, x) = (((p - y) @ W_hy.T) * (1 - h^2)) @ W_xh.T",
        STEP,
        title="What reaches the input of a step",
        mistakes=[
            Mistake("((p - y) @ W_hy.T) @ W_xh.T", "the slope of the tanh, $1 - h^2$, is missing"),
            Mistake(
                "(((p - y) @ W_hy.T) * (1 - h)^2) @ W_xh.T",
                "this is the square of $1 - h$, and the slope of the tanh is another",
                tempts="Read aloud, the two sound the same",
            ),
        ],
    )


@entry("rnn.shortcut")
def _shortcut(id):
    return Claim(
        id,
        "d(L, W_xy) = sum(outer(x[t], p[t] - y[t]), t)",
        STATES + f"W_xy: real[D, V]\ns[t] := h[t] @ W_hy + x[t] @ W_xy + b_y{LOSSES}",
        title="A shortcut from input to output",
        mistakes=[
            Mistake("outer(x[T], p[T] - y[T])", "only the last step's loss is counted"),
            Mistake("sum(outer(x[t], y[t] - p[t]), t)", "the sign is that of the step downhill, not of the gradient"),
            Mistake(
                "outer(sum(x[t], t), sum(p[t] - y[t], t))",
                "a product of two sums is not the sum of the products: it pairs inputs with errors of other steps",
            ),
        ],
    )


@entry("rnn.output-curvature")
def _output_curvature(id):
    return Claim(
        id,
        "d(d(l, W_hy[i, k]), W_hy[j, m]) = h[i] * h[j] * p[k] * (delta(k, m) - p[m])",
        OUTPUT_LAYER + "i, j: 1..H\nk, m: 1..V",
        title="How curved the loss is in the output weights",
        mistakes=[
            Mistake(
                "h[i] * p[k] * (delta(k, m) - p[m])",
                "the score of class $m$ moves by $h_j$ when $W_{hy,jm}$ moves by one: the factor $h_j$ is missing",
            ),
            Mistake(
                "h[i] * h[j] * p[k] * (1 - p[m])", "the Kronecker delta is missing: this is right for $k = m$ only"
            ),
            Mistake(
                "h[i]^2 * p[k] * (delta(k, m) - p[m])",
                "there are two weights, and each brings its own state, $h_i$ and $h_j$",
            ),
        ],
    )
