"""The rooms of rnnlib: arrows between them run one way, and no module imports itself through others."""

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

import rnnlib
from book_builder.dependencies import _imports
from book_builder.execution import ROOT

# What each room may import, besides itself and `arguments`.
BEFORE = {
    "arguments": (),
    "agree": (),
    "claims": (),
    "plotting": (),
    "nn": ("agree",),
    "data": (),
    "training": ("nn", "data"),
    "torch_twin": ("nn",),
    "__main__": ("training",),
}


def graph():
    """For each module of rnnlib the modules of rnnlib that it imports, those inside functions included."""
    names = {}
    for file in sorted((ROOT / "rnnlib").rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        names[".".join(part for part in parts if part != "__init__")] = file
    found = {}
    for name, file in names.items():
        imported = _imports(ast.parse(file.read_text()), file, [ROOT])
        found[name] = {other for other in imported if other in names} - {name, "rnnlib"}
    return found


def room(name):
    return name.split(".")[1]


def test_a_room_imports_only_from_those_before_it():
    arrows = graph()
    del arrows["rnnlib"]
    assert {room(name) for name in arrows} == BEFORE.keys()
    found = {(room(name), room(other)) for name, imported in arrows.items() for other in imported}
    allowed = {(name, other) for name, before in BEFORE.items() for other in (name, "arguments", *before)}
    assert not found - allowed


def test_no_module_imports_itself_through_others():
    arrows = graph()
    assert len(arrows) > 50
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as circle:
        pytest.fail(" imports ".join(reversed(circle.args[1])))


def test_every_room_is_reached_from_the_package():
    assert set(rnnlib.ROOMS) == BEFORE.keys() - {"arguments", "__main__"}
    for name in rnnlib.ROOMS:
        assert getattr(rnnlib, name).__name__ == f"rnnlib.{name}"
    assert rnnlib.Training is rnnlib.training.Training and rnnlib.Adam is rnnlib.nn.Adam
    assert rnnlib.Vocabulary is rnnlib.data.Vocabulary
    for name in ("networks", "np"):
        with pytest.raises(AttributeError, match="its rooms are agree, claims"):
            getattr(rnnlib, name)


def test_the_tour_of_the_claims_names_every_module():
    told = set(re.findall(r"`(\w+)`", rnnlib.claims.__doc__))
    there = {path.stem for path in (ROOT / "rnnlib" / "claims").iterdir()} - {"__init__", "__pycache__"}
    assert not there - told


def test_no_name_stands_in_two_rooms():
    names = [*rnnlib.nn.__all__, *rnnlib.data.__all__, *rnnlib.training.__all__]
    assert len(names) == len(set(names))


def test_networks_need_nothing_slow_to_import():
    """SciPy takes longer to import than all of `rnnlib.nn`; it is imported where it is first used."""
    code = "import sys, rnnlib.nn; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "numpy" in loaded.stdout.split()
    assert not {"scipy", "sympy", "torch", "matplotlib", "tqdm"} & set(loaded.stdout.split())
