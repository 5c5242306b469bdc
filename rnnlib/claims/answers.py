"""Judge a reader's answer to an exercise against the claim that it asks for."""

import ast
from typing import NamedTuple

from .claim import FALSE
from .errors import ClaimError, IllFormed, Undecided, Unreadable
from .forms import FORMS
from .judge import Agreement, compare, counterexample
from .language import Statement, form_of, has_relation, names_in, parse, runs, text_of
from .latex import latex
from .mutants import mutants
from .numeric import Work

# An answer may cost a few times what the claim itself costs, and about half a second beside that.
LEAST_WORK, TIMES_WORK = 80_000, 4

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


def judge_answer(asked, answer):
    """Judge an answer: the right side of a claim, written in the book's language.

    Parameters
    ----------
    asked : Claim
        The claim that the exercise asks for.
    answer : str
        A formula, for instance ``"p[j] - y[j]"``; ``"..."`` stands for no answer yet.

    Returns
    -------
    Verdict
        Shown under the cell: right; wrong, with the mistake it equals or with numbers that refute it; or what could
        not be read.
    """
    allowed = LEAST_WORK + TIMES_WORK * asked.work
    if answer is ... or (isinstance(answer, str) and answer.strip() in ("", "...", "…")):
        return Verdict(UNANSWERED, "No answer yet: write a formula between the quotes, then run the cell again.")
    try:
        statement = _read(answer, asked)
        outcome = compare(statement, asked.given, asked.sample, Work(allowed))
    except (Unreadable, IllFormed) as error:
        return Verdict(UNREADABLE, f"{error}.")
    except Undecided as error:
        return Verdict(UNREADABLE, f"Your formula can't be judged: {error}.")
    if isinstance(outcome, Agreement):
        return Verdict(RIGHT, f"Right: it agrees with `{asked.id}` at {outcome.points} points.")
    return Verdict(WRONG, _diagnosis(statement, asked, outcome, Work(allowed)))


def _read(answer, asked):
    if isinstance(answer, str) and has_relation(answer):
        raise Unreadable("write the right side alone, without `=`")
    right, wanted = parse(answer), asked.statement
    known = [*asked.given.domains, *asked.given.clauses]
    running = {node.args[1].id for node in ast.walk(right) if runs(node)}
    if unknown := sorted(names_in(right) - {*known, *running, *FORMS, "pi"}):
        raise IllFormed(
            f"`{unknown[0]}` is no symbol of this exercise; use these, with their indices in brackets "
            f"as in `p[i]`: {', '.join(known)}"
        )
    statement = Statement(wanted.left, wanted.relation, right)
    expected, found = asked.given.shape(wanted.left), asked.given.shape(right)
    if expected != found and not (isinstance(right, ast.Constant) and right.value == 0):
        raise IllFormed(f"expected {_described(expected)}, but your formula gives {_described(found)}")
    asked.given.check_statement(statement)
    derivative = any(form_of(node) == "d" for node in ast.walk(right))
    if text_of(wanted.left) in {text_of(node) for node in ast.walk(right) if isinstance(node, ast.expr)} or (
        derivative and not any(form_of(node) == "d" for node in ast.walk(wanted.right))
    ):
        raise IllFormed("your formula still holds what the exercise asks for; work it out")
    return statement


def _described(shape):
    return f"an array of shape ({', '.join(shape)})" if shape else "a number"


def _diagnosis(statement, asked, outcome, work):
    """The listed mistake that an answer equals, else the systematic one, else numbers that refute it."""
    for named in asked.mistakes:
        if (
            named.mistake.kind == FALSE
            and text_of(named.statement.left) == text_of(statement.left)
            and _same(named.statement.right, statement.right, named.given, work)
        ):
            tempts = f" {named.mistake.tempts}." if named.mistake.tempts else ""
            return f"Not quite: {named.mistake.wrong}.{tempts}"
    for tree, words in mutants(asked.statement.right, asked.given).values():
        if _same(tree, statement.right, asked.given, work):
            return f"Close: {words}."
    found = counterexample(statement, asked.given, outcome, work)
    point = str(found).partition(": the left side")[0]
    asked_for = f"${latex(statement.left, asked.given)}$"
    return f"Not right {point}, where {asked_for} is {found.left} and your formula gives {found.right}."


def _same(known, answer, given, work):
    statement = Statement(known, "=", answer)
    try:
        given.check_statement(statement)
        return isinstance(compare(statement, given, work=work), Agreement)
    except ClaimError:
        return False
