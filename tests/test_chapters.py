"""A chapter and its solutions: one notebook for the book, two for the student, and no answer in the student's way."""

import ast
import re

import nbformat
import pytest
from jupyter_cache.executors.utils import single_nb_execution
from samples import code, payload, shown, text, write, write_book, write_file

from book_builder import execution
from book_builder.chapters import SOLUTIONS, NotebookError, chapter_number, exercises, solutions_of, with_solutions
from book_builder.dependencies import imported
from exercises import VALUES, chapter12  # noqa: F401 (it registers values)

CHAPTER_FILES = execution.notebooks()
SOLVED = [path for path in CHAPTER_FILES if solutions_of(path).exists()]
HEAD = "### Exercise 5.{0} · Task {0}\n●○○ · 10 minutes\n\nDo it."


def exercise(number, id=None, source=HEAD):
    return text(id or f"ex-{number}", source.format(number))


def solution(number, title="Task {0}", id=None):
    return text(id or f"solution-{number}", f"## Solution 5.{number} · {title.format(number)}\n\nSo.")


def run(id="run", name="05_one"):
    return code(id, f"%%capture\n%run {name}.ipynb")


@pytest.fixture
def chapter(tmp_path):
    """Write a chapter and its solutions; return the chapter's path."""

    def written(cells, solved=()):
        path = write(tmp_path / "05_one.ipynb", text("title", "# One"), *cells)
        if solved:
            write(solutions_of(path), *solved)
        return path

    return written


def test_each_solution_stands_behind_the_cells_of_its_exercise(chapter):
    path = chapter(
        [exercise(1), code("answer", "1"), text("words", "More."), exercise(2), text("more", "## More"), code("last")],
        [text("head", "# Solutions"), run(), solution(2), solution(1), code("proof", "2")],
    )
    cells = with_solutions(path).cells
    found = ["title", "ex-1", "answer", "words", "solution-1", "proof", "ex-2", "solution-2", "more", "last"]
    assert [cell.id for cell in cells] == found
    assert cells[4].source.startswith("#### Solution 5.1 · Task 1"), "a section of its exercise"


def test_a_chapter_without_exercises_is_read_as_it_is(chapter):
    path = chapter([text("words", "## Exercises\n\nNone yet."), code("one", "1")])
    assert with_solutions(path) == nbformat.read(path, as_version=4)


@pytest.mark.parametrize(
    ("cells", "solved", "told"),
    [
        ([exercise(1)], [], r"05_one_solutions\.ipynb: expected a cell that begins '## Solution 5\.1 · Task 1', for "
                            r"'ex-1' in 05_one\.ipynb; there is none"),
        ([exercise(1)], [run(), solution(1, "Task")], "its title is 'Task'"),
        ([exercise(1)], [run(), solution(1), solution(2)], r"solution 5\.2 has no exercise 5\.2 in 05_one"),
        ([], [run(), solution(1)], r"solution 5\.1 has no exercise 5\.1"),
        ([exercise(1)], [run(), solution(1), solution(1, id="again")], r"found two of the number 5\.1; correct one"),
        ([exercise(2)], [run(), solution(2)], r"expected exercise 5\.1, found 5\.2"),
        ([exercise(1), exercise(1, "ex-twice")], [run(), solution(1)], r"'ex-twice': expected exercise 5\.2"),
        ([exercise(1, source=HEAD.replace("5.", "4."))], [run(), solution(1)], r"expected exercise 5\.1, found 4\.1"),
        ([exercise(1, "task")], [run(), solution(1)], "cell 'task': expected one exercise, in a cell whose id"),
        ([exercise(1, source="### Exercise 5.1 · Task 1\n\nDo it.")], [run(), solution(1)], "'ex-1': expected one"),
        ([exercise(1, source=HEAD + "\n\n" + HEAD)], [run(), solution(1)], "cell 'ex-1': expected one exercise"),
        ([exercise(1), solution(1)], [run(), solution(1)], "'solution-1': expected one exercise, .*; solutions"),
        ([exercise(1)], [run(), text("odd", "### Solution 5.1 · Task 1")], "cell 'odd': expected a solution"),
        ([exercise(1)], [solution(1)], r"expected one code cell before the first solution, '%run 05_one\.ipynb'"),
        ([exercise(1)], [run(name="06_two"), solution(1)], "expected one code cell before the first solution"),
        ([exercise(1)], [run(), code("x", "x = 1"), solution(1)], "code of its own belongs into a solution"),
        ([exercise(1), code("same", "1")], [run(), solution(1), code("same", "2")], "two cells have the id 'same'"),
        ([exercise(1, source=HEAD + "\n\n## More")], [run(), solution(1)], "'ex-1': expected one exercise"),
        ([text("ex-1", " " + HEAD.format(1))], [run(), solution(1)], "'ex-1': expected one exercise"),
        ([exercise(1), text("torn", "So.\n\n## More")], [run(), solution(1)], "'torn': a heading in exercise 5.1; ex"),
        ([exercise(1), text("torn", "So.\n\nMore\n---")], [run(), solution(1)], "'torn': a heading in exercise 5.1"),
        ([exercise(1), text("torn", "#### More")], [run(), solution(1)], "'torn': a heading in exercise 5.1"),
        ([exercise(1)], [run(), text("s", "## Solution 5.1 · Task 1\n\n### Proof")], "'s': a heading in a solution"),
        ([exercise(1)], [run(), solution(1), text("after", "# After")], "'after': a heading in a solution"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(chapter, cells, solved, told):
    with pytest.raises(NotebookError, match=told):
        with_solutions(chapter(cells, solved))


def test_what_only_looks_like_a_heading_is_none(chapter):
    fence = "```python\n# Exercise 5.1: not one\n## nor this\n```"
    cells = [exercise(1, source=HEAD + "\n\n" + fence), text("fence", fence)]
    found = with_solutions(chapter(cells, [run(), solution(1), text("more", fence)])).cells
    assert [cell.id for cell in found] == ["title", "ex-1", "fence", "solution-1", "more"]


def test_a_heading_of_two_lines_ends_an_exercise(chapter):
    path = chapter([exercise(1), text("later", "Later\n-----"), code("last")], [run(), solution(1)])
    assert [cell.id for cell in with_solutions(path).cells] == ["title", "ex-1", "solution-1", "later", "last"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", "é".encode("latin-1"), b"<<<<<<< ours\n{}", b"\xef\xbb\xbf{}"],
    ids=["empty", "cut", "a list", "not UTF-8", "a merge", "a mark of byte order"],
)  # fmt: skip
def test_what_is_no_notebook_is_told_by_its_name(chapter, content):
    path = chapter([exercise(1)], [run(), solution(1)])
    for file in (solutions_of(path), path):
        file.write_bytes(content)
        with pytest.raises(NotebookError, match=rf"^{file.name}: expected a Jupyter notebook .*; restore the file$"):
            with_solutions(path)


def test_two_cells_of_one_id_are_refused(chapter):
    path = chapter([text("one", "a"), text("two", "b")])
    path.write_text(path.read_text().replace('"two"', '"one"'))
    with pytest.raises(
        NotebookError, match=r"^05_one.ipynb: Non-unique cell id 'one'.*give each cell an id of its own"
    ):
        with_solutions(path)


def test_line_ends_of_windows_are_read(chapter):
    windows = HEAD.format(1).replace("\n", "\r\n")
    path = chapter([text("ex-1", windows)], [code("run", "%%capture\r\n%run 05_one.ipynb"), solution(1)])
    assert [cell.id for cell in with_solutions(path).cells] == ["title", "ex-1", "solution-1"]


def test_a_chapter_has_the_number_of_its_file():
    names = ("notebooks/05_bptt", "12_word.ipynb", "A_measured_speed", "index", "book/api")
    assert [chapter_number(name) for name in names] == ["5", "12", "A", None, None]


def test_solutions_are_executed_with_their_chapter(tmp_path):
    root = write_book(
        tmp_path, **{"05_one": [code("first", "x = 2"), exercise(1), text("end", "## End"), code("last")]}
    )
    path = root / "notebooks" / "05_one.ipynb"
    write_file(root / "notebooks" / "helper.py", "y = 1")
    write(solutions_of(path), run(), solution(1), code("made", "from helper import y\nprint(x + y)"))
    execution.execute(root)
    from jupyter_cache import get_cache

    cache = get_cache(execution.cache_folder(root))
    cells = {cell.id: cell for cell in execution.executed(path, cache, root).cells}
    assert cells["made"].outputs[0].text == "3\n"
    assert not any("%run" in cell.source for cell in cells.values())
    write(solutions_of(path), run(), solution(1), code("made", "from helper import y\nprint(x - y)"))
    assert execution.executed(path, cache, root) is None
    assert root / "notebooks" / "helper.py" in imported(path, root)[0]


def test_a_solution_claims_as_any_cell_does(tmp_path, monkeypatch):
    root = write_book(tmp_path, **{"05_one": [exercise(1), shown("here", payload("a.b"))]})
    write(solutions_of(root / "notebooks" / "05_one.ipynb"), run(), solution(1), shown("solved", payload("c.d")))
    monkeypatch.setattr(execution, "_execute_missing", lambda missing, cache, root, workers: keep(missing, cache, root))
    assert [(one["id"], one["cell"]) for one in execution.payloads(root)] == [("a.b", "here"), ("c.d", "solved")]


def keep(paths, cache, root):
    """Put the notebooks into the cache with the outputs that they have."""
    from jupyter_cache.base import CacheBundleIn

    for path in paths:
        bundle = CacheBundleIn(with_solutions(path), str(path), data={"digest": execution.digest(path, root)})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return []


def asked_for():
    """The ids of all claims for which exercises of the book ask."""
    sources = [cell.source for path in CHAPTER_FILES for cell in nbformat.read(path, as_version=4).cells]
    return {id for source in sources for id in re.findall(r'\bcheck\("([^"]+)"', source)}


def test_running_all_cells_of_a_chapter_gives_no_answer_away():
    """No cell of a chapter shows what an exercise asks for, and none holds a solution or its claim."""
    own = {
        (path.relative_to(execution.ROOT).with_suffix("").as_posix(), cell.id)
        for path in CHAPTER_FILES for cell in nbformat.read(path, as_version=4).cells
    }  # fmt: skip
    asked, shown_by = asked_for(), {}
    for one in execution.payloads():
        shown_by.setdefault(one["id"], (one["page"], one["cell"]))
    given_away = {id: shown_by[id] for id in asked if shown_by.get(id) in own}
    assert len(asked) > 20 and not given_away, "show these claims in the solutions"
    assert asked - set(VALUES) <= set(shown_by), "each is shown in a solution, and so checked by the build"


@pytest.mark.parametrize("path", SOLVED, ids=[path.stem for path in SOLVED])
def test_a_chapter_holds_no_words_of_its_solutions(path):
    chapter = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells)
    solved = [cell for cell in nbformat.read(solutions_of(path), as_version=4).cells if cell.id.startswith("solution-")]
    lines = [line for cell in solved for line in cell.source.splitlines()[1:] if line]
    assert len(lines) >= 8 and not [line for line in lines if line in chapter]


def cells_of_exercises(path):
    """The code cells that stand in the exercises of a chapter."""
    notebook = nbformat.read(path, as_version=4)
    for one in exercises(path, notebook):
        for cell in notebook.cells[one.place + 1 :]:
            if cell.cell_type == "markdown":
                break
            yield cell


@pytest.mark.parametrize("path", SOLVED, ids=[path.stem for path in SOLVED])
def test_after_a_restart_a_cell_of_an_exercise_runs_alone(path):
    cells = list(cells_of_exercises(path))
    assert len(cells) >= 5
    for cell in cells:
        *before, last = ast.parse(cell.source).body
        names = {}
        exec(compile(ast.Module(before, []), cell.id, "exec"), names)
        value = eval(compile(ast.Expression(last.value), cell.id, "eval"), names)
        if "check(" in cell.source:
            assert value.status == "unanswered", cell.id


@pytest.mark.slow
@pytest.mark.parametrize("path", SOLVED, ids=[path.stem for path in SOLVED])
def test_solutions_run_by_themselves(path):
    notebook = nbformat.read(solutions_of(path), as_version=4)
    result = single_nb_execution(notebook, str(path.parent), 600, False, extra_arguments=["--log-level=ERROR"])
    assert result.err is None, result.exc_string
    assert not next(cell for cell in notebook.cells if cell.cell_type == "code").outputs, "nothing of the chapter"
    assert sum(bool(cell.get("outputs")) for cell in notebook.cells) >= 4


def test_every_solutions_notebook_belongs_to_a_chapter():
    files = (execution.ROOT / "notebooks").glob(f"*{SOLUTIONS}.ipynb")
    assert sorted(files) == sorted(map(solutions_of, SOLVED))
