"""Judge a derivation: lines of which each must follow from the one before."""

import re

from ..arithmetic import Work
from ..errors import IllFormed, Undecided, Unreadable
from ..judge import Agreement
from ..language import text_of
from .diagnosis import diagnose
from .evasions import names_allowed, unfinished
from .formulas import RIGHT, UNREADABLE, WRONG, Verdict, compared, refutation
from .spelling import read, sides, unwrapped

# All lines together may cost this many steps, and seconds of computing.
MAX_LINES, STEPS, SECONDS = 40, 3_000_000, 2.0
# A line begins with its sign, or before that with a number or LaTeX's `&`.
_BEGINS = r"^[ \t]*(?:\(?\d+[.):][ \t]*)?(?:&[ \t]*)?=(?!=)"


def lines_of(answer):
    """The lines of a derivation without their signs and reasons, or nothing where an answer is a single formula."""
    if isinstance(answer, (list, tuple)):
        if not all(isinstance(line, str) for line in answer):
            raise Unreadable("a derivation is a list of lines, each a text")
        lines = [unwrapped(line) for line in answer]
    elif re.search(_BEGINS, answer := unwrapped(answer), re.MULTILINE):
        # A line that begins with no sign goes on with the line before.
        lines = re.split(r"\n(?==)", re.sub(_BEGINS, "=", answer, flags=re.MULTILINE).strip())
    else:
        return []
    if lines:  # the left side may stand before the first sign
        lines = [*(sides(lines[0]) or lines[:1]), *lines[1:]]
    lines = [re.split(r"[|#]", line)[0].strip() for line in lines]
    return [line for line in lines if line]


def judge_derivation(asked, lines):
    """Judge each line against the one before, and the last as an answer.

    Parameters
    ----------
    asked : Claim
    lines : list of str
        Each begins with ``=``, but for a first one that is the left side.

    Returns
    -------
    Verdict
        Names the first line that does not follow, with its slip.
    """
    if len(lines) > MAX_LINES:
        raise Unreadable(f"the derivation has {len(lines)} lines; at most {MAX_LINES} are read")
    work = Work(STEPS, SECONDS)
    names, before, previous, trees = names_allowed(asked), None, "what the exercise asks for", []
    for number, line in enumerate(lines, 1):
        tree = _read(line, number, asked, names)
        if number == 1 and text_of(tree) == text_of(asked.statement.left):
            continue
        outcome, _ = _compared(tree, number, asked, work)
        if not isinstance(outcome, Agreement):
            words = diagnose(tree, asked, before) or refutation(tree, asked, outcome)
            return Verdict(WRONG, f"Line {number} does not follow from {previous}. {words}.")
        before, previous = tree, f"line {number}"
        trees.append(tree)
    if not trees:
        return Verdict(UNREADABLE, "The derivation has only the left side: go on with lines that begin with `=`.")
    if why := unfinished(trees[-1], asked):
        return Verdict(UNREADABLE, f"Every line follows, but the last is no answer yet: {why}.")
    if len({text_of(tree) for tree in trees}) == 1:
        return Verdict(RIGHT, "Right, but in one step: nothing shows how you got there.")
    return Verdict(
        RIGHT, f"Right: each of the {len(trees)} lines follows from the one before, and the last is an answer."
    )


def _read(line, number, asked, names):
    try:
        line = line.removeprefix("=")
        if re.search(r"(?<![<>=!:])=(?!=)", line):
            raise Unreadable("there is one `=` at the beginning of a line and no other; begin a new line for each step")
        tree = read(line, asked.given, names)
        expected, found = asked.given.shape(asked.statement.left), asked.given.shape(tree)
        asked.given.check_statement(asked.statement._replace(right=tree))
        if expected != found and text_of(tree) != "0":
            raise IllFormed("its shape is not that of the line before")
        return tree
    except (Unreadable, IllFormed) as error:
        raise type(error)(f"line {number}: {error}") from None


def _compared(tree, number, asked, work):
    try:
        return compared(tree, asked, work)
    except Undecided as error:
        raise IllFormed(f"line {number} can't be judged: {error}") from None
