"""How the book shows an exercise: as one card, from the plain Markdown that a chapter has for it.

The section `### Exercise 5.1 · …` becomes the card: how hard and how long it is, the statement, the hints folded, the
cell in which a reader answers, and the solution folded, which `book_builder.chapters` has put there. Its id is that of
its cell. What `<details>` folds is folded anywhere else on a page in the same way.
"""

import re
from html import unescape
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from book_builder.chapters import exercises, read, with_solutions
from book_extension import numbers
from book_extension.boxes import claim_box, details, summary
from book_extension.ledger import in_ledger
from book_extension.refusals import CELL_LINES

LOGGER = logging.getLogger(__name__)
LEVELS = {"●○○": "easy", "●●○": "medium", "●●●": "hard"}
OPEN = re.compile(r"\s*<details>\s*<summary>(?P<name>[^<>$]*)</summary>\s*")  # words alone: nothing reads maths here
CLOSE = re.compile(r"\s*</details>\s*")
CHECKS = re.compile(r"^check\(", re.MULTILINE)
IMPORTS = re.compile(r"\A(?:(?:from|import) .*\n)+\n*")
HOW = "how-to-run-it"  # the label of the words on the front page about it


class dots(nodes.inline):
    """Dots that say how hard an exercise is, to the eye alone: the word stands beside them."""


class Fold(SphinxTransform):
    """Make the book's own folds of what HTML's `<details>` and `</details>` enclose, each in a paragraph of its own."""

    default_priority = 400

    def apply(self, **kwargs):
        for start in list(self.document.findall(opens)):
            parent, content = start.parent, []
            for node in parent[parent.index(start) + 1 :]:
                if opens(node) or closes(node):
                    break
                content.append(node)
            else:
                node = None
            if node is None or opens(node):
                LOGGER.warning(
                    "a fold that does not end: expected </details> in a line of its own, between empty lines, after %s",
                    start.astext().strip(), location=start, type="book", subtype="folds",
                )  # fmt: skip
                continue
            fold = details(classes=["fold"])
            fold += summary("", unescape(OPEN.fullmatch(start.astext())["name"]))
            for part in [*content, node]:
                parent.remove(part)
            fold += content
            parent.replace(start, fold)


def opens(node):
    return isinstance(node, nodes.raw) and OPEN.fullmatch(node.astext())


def closes(node):
    return isinstance(node, nodes.raw) and CLOSE.fullmatch(node.astext())


class Cards(SphinxTransform):
    """Make a card of each exercise, after its folds and before labels are collected (850) and links resolved (879)."""

    default_priority = 410

    def apply(self, **kwargs):
        path = Path(self.env.doc2path(self.env.docname))
        if path.suffix != ".ipynb":
            return
        found = {one.label: one for one in exercises(path, read(path))}
        self.cells = with_solutions(path).cells if found else []
        for section in list(self.document.findall(nodes.section)) if found else []:
            cell = self.cells[section.line // CELL_LINES - 1]
            if cell.id in found:
                self.make_card(section, found[cell.id])

    def make_card(self, section, exercise):
        self.name(section, exercise)
        section["classes"].append("exercise")
        title, told, *parts = section.children
        begins = title.next_node(nodes.Text)
        begins.parent.replace(begins, [
            nodes.inline("", f"Exercise {exercise.number}", classes=["exercise-number"]),
            nodes.Text(begins.removeprefix(f"Exercise {exercise.number}")),
        ])  # fmt: skip
        level = dots("", exercise.dots)
        facts = nodes.Text(f" {LEVELS[exercise.dots]} · {exercise.minutes} minutes")
        section.replace(told, nodes.paragraph("", "", level, facts, classes=["exercise-facts"]))
        for part in parts:
            if isinstance(part, details):
                unseen = nodes.inline("", f" for exercise {exercise.number}", classes=["unseen"])
                part.next_node(summary).append(unseen)
            elif isinstance(part, nodes.section):
                section.replace(part, self.solution(part, exercise))
            elif "cell_index" in part and CHECKS.search(self.cells[part["cell_index"]].source):
                is_first = not any("exercise-answer" in child["classes"] for child in section)
                section.replace(part, self.answer(self.cells[part["cell_index"]].source, is_first))

    def name(self, section, exercise):
        """Let the section have the exercise's label as its only id, which links and the table of sources find."""
        self.forget(section)
        section["ids"], section["names"] = [exercise.label], [exercise.label]
        self.document.note_explicit_target(section, section)
        numbers.number(self.env, exercise.label, "exercise", exercise.number)

    def forget(self, section):
        """Take away the ids that a section has by its title."""
        for id in section["ids"]:
            self.document.ids.pop(id, None)
        for name in section["names"]:
            self.document.nameids.pop(name, None)
            self.document.nametypes.pop(name, None)
        self.document.myst_slugs.pop(section.get("slug"), None)

    def answer(self, source, is_first):
        """The cell in which a reader answers in Jupyter, without what it shows as long as nobody has."""
        box = nodes.container(classes=["exercise-answer"])
        if is_first:
            where = pending_xref(
                "", nodes.inline("", "in Jupyter"), refdomain="std", reftype="ref", reftarget=HOW, refexplicit=True,
                refwarn=True, refdoc=self.env.docname,
            )  # fmt: skip
            box += nodes.paragraph("", "Open this chapter ", where)
            box[0] += nodes.Text(", put your answer in place of the dots, and run the cell: it is judged there.")
        source = IMPORTS.sub("", source)
        box += nodes.literal_block(source, source, language="python")
        return box

    def solution(self, section, exercise):
        """The solution, folded; what stands in it is known as such by the exercise that it carries."""
        self.forget(section)
        fold = details(classes=["exercise-solution"], exercise=(exercise.label, exercise.number))
        fold += summary("", f"Solution of exercise {exercise.number}")
        fold += section.children[1:]
        if ids := [box["payload"]["id"] for box in fold.findall(claim_box)]:
            fold += in_ledger(claims=ids)
        return fold


def open_dots(self, node):
    self.body.append(self.starttag(node, "span", "", CLASS="exercise-dots", **{"aria-hidden": "true"}))


def close_dots(self, node):
    self.body.append("</span>")


def setup(app):
    app.add_node(dots, html=(open_dots, close_dots))
    app.add_transform(Fold)
    app.add_transform(Cards)
