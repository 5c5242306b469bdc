"""Judge a reader's answer to an exercise against the claim that it asks for: a formula, a derivation or a function.

1. `spelling` and `rewriting` read what a student types as the book's language;
2. `evasions` tells an answer from the question handed back;
3. `formulas` compares a formula with the claim, `derivations` line with line, `programs` a NumPy function;
4. `diagnosis` names what went wrong: the one of the `slips`, made at one of the `places` of a formula, that explains
   all its values.
"""

from collections.abc import Callable, Sequence

from ..claim import Claim
from ..errors import IllFormed, Undecided, Unreadable
from .derivations import judge_derivation, lines_of
from .formulas import UNANSWERED, UNREADABLE, Verdict, capital, judge_formula
from .programs import judge_program


def judge_answer(asked: Claim, answer: str | Sequence[str] | Callable) -> Verdict:
    """Judge an answer: a formula, a derivation or a NumPy function.

    A *formula* is the right side of the claim, written in the book's language or as one writes on paper: ``W_hh^T``,
    ``δ[r+1]``, ``p_j``, ``2H`` are read.

    A *derivation* is a text whose lines begin with ``=``, or a list of lines. Each line is judged against the line
    before, the first against what the exercise asks for; what stands after ``|`` is a reason and is not read.

    A *function* is called with arrays of float64 and compared with the claim at random shapes and values. Its
    parameters are named like the symbols of the exercise, sizes included; it returns the whole answer. Arrays are as
    in NumPy: the first axis is the first index, and place 0 is the first entry that there is (``x[0]`` is x at step 1;
    ``h[0]`` is the state before it, where the exercise has one). An exercise that asks for an entry, such as ``p[j]``,
    is answered with the array of all of them, its axes in the order of the indices on the left side. It runs in your
    own kernel, as any cell does: nothing stops it but you (interrupt the kernel), and what it changes stays changed.
    Nor is the claim hidden from it: this is a check for those who want to know.

    Parameters
    ----------
    asked : Claim
        The claim that the exercise asks for.
    answer : str, list of str or callable
        For instance ``"p[j] - y[j]"``; ``"..."`` stands for no answer yet.

    Returns
    -------
    Verdict
        Shown under the cell: right; wrong, with the slip that explains it or with numbers that refute it; or what
        could not be read.
    """
    if _is_empty(answer):
        return Verdict(UNANSWERED, "No answer yet: write a formula between the quotes, then run the cell again.")
    if callable(answer):
        return judge_program(asked, answer)
    if not isinstance(answer, (str, list, tuple)):
        return Verdict(UNREADABLE, "Expected a text: write the formula between quotes.")
    try:
        if lines := lines_of(answer):
            return judge_derivation(asked, lines)
        return judge_formula(asked, answer)
    except (Unreadable, IllFormed) as error:
        return Verdict(UNREADABLE, f"{capital(str(error))}.")
    except (Undecided, RecursionError) as error:
        return Verdict(UNREADABLE, f"Your formula can't be judged: {error}.")


def _is_empty(answer):
    if isinstance(answer, (list, tuple)):
        return all(map(_is_empty, answer))
    return answer is None or answer is ... or (isinstance(answer, str) and answer.strip() in ("", "...", "…"))
