"""The MIME type under which a cell's output carries a claim: as data, for the book and for the ledger."""

import json
from hashlib import sha256

MIME = "application/vnd.rnnlib.claim+json"


def sealed(data):
    """A copy of what a cell shows of a claim, with a seal: the digest of all the rest.

    The book refuses data without their seal, so that nothing that was typed, edited or cut short is taken for a claim.
    It is a seal against accident: whoever calls this function can seal anything.
    """
    return {**data, "seal": _digest(data)}


def is_sealed(data):
    """Whether data hold what they held when they were sealed."""
    return data.get("seal") == _digest({key: value for key, value in data.items() if key != "seal"})


def claims_in(data):
    """The claims, chains and definitions that one output holds: those of a board one by one."""
    return data["claims"] if data["kind"] == "board" else [data]


def _digest(data):
    return sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()
