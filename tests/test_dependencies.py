"""What a notebook's outputs can depend on: the modules that it imports, records, lock, and what is installed."""

import pytest
from samples import code, write, write_file

from book_builder.dependencies import digest, imported

TREE = {
    "rnnlib/__init__.py": "",
    "rnnlib/a.py": "",
    "rnnlib/words.txt": "read by some module",
    "rnnlib/claims/__init__.py": "from .claim import Claim",
    "rnnlib/claims/claim.py": "from .. import a\ndef later():\n    from rnnlib.claims import late",
    "rnnlib/claims/late.py": "import missing.module",
    "rnnlib/unused.py": "",
    "notebooks/exercises/__init__.py": "from importlib import import_module\nimport rnnlib.a",
    "notebooks/exercises/chapter02.py": "from . import entry",
    "notebooks/exercises/chapter04.py": "from . import entry",
    "notebooks/exercises/chapter05.py": "from .chapter04 import NETWORK",
    "notebooks/helper.py": "import experiments.record as record",
    "experiments/__init__.py": "",
    "experiments/record.py": "",
    "benchmarks/__init__.py": "",
    "lazy/__init__.py": "from importlib import import_module\ndef __getattr__(name):\n    return import_module(name)",
    "lazy/a.py": "",
    "lazy/b.py": "import rnnlib.a",
}
LIBRARY = {"rnnlib/__init__.py", "rnnlib/words.txt"}
A = {*LIBRARY, "rnnlib/a.py"}
CLAIMS = {*A, "rnnlib/claims/__init__.py", "rnnlib/claims/claim.py", "rnnlib/claims/late.py"}
LAZY = {"lazy/__init__.py", "lazy/a.py", "lazy/b.py"}
EXERCISES = {*A, "notebooks/exercises/__init__.py"}
CHAPTER = "notebooks/exercises/chapter{}.py".format


@pytest.fixture
def root(tmp_path):
    for name, content in TREE.items():
        write_file(tmp_path / name, content)
    return tmp_path


def notebook(root, source, name="one"):
    return write(root / "notebooks" / f"{name}.ipynb", code("cell", source))


@pytest.mark.parametrize(
    ("name", "source", "files"),
    [
        ("one", "import rnnlib", LIBRARY),
        ("one", "import rnnlib.a as b", A),
        ("one", "from rnnlib import a", A),
        ("one", "from rnnlib import value", LIBRARY),
        ("one", "def later():\n    if False:\n        import rnnlib.a", A),
        ("one", "from rnnlib.claims import Claim", CLAIMS),
        ("one", "import helper", {"notebooks/helper.py", "experiments/__init__.py", "experiments/record.py"}),
        ("one", "import lazy", LAZY | A),
        ("one", "import lazy as z", LAZY | A),
        ("one", "import lazy.a", LAZY | A),
        ("one", "import lazy.a as a", LAZY - {"lazy/b.py"}),
        ("one", "from lazy import a", LAZY - {"lazy/b.py"}),
        ("one", "from lazy import a, value", LAZY | A),
        ("02_one", "from exercises import check", {*EXERCISES, CHAPTER("02")}),
        ("05_one", "from exercises import check", {*EXERCISES, CHAPTER("04"), CHAPTER("05")}),
        ("02_one", "from exercises import chapter04", {*EXERCISES, CHAPTER("02"), CHAPTER("04")}),
        ("03_one", "from exercises import check", EXERCISES),
        ("one", "from exercises import check", EXERCISES),
        ("02_one", "import rnnlib.a", A),
        ("one", "for\nimport rnnlib.a", set()),
        ("one", "text = 'import rnnlib.a'", set()),
        ("one", "import json", set()),
        ("one", "%run helper.py", set(TREE)),
        ("one", "%%time\nimport rnnlib.a", set(TREE)),
        ("one", "from importlib import import_module", set(TREE)),
        ("one", "import importlib\nimportlib.import_module(name)", set(TREE)),
        ("one", "from rnnlib import *", set(TREE)),
    ],
)
def test_imports_are_followed(root, name, source, files):
    found, _ = imported(notebook(root, source, name), root)
    assert {path.relative_to(root).as_posix() for path in found} == files


def test_imports_of_a_module_are_followed(root):
    write_file(root / "experiments/one.py", "import numpy\nfrom rnnlib import a\nfrom . import record")
    files, others = imported(root / "experiments/one.py", root)
    experiments = {f"experiments/{name}.py" for name in ("one", "__init__", "record")}
    assert {path.relative_to(root).as_posix() for path in files} == A | experiments
    assert others == {"numpy"}


def test_modules_from_elsewhere_are_named(root):
    _, others = imported(notebook(root, "import json, numpy.linalg\nfrom rnnlib.claims import Claim"), root)
    assert others == {"missing", "numpy"}


def test_digest_follows_what_outputs_depend_on(root):
    path = notebook(root, "import rnnlib.a")
    seen = [digest(path, root)]
    record = "experiments/results/x1.json"
    for name in ("rnnlib/a.py", "rnnlib/words.txt", "rnnlib/new.txt", record, "requirements.txt"):
        write_file(root / name, "# changed")
        seen.append(digest(path, root))
    (root / record).rename(root / "experiments/results/x2.json")
    seen.append(digest(path, root))
    write_file(root / "notebooks/rnnlib.py")  # hides the package from the notebook
    seen.append(digest(path, root))
    assert len(set(seen)) == len(seen)


def test_digest_does_not_follow_what_no_notebook_imports(root):
    path = notebook(root, "from exercises import check", "02_one")
    before = digest(path, root)
    for name in ("rnnlib/unused.py", "rnnlib/new.py", "notebooks/helper.py", CHAPTER("04"), "book/new.py"):
        write_file(root / name, "# changed")
    write_file(root / "rnnlib/__pycache__/a.pyc", "bytes")
    assert digest(path, root) == before
    write_file(root / CHAPTER("02"), "# changed")
    assert digest(path, root) != before


def test_digest_follows_what_is_installed(root, tmp_path, monkeypatch):
    path = notebook(root, "import thing")
    seen = [digest(path, root)]
    folder = tmp_path / "installed"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    write_file(folder / "other-1.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: other\nVersion: 1\n")
    seen.append(digest(path, root))
    write_file(folder / "other-1.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: other\nVersion: 2\n")
    (folder / "other-1.dist-info").rename(folder / "other-2.dist-info")
    seen.append(digest(path, root))
    write_file(folder / "thing.py", "")
    seen.append(digest(path, root))
    write_file(folder / "thing.py", "raise ImportError")  # the version stays
    seen.append(digest(path, root))
    assert len(set(seen)) == len(seen)
    assert digest(path, root) == seen[-1]
