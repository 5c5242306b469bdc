"""Claims: mathematical statements of the book that are checked when they are written down."""

import re
import time
from collections.abc import Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import NamedTuple

from .arithmetic import Work
from .errors import Accepted, ClaimError, IllFormed, Refuted, Undecided, Unreadable
from .evidence import establish, joined
from .given import Given
from .judge import MAX_WORK, Counterexample, compare, counterexample, differs_in_floats
from .language import Statement, has_relation, parse, parse_statement, text_of
from .mutants import MAX_CHANGED_DEFINITIONS, mutants_of
from .points import Sample

FALSE, ILL_FORMED, WORDING = "false", "ill-formed", "wording"
_ID = re.compile(r"[a-z0-9]+([-.][a-z0-9]+)*")


class Mistake(NamedTuple):
    """A wrong version of a claim, and what a reader should know about it.

    Parameters
    ----------
    statement : str
        The wrong statement, or its right side alone; empty where the error is one of wording.
    wrong : str
        What is wrong with it.
    tempts : str
        Why one writes it all the same.
    rows : str
        The rows of the sources' statements that say it, separated by spaces.
    kind : {"false", "ill-formed", "wording"}
        What the check must find: a counterexample, a meaningless formula, or nothing that a formula can show.
    damage : bool
        Whether the copy of the source may be damaged there.
    given : str
        Further declarations that the wrong statement needs.
    """

    statement: str
    wrong: str
    tempts: str = ""
    rows: str = ""
    kind: str = FALSE
    damage: bool = False
    given: str = ""


class Named(NamedTuple):
    """A mistake as it was refuted: the statement as read (if it could be) and the counterexample as text."""

    mistake: Mistake
    statement: Statement | None
    given: Given
    refutation: str


class Tally(NamedTuple):
    """What became of a claim's mutants: each is in one of these lists."""

    refuted: list
    equivalent: list
    ill_formed: list
    undecided: list
    untried: list


class Claim:
    """A statement of the book. Making one checks it; a wrong one can't be made.

    Parameters
    ----------
    id : str
        Lower-case words joined by dots or hyphens, unique in the book.
    statement : str
        Two sides and a relation, in the book's language (`rnnlib.claims.language`).
    given : Given or str
        Domains of all symbols and definitions of the quantities.
    title : str
        A few words that name the statement.
    mistakes : sequence of Mistake
        Wrong versions that the check must refute.
    answers : str
        The rows of the sources' statements that this claim answers, separated by spaces.
    fixed : dict of str to int, optional
        Sizes to hold fixed in the proof where none is found for every size; 3 each unless said.

    Raises
    ------
    Unreadable, IllFormed
        When the text can't be read or means nothing.
    Refuted
        When the statement is false, with a counterexample.
    Accepted
        When a mistake or a mutant passes the same check, or there is no wrong version that the check refutes.
    Undecided
        When there are too few points, or the proof does not end in time.
    """

    kind = "claim"

    def __init__(
        self,
        id: str,
        statement: str,
        given: Given | str = "",
        title: str = "",
        mistakes: Sequence[Mistake] = (),
        answers: str = "",
        fixed: dict[str, int] | None = None,
    ):
        started = time.perf_counter()
        if not isinstance(id, str) or not _ID.fullmatch(id):
            raise IllFormed(f"the id `{id}` of a claim must be lower-case words joined by dots or hyphens")
        self.id, self.title, self.answers = id, title, answers.split()
        self.given = given if isinstance(given, Given) else Given(given)
        self.fixed = fixed or {}
        with _told(f"{id}: "):
            self.lines, self.reasons = self._read(statement)
            for reason in self.reasons:
                _require_closed(reason)
            for line in self.lines:
                self.given.check_statement(line)
            self.samples = [Sample(line, self.given) for line in self.lines]
            self.evidence = self._establish()
            # What is compared with the claim as a whole meets the points of the whole.
            same = [n for n, line in enumerate(self.lines) if line == self.statement]
            self.sample = self.samples[same[0]] if same else Sample(self.statement, self.given)
            self.mistakes = [self._refuted(mistake) for mistake in mistakes]
            self.mutants = self._refute_mutants()
            if not self.mutants.refuted and not any(named.refutation for named in self.mistakes):
                raise Accepted("the check refutes no wrong version of it, so it checks nothing: add a mistake")
        for sample in [*self.samples, self.sample]:
            sample.forget_nudges()
        self.seconds = time.perf_counter() - started

    def _read(self, statement):
        return [parse_statement(statement)], [""]

    @property
    def statement(self):
        """What is claimed, from the first expression to the last."""
        # One strict step makes the whole strict; `<` is shorter than `<=`.
        relation = min({line.relation for line in self.lines} - {"="}, key=len, default="=")
        return Statement(self.lines[0].left, relation, self.lines[-1].right)

    def _place(self, number):
        """Words that say which line an error is about."""
        return ""

    def _establish(self):
        if unknown := [name for name in self.fixed if name not in self.given.sizes_declared()]:
            raise IllFormed(f"`fixed` names {unknown[0]}, which is no size of the setting")
        for name, size in self.fixed.items():
            if not isinstance(size, int) or size < self.given.smallest(name):
                raise IllFormed(f"`fixed` holds {name} at {size}; expected a whole number from its least value on")
        found, work = [], Work(MAX_WORK * len(self.lines))
        for number, (line, sample) in enumerate(zip(self.lines, self.samples, strict=True)):
            with _told(self._place(number)):
                agreement = compare(line, self.given, sample, work)
                if isinstance(agreement, Counterexample):
                    self._raise_refuted(line, agreement)
                found.append(establish(line, self.given, agreement, self.fixed))
        self.work = MAX_WORK * len(self.lines) - work.left
        return joined(found)

    def _raise_refuted(self, line, found):
        shown = counterexample(line, self.given, found)
        if not shown.undefined:
            raise Refuted(f"does not hold {shown}")
        raise IllFormed(
            f"{shown.undefined}; narrow the setting: a shorter range, a least size, a domain such as nonzero or "
            "positive, or a line such as `assume x != 0`"
        )

    def _refuted(self, mistake):
        if mistake.kind == WORDING:
            return Named(mistake, None, self.given, "")
        given, text, statement = self.given + mistake.given, mistake.statement, None
        try:
            statement = parse_statement(text) if has_relation(text) else self.statement._replace(right=parse(text))
            given.check_statement(statement)
        except (IllFormed, Unreadable) as error:
            if mistake.kind == ILL_FORMED:
                return Named(mistake, statement, given, str(error))
            raise IllFormed(f"the mistake `{text}` can't be checked: {error}") from None
        if mistake.kind == ILL_FORMED:
            raise Accepted(f"the mistake `{text}` is listed as ill-formed, but it means something")
        outcome = compare(statement, given, self.sample)
        if not isinstance(outcome, Counterexample):
            raise Accepted(
                f"the mistake `{text}` ({mistake.wrong}) agrees with the claim at every point tried: "
                "the check can't tell it from the truth, or it is no mistake"
            )
        return Named(mistake, statement, given, str(counterexample(statement, given, outcome)))

    def _refute_mutants(self):
        """Sort every mutant: refuted, true as well, without a meaning, undecided or one too many to try."""
        tally, definitions = Tally([], [], [], [], []), -(-MAX_CHANGED_DEFINITIONS // len(self.lines))
        for line, sample in zip(self.lines, self.samples, strict=True):
            for mutant in mutants_of(line, self.given, line is self.lines[0], definitions):
                self._fate(mutant, sample, tally).append(mutant)
        return tally

    def _fate(self, mutant, sample, tally):
        """The list to which a mutant belongs."""
        statement, given = mutant.statement, mutant.given
        if not mutant.tried:
            return tally.untried
        if given is None:
            return tally.ill_formed
        try:
            given.check_statement(statement)
            # With another definition nothing that was computed for the claim serves again.
            outcome = compare(statement, given, sample, light=mutant.clause is not None)
        except IllFormed:
            return tally.ill_formed
        except Undecided:
            return tally.undecided
        if isinstance(outcome, Counterexample):
            return tally.ill_formed if outcome.out_of_range else tally.refuted
        # What passes the check is true by plain float64 as well, or the check is worth nothing.
        if differs_in_floats(statement, given, sample):
            raise Accepted(
                f"the mutant `{text_of(statement.left)} {statement.relation} {text_of(statement.right)}` "
                f"({mutant.words}) is wrong in float64 but passes the check"
            )
        return tally.equivalent

    def __repr__(self):
        return f"<{type(self).__name__} {self.id}: {self.evidence}>"


def _require_closed(reason):
    """Raise if the words beside a formula end their own text, so that what follows would be part of the formula."""
    depths = list(accumulate({"{": 1, "}": -1}.get(sign, 0) for sign in reason.replace(r"\{", "").replace(r"\}", "")))
    if depths and (min(depths) < 0 or depths[-1] != 0 or reason.endswith("\\")):
        raise IllFormed(f"the braces of the reason `{reason}` do not match; close each {{ by a }}")


@contextmanager
def _told(place):
    """Say which claim, or which line of it, an error is about."""
    try:
        yield
    except ClaimError as error:
        raise type(error)(f"{place}{error}") from None
