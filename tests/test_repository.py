"""What is committed is clean: notebooks hold sources only, locks name no index and no CUDA, no path of a machine."""

import ast
import re
import subprocess
import sys
import tomllib

import nbformat
import pytest
from packaging.version import Version
from samples import code, text, write, write_file

from book_builder.chapters import SOLUTIONS, with_solutions
from book_builder.dependencies import imported
from book_builder.execution import ROOT, notebooks
from exercises import CHAPTERS

FILES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]  # fmt: skip
NOTEBOOKS = [file for file in FILES if file.suffix == ".ipynb"]
LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt"]
CELL_METADATA = {"tags", "mystnb"}
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:home|root|Users|work|opt|mnt)/\w")


def names(files):
    return [file.relative_to(ROOT).as_posix() for file in files]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names(NOTEBOOKS))
def test_notebook_holds_sources_only(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    as_saved = nbformat.writes(notebook) + "\n"
    assert path.read_text("utf-8") == as_saved, "not as JupyterLab saves it, line by line; write it with nbformat.write"
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}, "no other metadata of the notebook"
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.get("language_info", {"name": "python"}) == {"name": "python"}
    for cell in notebook.cells:
        assert set(cell.metadata) <= CELL_METADATA, f"cell {cell.id}: metadata other than {CELL_METADATA}"
        if cell.cell_type == "code":
            assert not cell.outputs, f"cell {cell.id} holds outputs; strip them with nbstripout --keep-id"
            assert cell.execution_count is None, f"cell {cell.id} holds an execution count"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names(NOTEBOOKS))
def test_cells_have_readable_ids(path):
    ids = [cell.id for cell in nbformat.read(path, as_version=4).cells]
    unreadable = [id for id in ids if not SLUG.fullmatch(id) or re.fullmatch(r"[0-9a-f]{6,}|\d+", id)]
    assert not unreadable, f"ids that say nothing: {unreadable}"
    assert len(set(ids)) == len(ids)


def test_table_of_contents_names_every_notebook():
    chapters = [path for path in NOTEBOOKS if path.parent == ROOT / "notebooks" and SOLUTIONS not in path.stem]
    assert sorted(names(chapters)) == sorted(names(notebooks()))


@pytest.mark.parametrize("lock", LOCKS, ids=names(LOCKS))
def test_lock_is_pinned_and_names_neither_index_nor_cuda(lock):
    lines = [line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#")]
    assert all(re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", line) for line in lines)
    assert not re.search(r"https?://|--index|--find-links|^(nvidia|cuda|triton)", lock.read_text(), re.MULTILINE)


def prereleases(lines):
    """The lines of a lock that pin an alpha, a beta, a release candidate or a development version."""
    pins = [line for line in lines if "==" in line and not line.lstrip().startswith("#")]
    return [pin for pin in pins if Version(pin.split()[0].partition("==")[2]).is_prerelease]


@pytest.mark.parametrize("lock", LOCKS, ids=names(LOCKS))
def test_lock_holds_no_prerelease(lock):
    assert not prereleases(lock.read_text().splitlines()), "bound the range in pyproject.toml, and run `make lock`"


def test_a_prerelease_is_found():
    unready = ["sympy==1.14.0rc1", "a==1.0a2 ; python_full_version < '3.12'", "b==2.dev3"]
    assert prereleases([*unready, "c==1.0.post1", "# d==1rc1 is named"]) == unready


def test_locks_agree_and_cover_the_declared_ranges():
    read, dev = ({line.split("==")[0]: line.split()[0] for line in lock.read_text().splitlines() if "==" in line}
                 for lock in LOCKS)  # fmt: skip
    assert read.items() <= dev.items(), "compile both with `make lock`"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    book = [*project["dependencies"], *extras["claims"], *extras["torch"], *extras["book"]]
    for lock, lines in ((read, book), (dev, extras["dev"])):
        declared = {re.match(r"[a-z0-9-]+", line).group() for line in lines} - {"rnnlib"}
        assert declared <= set(lock), "run `make lock`"
    assert f"{read['torch']} --index-url https://download.pytorch.org/whl/cpu" in (ROOT / "README.md").read_text()


def test_no_file_names_a_path_of_some_machine():
    found = []
    for file in FILES:
        try:
            content = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{file.relative_to(ROOT)}: {match.group()}…" for match in MACHINE_PATH.finditer(content)]
    assert not found


ABOVE = {"assignments", "book_builder", "book_extension", "docutils", "exercises", "experiments", "sphinx"}


def modules(tree):
    """The packages and modules that a tree names in its imports, by their first word; not the relative ones."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_rnnlib_imports_no_room_above_it():
    files = [file for file in FILES if file.is_relative_to(ROOT / "rnnlib") and file.suffix == ".py"]
    found = {
        name: ABOVE & set(modules(ast.parse(path.read_text()))) for name, path in zip(names(files), files, strict=True)
    }
    assert len(files) > 40 and not {name: rooms for name, rooms in found.items() if rooms}


def test_a_notebook_depends_on_no_more_than_the_library_and_its_own_exercises():
    rooms = re.compile(r"rnnlib/|notebooks/exercises/|experiments/")
    for path in notebooks():
        files = names(imported(path, ROOT)[0])
        assert any(name.startswith("rnnlib/") for name in files)
        assert not [name for name in files if not rooms.match(name)], f"{path.name}: an import that can't be followed?"


def asked(notebook):
    """The arguments with which the code cells of a notebook and its solutions call `check` and `claim`, as trees."""
    for cell in with_solutions(notebook).cells:
        if cell.cell_type == "code" and re.search(r"\b(check|claim)\(", cell.source):
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("check", "claim"):
                    yield node.args[0]


def asked_beyond(notebook, root):
    """What a notebook asks for that it does not depend on, so that a change there would not execute it."""
    files = imported(notebook, root)[0]
    beyond = []
    for argument in asked(notebook):
        module = CHAPTERS.get(str(ast.literal_eval(argument)).partition(".")[0])
        if root / "notebooks" / "exercises" / f"{module}.py" not in files:
            beyond.append(ast.unparse(argument))
    return beyond


@pytest.mark.parametrize("path", notebooks(), ids=names(notebooks()))
def test_a_notebook_asks_for_claims_that_it_depends_on(path):
    assert not asked_beyond(path, ROOT), "import the chapter's module: `from exercises import chapterNN`"


def test_a_notebook_that_asks_for_a_claim_of_another_chapter_is_found(tmp_path):
    for name in ("__init__", "chapter02", "chapter04"):
        write_file(tmp_path / "notebooks" / "exercises" / f"{name}.py")
    imports = code("imports", "from exercises import check, claim")
    own, other = code("own", 'check("softmax.jacobian", "...")'), code("other", 'claim("rnn.two-biases")')
    path = write(tmp_path / "notebooks" / "02_a.ipynb", imports, own, other)
    assert asked_beyond(path, tmp_path) == ["'rnn.two-biases'"]
    write(path, code("imports", "from exercises import chapter04, check, claim"), own, other)
    assert not asked_beyond(path, tmp_path)


MYST = re.compile(r"^[ \t>]*(?:`{3,}|:{3,}|~{3,})\s*\{[\w:.-]+\}|\{[\w:.-]+\}`|^\([\w.-]+\)=$", re.MULTILINE)
CODE = re.compile(r"^(`{3,})\w*\n.*?^\1$", re.MULTILINE | re.DOTALL)


def myst_in(cell):
    """What only MyST understands in a Markdown cell: directives, roles, targets."""
    return [match.group().strip() for match in MYST.finditer(CODE.sub("", cell.source))]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=names(NOTEBOOKS))
def test_chapters_are_plain_markdown(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    found = [f"cell {cell.id}: {form}" for cell in cells for form in myst_in(cell)]
    assert not found, f"{found}: write what CONTRIBUTING's table of Markdown has for it"
    captions = [cell for cell in nbformat.read(path, as_version=4).cells if "figure" in cell.metadata.get("mystnb", {})]
    assert not captions, "a caption is a Markdown cell after the code"


@pytest.mark.parametrize(
    "source",
    ["```{note}\nMind.\n```", "> ```{math}\na := b\n> ```", ":::{tip}\nSo.\n:::", "See {ref}`there`.",
     "{cite:t}`someone`", "(there)=\n## There", "````{exercise} One\n:label: ex\nDo.\n````"],
)  # fmt: skip
def test_myst_in_a_chapter_is_found(source):
    assert myst_in(text("cell", source))


@pytest.mark.parametrize(
    "source", ["$W_{hh}$ `a` and $x_{t}$", "```python\nf'{a}`'\n```", "> **Note.** Mind.", "$$\na := b\n$$"]
)
def test_plain_markdown_passes(source):
    assert not myst_in(text("cell", source))


@pytest.mark.parametrize("command", [["format", "--check"], ["check"]], ids=["formatted", "nothing found"])
def test_ruff_has_nothing_to_change(command):
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--quiet", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, f"run `make format`, and mend what is left:\n{ran.stdout}{ran.stderr}"
