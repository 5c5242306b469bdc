"""The claims of chapter 5 that exercises ask for, and the settings that they share with the page."""

from rnnlib.claims.claim import Claim, Mistake
from rnnlib.claims.given import Given

from . import entry
from .chapter04 import NETWORK

GRADIENTS = Given(
    NETWORK.text + "delta[t] := d(L, a[t])        | the total derivative: on all ways",
    id="bptt.network",
    title="The network",
)

# A step that is not the last one needs two steps at least.
BACKWARD = Given(
    """
    T: size >= 2
    r: 1..T-1                     | any step but the last
""",
    base=GRADIENTS,
)

SCALAR = Given(
    """
    w, b, c, h0: real
    a1 := w*h0 + b
    h1 := tanh(a1)
    a2 := w*h1 + b
    h2 := tanh(a2)
    a3 := w*h2 + b
    h3 := tanh(a3)
    L := c*h3                     | only the last state has a loss
    delta1 := d(L, a1)
    delta2 := d(L, a2)
    delta3 := d(L, a3)
""",
    id="bptt.scalar",
    title="One unit, three steps",
)

SIGMOID = Given(
    """
    T: size >= 2
    r: 1..T-1
    t: 1..T
    x, c: real[T]
    w: real
    h[0] := 0
    a[t] := w*h[t-1] + x[t]
    h[t] := sigmoid(a[t])
    L := sum(c[t]*h[t], t)
    delta[t] := d(L, a[t])
""",
    id="bptt.sigmoid-unit",
    title="A sigmoid unit",
)

LEAKY = Given(
    """
    T: size >= 2
    r: 1..T-1
    t: 1..T
    x, c: real[T]
    w: real
    alpha: unit                                   | the share of the old state that stays
    h[0] := 0
    g[t] := tanh(w*h[t-1] + x[t])                 | the new content
    h[t] := alpha*h[t-1] + (1 - alpha)*g[t]       | the state
    L := sum(c[t]*h[t], t)
""",
    id="bptt.leaky-unit",
    title="A leaky unit",
)

TIED = Given(
    """
    T: size
    t: 1..T
    x, c: real[T]
    w: real
    h[0] := 0
    a[t] := w*h[t-1] + x[t]
    h[t] := tanh(a[t])
    s[t] := w*h[t]                | the same weight again, on the way out
    L := sum(c[t]*s[t], t)
    delta[t] := d(L, a[t])
""",
    id="bptt.tied-unit",
    title="A unit with tied weights",
)


@entry("bptt.bias")
def _bias(id):
    return Claim(
        id,
        "d(L, b) = delta1 + delta2 + delta3",
        SCALAR,
        title="Three steps, one bias",
        mistakes=[
            Mistake(
                "delta2 + delta3",
                "right for T = 2, but the term that reaches $b$ through $h_1$ is missing: $b$ is "
                "added at the first step too",
                tempts="With a loss at the end, one goes one step back and takes that for the whole way",
            ),
            Mistake(
                "delta1 + delta2",
                "right for T = 2, but there are three steps here: the term of the last one, where "
                "$b$ is added directly before the loss, is missing",
                tempts="The formula for two steps is copied, and its letters fit",
            ),
            Mistake(
                "delta3",
                "this is the immediate part alone: $b$ as it is added at the last step",
                tempts="The last state is the only one that has a loss",
            ),
            Mistake("delta1", "this is what reaches $b$ through the first step alone"),
            Mistake(
                "c*(1 - h3^2)*(1 + w*(1 - h2^2)*(1 + w*(1 - h1^2)*(1 + w)))",
                "the recursion starts with 1 in place of 0: the state before the first step does not depend on $b$",
                tempts="Each step looks like the one before, so one step too many is taken",
            ),
        ],
    )


@entry("bptt.initial-state")
def _initial_state(id):
    return Claim(
        id,
        "d(L, h[0]) = delta[1] @ W_hh.T",
        GRADIENTS,
        title="The gradient of the initial state",
        mistakes=[
            Mistake(
                "delta[1] @ W_hh",
                "the transpose is missing: forward, a row is multiplied by $W_{hh}$; backward, by its transpose",
                tempts="$W_{hh}$ is square, so the shapes do not object",
            ),
            Mistake("delta[1]", "this is the gradient by $a_1$; on the way to $h_0$ it is multiplied by the weights"),
            Mistake(
                "(delta[1] @ W_hh.T) * (1 - h[0]^2)",
                "no tanh stands between $h_0$ and $a_1$",
                tempts="In the sweep back through time, each product with $W_{hh}^\\top$ is followed by a slope",
            ),
            Mistake(
                "sum(delta[t], t) @ W_hh.T",
                "$h_0$ is used once, at the first step; weights are used at every step",
                tempts="Every other gradient of this chapter is a sum over the steps",
            ),
        ],
    )


@entry("bptt.sigmoid")
def _sigmoid(id):
    return Claim(
        id,
        "delta[r] = (c[r] + delta[r+1] * w) * h[r] * (1 - h[r])",
        SIGMOID,
        title="The step for a sigmoid unit",
        mistakes=[
            Mistake(
                "(c[r] + delta[r+1] * w) * (1 - h[r]^2)",
                "this is the slope of the tanh",
                tempts="The formula is at hand",
            ),
            Mistake(
                "(c[r] + delta[r+1] * w) * sigmoid(h[r]) * (1 - sigmoid(h[r]))",
                "the slope is taken at $h_r$, but $\\sigma$ is applied to $a_r$; $h_r$ *is* $\\sigma(a_r)$",
                tempts="A function called `sigmoid_slope` is fed with what lies at hand",
            ),
            Mistake("(c[r] + delta[r+1] * w) * (1 - h[r])", "one factor of the slope is missing"),
            Mistake(
                "c[r] * h[r] * (1 - h[r])",
                "what comes back from the next step is missing: this is the base",
                tempts="At the last step it is right",
            ),
            Mistake("(c[r] + delta[r+1]) * h[r] * (1 - h[r])", "what comes back passes the weight between the steps"),
        ],
    )


@entry("bptt.leaky")
def _leaky(id):
    return Claim(
        id,
        "d(L, h[r]) = c[r] + d(L, h[r+1]) * (alpha + (1 - alpha)*w*(1 - g[r+1]^2))",
        LEAKY,
        title="A leaky unit",
        mistakes=[
            Mistake(
                "c[r] + d(L, h[r+1]) * (1 - alpha)*w*(1 - g[r+1]^2)",
                "the direct way is missing: $h_r$ reaches $h_{r+1}$ also without passing the tanh",
                tempts="In the plain network the tanh is the only way",
            ),
            Mistake(
                "c[r] + d(L, h[r+1]) * w*(1 - g[r+1]^2)",
                "this is the step of a unit that doesn't leak: both shares are missing, and with them the direct way",
            ),
            Mistake("d(L, h[r+1]) * (alpha + (1 - alpha)*w*(1 - g[r+1]^2))", "the loss of step $r$ itself is missing"),
            Mistake(
                "c[r] + d(L, h[r+1]) * (alpha + w*(1 - g[r+1]^2))",
                "the new content enters with the weight $1 - \\alpha$",
            ),
            Mistake(
                "c[r] + d(L, h[r+1]) * (alpha + (1 - alpha)*w*(1 - h[r+1]^2))",
                "the tanh gives $g_{r+1}$, not $h_{r+1}$; its slope is $1 - g_{r+1}^2$",
                tempts="In the plain network the two are the same",
            ),
        ],
    )


@entry("bptt.product")
def _product(id):
    return Claim(
        id,
        "d(s4, h1) = u * f4 * f3 * f2",
        """
                     u, f2, f3, f4, h1: real
                     h2 := f2*h1
                     h3 := f3*h2
                     h4 := f4*h3
                     s4 := u*h4
                 """,
        title="From the first state to the fourth score",
        mistakes=[
            Mistake("u * f4^4", "the same factor is taken at every step; each step has its own"),
            Mistake(
                "u * f4^3",
                "the same factor is taken at every step; each step has its own",
                tempts="The index of the product does not occur in its factor",
            ),
            Mistake("u^3 * f4 * f3 * f2", "the output weight enters once, at the end, not at every step"),
            Mistake("u^4 * f4 * f3 * f2", "the output weight enters once, at the end, not at every step"),
            Mistake("u", "this is the derivative by $h_4$"),
            Mistake("u * f4 * f3", "this is the derivative by $h_2$: from step 1 to step 4 it is three steps"),
        ],
    )


@entry("bptt.tied")
def _tied(id):
    return Claim(
        id,
        "d(L, w) = sum(c[t]*h[t], t) + sum(delta[t]*h[t-1], t)",
        TIED,
        title="A weight with two jobs",
        mistakes=[
            Mistake(
                "sum(delta[t]*h[t-1], t)",
                "the uses of $w$ on the way out are missing",
                tempts="This is the whole gradient when the two weights are different ones",
            ),
            Mistake("sum(c[t]*h[t], t)", "the uses of $w$ between the steps are missing: this is the immediate part"),
            Mistake(
                "sum(c[t]*h[t], t) + sum(delta[t]*h[t], t)",
                "what $w$ is multiplied with between the steps is the state *before* the step, $h_{t-1}$",
                tempts="On the way out it is multiplied with $h_t$",
            ),
        ],
    )


@entry("bptt.memory")
def _memory(id):
    entries = "sum(sum(sum(1, k), d), j) + sum(sum(sum(1, k), i), j) + sum(sum(1, i), j)"
    return Claim(
        id,
        f"{entries} = H * (D*H + H^2 + H)",
        "D, H: size\nd: 1..D\ni, j, k: 1..H",
        title="What forward mode must keep",
        mistakes=[
            Mistake(
                "D*H + H^2 + H",
                "this is the number of parameters; forward mode keeps the derivative of "
                "each of the $H$ units by each of them",
                tempts="Reverse mode needs one number for each parameter",
            ),
            Mistake("H^2", "this is the Jacobian by $b_h$ alone"),
            Mistake("H * (D*H + H^2)", "the biases are missing"),
            Mistake("H * H^2", "this is the Jacobian by $W_{hh}$ alone"),
        ],
    )
