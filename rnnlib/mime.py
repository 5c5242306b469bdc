"""The MIME type under which a cell's output carries a claim: as data, for the book and for the ledger."""

MIME = "application/vnd.rnnlib.claim+json"
# The kind of an output that only unfolds what the output before it holds: nothing for the book or the ledger.
FOLDED = "folded"
