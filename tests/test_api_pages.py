"""The pages about the package: what is public has an entry, names in docstrings mean something, the example runs."""

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pkgutil import resolve_name

import pytest
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.inventory import InventoryFile
from test_extension import Book

import rnnlib
from book_builder.execution import ROOT
from book_extension import api

PAGE = ROOT / "book" / "api.md"
BLOCKS = re.findall(r"```(python|text)\n(.*?)```", PAGE.read_text(), re.DOTALL)
PUBLIC = [f"rnnlib.{room}.{name}" for room in rnnlib.ROOMS for name in import_module(f"rnnlib.{room}").__all__]


def test_the_example_prints_what_the_page_says():
    (_, example), (_, printed), (_, plot) = BLOCKS
    assert len([line for line in example.splitlines() if line]) < 15
    axes = (
        "x, y = plt.gca().lines[0].get_data()\nassert len(x) == len(y) == 200 and x[-1] == 200 and y[-1] < 1 < y[0]\n"
    )
    command = [sys.executable, "-c", f"{example}\nimport matplotlib\nmatplotlib.use('Agg')\n{plot}\n{axes}"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, printed), run.stderr  # where the progress bar stands


def test_all_that_is_public_has_words():
    bare = [name for name in PUBLIC if not api.words(*name.rsplit(".", 1))]
    assert len(PUBLIC) > 60 and not bare


def test_a_public_name_stands_in_one_room():
    names = [name.rpartition(".")[2] for name in PUBLIC]
    assert sorted(names) == sorted(set(names)), "a docstring that names it could mean either"


def test_all_that_is_public_has_an_entry():
    with (ROOT / "_build" / "html" / "objects.inv").open("rb") as file:
        inventory = InventoryFile.load(file, "", lambda base, place: place)
    entries = {
        name: place
        for kind, found in inventory.items()
        if kind.startswith("py:")
        for name, (*_, place, _) in found.items()
    }
    assert not set(PUBLIC) - entries.keys()
    missing = [
        f"{name}.{method}"
        for name in PUBLIC if inspect.isclass(cls := resolve_name(name))
        for method, function in vars(cls).items()
        if inspect.isfunction(function) and function.__doc__ and method[0] != "_" and f"{name}.{method}" not in entries
    ]  # fmt: skip
    assert not missing
    for name in PUBLIC:
        page, _, anchor = entries[name].partition("#")
        assert f'id="{anchor.replace("$", name)}"' in (ROOT / "_build" / "html" / page).read_text()


TOY = '''"""A room with a `Cup`, its `handle`, and what `pour` gives."""

from pathlib import Path

__all__ = ["Cup", "pour", "SIZE", "Spilt"]

#: Of a `Cup`, in litres.
SIZE = 0.3


class Spilt(ValueError):
    """What `pour` raises."""


class Cup:
    """A cup; see `fill`, `level` and `_hidden`.

    Parameters
    ----------
    size, handle : int or {"none", "one"}, optional
        Other than `SIZE`; `Path` and `os.path.join` exist.
    """

    def __init__(self, size=SIZE, handle="one"):
        self.level = size

    def fill(self):
        """Fill it, as `Cup.drain` doesn't; `level` changes."""

    def drain(self):
        """``not a name`` and `pour`."""

    def _hidden(self):
        pass


def pour(cup):
    """Pour from a `cup`.

    Parameters
    ----------
    cup : Cup or Path

    Returns
    -------
    Cup
        The same.
    """


handle = None or 1
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Build a page about a room of this source; return the warnings and the page."""
    book = Book(tmp_path)

    def build(source):
        (tmp_path / "toyroom.py").write_text(source)
        monkeypatch.setattr(api, "ROOMS", ("toyroom",))
        monkeypatch.setattr(ModuleAnalyzer, "cache", {})
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "toyroom", raising=False)
        book.markdown("page", "# Toy\n\n```{eval-rst}\n.. automodule:: toyroom\n   :members:\n```\n")
        settings = {"autodoc_typehints": "none", "autodoc_member_order": "bysource", "napoleon_use_param": False}
        warnings = book.build(**settings)
        return warnings, book.html("page")

    return build


def test_names_become_links_or_code(toy):
    warnings, html = toy(TOY)
    assert warnings == ""
    links = set(re.findall(r'href="#(toyroom\.[^"]+)" title="[^"]+"><code', html))
    assert links == {f"toyroom.{name}" for name in ("Cup", "pour", "SIZE", "Spilt", "Cup.fill", "Cup.drain")}
    for plain in ("handle", "level", "_hidden", "Path", "os.path.join", '"none"', "ValueError"):
        assert re.search(
            rf'<code class="docutils literal notranslate"><span class="pre">{plain.replace(chr(34), ".*?")}<', html
        ), plain
    assert 'id="toyroom.SIZE"' in html and "in litres" in html
    assert html.index('id="toyroom.Cup"') < html.index('id="toyroom.pour"') < html.index('id="toyroom.Spilt"')


def test_a_name_of_nothing_is_refused(toy):
    cases = [
        ("see `fill`", "see `fil`", "the docstring of toyroom.Cup names 'fil'"),
        ("as `Cup.drain`", "as `Cup.drian`", "the docstring of toyroom.Cup.fill names 'Cup.drian'"),
        ("`os.path.join`", "`os.path.jion`", "the docstring of toyroom.Cup names 'os.path.jion'"),
        ("from a `cup`", "from a `jug`", "the docstring of toyroom.pour names 'jug'"),
        ("cup : Cup or Path", "cup : Cpu or Path\n    And.", "the docstring of toyroom.pour names 'Cpu'"),
        ("", "", "the docstring of toyroom.pour has 'And.' among the parameters"),
        ("    Cup\n        The", "    Cupp\n        The", "the docstring of toyroom.pour names 'Cupp'"),
        ("``not a name``", "`not a name`", "the docstring of toyroom.Cup.drain names 'not a name'"),
        ("A room with a `Cup`", "A room with a `Cap`", "the docstring of toyroom names 'Cap'"),
        ("Of a `Cup`", "Of a `Can`", "the docstring of toyroom.SIZE names 'Can'"),
    ]
    source = TOY
    for right, wrong, _ in cases:
        assert not right or source.count(right) == 1
        source = source.replace(right, wrong) if right else source
    warnings, _ = toy(source)
    assert not [told for _, _, told in cases if told not in warnings]
