"""rnnlib as a package of its own: it needs what pyproject.toml says and no more; its wheel holds it and no more."""

import os
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml

import rnnlib
from book_builder.execution import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# A package that isn't among those allowed can't be imported, as if it weren't installed. Prints which rnnlib was tried.
PROGRAM = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        first = name.partition(".")[0]
        standard = first in sys.stdlib_module_names or first.startswith("_sysconfigdata")  # named after the platform
        if first not in ALLOWED and not standard:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

assert not {"numpy", "sympy", "torch"} & set(sys.modules), "imported before anything could be refused"
sys.meta_path.insert(0, Refuse())
USE
import rnnlib
print(rnnlib.__file__)
"""
TRAIN = """
import tempfile
from pathlib import Path
import rnnlib.agree, rnnlib.nn
from rnnlib.data import ACKNOWLEDGEMENT, OneBatch, memorise
from rnnlib.training import Training, generate, load_model, save_model

x, targets, vocabulary = memorise(ACKNOWLEDGEMENT)
model = rnnlib.nn.RecurrentModel("lstm", V=len(vocabulary), H=4)
before = model.theta.copy()
Training(model, OneBatch(x, targets), rnnlib.nn.Adam(0.01)).run(1)
assert (model.theta != before).any()
with tempfile.TemporaryDirectory() as folder:
    save_model(Path(folder) / "model", model, vocabulary)
    model, vocabulary = load_model(Path(folder) / "model")
assert generate(model, vocabulary, ACKNOWLEDGEMENT[:1], length=3)
"""
CLAIM = """
from rnnlib.claims import Claim

claim = Claim("square", "(x + 1)**2 = x**2 + 2*x + 1", "x: real")
assert str(claim.evidence) == "exact"
"""
USES = {"core": ([], TRAIN), "claims": (["claims"], CLAIM)}


def named(requirements):
    """The modules of requirements such as "mpmath>=1.3,<1.4": each is called as its distribution is."""
    return {requirement.partition(">")[0].partition("=")[0] for requirement in requirements}


def tried(use, extras, folder):
    """Run `use` on the package in `folder`, where nothing is installed but what the core and these extras name."""
    allowed = {"rnnlib"} | named(PROJECT["dependencies"])
    for extra in extras:
        allowed |= named(PROJECT["optional-dependencies"][extra])
    program = PROGRAM.replace("ALLOWED", repr(allowed)).replace("USE", use)
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-P", "-c", program], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """rnnlib's wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    built = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(params=["source", pytest.param("wheel", marks=pytest.mark.slow)])
def folder(request, tmp_path):
    """Where rnnlib lies: in the repository, or alone, unpacked from its wheel."""
    if request.param == "source":
        return ROOT
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(tmp_path)]
    subprocess.run([*install, str(request.getfixturevalue("wheel"))], check=True)
    return tmp_path


@pytest.mark.parametrize("name", USES)
def test_rnnlib_needs_no_more_than_it_declares(name, folder):
    extras, use = USES[name]
    done = tried(use, extras, folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(folder / "rnnlib" / "__init__.py")]


def test_what_is_not_declared_is_refused():
    done = tried(CLAIM, [], ROOT)
    assert done.returncode == 1
    assert "No module named 'sympy'" in done.stderr or "No module named 'mpmath'" in done.stderr


def test_a_version_that_stands_in_several_places_is_the_same():
    book = tomllib.loads((ROOT / "book" / "pyproject.toml").read_text())["project"]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert rnnlib.__version__ == PROJECT["version"] == book["version"] == cited["version"]
    assert PROJECT["requires-python"] == book["requires-python"]
    [torch] = PROJECT["optional-dependencies"]["torch"]
    assert f" {torch} " in (ROOT / "README.md").read_text(), "the README installs the PyTorch that the lock pins"
    assert f"\n{torch}\n" in (ROOT / "requirements.txt").read_text()


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_no_more(wheel):
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "rnnlib"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == {name for name in files if (ROOT / name).is_file()}
    assert "rnnlib/py.typed" in held
