"""Each notebook is executed once, and never shown with outputs of another state of the package."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from samples import code, payload, showing, text, write, write_book

from rnnlib import book
from rnnlib.__main__ import main

RULE = "from pathlib import Path\nassert Path('../rnnlib/rule.txt').read_text() == '2', 'the rule is broken'"
COUNT = "with open('../runs.txt', 'a') as runs:\n    print('run', file=runs)"


def runs(root):
    return len((root / "runs.txt").read_text().split())


def test_digest_follows_what_outputs_depend_on(tmp_path):
    root = write_book(tmp_path)
    seen = [book.digest(root)]
    (root / "rnnlib" / "new.py").write_text("")
    seen.append(book.digest(root))
    (root / "rnnlib" / "new.py").rename(root / "rnnlib" / "renamed.py")
    seen.append(book.digest(root))
    (root / "experiments" / "results").mkdir(parents=True)
    (root / "experiments" / "results" / "x1.json").write_text("{}")
    seen.append(book.digest(root))
    (root / "requirements.txt").write_text("torch==2\n")
    seen.append(book.digest(root))
    assert len(set(seen)) == len(seen)
    (root / "rnnlib" / "__pycache__").mkdir()
    (root / "rnnlib" / "__pycache__" / "new.pyc").write_text("bytes")
    (root / "experiments" / "runner.py").write_text("")
    assert book.digest(root) == seen[-1]


def test_executed_once_and_again_only_when_something_changed(tmp_path):
    root = write_book(tmp_path, one=[code("count", COUNT)])
    for _ in range(2):
        book.execute(root)
    assert runs(root) == 1
    write(root / "notebooks" / "one.ipynb", text("words", "# New words"), code("count", COUNT))
    book.execute(root)
    assert runs(root) == 1, "words alone change no output"
    write(root / "notebooks" / "one.ipynb", code("count", COUNT, tags=["hide-input"]))
    book.execute(root)
    assert runs(root) == 2, "a cell's tags can change what it does or how it is shown"
    (root / "rnnlib" / "rule.txt").write_text("3")
    book.execute(root)
    assert runs(root) == 3
    assert list((root / "_build").glob("executed-*")) == [book.cache_folder(root)], "old caches are removed"


def test_a_broken_rule_is_noticed_in_a_notebook_that_did_not_change(tmp_path):
    root = write_book(tmp_path, one=[code("rule", RULE)], two=[code("other", "1 + 1")])
    book.execute(root)
    (root / "rnnlib" / "rule.txt").write_text("3")
    with pytest.raises(book.NotebookError) as error:
        book.execute(root)
    assert str(error.value) == "notebooks/one.ipynb: cell 'rule' failed: AssertionError: the rule is broken"
    with pytest.raises(book.NotebookError):
        book.records(root)
    assert book.executed(root / "notebooks" / "two.ipynb", cache_of(root)), "the others are kept"


def cache_of(root):
    from jupyter_cache import get_cache

    return get_cache(book.cache_folder(root))


def test_a_notebook_that_ends_its_kernel_is_named(tmp_path):
    root = write_book(tmp_path, one=[code("fine", "1"), code("crash", "import os; os._exit(1)")])
    with pytest.raises(book.NotebookError, match=r"notebooks/one\.ipynb: cell 'crash'"):
        book.execute(root)


def test_a_cell_that_does_not_end_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(book, "CELL_TIMEOUT", 1)
    path = write(tmp_path / "one.ipynb", code("fine", "1"), code("endless", "import time; time.sleep(60)"))
    assert "one.ipynb: cell 'endless' failed: no end after 1 s" in book._run(path, path.name)[2]


def test_a_change_of_the_package_while_notebooks_run_keeps_nothing(tmp_path):
    change = "from pathlib import Path\nPath('../rnnlib/late.py').write_text('')"
    root = write_book(tmp_path, one=[code("change", change)])
    with pytest.raises(book.NotebookError, match="changed while it ran"):
        book.execute(root)
    assert book.executed(root / "notebooks" / "one.ipynb", cache_of(root)) is None


def test_records_name_page_and_cell(tmp_path):
    root = write_book(
        tmp_path,
        b=[showing("first", payload("a.first"))],
        a=[code("x", "1"), showing("second", payload("a.second", kind="chain"))],
    )
    found = [(record["id"], record["page"], record["cell"]) for record in book.records(root)]
    assert found == [("a.first", "notebooks/b", "first"), ("a.second", "notebooks/a", "second")]


def test_a_warning_fails_the_build_and_the_next_one_too(tmp_path, capfd):
    root = write_book(tmp_path, one=[text("title", "# One\n\n[nowhere](#no.such.claim)"), code("cell", "1 + 1")])
    for _ in range(2):
        with pytest.raises(book.NotebookError, match="the book did not build"):
            book.build(root)
        assert "target not found: 'no.such.claim'" in capfd.readouterr().err


def test_one_page_is_built_without_the_other_notebooks(tmp_path):
    root = write_book(tmp_path, one=[text("title", "# One"), code("count", COUNT)], two=[code("fails", "1 / 0")])
    built = book.build_page(Path("notebooks/one.ipynb"), root)
    assert "<h1>One" in built.read_text()
    assert runs(root) == 1
    with pytest.raises(book.NotebookError, match=r"there is no notebooks/three\.ipynb"):
        book.build_page(Path("notebooks/three.ipynb"), root)


def claims(root, monkeypatch, *arguments):
    """Run `python -m rnnlib claims` on a small book."""
    records = book.records
    monkeypatch.setattr(book, "records", lambda: records(root))
    return main(["claims", *arguments])


def test_claims_command_writes_the_ledger(tmp_path, monkeypatch, capsys):
    definition = payload("softmax", kind="definition", verdict="", evidence="", level="", mistakes=[], answers=[])
    wording = payload()["mistakes"][0] | {"kind": "wording", "refuted": False}
    claim = payload(mistakes=[payload()["mistakes"][0], wording])
    root = write_book(tmp_path, one=[showing("definition", definition), showing("claim", claim)])
    assert claims(root, monkeypatch, "--json", str(tmp_path / "ledger.json")) == 0
    [row] = json.loads((tmp_path / "ledger.json").read_text())
    assert row == {
        "id": "softmax.jacobian", "verdict": "holds", "evidence": "proved for every K", "seconds": 0.21,
        "mistakes": 1, "mistakes_refuted": 1, "mutants": 16, "mutants_refuted": 14, "mutants_equivalent": 2,
        "answers": ["S0-08", "S2-06"], "page": "notebooks/one",
    }  # fmt: skip
    printed = capsys.readouterr().out
    assert "softmax.jacobian  holds    proved for every K" in printed
    assert "1 claims, 1 hold; refuted: 1 mistakes and 14 mutants" in printed


@pytest.mark.parametrize(
    "broken",
    [{"verdict": "refuted"}, {"mutants_refuted": 13}, {"mistakes": [payload()["mistakes"][0] | {"refuted": False}]}],
)
def test_claims_command_fails_on_an_unsound_claim(tmp_path, monkeypatch, capsys, broken):
    root = write_book(tmp_path, one=[showing("claim", payload(**broken))])
    assert claims(root, monkeypatch) == 1
    assert "not sound: softmax.jacobian" in capsys.readouterr().err


def test_claims_command_fails_on_a_duplicate_id_and_names_both_places(tmp_path, monkeypatch, capsys):
    root = write_book(tmp_path, one=[showing("here", payload())], two=[showing("there", payload())])
    assert claims(root, monkeypatch) == 1
    error = capsys.readouterr().err
    assert "'softmax.jacobian'" in error and "notebooks/one, cell 'here'" in error
    assert "notebooks/two, cell 'there'" in error


def test_help_needs_no_torch():
    tell = "atexit.register(lambda: print('torch' in sys.modules))"
    program = f"import sys, atexit, rnnlib.__main__ as command; {tell}; command.main(['-h'])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "claims" in result.stdout and result.stdout.endswith("False\n")


BROKEN_RULE = """
for name in ("log", "ln"):
    FUNCTIONS[name] = FUNCTIONS[name]._replace(exact=lambda mp, x: 2 * _log(mp, x))
"""
COPIED = ("rnnlib", "notebooks", "book", "experiments/results", "_config.yml", "_toc.yml", "requirements.txt", "_build")


@pytest.mark.slow
def test_a_broken_rule_fails_the_build_of_the_whole_book(tmp_path):
    """Nothing but a rule of the engine changes: every mark is computed again, and the build stops."""
    for name in COPIED:
        source, target = book.ROOT / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "html"))
        elif source.exists():
            shutil.copy(source, target)
    assert build_copy(tmp_path).returncode == 0
    functions = tmp_path / "rnnlib" / "claims" / "functions.py"
    functions.write_text(functions.read_text() + BROKEN_RULE)
    result = build_copy(tmp_path)
    assert result.returncode == 1
    assert "notebooks/" in result.stderr and " failed: " in result.stderr


def build_copy(root):
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'book'}"}
    return subprocess.run(
        [sys.executable, "-m", "rnnlib", "book"], cwd=root, env=environment, capture_output=True, text=True
    )
