"""The MIME type under which a cell's output carries a claim: as data, for the book and for the ledger."""

MIME = "application/vnd.rnnlib.claim+json"
