"""Exercises whose answer is no formula: a number, or a set of names."""

from numbers import Real

from rnnlib.claims.answers import Verdict
from rnnlib.claims.answers.formulas import RIGHT, UNANSWERED, UNREADABLE, WRONG

CLOSE = 0.006  # relative: three digits are enough


class Value:
    """What an exercise asks for, and the wrong answers that are known.

    Parameters
    ----------
    right : float or set of str
    known : list of tuple
        A wrong answer and what is wrong with it; of two that are as close, the first is told.
    """

    def __init__(self, right, known):
        self.right, self.known = right, known

    def judge(self, answer):
        """Say whether an answer is right, and if it is a wrong one that is known, why."""
        if answer is ... or (isinstance(answer, str) and answer.strip() in ("", "...", "…")):
            return Verdict(UNANSWERED, "No answer yet: put it in the place of the dots, then run the cell again.")
        if isinstance(self.right, set):
            if not isinstance(answer, (set, frozenset)):
                told = f'Expected a set of names, such as {{"W_xh", "b_h"}}; found {type(answer).__name__}.'
                return Verdict(UNREADABLE, told)
        elif not isinstance(answer, Real) or isinstance(answer, bool):
            found = "a text" if isinstance(answer, str) else type(answer).__name__
            return Verdict(UNREADABLE, f"Expected a number, such as 2.5, without quotes; found {found}.")
        if self.same(answer, self.right):
            return Verdict(RIGHT, "Right.")
        told = next((words for wrong, words in self.known if self.same(answer, wrong)), "Not right yet.")
        return Verdict(WRONG, told)

    def same(self, answer, value):
        """Whether an answer is as good as a value."""
        return answer == value if isinstance(value, set) else abs(answer - value) <= CLOSE * abs(value)
