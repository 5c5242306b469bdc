"""What is committed is clean: notebooks hold sources only, locks name no index and no CUDA, no path of a machine."""

import re
import subprocess
import sys
import tomllib

import nbformat
import pytest
from rnnlib.book import ROOT, notebooks

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
    chapters = [path for path in NOTEBOOKS if path.parent == ROOT / "notebooks"]
    assert sorted(names(chapters)) == sorted(names(notebooks()))


@pytest.mark.parametrize("lock", LOCKS, ids=names(LOCKS))
def test_lock_is_pinned_and_names_neither_index_nor_cuda(lock):
    lines = [line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#")]
    assert all(re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", line) for line in lines)
    assert not re.search(r"https?://|--index|--find-links|^(nvidia|cuda|triton)", lock.read_text(), re.MULTILINE)


def test_locks_agree_and_cover_the_declared_ranges():
    read, dev = ({line.split("==")[0]: line.split()[0] for line in lock.read_text().splitlines() if "==" in line}
                 for lock in LOCKS)  # fmt: skip
    assert read.items() <= dev.items(), "compile both with `make lock`"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {re.match(r"[a-z0-9-]+", line).group() for line in project["dependencies"]}
    tools = {re.match(r"[a-z0-9-]+", line).group() for line in project["optional-dependencies"]["dev"]}
    assert declared <= set(read), "run `make lock`"
    assert tools <= set(dev), "run `make lock`"
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


def test_rnnlib_imports_no_room_above_it():
    above = "experiments|assignments|book_extension|docutils|sphinx"
    imported = re.compile(rf"^\s*(?:from|import) (?:{above})\b", re.MULTILINE)
    assert not [file for file in FILES if file.is_relative_to(ROOT / "rnnlib") and file.suffix == ".py"
                and imported.search(file.read_text())]  # fmt: skip


@pytest.mark.parametrize("command", [["format", "--check"], ["check"]], ids=["formatted", "nothing found"])
def test_ruff_has_nothing_to_change(command):
    ran = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--quiet", "."], cwd=ROOT, capture_output=True, text=True
    )
    assert ran.returncode == 0, f"run `make format`, and mend what is left:\n{ran.stdout}{ran.stderr}"
