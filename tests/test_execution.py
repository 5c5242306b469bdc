"""Each notebook is executed once, and never shown with outputs of another state of the package."""

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from samples import code, payload, showing, shown, text, write, write_book, write_file

from book_builder import execution
from book_builder.__main__ import main
from rnnlib.claims.seal import MIME

IMPORTS = "import rules\nfrom pathlib import Path\n"
RULE = IMPORTS + "assert Path('rules/rule.txt').read_text() == '2', 'the rule is broken'"
COUNT = "with open('../runs.txt', 'a') as runs:\n    print('run', file=runs)"


def runs(root):
    return len((root / "runs.txt").read_text().split())


@pytest.fixture
def ran(monkeypatch):
    """The names of the notebooks that ran, without a kernel: their cells have the outputs that are in the file."""
    names = []

    def run(path, name):
        names.append(path.stem)
        return nbformat.read(path, as_version=4), 0.0, None

    monkeypatch.setattr(execution, "_run", run)
    monkeypatch.setattr(execution, "ProcessPoolExecutor", lambda workers, mp_context: ThreadPoolExecutor(workers))
    return names


def executing(root, ran):
    """Execute what needs it, and return its names."""
    ran.clear()
    execution.execute(root)
    return sorted(ran)


def test_executed_once_and_again_only_when_its_cells_changed(tmp_path):
    root = write_book(tmp_path, one=[code("count", COUNT)])
    for _ in range(2):
        execution.execute(root)
    assert runs(root) == 1
    write(root / "notebooks" / "one.ipynb", text("words", "# New words"), code("count", COUNT))
    execution.execute(root)
    assert runs(root) == 1, "words alone change no output"
    write(root / "notebooks" / "one.ipynb", code("count", COUNT, tags=["hide-input"]))
    execution.execute(root)
    assert runs(root) == 2, "a cell's tags can change what it does or how it is shown"


def test_a_notebook_is_executed_when_what_it_depends_on_changed_and_no_other_is(tmp_path, ran):
    imports = code("imports", "from exercises import check")
    root = write_book(
        tmp_path,
        **{name: [imports, code("own", repr(name))] for name in ("02_a", "04_b", "05_c")},
        plain=[code("plain", "import rnnlib")], alone=[code("alone", "1")],
    )  # fmt: skip
    exercises = root / "notebooks" / "exercises"
    for name in ("__init__", "chapter02", "chapter04"):
        write_file(exercises / f"{name}.py")
    write_file(exercises / "chapter05.py", "from .chapter04 import NETWORK")
    write_file(root / "rnnlib" / "__init__.py")
    chapters = ["02_a", "04_b", "05_c"]
    assert executing(root, ran) == [*chapters, "alone", "plain"]
    for path, again in (
        (exercises / "chapter02.py", ["02_a"]),
        (exercises / "chapter04.py", ["04_b", "05_c"]),
        (exercises / "chapter05.py", ["05_c"]),
        (exercises / "chapter12.py", []),
        (exercises / "__init__.py", chapters),
        (root / "rnnlib" / "__init__.py", ["plain"]),
        (root / "rnnlib" / "unused.py", []),
        (root / "requirements.txt", [*chapters, "alone", "plain"]),
    ):
        write_file(path, "# a comment")
        assert executing(root, ran) == again, path


def test_a_module_that_raises_where_its_version_stays_executes_again(tmp_path, ran, monkeypatch):
    root = write_book(tmp_path / "book", one=[code("algebra", "import sympy")], two=[code("none", "1")])
    assert executing(root, ran) == ["one", "two"]
    write_file(tmp_path / "first" / "sympy.py", "raise ImportError('broken')")
    monkeypatch.syspath_prepend(tmp_path / "first")
    assert executing(root, ran) == ["one"]


def test_the_cache_keeps_no_notebook_of_another_time(tmp_path, ran):
    root = write_book(tmp_path, one=[code("first", "1")], two=[code("other", "2")])
    execution.execute(root)
    write(root / "notebooks" / "one.ipynb", code("first", "1 + 1"))
    contents = (root / "_toc.yml").read_text()
    (root / "_toc.yml").write_text(contents.replace("  - file: notebooks/two\n", ""))
    assert executing(root, ran) == ["one"]
    assert len(list((execution.cache_folder(root) / "executed").iterdir())) == 1
    (root / "_toc.yml").write_text(contents)
    assert executing(root, ran) == ["two"]


@pytest.mark.parametrize("left", ["{", None], ids=["half a file", "an empty folder"])
def test_what_a_run_left_that_was_ended_while_it_wrote_is_written_again(tmp_path, ran, left):
    root = write_book(tmp_path, one=[code("first", "1")])
    execution.execute(root)
    [kept] = (execution.cache_folder(root) / "executed").glob("*/base.ipynb")
    kept.write_text(left) if left else kept.unlink()
    assert executing(root, ran) == ["one"] and executing(root, ran) == []


def test_notebooks_of_the_same_code_are_refused(tmp_path, ran):
    root = write_book(tmp_path, one=[code("first", "1")], two=[text("words", "# Two"), code("second", "1")])
    with pytest.raises(execution.NotebookError, match=r"one\.ipynb and notebooks/two\.ipynb have the same code"):
        execution.execute(root)


def test_a_broken_rule_is_noticed_in_a_notebook_that_did_not_change(tmp_path):
    root = write_book(tmp_path, one=[code("rule", RULE)], two=[code("other", "1 + 1")])
    execution.execute(root)
    (root / "notebooks" / "rules" / "rule.txt").write_text("3")  # of a package that notebook one imports
    with pytest.raises(execution.NotebookError) as error:
        execution.execute(root)
    assert str(error.value) == "notebooks/one.ipynb: cell 'rule' failed: AssertionError: the rule is broken"
    with pytest.raises(execution.NotebookError):
        execution.payloads(root)
    assert execution.executed(root / "notebooks" / "two.ipynb", cache_of(root), root), "the others are kept"


def cache_of(root):
    from jupyter_cache import get_cache

    return get_cache(execution.cache_folder(root))


def test_a_notebook_that_ends_its_kernel_is_named(tmp_path):
    root = write_book(tmp_path, one=[code("fine", "1"), code("crash", "import os; os._exit(1)")])
    with pytest.raises(execution.NotebookError, match=r"notebooks/one\.ipynb: cell 'crash'"):
        execution.execute(root)


def test_a_cell_that_does_not_end_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(execution, "CELL_TIMEOUT", 1)
    path = write(tmp_path / "one.ipynb", code("endless", "import time; time.sleep(60)"))
    assert "one.ipynb: cell 'endless' failed: no end after 1 s" in execution._run(path, path.name)[2]


def test_a_change_of_the_package_while_notebooks_run_keeps_nothing(tmp_path):
    change = IMPORTS + "Path('rules/late.txt').write_text('')"
    root = write_book(tmp_path, one=[code("change", change)])
    with pytest.raises(execution.NotebookError, match="changed while it ran"):
        execution.execute(root)
    assert execution.executed(root / "notebooks" / "one.ipynb", cache_of(root), root) is None


def test_payloads_name_page_and_cell(tmp_path):
    root = write_book(
        tmp_path,
        b=[showing("first", payload("a.first"))],
        a=[code("x", "1"), showing("second", payload("a.second", kind="chain"))],
    )
    found = [(record["id"], record["page"], record["cell"]) for record in execution.payloads(root)]
    assert found == [("a.first", "notebooks/b", "first"), ("a.second", "notebooks/a", "second")]


def test_a_warning_fails_the_build_and_the_next_one_too(tmp_path, capfd):
    root = write_book(tmp_path, one=[text("title", "# One\n\n[nowhere](#no.such.claim)"), code("cell", "1 + 1")])
    for _ in range(2):
        with pytest.raises(execution.NotebookError, match="the book did not build"):
            execution.build(root)
        assert "target not found: 'no.such.claim'" in capfd.readouterr().err


def test_a_build_that_was_stopped_is_begun_afresh(tmp_path, monkeypatch):
    """Else a page that was read, and not yet written, would keep its old marks."""
    pages = tmp_path / "_build" / ".doctrees"

    def stopped(*arguments, **options):
        write_file(pages / "environment.pickle")
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", stopped)
    with pytest.raises(KeyboardInterrupt):
        execution._jupyter_book(tmp_path, tmp_path / "_build")
    seen = []
    ended = subprocess.CompletedProcess([], 0)
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: seen.append(pages.exists()) or ended)
    for _ in range(2):
        execution._jupyter_book(tmp_path, tmp_path / "_build")
        write_file(pages / "environment.pickle")
    assert seen == [False, True]


def test_one_page_is_built_without_the_other_notebooks(tmp_path):
    root = write_book(tmp_path, one=[text("title", "# One"), code("count", COUNT)], two=[code("fails", "1 / 0")])
    built = execution.build_page(Path("notebooks/one.ipynb"), root)
    assert "<h1>One" in built.read_text()
    assert runs(root) == 1
    with pytest.raises(execution.NotebookError, match=r"there is no notebooks/three\.ipynb"):
        execution.build_page(Path("notebooks/three.ipynb"), root)


def claims(root, monkeypatch, *arguments):
    """Run `python -m book_builder claims` on a small book."""
    payloads = execution.payloads
    monkeypatch.setattr(execution, "payloads", lambda: payloads(root))
    return main(["claims", *arguments])


@pytest.mark.usefixtures("ran")
def test_claims_command_writes_the_table(tmp_path, monkeypatch, capsys):
    definition = payload("softmax", kind="definition", verdict="", evidence="", level="", mistakes=[], answers=[])
    wording = payload()["mistakes"][0] | {"kind": "wording", "refuted": False}
    claim = payload(mistakes=[payload()["mistakes"][0], wording])
    root = write_book(tmp_path, one=[shown("definition", definition), shown("claim", claim)])
    assert claims(root, monkeypatch, "--json", str(tmp_path / "claims.json")) == 0
    [row] = json.loads((tmp_path / "claims.json").read_text())
    assert row == {
        "id": "softmax.jacobian", "verdict": "holds", "evidence": "proved for every K", "seconds": 0.21,
        "mistakes": 1, "mistakes_refuted": 1, "mutants": 16, "mutants_refuted": 14, "mutants_equivalent": 2,
        "mutants_ill_formed": 0, "mutants_undecided": 0, "mutants_untried": 0,
        "answers": ["S0-08", "S2-06"], "page": "notebooks/one",
    }  # fmt: skip
    printed = capsys.readouterr().out
    assert "softmax.jacobian  holds    proved for every K" in printed
    assert "1 claims, 1 hold; refuted: 1 mistakes and 14 mutants" in printed


@pytest.mark.parametrize(
    "broken",
    [{"verdict": "refuted"}, {"mutants_refuted": 13}, {"mistakes": [payload()["mistakes"][0] | {"refuted": False}]}],
)
@pytest.mark.usefixtures("ran")
def test_claims_command_fails_on_an_unsound_claim(tmp_path, monkeypatch, capsys, broken):
    root = write_book(tmp_path, one=[shown("claim", payload(**broken))])
    assert claims(root, monkeypatch) == 1
    assert "not sound: softmax.jacobian" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_refused_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(execution, "payloads", lambda: pytest.fail("the work began"))
    path = tmp_path / "none" / "claims.json"
    assert main(["claims", "--json", str(path)]) == 2
    assert f"--json expected a file in a folder that exists, given {path}" in capsys.readouterr().err


@pytest.mark.usefixtures("ran")
def test_a_claim_that_rnnlib_did_not_make_is_refused(tmp_path):
    forged = shown("forged", payload())
    forged.outputs[0].data[MIME]["evidence"] = "proved for every T"
    root = write_book(tmp_path, one=[forged])
    with pytest.raises(execution.NotebookError, match="cell 'forged' shows a claim that rnnlib did not make; make it"):
        execution.payloads(root)


@pytest.mark.usefixtures("ran")
def test_claims_command_fails_on_a_duplicate_id_and_names_both_places(tmp_path, monkeypatch, capsys):
    one, two = [code("x", "1"), shown("here", payload())], [shown("there", payload(title="Another"))]
    root = write_book(tmp_path, one=one, two=two)
    assert claims(root, monkeypatch) == 1
    error = capsys.readouterr().err
    assert "'softmax.jacobian'" in error and "notebooks/one, cell 'here'" in error
    assert "notebooks/two, cell 'there'" in error


def test_help_needs_no_torch():
    tell = "atexit.register(lambda: print('torch' in sys.modules))"
    program = f"import sys, atexit, book_builder.__main__ as command; {tell}; command.main(['-h'])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "claims" in result.stdout and result.stdout.endswith("False\n")


BROKEN_RULE = """
_RIGHT = FORMS["log"].value
for name in ("log", "ln"):
    FORMS[name] = FORMS[name]._replace(value=lambda e, call, index: 2 * _RIGHT(e, call, index))
"""
COPIED = ("rnnlib", "notebooks", "book", "experiments", "_config.yml", "_toc.yml", "requirements.txt", "_build")


@pytest.mark.slow
def test_a_broken_rule_fails_the_build_of_the_whole_book(tmp_path):
    """Nothing but a rule of the engine changes: every mark is computed again, and the build stops."""
    with execution.lock():  # other tests may be reading what is executed
        for name in COPIED:
            source, target = execution.ROOT / name, tmp_path / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "html"))
            elif source.exists():
                shutil.copy(source, target)
    assert build_copy(tmp_path).returncode == 0
    forms = tmp_path / "rnnlib" / "claims" / "forms.py"
    forms.write_text(forms.read_text() + BROKEN_RULE)
    result = build_copy(tmp_path)
    assert result.returncode == 1
    assert "notebooks/" in result.stderr and " failed: " in result.stderr


def build_copy(root):
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root / 'book'}"}
    return subprocess.run(
        [sys.executable, "-m", "book_builder", "book"], cwd=root, env=environment, capture_output=True, text=True
    )
