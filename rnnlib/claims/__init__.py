"""Claims: statements of the book that are checked where they stand.

A claim goes through six hands:

1. **parse** (`language`): a text becomes a tree of the book's language, whose forms stand in `forms`, one row each;
2. **setting** (`given`, `domains`, `shapes`): what every symbol is and how quantities are defined; a tree gets its
   shape or is refused;
3. **compare** (`judge`): both sides are computed (`numeric`, `arithmetic`) at the points of a sample (`points`), and
   must agree;
4. **prove** (`evidence`): SymPy (`symbolic`, `sums`), the chain rule along the definitions (`recursion`) or induction
   (`induction`) make them equal for every size, or the claim's mark says that they did not;
5. **refute** (`claim`, `mutants`): its named mistakes, and small errors made in it, must fail the same comparison;
6. **show** (`display`, `told`, `latex`, `names`): the formula, its mark, and how it was checked; in Jupyter as a box
   (`html`, `mathml`, `steps`).

`chains` are claims of several lines, and a `board` shows several claims in one box. `answers` judges what a reader
answers to an exercise against its claim. What is refused on the way is one of the `errors`; a `seal` on what is shown
tells the book that nothing else was put there.
"""

from . import display  # noqa: F401 (it gives claims and settings the method by which Jupyter shows them)
from .answers import judge_answer
from .board import Board
from .chains import Chain, Induction
from .claim import Claim, Mistake
from .errors import Accepted, ClaimError, IllFormed, Refuted, Undecided, Unreadable
from .given import Given

# In the order in which one reads about them, which is that of the page.
__all__ = [  # noqa: RUF022
    "Claim", "Chain", "Induction", "Board", "Given", "Mistake", "judge_answer",
    "ClaimError", "Unreadable", "IllFormed", "Refuted", "Accepted", "Undecided",
]  # fmt: skip
