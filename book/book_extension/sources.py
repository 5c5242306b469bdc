"""The inventory of published statements: a table of its rows, what answers each, and how many are answered.

The rows stand in a TOML file. A row is answered by each claim that names it (in `answers`, or as the origin of
a mistake), and by the labels that the file gives for what no claim can answer, such as a question.
"""

import re
import tomllib
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

from book_extension.boxes import row_names
from book_extension.ledger import Placeholder, anchor, claims, listing_pages, plain_title, row
from book_extension.numbers import kept

LOGGER = logging.getLogger(__name__)
VERDICTS = ("correct", "imprecise", "wrong", "underspecified", "empirical", "question")
ROW = re.compile(r"(S\d)-\d\d[a-z]?")
OWN = re.compile(r"B-\d\d")  # an error found in this book: it has no row in the inventory
CHAPTER = re.compile(r"(?:.*/)?(\d\d)_\w+")


class Row(NamedTuple):
    """One published statement; the fields are told at the head of the file."""

    id: str
    chapter: int
    kind: str
    verdict: str
    text: str
    answered_by: tuple = ()

    @property
    def source(self):
        return ROW.fullmatch(self.id)[1]


class Inventory(NamedTuple):
    """All rows by id, and the titles of the chapters by number."""

    rows: dict
    chapters: dict


class row_answer(nodes.General, nodes.Element):
    """Stands for what answers one row until all claims are known."""


class source_counts(nodes.General, nodes.Element):
    """Stands for the counts of answered rows until all claims are known."""


class chapter_list(nodes.General, nodes.Element):
    """Stands for the words about which chapters exist until all pages are known."""


def read(path):
    """Read the inventory.

    Raises
    ------
    ValueError
        When a row has an unknown verdict or chapter, lacks a field or has one too many.
    """
    data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    chapters = {int(number): title for number, title in data["chapters"].items()}
    rows = {}
    for id, fields in data["rows"].items():
        try:
            rows[id] = Row(id, **fields)
        except TypeError as error:
            raise ValueError(f"row {id} has the fields {', '.join(fields)}: {error}") from None
        if not ROW.fullmatch(id) or rows[id].verdict not in VERDICTS or rows[id].chapter not in chapters:
            raise ValueError(
                f"row {id}, {rows[id].verdict}, chapter {rows[id].chapter}: expected an id such as S2-05, "
                f"one of the verdicts {', '.join(VERDICTS)}, and a chapter of the list"
            )
    return Inventory(rows, chapters)


def answering(found):
    """The claims that name each row: `{row id: [(page, payload), ...]}`, in the order of `found`."""
    named = {}
    for page, payload in found:
        origins = [id for mistake in payload["mistakes"] for id in mistake["rows"]]
        for id in dict.fromkeys([*payload["answers"], *origins]):
            named.setdefault(id, []).append((page, payload))
    return named


def all_claims(env):
    """The claims of the whole book as `(page, payload)`."""
    return [(page, payload) for page in sorted(claims(env)) for payload in claims(env)[page]]


def chapter_pages(env):
    """The pages of the chapters that exist, by number."""
    return {int(match[1]): page for page in sorted(env.found_docs) if (match := CHAPTER.fullmatch(page))}


class FromInventory(Placeholder):
    """A directive whose argument is the path of the inventory, beside the page or from the root with a slash."""

    required_arguments = 1

    def run(self):
        relative, self.path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(relative)
        listing_pages(self.env).add(self.env.docname)
        return self.draw()


class SourcesDirective(FromInventory):
    """The table of one source's rows; each row's id becomes a label."""

    option_spec = {"source": directives.unchanged_required}  # noqa: RUF012 (docutils' own form)

    def draw(self):
        rows = [one for one in read(self.path).rows.values() if one.source == self.options["source"]]
        kept(self.env, "book_rows").setdefault(self.env.docname, []).extend(rows)
        return [table(("Row", "What it is about", "As printed", "Answered by"), [self.row(one) for one in rows])]

    def row(self, one):
        standard = self.env.get_domain("std")
        standard.anonlabels[one.id.lower()] = self.env.docname, one.id
        standard.labels[one.id.lower()] = self.env.docname, one.id, one.id
        text, _ = self.parse_inline(one.text)
        judged = nodes.paragraph("", "", nodes.inline("", one.verdict, classes=["source-verdict"]))
        judged += nodes.inline("", f" {one.kind}" if one.kind != one.verdict else "", classes=["source-kind"])
        answer = nodes.paragraph("", "", row_answer(row=one._asdict()))
        drawn = row(nodes.paragraph("", one.id), nodes.paragraph("", "", *text), judged, answer)
        drawn["ids"], drawn["classes"] = [one.id], [f"source-{one.verdict}"]
        return drawn


class SourceCountsDirective(FromInventory):
    """How many rows are answered; the line of each chapter becomes a label."""

    def draw(self):
        places = self.env.get_domain("std").anonlabels
        for id in map(chapter_id, read(self.path).chapters):
            places[id] = self.env.docname, id
        return [source_counts(path=self.path)]


class ChapterListDirective(FromInventory):
    """Which chapters of the inventory's list are written."""

    def draw(self):
        return [chapter_list(path=self.path)]


def table(heads, rows, name="sources"):
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in heads), cols=len(heads))
    group += nodes.thead("", row(*(nodes.paragraph("", head) for head in heads)))
    group += nodes.tbody("", *rows)
    return nodes.table("", group, classes=[name])


class FillSources(SphinxPostTransform):
    """Say of each row what answers it, and count; before references are resolved (priority 10)."""

    default_priority = 7

    def run(self, **kwargs):
        waiting = list(self.document.findall(row_answer))
        counting = list(self.document.findall(source_counts))
        listing = list(self.document.findall(chapter_list))
        if waiting or counting or listing:
            self.named = answering(all_claims(self.env))
            self.chapters = chapter_pages(self.env)
        for node in listing:
            node.replace_self(self.written(read(node["path"]).chapters))
        for node in waiting:
            node.replace_self(self.answer(Row(**node["row"])))
        for node in counting:
            inventory = read(node["path"])
            self.refuse_unknown(inventory)
            node.replace_self(self.counts(inventory))

    def answer(self, one):
        """Links to all that answers a row, or the word that it is open and the chapter it belongs to."""
        links = [self.link(page, anchor(payload), plain_title(payload)) for page, payload in self.named.get(one.id, [])]
        links += [self.link(*place) for label in one.answered_by if (place := self.place(label, one))]
        if not links:
            where = self.chapter(one.chapter, f"chapter {one.chapter}")
            return [nodes.inline("", "open", classes=["source-open"]), nodes.Text(" · "), where]
        links += self.errata(one)
        return [part for link in links for part in (nodes.Text(" · "), link)][1:]

    def place(self, label, one):
        """Page, anchor and title of a label; a warning where the row's chapter is there and the label is not."""
        standard = self.env.get_domain("std")
        if label not in standard.anonlabels:
            if one.chapter in self.chapters:
                LOGGER.warning(
                    "row %s is answered by the label %r, which no page has", one.id, label,
                    location=self.env.docname, type="book", subtype="sources",
                )  # fmt: skip
            return None
        page, anchor, title = standard.labels.get(label, (*standard.anonlabels[label], ""))
        return page, anchor, title or label

    def errata(self, one):
        """A link to the errata of each kind that has an entry for this row."""
        places = self.env.get_domain("std").anonlabels
        kinds = {
            mistake["kind"]
            for _, payload in self.named.get(one.id, []) for mistake in payload["mistakes"] if one.id in mistake["rows"]
        }  # fmt: skip
        pages = {places[f"errata-{kind}"][0] for kind in kinds if f"errata-{kind}" in places}
        return [self.link(page, f"erratum-{one.id}", "erratum") for page in sorted(pages)]

    def link(self, page, anchor, text):
        return make_refnode(self.app.builder, self.env.docname, page, anchor, nodes.Text(text))

    def refuse_unknown(self, inventory):
        for id in sorted(set(self.named) - set(inventory.rows)):
            if not OWN.fullmatch(id):
                LOGGER.warning(
                    "the claim %r names the row %s, which the inventory does not have", self.named[id][0][1]["id"], id,
                    location=self.named[id][0][0], type="book", subtype="sources",
                )  # fmt: skip

    def counts(self, inventory):
        """How many rows are answered: in all, of each source, and of each chapter."""
        labels = self.env.get_domain("std").anonlabels
        answered = {id for id, one in inventory.rows.items()
                    if id in self.named or any(label in labels for label in one.answered_by)}  # fmt: skip
        told = nodes.paragraph("", "", nodes.strong("", f"{len(answered)} of {len(inventory.rows)}"))
        told += nodes.Text(" statements are answered so far.")
        sources, chapters = {}, {number: set() for number in inventory.chapters}
        for one in inventory.rows.values():
            sources.setdefault(one.source, set()).add(one.id)
            chapters[one.chapter].add(one.id)
        by_source = [self.share(nodes.Text(source), ids, answered) for source, ids in sources.items()]
        by_chapter = [self.of_chapter(number, inventory, ids, answered) for number, ids in chapters.items()]
        return [
            told,
            table(("Source", "Answered"), by_source, "source-counts"),
            table(("Chapter", "Answered", "Rows"), by_chapter, "source-counts"),
        ]

    def written(self, chapters):
        """Which chapters are written, with links, and which are not."""
        told = {True: [], False: []}
        for number, title in chapters.items():
            told[number in self.chapters] += [nodes.Text("; "), self.chapter(number, f"{number} {title}")]
        yet, count = told[False][1:], len(told[True]) // 2
        head = nodes.strong("", f"{count} of {len(chapters)} chapters are written")
        paragraph = nodes.paragraph("", "", head, nodes.Text(": " if count else ""), *told[True][1:], nodes.Text("."))
        return [
            paragraph,
            *([nodes.paragraph("", "", nodes.Text("Still to come: "), *yet, nodes.Text("."))] if yet else []),
        ]

    def share(self, name, ids, answered):
        return row(nodes.paragraph("", "", name), nodes.paragraph("", f"{len(ids & answered)} of {len(ids)}"))

    def of_chapter(self, number, inventory, ids, answered):
        drawn = self.share(self.chapter(number, f"{number} {inventory.chapters[number]}"), ids, answered)
        drawn += nodes.entry("", nodes.paragraph("", "", row_names.of(id for id in inventory.rows if id in ids)))
        drawn["ids"] = [chapter_id(number)]
        return drawn

    def chapter(self, number, text):
        """The words, as a link where the book has that chapter."""
        page = self.chapters.get(number)
        return self.link(page, "", text) if page else nodes.inline("", text)


def listed(env):
    """The rows that the tables of the book list."""
    return [one for page in sorted(kept(env, "book_rows")) for one in kept(env, "book_rows")[page]]


def chapter_id(number):
    """The id of the line that tells of a chapter's rows."""
    return f"sources-chapter-{number}"


def purge(app, env, docname):
    kept(env, "book_rows").pop(docname, None)


def merge(app, env, docnames, other):
    theirs = kept(other, "book_rows")
    kept(env, "book_rows").update({docname: theirs[docname] for docname in docnames if docname in theirs})


def setup(app):
    app.add_node(row_answer)
    app.add_node(source_counts)
    app.add_node(chapter_list)
    app.add_directive("sources", SourcesDirective)
    app.add_directive("source-counts", SourceCountsDirective)
    app.add_directive("chapter-list", ChapterListDirective)
    app.add_post_transform(FillSources)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
