"""A chapter as the book reads it: behind each exercise stands its solution, which is kept in a notebook of its own.

A chapter, `05_bptt.ipynb`, holds the exercises alone, and `05_bptt_solutions.ipynb` beside it their solutions, so that
they don't stand in a student's way. What is executed, kept and shown on the page is both as one notebook.
"""

import re
import warnings
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

SOLUTIONS = "_solutions"
CHAPTER = re.compile(r"(\d\d|[A-Z])_")
EXERCISE = re.compile(
    r"### Exercise (?P<number>\S+) · (?P<title>.+)\n(?P<dots>●○○|●●○|●●●) · (?P<minutes>\d+) minutes(?:\n\n|$)"
)
SOLUTION = re.compile(r"## Solution (?P<number>\S+) · (?P<title>.+)(?:\n|$)")
MEANT = re.compile(r"Exercise\b|Solution \S*\d", re.IGNORECASE)  # the words of a head, well formed or not
SECTION = 3  # the level of an exercise: a heading of this one or above it ends an exercise
FIRST = re.compile(r"(?:%%capture\n)?%run (?P<name>\S+)")


class NotebookError(RuntimeError):
    """A notebook can't be read or did not run, or claims contradict each other; the message says where."""


class Exercise(NamedTuple):
    """What the head of an exercise says; its label is the id of its cell."""

    label: str
    number: str
    title: str
    dots: str
    minutes: int
    place: int  # of its cell in the notebook


def chapter_number(path):
    """The number of a chapter by its file's name: `05_bptt` is 5, `A_measured_speed` is A; other pages have None."""
    found = CHAPTER.match(Path(path).name)
    return found and found[1].lstrip("0")


def solutions_of(path):
    """The path of the solutions to a chapter, whether or not there are any."""
    return path.with_name(f"{path.stem}{SOLUTIONS}{path.suffix}")


def with_solutions(path):
    """Read a chapter with each solution behind the cells of its exercise.

    Parameters
    ----------
    path : Path
        The notebook of a chapter.

    Returns
    -------
    NotebookNode
        A chapter without exercises as it is. A solution's heading is made one that stands within its exercise.

    Raises
    ------
    NotebookError
        If an exercise has no solution or the other way round, or if numbers, titles or ids don't fit.
    """
    chapter = read(path)
    found = exercises(path, chapter)
    solved = _solutions(path, solutions_of(path))
    for exercise in found:
        title = solved.get(exercise.number, (None,))[0]
        if title != exercise.title:
            expected = f"## Solution {exercise.number} · {exercise.title}"
            is_there = f"its title is {title!r}" if title else "there is none"
            raise NotebookError(
                f"{solutions_of(path).name}: expected a cell that begins {expected!r}, for {exercise.label!r} in "
                f"{path.name}; {is_there}"
            )
    if lost := sorted(solved.keys() - {exercise.number for exercise in found}):
        raise NotebookError(
            f"{solutions_of(path).name}: solution {lost[0]} has no exercise {lost[0]} in {path.name}; "
            "correct its number, or take it out"
        )
    for exercise in reversed(found):
        end = _end(path, chapter.cells, exercise)
        chapter.cells[end:end] = solved[exercise.number][1]
    _refuse_repeated_ids(path, chapter)
    return chapter


def exercises(path, notebook):
    """The exercises of a chapter in their order.

    Raises
    ------
    NotebookError
        If a cell looks like an exercise and has not its form, or its number is not the next one of its chapter.
    """
    found, chapter = [], chapter_number(path)
    for place, cell in enumerate(notebook.cells):
        if not _is_meant(cell):
            continue
        head = EXERCISE.match(cell.source)
        if not head or len(headings(cell)) > 1 or not cell.id.startswith("ex-"):
            raise NotebookError(
                f"{path.name}, cell {cell.id!r}: expected one exercise, in a cell whose id begins with 'ex-' and whose "
                "first lines are like '### Exercise 5.1 · Its title' and '●○○ · 10 minutes', without another heading; "
                f"solutions stand in {solutions_of(path).name}"
            )
        expected = f"{chapter}.{len(found) + 1}"
        if head["number"] != expected:
            raise NotebookError(
                f"{path.name}, cell {cell.id!r}: expected exercise {expected}, found {head['number']}; an exercise has "
                "the number of its chapter's file, and the next one of the chapter"
            )
        found.append(Exercise(cell.id, expected, head["title"].strip(), head["dots"], int(head["minutes"]), place))
    return found


def _solutions(chapter, path):
    """Title and cells of each solution, by number: those cells stand behind its exercise."""
    if not path.exists():
        return {}
    first, found = [], {}
    cells = first
    for cell in read(path).cells:
        head = SOLUTION.match(cell.source) if cell.cell_type == "markdown" else None
        if (found or head) and len(headings(cell)) > bool(head):
            raise NotebookError(
                f"{path.name}, cell {cell.id!r}: a heading in a solution, which is folded as one piece in the card of "
                "its exercise; use bold words instead"
            )
        if head:
            if head["number"] in found:
                raise NotebookError(
                    f"{path.name}: expected one solution to each exercise in {chapter.name}, found two of the number "
                    f"{head['number']}; correct one number"
                )
            cell.source = f"##{cell.source}"  # below the heading of its exercise
            cells = []
            found[head["number"]] = head["title"].strip(), cells
        elif _is_meant(cell):
            raise NotebookError(
                f"{path.name}, cell {cell.id!r}: expected a solution to an exercise in {chapter.name}, in a cell that "
                "begins like '## Solution 5.1 · Its title'"
            )
        cells.append(cell)
    ran = [FIRST.fullmatch(cell.source) for cell in first if cell.cell_type == "code"]
    if len(ran) != 1 or not ran[0] or ran[0]["name"] != chapter.name:
        raise NotebookError(
            f"{path.name}: expected one code cell before the first solution, '%run {chapter.name}'; code of its own "
            "belongs into a solution, for the book runs the chapter's cells in its place"
        )
    return found


def _end(path, cells, exercise):
    """The place behind the last cell of an exercise: before the next heading that is no part of it.

    Any other heading would tear the card: what follows it would stand outside, or be folded as the solution.
    """
    for place in range(exercise.place + 1, len(cells)):
        levels = headings(cells[place])
        if levels and levels[0] is not None and levels[0] <= SECTION:
            return place
        if levels:
            raise NotebookError(
                f"{path.name}, cell {cells[place].id!r}: a heading in exercise {exercise.number}; expected '#' to "
                "'###' at the beginning of a cell, which ends the exercise, or bold words instead"
            )
    return len(cells)


def headings(cell):
    """The levels of a cell's headings; of the first None, where the cell doesn't begin with it."""
    return _headings(cell.source)[0] if cell.cell_type == "markdown" else []


def _is_meant(cell):
    """Whether a heading of a cell looks like that of an exercise or a solution."""
    return cell.cell_type == "markdown" and any(map(MEANT.match, _headings(cell.source)[1]))


@lru_cache(maxsize=4096)
def _headings(source):
    """Levels and words of the headings in Markdown."""
    if "#" not in source and "\n=" not in source and "\n-" not in source:
        return [], []
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parse(source)
    found = [place for place, token in enumerate(tokens) if token.type == "heading_open" and token.level == 0]
    levels = [int(tokens[place].tag[1]) for place in found]
    return [None, *levels[1:]] if found[:1] > [0] else levels, [tokens[place + 1].content for place in found]


def read(path):
    """Read a notebook as it is.

    Raises
    ------
    NotebookError
        If it is none (cut short, with marks of a merge, not in UTF-8), or if two of its cells have the same id: one
        would get another id each time it is read.
    """
    import nbformat
    from nbformat.warnings import DuplicateCellId

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DuplicateCellId)
            notebook = nbformat.read(path, as_version=4)
    except DuplicateCellId as error:
        raise NotebookError(f"{path.name}: {str(error).partition('.')[0]}; give each cell an id of its own") from None
    except FileNotFoundError:
        raise
    except Exception as error:  # of the many ways not to be a notebook each has its own
        raise NotebookError(
            f"{path.name}: expected a Jupyter notebook (JSON in UTF-8), found {type(error).__name__}: "
            f"{str(error)[:100]}; restore the file"
        ) from None
    for cell in notebook.cells:
        cell.source = cell.source.replace("\r\n", "\n")
    return notebook


def _refuse_repeated_ids(path, notebook):
    seen = set()
    for cell in notebook.cells:
        if cell.id in seen:
            raise NotebookError(
                f"{path.name} and {solutions_of(path).name}: two cells have the id {cell.id!r}; rename one, for both "
                "stand on one page"
            )
        seen.add(cell.id)
