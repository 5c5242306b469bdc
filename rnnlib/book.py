"""Execute every notebook of the book once, and read what those executions say.

The book, the claim ledger and the tests all read the same executed notebooks. They are kept, in the format of
jupyter-cache, in a folder whose name is a digest of everything that a notebook's outputs depend on beside its
own cells: a change in `rnnlib`, in a record or in the lock names another folder, so no stale mark can be shown.
"""

import hashlib
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from rnnlib.mime import FOLDED, MIME

ROOT = Path(__file__).resolve().parents[1]
WORKERS = 2
CELL_TIMEOUT = 120  # seconds: a chapter's cell takes a few; longer work is a named experiment with a record


class NotebookError(RuntimeError):
    """A notebook of the book did not run, or its claims contradict each other; the message says where."""


def digest(root=ROOT):
    """Digest of what the outputs depend on beside the cells: package, records, lock and Python version."""
    total = hashlib.sha256(f"python {sys.version_info[:2]}".encode())
    for name in ("rnnlib", "experiments/results", "requirements.txt"):
        path = root / name
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                content = hashlib.sha256(file.read_bytes()).digest()
                total.update(file.relative_to(root).as_posix().encode() + b"\0" + content)
    return total.hexdigest()[:16]


def cache_folder(root=ROOT):
    """Folder of the notebooks executed with the package, records and lock as they are now."""
    return root / "_build" / f"executed-{digest(root)}"


def notebooks(root=ROOT):
    """Paths of the notebooks that `_toc.yml` names, in the order of the book."""
    from sphinx_external_toc.parsing import parse_toc_yaml

    pages = parse_toc_yaml(root / "_toc.yml")
    paths = [root / f"{page.removesuffix('.ipynb')}.ipynb" for page in pages]
    return [path for path in paths if path.exists()]


def executed(path, cache):
    """The notebook at `path` with its outputs from the cache, or None where it has not been executed so.

    jupyter-cache compares sources alone; a changed cell tag can change what a cell does or how it is shown,
    so a notebook whose cell metadata differ counts as not executed.
    """
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    try:
        _, merged = cache.merge_match_into_notebook(notebook)
    except KeyError:
        return None
    same = all(new.metadata == old.metadata for new, old in zip(merged.cells, notebook.cells, strict=True))
    return merged if same else None


def execute(root=ROOT, only=None, workers=WORKERS):
    """Execute the notebooks that the cache lacks, in parallel, each once.

    Parameters
    ----------
    root : Path
        The repository.
    only : list of Path, optional
        Execute no others than these.
    workers : int
        How many notebooks run at a time.

    Raises
    ------
    NotebookError
        If a cell raises: the message names the notebook, the cell and the exception. A notebook that fails is
        not kept; the others are.
    """
    from filelock import FileLock
    from jupyter_cache import get_cache

    folder = cache_folder(root)
    folder.parent.mkdir(exist_ok=True)
    with FileLock(folder.parent / "executed.lock"):  # the tests ask from several processes at once
        cache = get_cache(folder)
        paths = [root / path for path in only] if only else notebooks(root)
        missing = [path for path in paths if executed(path, cache) is None]
        failures = _execute_missing(missing, cache, root, workers) if missing else []
        for old in set(folder.parent.glob("executed-*")) - {folder}:
            shutil.rmtree(old)
    if failures:
        raise NotebookError("\n".join(failures))


def _execute_missing(missing, cache, root, workers):
    """Execute the notebooks `missing`, keep those that succeed, and return one sentence for each that fails."""
    from jupyter_cache.base import CacheBundleIn
    from tqdm import tqdm

    failures = []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = {pool.submit(_run, path, path.relative_to(root)): path for path in missing}
        for job in tqdm(as_completed(jobs), total=len(jobs), desc="executing notebooks", unit="notebook"):
            notebook, seconds, failure = job.result()
            if failure:
                failures.append(failure)
            elif cache_folder(root) != Path(cache.path):
                failures.append(
                    f"{jobs[job].relative_to(root)}: rnnlib, a record or the lock changed while it ran, "
                    "so its outputs belong to neither version; run again"
                )
            else:
                bundle = CacheBundleIn(notebook, str(jobs[job]), data={"execution_seconds": seconds})
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return failures


def _run(path, name):
    """Execute one notebook in its folder; return it, the seconds it took, and what went wrong (or None)."""
    import nbformat
    from jupyter_cache.executors.utils import single_nb_execution

    # Two notebooks at a time on two cores: one thread each is faster than two that fight, and repeatable.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    notebook = nbformat.read(path, as_version=4)
    started = ["(none yet)"]
    settings = {
        "extra_arguments": ["--log-level=ERROR"],
        "on_cell_start": lambda cell, cell_index: started.append(cell.id),
    }
    seconds = 0.0
    try:
        result = single_nb_execution(notebook, str(path.parent), CELL_TIMEOUT, allow_errors=False, **settings)
    except RuntimeError as error:  # the kernel did not start, or died: out of memory, or a crash
        reason = str(error)
    else:
        notebook, seconds, error = result.nb, result.time, result.err
        if error is None:
            return notebook, seconds, None
        reason = f"no end after {CELL_TIMEOUT} s; make it smaller, or a named experiment whose record it loads"
        if hasattr(error, "ename"):
            reason = f"{error.ename}: {error.evalue}"
    return None, seconds, f"{name}: cell {started[-1]!r} failed: {reason}"


def records(root=ROOT):
    """Every claim, chain and definition that the executed notebooks display, in the order of the book.

    Executes what has not been executed.

    Returns
    -------
    list of dict
        The payloads, each with `page` (the page's name in the book) and `cell` (the cell's id) added.

    Raises
    ------
    NotebookError
        If a notebook fails, or two cells make claims of the same id.
    """
    from jupyter_cache import get_cache

    execute(root)
    cache = get_cache(cache_folder(root))
    found = []
    for path in notebooks(root):
        page = path.relative_to(root).with_suffix("").as_posix()
        for cell in executed(path, cache).cells:
            for output in cell.get("outputs", []):
                payload = output.get("data", {}).get(MIME)
                if payload and payload["kind"] != FOLDED:
                    found.append({**payload, "page": page, "cell": cell.id})
    _refuse_duplicates(found)
    return found


def _refuse_duplicates(found):
    """Raise if two cells claim under the same id."""
    first = {}
    for record in found:
        other = first.setdefault(record["id"], record)
        if other is not record:
            raise NotebookError(
                f"the claim id {record['id']!r} is used twice: in {other['page']}, cell "
                f"{other['cell']!r}, and in {record['page']}, cell {record['cell']!r}; rename one"
            )


def build(root=ROOT):
    """Execute the notebooks, build the book with every warning an error, and return the path of its index."""
    execute(root)
    return _jupyter_book(root, root / "_build", "-W", "-n", "--keep-going") / "index.html"


def build_page(page, root=ROOT):
    """Build one notebook, with the prose pages but without the other notebooks, under `_build/page`.

    The quick look while writing: warnings refuse nothing, for what links to other notebooks can't be resolved.
    """
    import yaml
    from sphinx_external_toc.parsing import parse_toc_yaml

    if not (root / page).exists():
        raise NotebookError(f"there is no {page}; name a notebook as in notebooks/02_softmax.ipynb")
    execute(root, only=[page])
    start, *others = parse_toc_yaml(root / "_toc.yml")
    prose = [other for other in others if not (root / other).with_suffix(".ipynb").exists()]
    chapters = [{"file": name} for name in [page.with_suffix("").as_posix(), *prose]]
    folder = root / "_build" / "page"
    folder.mkdir(exist_ok=True)
    contents = folder / "_toc.yml"
    contents.write_text(yaml.safe_dump({"format": "jb-book", "root": start, "chapters": chapters}))
    built = _jupyter_book(root, folder / "_build", "--quiet", "--toc", str(contents), "--path-output", str(folder))
    return built / page.with_suffix(".html")


def _jupyter_book(root, output, *options):
    """Run Jupyter Book, and return the folder of its pages."""
    import subprocess

    program = "from jupyter_book.cli.main import main; main()"  # it has no __main__ of its own
    if subprocess.run([sys.executable, "-c", program, "build", str(root), *options], cwd=root).returncode:
        # Sphinx keeps the pages it warned of, and would not warn again on the next run: begin that one afresh.
        shutil.rmtree(output / ".doctrees", ignore_errors=True)
        raise NotebookError("the book did not build: see the warnings above")
    return output / "html"
