"""Boards: claims that belong together, in one box."""

from .claim import Claim
from .errors import IllFormed


class Board:
    """Claims that belong together, shown in one box: a line, a mark and an id for each.

    ::

        Board(
            "The gradients of the weights",
            Claim("bptt.by-input", "d(L, W_xh) = sum(outer(x[t], g[t]), t)", network),
            Claim("bptt.by-bias", "d(L, b_h) = sum(g[t], t)", network),
        )

    Each is a claim of its own: checked when it is made, linked to by its id, and listed in the ledger.

    Parameters
    ----------
    title : str
        A few words that name what they say together.
    *claims : Claim
        Two or more.

    Raises
    ------
    IllFormed
        When there is no title, or there are not at least two claims.
    """

    kind = "board"

    def __init__(self, title: str, *claims: Claim):
        if not isinstance(title, str) or not title.strip():
            raise IllFormed(f"a board expected a title, then its claims; found {title!r} as its title")
        if odd := [item for item in claims if not isinstance(item, Claim)]:
            raise IllFormed(f"the board {title!r} expected claims, found {odd[0]!r}")
        if len(claims) < 2:
            raise IllFormed(f"the board {title!r} expected two or more claims, found {len(claims)}; show one by itself")
        self.title, self.claims = title, claims

    def __repr__(self):
        return "\n".join([f"<Board {self.title}>", *map(repr, self.claims)])
