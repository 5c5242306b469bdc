"""What can go wrong with a claim, each as one clear sentence."""


class ClaimError(Exception):
    """Base of everything that the claim engine raises on purpose."""


class Unreadable(ClaimError, ValueError):
    """The text is not an expression of the book's language."""


class IllFormed(ClaimError, ValueError):
    """The text can be read but means nothing: an unknown symbol, a missing domain, shapes that do not fit."""


class Refuted(ClaimError, AssertionError):
    """A claim or a step of a chain is false; the message carries a counterexample."""


class Accepted(ClaimError, AssertionError):
    """The check accepts a wrong version of its own claim, so it checks nothing."""


class Undecided(ClaimError, AssertionError):
    """The claim could neither be proved nor refuted in the time or at the points there are."""


class Undefined(ClaimError, ArithmeticError):
    """An expression has no value at one point: a division by zero, a logarithm of a negative number."""


class NoProof(Exception):
    """A statement has no symbolic form at these sizes; a proof may exist at fixed ones."""


class OutOfRange(Undefined):
    """An index lies outside of its range, so that there is nothing to compute."""


class Boundary(Undefined):
    """A difference quotient found an end of the domain or a kink: there, or, with so few digits, near by."""


class OutOfReach(ClaimError, ArithmeticError):
    """The numbers at one point grew beyond what is computed: it tells nothing, and is skipped and counted."""
