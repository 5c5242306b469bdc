"""The table of claims: one row for every claim and chain of the book, as the command line prints it."""

import json
import os

COLUMNS = (
    "id",
    "verdict",
    "evidence",
    "seconds",
    "mistakes",
    "mistakes_refuted",
    "mutants",
    "mutants_refuted",
    "mutants_equivalent",
    "mutants_ill_formed",
    "mutants_undecided",
    "mutants_untried",
    "answers",
    "page",
)


# What may become of a mutant: refuted, true as well, without a meaning, undecided, or one too many to try.
FATES = ("refuted", "equivalent", "ill_formed", "undecided", "untried")


def rows(payloads):
    """Turn the payloads of `execution.payloads` into rows of the table; definitions claim nothing, so have none.

    A mistake that is one of wording has no formula to refute: it counts neither as a mistake nor as refuted.
    """
    found = []
    for payload in payloads:
        if payload["kind"] == "definition":
            continue
        mistakes = [mistake for mistake in payload["mistakes"] if mistake["kind"] != "wording"]
        counts = {"mistakes": len(mistakes), "mistakes_refuted": sum(mistake["refuted"] for mistake in mistakes)}
        found.append({column: counts[column] if column in counts else payload[column] for column in COLUMNS})
    return found


def sound(row):
    """Whether a row's claim holds, refused every mistake and says of every mutant what became of it."""
    return (
        row["verdict"] == "holds"
        and row["mistakes_refuted"] == row["mistakes"]
        and sum(row[f"mutants_{fate}"] for fate in FATES) == row["mutants"]
    )


def table(rows):
    """Return the rows as aligned text, one claim a line, with a line of totals."""
    heads = ("claim", "verdict", "evidence", "s", "mistakes", "mutants", "equal", "answers", "page")
    lines = [
        [
            row["id"],
            row["verdict"],
            row["evidence"],
            f"{row['seconds']:.2f}",
            f"{row['mistakes_refuted']}/{row['mistakes']}",
            f"{row['mutants_refuted']}/{row['mutants']}",
            str(row["mutants_equivalent"]),
            " ".join(row["answers"]),
            row["page"],
        ]
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    text = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [heads, *lines]
    ]
    held = sum(row["verdict"] == "holds" for row in rows)
    return "\n".join(
        [
            *text,
            f"{len(rows)} claims, {held} hold; refuted: "
            f"{sum(row['mistakes_refuted'] for row in rows)} mistakes and "
            f"{sum(row['mutants_refuted'] for row in rows)} mutants",
        ]
    )


def write(rows, path):
    """Write the rows to `path` as JSON, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps(rows, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
