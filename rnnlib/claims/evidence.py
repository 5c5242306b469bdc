"""How well a statement is established: what was proved, what was computed, and what was only tested."""

import ast
import signal
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

from .errors import Undecided
from .induction import INDUCTION, proves_by_induction
from .judge import Agreement, compare
from .language import form_of
from .points import varies
from .recursion import CHAIN_RULE, proves_by_unrolling
from .symbolic import proves

PROOF_SECONDS = 20
FIXED_SIZE = 3
PROVED, GIVEN, EXACT, COMPUTED, TESTED = "proved", "given", "exact", "computed", "tested"
# What a derivation is worth when its weakest line has this level; the others of one kind are alike.
BRANCHED = {"cases", "max", "min", "abs", "floor", "mod"}
BRANCHES = "derivatives branch by branch, off the points at which branches meet"
STRENGTH = (TESTED, COMPUTED, EXACT, GIVEN, PROVED)


class Evidence(NamedTuple):
    """How well a statement is established.

    Parameters
    ----------
    level : str
        `PROVED` by SymPy alone, for every size that the setting leaves open; `EXACT` likewise, where there is no size;
        `GIVEN` one of the two, given the `rules`; `COMPUTED` two numbers that were computed and compared; `TESTED` at
        random points, with no proof or with one at fixed sizes only.
    sizes : dict of str to str or int
        For each size ``"all"``, or the number at which it was held fixed in the proof.
    rules : tuple of str
        The rules of mathematics that the proof takes on trust.
    tested : tuple of Agreement
        For each line at how many points its sides agreed, and with which sizes.
    """

    level: str
    sizes: dict
    rules: tuple = ()
    tested: tuple = ()

    def __str__(self):
        if self.level == COMPUTED:
            return "computed"
        proof = f"proved {self._for_sizes()}" if self.sizes else "exact"
        if self.level == TESTED:
            return "tested at random points" + (f", {proof}" if self.sizes else "")
        return proof + self._given()

    def _for_sizes(self):
        general = [name for name, size in self.sizes.items() if size == "all"]
        fixed = [f"{name} = {size}" for name, size in self.sizes.items() if size != "all"]
        told = ([f"for every {listed(general)}"] if general else []) + ([f"at {listed(fixed)}"] if fixed else [])
        return ", ".join(told)

    def _given(self):
        return f", given {listed([rule.partition(',')[0] for rule in self.rules])}" if self.rules else ""


def establish(line, given, agreement, fixed=()):
    """The evidence for a statement whose sides agree at points.

    Parameters
    ----------
    line : Statement
    given : Given
    agreement : Agreement
        What comparing both sides at points gave.
    fixed : dict of str to int
        Sizes to hold fixed in a proof, where none is found for every size; 3 each unless said.

    Raises
    ------
    Undecided
        When nothing in the statement can vary and there is no proof: agreeing digits are none.
    """
    trees = [line.left, line.right]
    sizes = given.sizes(trees)
    if line.relation == "≈":
        return Evidence(TESTED if varies(given, trees) else COMPUTED, {}, (), (agreement,))
    held = {name: size for name in sizes if (size := given.held(name))}
    some = held | {name: size for name, size in dict(fixed).items() if name in sizes and name not in held}
    small = {name: max(FIXED_SIZE, given.smallest(name)) for name in sizes} | some
    with time_limit(PROOF_SECONDS):
        for attempt in [held] + [some] * (some != held) + [small] * (small != some):
            rules = proof(line, given, attempt)
            if rules is not None:
                told = {name: attempt.get(name, "all") for name in sizes}
                level = TESTED if attempt != held else GIVEN if rules else PROVED if sizes else EXACT
                return Evidence(level, told, rules, (agreement,))
    if not varies(given, trees):
        _require_gap(line, given)
        return Evidence(COMPUTED, {}, (), (agreement,))
    return Evidence(TESTED, {}, (), (agreement,))


def proof(line, given, sizes):
    """The rules that a proof at these sizes trusts beside SymPy's algebra, none of them where there is no such proof.

    Returns
    -------
    tuple of str or None
        None where no proof was found.
    """
    rules = (BRANCHES,) if _differentiates_branches(line, given) else ()
    if proves(line, given, sizes):
        return rules
    if proves_by_unrolling(line, given, sizes):
        return (CHAIN_RULE, *rules)
    if proves_by_induction(line, given, sizes):
        return (INDUCTION, *rules)
    return None


def _differentiates_branches(line, given):
    """Whether something is differentiated where forms of several branches are used.

    SymPy differentiates each branch by itself. Where branches meet there may be a derivative that is none of theirs:
    that of ``cases(x == 7, 49, x^2)`` at 7 is 14.
    """
    trees = [line.left, line.right]
    trees += [clause.body for name in given.needed(trees) for clause in given.clauses.get(name, ())]
    forms = {form_of(node) for tree in trees for node in ast.walk(tree)}
    return "d" in forms and bool(forms & BRANCHED)


def _require_gap(line, given):
    """Two numbers that lie apart are compared by computing them; two that seem equal are not proved equal by it."""
    strict = line._replace(relation=line.relation[0])
    if strict.relation == "=" or not isinstance(compare(strict, given), Agreement):
        raise Undecided("nothing in it varies, its digits agree and no proof was found; write ≈ for a rounded number")


def joined(found):
    """The evidence of several lines: as weak as the weakest, with every size that any line holds fixed."""
    level = min((evidence.level for evidence in found), key=STRENGTH.index)
    rules = tuple(dict.fromkeys(rule for evidence in found for rule in evidence.rules))
    tested = tuple(agreement for evidence in found for agreement in evidence.tested)
    unproved = any(evidence.level == TESTED and not evidence.sizes for evidence in found)
    sizes = {}
    for evidence in found if not unproved else ():
        for name, size in evidence.sizes.items():
            sizes[name] = size if sizes.get(name, "all") == "all" else sizes[name]
    if level == EXACT and sizes:  # a line without sizes beside lines with some
        level = PROVED
    if level in (EXACT, PROVED) and rules:
        level = GIVEN
    return Evidence(level, sizes, rules, tested)


def listed(words):
    """Words as a list in a sentence."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


class _TimeUp(BaseException):
    """Not an `Exception`: SymPy catches those in places."""


@contextmanager
def time_limit(seconds):
    """Stop a proof that runs on; only where the system has alarms and this is the main thread.

    The seconds are of processor time: what is proved must not hang on what else the machine has to do.
    """
    if not hasattr(signal, "SIGPROF") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise _TimeUp

    previous, started = signal.signal(signal.SIGPROF, stop), time.process_time()
    left, interval = signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except _TimeUp:
        raise Undecided(f"the proof did not end within {seconds} s; state it in smaller steps or fix a size") from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
        if left:  # whoever had set an alarm still gets it
            signal.setitimer(signal.ITIMER_PROF, max(left - (time.process_time() - started), 0.001), interval)
