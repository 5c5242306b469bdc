"""Judge a formula against the claim that it should be the right side of."""

import ast
import copy
import re
from typing import NamedTuple

import numpy as np

from ..arithmetic import Exact, Work
from ..errors import IllFormed, OutOfReach, Undecided, Undefined, Unreadable
from ..forms import shape_text
from ..judge import UNDEFINED, Agreement, compare, counterexample, number_text, place_text
from ..language import Statement, text_of
from ..numeric import evaluate
from .diagnosis import diagnose
from .evasions import differentiates, names_allowed, names_in_order, unfinished
from .spelling import about_word, read, sides, unwrapped

# An answer may cost a few times what the claim itself costs, and never more than this many seconds of computing.
LEAST_WORK, TIMES_WORK, SECONDS = 80_000, 4, 0.6
SECONDS_TO_REFUTE = 0.25

RIGHT, WRONG, UNREADABLE, UNANSWERED = "right", "wrong", "unreadable", "unanswered"
_MARKS = {RIGHT: "✓", WRONG: "✗", UNREADABLE: "?", UNANSWERED: "…"}


class Verdict(NamedTuple):
    """What became of an answer: `status` is right, wrong, unreadable or unanswered; `message` says why."""

    status: str
    message: str

    def __str__(self):
        return f"{_MARKS[self.status]} {self.message}"

    def __repr__(self):
        return str(self)

    def _repr_markdown_(self):
        return f"**{_MARKS[self.status]}** {self.message}"


def judge_formula(asked, text):
    """Judge an answer that is one formula."""
    tree = read_answer(text, asked)
    outcome, gap = compared(tree, asked)
    if not isinstance(outcome, Agreement):
        words = diagnose(tree, asked) or refutation(tree, asked, outcome)
        return Verdict(WRONG, f"{words}.{_turned(text, tree, asked)}")
    if why := unfinished(tree, asked):
        return Verdict(UNREADABLE, f"{capital(why)}.")
    told = f" But it has no value at {place_text(gap.point)}." if gap else ""
    return Verdict(RIGHT, f"Right: it agrees with `{asked.id}` at {outcome.points} points.{told}")


def capital(text):
    """A sentence with a capital letter, unless it begins with a formula."""
    return text[:1].upper() + text[1:]


def _turned(text, tree, asked):
    """Which formula was judged, where a matrix that stood on the left was put on the right of a row."""
    names = names_in_order(tree)
    typed = [name for name in dict.fromkeys(re.findall(r"\w+", text)) if name in names]
    turned = "@" in text_of(tree) and typed != [name for name in names if name in typed]
    return f" (In rows, your formula is `{text_of(tree)}`.)" if turned else ""


def read_answer(text, asked):
    """Read one formula, of the shape that the exercise asks for; the left side may stand before it."""
    names = names_allowed(asked)
    text = unwrapped(text)
    if pair := sides(text):
        if code := re.search(r"\b(for|def|return|import|lambda)\b", text):
            raise Unreadable(about_word(code[0], text))
        if sides(pair[1]) or not _is_left(pair[0], asked, names):
            raise Unreadable(
                "write the right side alone, one formula without `=`; the lines of a derivation each begin with `=`"
            )
        text = pair[1]
    tree = read(text, asked.given, names)
    if not _fits(tree, asked) and _fits(columns := read(text, asked.given, names, columns=True), asked):
        tree = columns
    _require_shape(tree, asked)
    if why := differentiates(tree, asked):
        raise IllFormed(why)
    return tree


def _is_left(text, asked, names):
    """Whether what stands before an equals sign is the left side, or nothing."""
    try:
        return not text.strip() or text_of(read(text, asked.given, names)) == text_of(asked.statement.left)
    except (Unreadable, IllFormed):
        return False


def _fits(tree, asked):
    return asked.given.shape(tree) == asked.given.shape(asked.statement.left)


def _require_shape(tree, asked):
    given, left = asked.given, asked.statement.left
    expected, found = given.shape(left), given.shape(tree)
    if expected == found or text_of(tree) == "0":
        given.check_statement(asked.statement._replace(right=tree))
        return
    if not expected:
        entry = f", as in `{text_of(example)}`" if (example := _entry(asked.statement.right)) else ""
        raise IllFormed(
            f"the exercise asks for a number, your formula gives an array of shape {shape_text(found)}; write entries, "
            f"with indices in brackets{entry}"
        )
    told = f"an array of shape {shape_text(found)}" if found else "a number"
    if found == expected[::-1]:
        told = f"its transpose, {told}"
    raise IllFormed(f"the exercise asks for an array of shape {shape_text(expected)}; your formula gives {told}")


def _entry(tree):
    """The first entry of an array in a formula."""
    return next((node for node in ast.walk(tree) if isinstance(node, ast.Subscript)), None)


def compared(tree, asked, work=None):
    """Compare a formula with what the exercise asks for.

    Where the claim is an equation, its right side stands for what is asked: the claim has been checked, and the
    right side costs less. A formula that has no value at a simple point, such as one that divides by w where w is 0,
    is judged at the random ones.

    Returns
    -------
    outcome : Agreement or Counterexample
    gap : Counterexample or None
        Where a formula that agrees everywhere else has no value.
    """
    statement = _statement(tree, asked)
    work = work or Work(LEAST_WORK + TIMES_WORK * asked.work, SECONDS)
    outcome = compare(statement, asked.given, asked.sample, work)
    if isinstance(outcome, Agreement) or outcome.right != UNDEFINED:
        return outcome, None
    sample = copy.copy(asked.sample)
    sample.trials = [trial for trial in sample.trials if not trial.fill]
    return compare(statement, asked.given, sample, work), outcome


def _statement(tree, asked):
    """What an answer claims; of an equation, against the claim's own right side."""
    left, relation, right = asked.statement
    return Statement(right if relation == "=" else left, relation, tree)


def refutation(tree, asked, found):
    """Numbers at which a formula is wrong, printed with as many digits as it takes to tell them apart."""
    statement = _statement(tree, asked)
    shown = counterexample(statement, asked.given, found, Work(10**9, SECONDS_TO_REFUTE))
    place = place_text(shown.point)
    at = f" at {place}" if place else ""
    entry = shown.where.removeprefix("'s ")
    if shown.undefined:
        return f"Not right{at}: your formula has no value there ({shown.why})"
    right, yours = _told_apart(statement, asked, shown)
    if right == yours:
        return f"Not right{at}: your formula differs from the right value by less than can be printed"
    known = "the right value" if statement.relation == "=" else "the left side"
    if entry:
        return f"Not right{at}: {entry} of {known} is {right} and that of your formula is {yours}"
    return f"Not right{at}: {known} is {right} and your formula gives {yours}"


def _told_apart(statement, asked, shown):
    """The two numbers as text, with more digits where the usual ones do not tell them apart."""
    if shown.left != shown.right:
        return shown.left, shown.right
    numbers = Exact(Work(10**9, SECONDS_TO_REFUTE), asked.sample.nesting)
    try:
        a, b = (np.asarray(evaluate(side, shown.point, numbers)) for side in (statement.left, statement.right))
    except (Undefined, OutOfReach, Undecided):
        return shown.left, shown.right
    a, b = np.broadcast_arrays(a, b)
    for digits in (8, 12, 16):
        for x, y in zip(a.flat, b.flat, strict=True):
            if (left := number_text(x, digits)) != (right := number_text(y, digits)):
                return left, right
    return shown.left, shown.right
