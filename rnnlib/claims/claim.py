"""Claims and chains: mathematical statements of the book that are checked when they are written down."""

import re
import signal
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

from .errors import Accepted, ClaimError, IllFormed, Refuted, Undecided, Unreadable
from .given import Given
from .judge import MAX_WORK, UNDEFINED, Agreement, Counterexample, compare, counterexample
from .language import RELATIONS, Statement, has_relation, parse, parse_statement, respell, text_of
from .mutants import mutants
from .numeric import Fast, Work
from .recursion import CHAIN_RULE, proves_by_unrolling
from .symbolic import proves

PROOF_SECONDS = 20
PROVED, EXACT, TESTED = "proved", "exact", "tested"
STRENGTH = (TESTED, EXACT, PROVED)
FIXED_SIZE = 3
EQUIVALENT = object()
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


class Evidence(NamedTuple):
    """How well a statement is established.

    `level` is `proved` (with sizes), `exact` (proved, no size occurs) or `tested`; `sizes` says for each size
    whether it was `"all"` or which number it was; `points` is how many random points agreed; `rules` are the rules of
    mathematics that the proof takes on trust beside SymPy's.
    """

    level: str
    sizes: dict
    points: int
    tested_sizes: tuple
    rules: tuple = ()

    def __str__(self):
        if self.level == EXACT:
            return "exact"
        if self.level == TESTED:
            return "tested at random points"
        general = [name for name, size in self.sizes.items() if size == "all"]
        fixed = [f"{name} = {size}" for name, size in self.sizes.items() if size != "all"]
        told = ([f"for every {_and(general)}"] if general else []) + ([f"at {_and(fixed)}"] if fixed else [])
        return "proved " + ", ".join(told)


class Named(NamedTuple):
    """A mistake as it was refuted: the statement as read (if it could be) and the counterexample as text."""

    mistake: Mistake
    statement: Statement | None
    given: Given
    refutation: str


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
        When a mistake or a mutant passes the same check.
    Undecided
        When there are too few points or the proof takes over `PROOF_SECONDS`.
    """

    kind = "claim"

    def __init__(self, id, statement, given="", title="", mistakes=(), answers="", fixed=None):
        started = time.perf_counter()
        if not isinstance(id, str) or not _ID.fullmatch(id):
            raise IllFormed(f"the id `{id}` of a claim must be lower-case words joined by dots or hyphens")
        self.id, self.title, self.answers = id, title, answers.split()
        self.given = given if isinstance(given, Given) else Given(given)
        self.fixed = fixed or {}
        with _told(f"{id}: "):
            self.lines, self.reasons = self._read(statement)
            self.evidence = self._establish()
            self.mistakes = [self._refuted(mistake) for mistake in mistakes]
            self.mutants_refuted, self.equivalent = self._refute_mutants()
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
        found, work = [], Work(MAX_WORK * len(self.lines))
        for number, line in enumerate(self.lines):
            with _told(self._place(number)):
                self.given.check_statement(line)
                agreement = compare(line, self.given, work=work)
                if isinstance(agreement, Counterexample):
                    raise Refuted(f"does not hold {counterexample(line, self.given, agreement)}")
                found.append(self._proved(line, agreement))
        self.work = MAX_WORK * len(self.lines) - work.left
        return _joined(found)

    def _proved(self, line, agreement):
        """Evidence for one line: proved for every size if that can be done, else at fixed sizes, else tested."""
        given, sizes = self.given, self.given.sizes([line.left, line.right])
        held = {name: size for name in sizes if (size := given.held(name))}
        fixed = {name: self.fixed.get(name, max(FIXED_SIZE, given.smallest(name))) for name in sizes} | held
        some = {name: size for name, size in fixed.items() if name in self.fixed or name in held}
        attempts = [held] + [some] * (some != held) + [fixed] * (fixed != some)
        with _time_limit(PROOF_SECONDS):
            for attempt in attempts:
                told = {name: attempt.get(name, "all") for name in sizes}
                if proves(line, given, attempt):
                    return Evidence(PROVED if sizes else EXACT, told, *agreement)
                if proves_by_unrolling(line, given, attempt):
                    return Evidence(PROVED, told, *agreement, (CHAIN_RULE,))
        return Evidence(TESTED, {}, *agreement)

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
        outcome = compare(statement, given)
        if not isinstance(outcome, Counterexample):
            raise Accepted(
                f"the mistake `{text}` ({mistake.wrong}) agrees with the claim at every point tried: "
                "the check can't tell it from the truth, or it is no mistake"
            )
        return Named(mistake, statement, given, str(counterexample(statement, given, outcome)))

    def _refute_mutants(self):
        refuted, equivalent = 0, []
        for line in self.lines:
            for mutant, words in self._mutants_of(line):
                try:
                    outcome = compare(mutant, self.given)
                    if isinstance(outcome, Agreement):
                        outcome = self._sorted_out(mutant, words)
                except (IllFormed, Undecided):
                    continue  # it means nothing, such as p[k+1] in a sum to the last k
                if outcome is EQUIVALENT:
                    equivalent.append(mutant)
                elif outcome.right != UNDEFINED:
                    refuted += 1
        return refuted, equivalent

    def _sorted_out(self, mutant, words):
        """A mutant that passes the check is equal to the claim by plain NumPy too, or the check is worth nothing."""
        if isinstance(compare(mutant, self.given, Fast, points=4), Counterexample):
            raise Accepted(
                f"the mutant `{text_of(mutant.left)} {mutant.relation} {text_of(mutant.right)}` "
                f"({words}) is wrong in float64 but passes the check"
            )
        return EQUIVALENT

    def _mutants_of(self, line):
        """Well-formed variants of both sides of an equation; a first line's left side is mutated too."""
        if line.relation != "=":
            return
        sides = ["right", "left"] if line is self.lines[0] else ["right"]
        for side in sides:
            for tree, words in mutants(getattr(line, side), self.given).values():
                mutant = line._replace(**{side: tree})
                try:
                    self.given.check_statement(mutant)
                except IllFormed:
                    continue
                yield mutant, words

    def record(self):
        """What the ledger, the page and the errata draw from: plain data (see `rnnlib.claims.display`)."""
        from .display import payload

        return payload(self)

    def _ipython_display_(self):
        from .display import show

        show(self)

    def __repr__(self):
        return f"<{type(self).__name__} {self.id}: {self.evidence}>"


class Chain(Claim):
    """A derivation: one expression rewritten line by line, each line checked against the line before.

    Parameters
    ----------
    statement : str
        The first expression on a line of its own, then lines that begin with a relation; what stands after
        ``|`` gives the reader the reason::

            d(L, s[j])
            = sum(d(L, p[k]) * d(p[k], s[j]), k)   | the chain rule
            = p[j] - y[j]                          | the targets sum to one

    Other parameters are those of `Claim`.
    """

    kind = "chain"

    def _read(self, statement):
        lines = [line.partition("|") for line in statement.strip().splitlines() if line.strip()]
        if len(lines) < 2:
            raise Unreadable("a chain has at least two lines: an expression and what it becomes")
        steps, left = [], parse(lines[0][0])
        for text, _, _ in lines[1:]:
            text = respell(text)
            relation = next((r for r in sorted(RELATIONS, key=len, reverse=True) if text.startswith(r)), None)
            if relation is None:
                raise Unreadable(f"a line of a chain begins with one of {' '.join(RELATIONS)}, found `{text}`")
            steps.append(Statement(left, relation, parse(text[len(relation) :])))
            left = steps[-1].right
        self._require_one_way([step.relation for step in steps])
        return steps, [reason.strip() for _, _, reason in lines]

    @staticmethod
    def _require_one_way(relations):
        """From ``a <= b >= c`` nothing follows about a and c, and a rounded number begins no further step."""
        kinds = set(relations) - {"="}
        if not (kinds <= {"<", "<="} or kinds <= {">", ">="} or kinds == {"≈"}) or "≈" in relations[:-1]:
            raise IllFormed(
                "the relations of a chain run one way: = with < and <=, or = with > and >=, or ≈ in its last line"
            )

    def _place(self, number):
        return f"step {number + 1} (`{text_of(self.lines[number].right)}`) "


class Induction(Claim):
    """A recursion that settles a quantity at every step: its base and its step, each a statement that is checked.

    Parameters
    ----------
    statement : str
        The base and the step, a line each; what stands after ``|`` tells the reader which steps it is about::

            delta[T] = ...   | the last step
            delta[r] = ...   | each step before, from the one after it
    over : str
        What the induction runs over and in which direction, such as ``"t, from T down to 1"``; the ledger names it as
        trusted.

    Other parameters are those of `Claim`.
    """

    def __init__(self, id, statement, given="", over="", **others):
        self.over = over
        super().__init__(id, statement, given, **others)

    def _read(self, statement):
        lines = [line.partition("|") for line in statement.strip().splitlines() if line.strip()]
        if len(lines) != 2 or not self.over:
            raise Unreadable("an induction has two lines, its base and its step, and says what it is `over`")
        return [parse_statement(text) for text, _, _ in lines], [reason.strip() for _, _, reason in lines]

    def _place(self, number):
        return ("the base ", "the step ")[number]

    def _establish(self):
        evidence = super()._establish()
        return evidence._replace(rules=(*evidence.rules, f"induction over {self.over}"))

    @property
    def statement(self):
        """The step: of the two lines the one that a mistake is a version of."""
        return self.lines[1]


@contextmanager
def _told(place):
    """Say which claim, or which line of it, an error is about."""
    try:
        yield
    except ClaimError as error:
        raise type(error)(f"{place}{error}") from None


class _TimeUp(BaseException):
    """Not an `Exception`: SymPy catches those in places."""


@contextmanager
def _time_limit(seconds):
    """Stop a proof that runs on; only where the system has alarms and this is the main thread."""
    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise _TimeUp

    previous, started = signal.signal(signal.SIGALRM, stop), time.monotonic()
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _TimeUp:
        raise Undecided(f"the proof did not end within {seconds} s; state it in smaller steps or fix a size") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
        if left:  # whoever had set an alarm still gets it
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - started), 0.001), interval)


def _joined(found):
    """The evidence of a chain: as weak as its weakest line, with every size that any line holds fixed."""
    level = min((evidence.level for evidence in found), key=STRENGTH.index)
    points, tested = min(e.points for e in found), tuple(sorted({s for e in found for s in e.tested_sizes}))
    rules = tuple(dict.fromkeys(rule for evidence in found for rule in evidence.rules))
    if level == TESTED:
        return Evidence(TESTED, {}, points, tested)
    sizes = {}
    for evidence in found:
        for name, size in evidence.sizes.items():
            sizes[name] = size if sizes.get(name, "all") == "all" else sizes[name]
    return Evidence(PROVED if sizes else EXACT, sizes, points, tested, rules)


def _and(words):
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
