"""The claims of chapter 2 that exercises ask for, and the settings that they share with the page."""

from rnnlib.claims.claim import WORDING, Claim, Mistake
from rnnlib.claims.given import Given

from . import entry

SCORES = Given(
    """
    K: size                                  | the number of classes
    s: real[K]                               | the scores
    i, j, k: 1..K
    p[i] := exp(s[i]) / sum(exp(s[k]), k)    | the probabilities
""",
    id="softmax.definition",
    title="The softmax",
)

LOSS = Given(
    """
    y: real[K]                               | the target
    L := -sum(y[k] * log(p[k]), k)           | the cross-entropy
""",
    id="ce.definition",
    title="The cross-entropy",
    base=SCORES,
)

TEMPERATURE = Given(
    """
    beta: positive                                        | the inverse temperature
    u[i] := exp(beta * s[i]) / sum(exp(beta * s[k]), k)   | the softmax at that temperature
""",
    id="temperature.definition",
    title="The softmax at a temperature",
    base=SCORES,
)


@entry("softmax.jacobian")
def _jacobian(id):
    return Claim(
        id,
        "d(p[i], s[j]) = p[i] * (delta(i, j) - p[j])",
        SCORES,
        title="The softmax Jacobian",
        mistakes=[
            Mistake(
                "p[i] * delta(i, j) - exp(s[i]) * exp(s[j]) / sum(exp(s[k]), k)",
                "the denominator of the product term is not squared",
                tempts="The quotient rule divides by the square of the denominator, and the square is easily lost "
                "when the two terms are written as separate fractions",
                rows="S2-05",
                damage=True,
            ),
            Mistake(
                "p[i] * (1 - p[j])",
                "the formula of the diagonal stands for every entry",
                tempts="For one class it looks like the derivative of the sigmoid, and one forgets that "
                "every score moves every probability",
            ),
            Mistake(
                "",
                "the letter $i$ counts time steps on one line and classes on the next, and the left side "
                "lacks the second class index $k$",
                tempts="In the case $i = k$ nothing seems to be missing",
                rows="S0-08",
                kind=WORDING,
            ),
            Mistake(
                "",
                "the case $j = k$ is written with two letters, $p_j - p_k^2$, and the case $j \\ne k$ "
                "with a third letter, $-p_k p_i$; read as one index it is right",
                tempts="Where $j = k$ either letter is right, so nothing stops you from mixing them",
                rows="S2-06",
                kind=WORDING,
                damage=True,
            ),
        ],
        answers="S0-08 S2-06",
    )


@entry("softmax.two-classes")
def _two_classes(id):
    return Claim(
        id,
        "exp(a) / (exp(a) + exp(b)) = sigmoid(a - b)",
        "a, b: real | the two scores",
        title="Two classes",
        mistakes=[
            Mistake(
                "sigmoid(a)",
                "the other score is left out: only the difference of the two counts",
                tempts="The sigmoid takes one number, so one reaches for one score",
            ),
            Mistake(
                "sigmoid(b - a)",
                "the difference is taken the wrong way round: this is the probability of the other class",
            ),
        ],
    )


@entry("softmax.quadratic-form")
def _quadratic_form(id):
    return Claim(
        id,
        "sum(sum(v[i] * d(p[i], s[j]) * v[j], j), i) = sum(p[k] * (v[k] - mean)^2, k)",
        SCORES
        + """
                     v: real[K]                  | any direction
                     mean := sum(p[k] * v[k], k) | its mean under p
                 """,
        title="The Jacobian as a variance",
        mistakes=[
            Mistake(
                "sum(p[k] * v[k]^2, k)",
                "the square of the mean is not taken off",
                tempts="It is the part of the Jacobian on the diagonal",
            ),
            Mistake(
                "sum(p[k] * v[k]^2 - mean^2, k)",
                "the square of the mean is taken off for each class, but should be taken off once",
                tempts="A sum reaches as far as its brackets do",
            ),
            Mistake(
                "sum((v[k] - mean)^2, k) / K",
                "every class has the same weight, but class $k$ is drawn with probability $p_k$",
                tempts="It is the variance of a list of numbers",
            ),
        ],
    )


@entry("ce.gradient")
def _gradient(id):
    return Claim(
        id,
        "d(L, s[j]) = p[j] - y[j]",
        SCORES
        + """
            y: distribution[K]              | the target
            L := -sum(y[k] * log(p[k]), k)  | the cross-entropy
        """,
        title="The gradient for a target that sums to one",
        mistakes=[
            Mistake(
                "y[j] - p[j]",
                "the sign is that of the step downhill, not of the gradient",
                tempts="Target minus prediction is how one says an error in words",
            ),
            Mistake("p[j]", "the target is missing"),
            Mistake(
                "d(M, s[j]) = p[j] - v[j]",
                "the formula needs a target that sums to one; the solution uses that the *input* is one-hot, "
                "which plays no part",
                tempts="In a character model inputs and targets are both one-hot, so the wrong one of the "
                "two gets the credit",
                rows="S2-08",
                given="v: real[K]\nM := -sum(v[k] * log(p[k]), k)",
            ),
        ],
        answers="S2-08 S3-52 S4-04",
    )


@entry("ce.hessian")
def _hessian(id):
    return Claim(
        id,
        "d(d(L, s[i]), s[j]) = p[i] * (delta(i, j) - p[j])",
        SCORES
        + """
                     y: distribution[K]
                     L := -sum(y[k] * log(p[k]), k)
                 """,
        title="The second derivative of the loss",
        mistakes=[
            Mistake(
                "p[i] * (delta(i, j) - p[j]) - y[i] * delta(i, j)",
                "the target is differentiated, but it does not depend on the scores",
            ),
            Mistake(
                "p[i] * (1 - p[i]) * delta(i, j)",
                "the entries off the diagonal are missing",
                tempts="It is the second derivative by one score, for each of them",
            ),
            Mistake(
                "p[i] * (1 - p[i])",
                "this is right where $i = j$ only",
                tempts="One differentiates twice by the same score",
            ),
        ],
    )


@entry("temperature.gradient")
def _temperature_gradient(id):
    return Claim(
        id,
        "d(M, s[j]) = beta * (u[j] - y[j])",
        TEMPERATURE
        + """
                     y: distribution[K]
                     M := -sum(y[k] * log(u[k]), k)  | the loss at that temperature
                 """,
        title="The gradient at another temperature",
        mistakes=[
            Mistake(
                "u[j] - y[j]",
                "the inner derivative, the factor $\\beta$, is missing",
                tempts="This is the gradient by $\\beta s_j$, the quantity that the softmax sees",
            ),
            Mistake("p[j] - y[j]", "these are the probabilities at temperature one"),
            Mistake(
                "beta * (p[j] - y[j])",
                "the factor $\\beta$ is right, but these are the probabilities at temperature one",
            ),
            Mistake("beta * u[j] - y[j]", "the factor $\\beta$ belongs to the target too: a bracket is missing"),
            Mistake(
                "(u[j] - y[j]) / beta",
                "it divides by $\\beta$ where it should multiply",
                tempts="The temperature is $1/\\beta$, and the two are easily confused",
            ),
        ],
    )


@entry("temperature.slope")
def _temperature_slope(id):
    return Claim(
        id,
        "d(M, beta) = sum((u[k] - y[k]) * s[k], k)",
        TEMPERATURE
        + """
                     y: distribution[K]
                     M := -sum(y[k] * log(u[k]), k)
                 """,
        title="The best temperature",
        mistakes=[
            Mistake("sum((y[k] - u[k]) * s[k], k)", "the sign is flipped: this is how the loss falls"),
            Mistake("sum((p[k] - y[k]) * s[k], k)", "these are the probabilities at temperature one"),
            Mistake(
                "beta * sum((u[k] - y[k]) * s[k], k)",
                "there is a factor $\\beta$ too many: when $\\beta$ grows by one, $\\beta s_k$ grows by $s_k$",
                tempts="The derivative by a score has this factor",
            ),
            Mistake(
                "sum((u[k] - y[k]) * beta, k)",
                "the scores are missing: $\\beta$ multiplies each score, so each term carries its score",
            ),
        ],
    )
