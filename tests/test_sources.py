"""The inventory of published statements: whole, in step with the claims, and answered by the chapters that exist."""

import re
from collections import Counter
from dataclasses import dataclass

import nbformat
import pytest

from book_builder import execution
from book_extension.errata import mistakes, statements
from book_extension.sources import OWN, answering, read

INVENTORY = execution.ROOT / "book" / "sources.toml"
LAST = {"S0": 56, "S1": 33, "S2": 69, "S3": 54, "S4": 25}  # each source's rows are numbered from 1
VERDICTS = {"correct": 79, "imprecise": 57, "wrong": 32, "underspecified": 34, "empirical": 28, "question": 8}
# Chapters that are in the book before they answer all of their rows: strike one out when it does.
UNFINISHED = {12}
LABELS = re.compile(r"^(?::label: |\()([\w.-]+)\)?=?$", re.MULTILINE)


@dataclass
class Book:
    """What the chapters that `_toc.yml` names hold: their numbers, their claims, and their labels."""

    chapters: set
    claims: list
    labels: set


@pytest.fixture(scope="module")
def rows():
    return read(INVENTORY).rows


@pytest.fixture(scope="module")
def written():
    paths = execution.notebooks()
    claims = [(record["page"], record) for record in execution.payloads()]
    labels = {record["id"] for _, record in claims}
    for path in paths:
        for cell in nbformat.read(path, as_version=4).cells:
            labels.update(LABELS.findall(cell.source))
            labels |= {cell.id} if cell.id.startswith(("ex-", "fig-")) else set()
    return Book({int(path.name[:2]) for path in paths if path.name[0].isdigit()}, claims, labels)


@pytest.fixture(scope="module")
def open_rows(rows, written):
    answered = answering(written.claims)
    return [row for row in rows.values() if row.id not in answered and not written.labels & set(row.answered_by)]


def test_every_row_is_there_once_with_the_verdict_counted(rows):
    expected = {f"{source}-{number:02d}" for source, last in LAST.items() for number in range(1, last + 1)}
    assert set(rows) == expected | {"S1-21b"} and len(rows) == 238
    assert Counter(row.verdict for row in rows.values()) == VERDICTS


def test_texts_are_short_and_plain(rows):
    for row in rows.values():
        words = re.sub(r"\$[^$]*\$", "formula", row.text).split()
        assert 2 <= len(words) <= 12, f"{row.id}: {row.text}"
        assert row.text.count("$") % 2 == 0 and not row.text.endswith("."), row.id


def test_claims_name_rows_that_exist(rows, written):
    unknown = {
        id: [record["id"] for _, record in found]
        for id, found in answering(written.claims).items() if id not in rows and not OWN.fullmatch(id)
    }  # fmt: skip
    assert not unknown


def test_labels_that_answer_exist(rows, written):
    """A row may name its label before its chapter is in the book."""
    missing = {
        row.id: label
        for row in rows.values() if row.chapter in written.chapters
        for label in row.answered_by if label not in written.labels
    }  # fmt: skip
    assert not missing


def test_chapters_of_the_book_answer_their_rows(open_rows, written):
    finished = written.chapters - UNFINISHED
    left = [f"{row.id} (chapter {row.chapter}): {row.text}" for row in open_rows if row.chapter in finished]
    assert not left, "answer these by a claim, or name a label in book/sources.toml:\n" + "\n".join(left)


def test_unfinished_chapters_are_so(open_rows):
    done = UNFINISHED - {row.chapter for row in open_rows}
    assert not done, "answered in full by now, so no longer unfinished"


def test_open_rows_are_listed(open_rows, record_property):
    """Prints them (seen with `pytest -s`); their number stands in the summary of every run."""
    record_property("open rows", len(open_rows))
    for chapter in sorted({row.chapter for row in open_rows}):
        print(f"open, chapter {chapter}:", *(row.id for row in open_rows if row.chapter == chapter))


def test_every_mistake_with_rows_is_in_the_errata_once(written):
    listed = [mistake for kind in ("false", "ill-formed", "wording", "book")
              for _, _, mistake in mistakes(written.claims, kind)]  # fmt: skip
    named = [mistake for _, record in written.claims for mistake in record["mistakes"] if mistake["rows"]]
    assert len(listed) == len(named)


def test_a_bad_inventory_is_refused(tmp_path):
    head = '[chapters]\n1 = "One"\n\n[rows]\n'
    for line, message in (
        ('S0-01 = { chapter = 1, kind = "count", verdict = "true", text = "a" }', "row S0-01, true"),
        ('S0-01 = { chapter = 2, kind = "count", verdict = "wrong", text = "a" }', "chapter 2: expected"),
        ('X0-01 = { chapter = 1, kind = "count", verdict = "wrong", text = "a" }', "row X0-01"),
        ('S0-01 = { chapter = 1, kind = "count", verdict = "wrong" }', "row S0-01 has the fields"),
    ):
        (tmp_path / "sources.toml").write_text(head + line)
        with pytest.raises(ValueError, match=message):
            read(tmp_path / "sources.toml")


@pytest.mark.parametrize(
    ("kind", "lines", "told"),
    [
        ("claim", ["a = b"], ["a = b"]),
        ("claim", ["a = b", "c = d"], ["a = b", "c = d"]),
        ("chain", ["a", "= b", "= c"], ["a = c"]),
        ("chain", ["a", r"\le b", "= c"], [r"a \le c"]),
    ],
)
def test_a_claim_says_its_lines_and_a_chain_its_ends(kind, lines, told):
    assert statements({"kind": kind, "lines": [{"latex": line} for line in lines]}) == told


def test_titles_of_chapters_begin_with_the_number_of_their_files_and_are_those_of_the_inventory():
    titles = read(INVENTORY).chapters
    for path in execution.notebooks():
        number = path.name.partition("_")[0].lstrip("0")
        [head, *_] = nbformat.read(path, as_version=4).cells[0].source.splitlines()
        assert head.startswith(f"# {number} "), f"{path.name} is chapter {number}, its title {head!r}"
        if number.isdigit():
            assert head == f"# {number} {titles[int(number)]}", f"{path.name}: the inventory has another title"
