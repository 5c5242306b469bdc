"""What a notebook's outputs can depend on beside its own cells, as one digest.

That is: the Python version, all installed versions, the lock, the records in `experiments/results`, and the modules
that the notebook imports, directly or through others. Imports are read from the code, those inside functions included.
A module of the repository counts by its content, another by the content of the file that `import` finds for it.
"""

import ast
import os
import re
import sys
from functools import cache
from hashlib import sha256
from importlib.machinery import PathFinder
from importlib.metadata import distributions

from book_builder.chapters import with_solutions

# Names by which code runs modules that its imports do not tell (IPython's magics among them): what uses one depends on
# every local module.
UNSEEN = {"__import__", "import_module", "exec", "run_module", "run_path", "run_line_magic", "run_cell_magic", "*"}
CHAPTER = re.compile(r"(\d\d)_")


def digest(notebook, root):
    """Digest of what the outputs of a notebook can depend on beside its own cells.

    Parameters
    ----------
    notebook : Path
    root : Path
        The repository that it belongs to.
    """
    files, others = imported(notebook, root)
    files |= {root / "requirements.txt", *_files(root / "experiments" / "results")}
    stamps = tuple((path, os.stat(path).st_mtime_ns) for path in sys.path if os.path.isdir(path))
    total = sha256("\n".join([f"python {sys.version_info[:3]}", *_installed(stamps)]).encode())
    for file in sorted(file for file in files if file.is_file()):
        total.update(f"\n{file.relative_to(root).as_posix()} {_content(file)}".encode())
    for name in sorted(others):
        total.update(f"\n{name} {_found(name)}".encode())
    return total.hexdigest()[:16]


@cache
def _installed(stamps):
    """Name and version of every distribution; listed anew when the folders that may hold them were changed."""
    return sorted({f"{one.metadata['Name']}=={one.version}" for one in distributions()})


def _found(name):
    """The content of the file that `import name` runs first, or a word where there is none.

    So a module that something else hides, or that is gone, is noticed though no version changed.
    """
    spec = PathFinder.find_spec(name)
    return _content(spec.origin) if spec and spec.has_location else "no file"


def _content(path):
    with open(path, "rb") as file:
        return sha256(file.read()).hexdigest()


def imported(start, root):
    """The local files that a notebook or module imports, and the names of the other modules that they and it import.

    A package counts with the files in it that are not Python. `exercises` imports the module of a chapter when a
    claim is asked for: a notebook `NN_*.ipynb` that imports it counts `exercises/chapterNN.py`, and no other. A package
    with a function `__getattr__`, such as rnnlib, imports its modules when they are first used: all of them count for
    who imports the package by its own name.

    Parameters
    ----------
    start : Path
        A notebook, or a module, which then is among the files.
    root : Path

    Returns
    -------
    files : set of Path
    others : set of str
    """
    dispatcher = start.parent / "exercises" / "__init__.py"
    if start.suffix == ".py":
        places = [root, root / "book"]
        trees, files = [(_parsed(start.read_bytes()), start)], {start}
    else:
        places = [start.parent, root, root / "book"]  # in the order in which a notebook's kernel searches
        trees, files = [(_parsed(_plain(source)), None) for source in _cells(start)], set()
    others, done = set(), set()
    while trees:
        tree, file = trees.pop()
        names = set(_imports(tree, file, places))
        if file == dispatcher and (chapter := CHAPTER.match(start.name)):
            names.add(f"exercises.chapter{chapter[1]}")
        elif file != dispatcher and not _is_lazy(tree) and _runs_unseen(tree):
            names |= {name for place in places for name in _modules(place, place)}
        for name in _bound(tree, places):
            for place in places:
                if (first := place / name / "__init__.py").is_file() and _is_lazy(_parsed(first.read_bytes())):
                    names |= _modules(first.parent, place)
        for name in names - done:
            found = _local(name, places)
            if not found:
                others.add(name.partition(".")[0])
            trees += [(_parsed(path.read_bytes()), path) for path in found - files if path.suffix == ".py"]
            files |= found
        done |= names
    packages = [file.parent for file in files if file.name == "__init__.py"]
    files |= {file for package in packages for file in _files(package) if file.suffix != ".py"}
    return files, others - set(sys.stdlib_module_names) - {""}


def _cells(notebook):
    """The sources of its code cells, those of its solutions included."""
    return [cell.source for cell in with_solutions(notebook).cells if cell.cell_type == "code"]


def _plain(source):
    """A cell's source as Python: magics become calls."""
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager().transform_cell(source)


@cache
def _parsed(source):
    """The tree of a source; an empty one where it is not Python, and so imports nothing before it fails."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])


@cache
def _import_nodes(tree):
    """The imports in a tree; kept, for several notebooks import the same modules, and the walk is what takes time."""
    return [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]


def _imports(tree, file, places):
    """The dotted names of all modules that a tree may import: `from package import name` may mean a module."""
    for node in _import_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level and file:
                inside = next(place for place in places if file.is_relative_to(place))
                above = file.relative_to(inside).parts[: -node.level]
                base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _bound(tree, places):
    """Packages of which more may be used than is named: `import a.b` gives the name a, `from a import value` asks a."""
    for node in _import_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (a.name.partition(".")[0] for a in node.names if not a.asname or "." not in a.name)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            inside = [_local(node.module, places), *(_local(f"{node.module}.{a.name}", places) for a in node.names)]
            if any(found == inside[0] for found in inside[1:]):
                yield node.module


def _is_lazy(tree):
    """Whether a package has a function by which its modules are imported when they are first used."""
    return any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body)


def _modules(folder, place):
    """The dotted names of the modules in a folder and below it, as they are imported from a place."""
    return {".".join(path.relative_to(place).with_suffix("").parts) for path in _files(folder, "*.py")}


@cache
def _runs_unseen(tree):
    used = {getattr(node, field, None) for node in ast.walk(tree) for field in ("id", "attr", "name")}
    return bool(UNSEEN & used)


def _local(name, places):
    """The files of the repository that `import name` runs: a module, and the `__init__` of each package it is in."""
    first, *rest = name.split(".")
    for place in places:
        if not ((place / first).is_dir() or (place / f"{first}.py").is_file()):
            continue
        files, path = set(), place / first
        for part in [None, *rest]:
            path = path / part if part else path
            files |= {file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()}
        return files
    return set()


def _files(folder, pattern="*"):
    """The files in a folder and below it, without what Python and the tools write there."""
    return [file for file in sorted(folder.rglob(pattern)) if file.is_file() and not _hidden(file.relative_to(folder))]


def _hidden(path):
    return any(part.startswith((".", "_build", "__pycache__")) for part in path.parts)
