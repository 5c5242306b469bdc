"""The claims of chapter 2 that exercises ask for."""
from ..claim import Claim
from ..given import Given
from . import entry

SCORES = Given("""
    K: size                                  | the number of classes
    s: real[K]                               | the scores
    i, j, k: 1..K
    p[i] := exp(s[i]) / sum(exp(s[k]), k)    | the probabilities
""", id="softmax.probabilities")


@entry("softmax.jacobian")
def _(id):
    return Claim(id, "d(p[i], s[j]) = p[i] * (delta(i, j) - p[j])", SCORES, title="The softmax Jacobian")
