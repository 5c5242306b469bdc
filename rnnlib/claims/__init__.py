"""Claims: statements of the book that are checked where they stand."""

from .answers import judge_answer
from .chains import Chain, Induction
from .claim import Claim, Mistake
from .errors import Accepted, ClaimError, IllFormed, Refuted, Undecided, Unreadable
from .given import Given

__all__ = [
    "Accepted",
    "Chain",
    "Claim",
    "ClaimError",
    "Given",
    "IllFormed",
    "Induction",
    "Mistake",
    "Refuted",
    "Undecided",
    "Unreadable",
    "judge_answer",
]
