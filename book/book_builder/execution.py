"""Execute every notebook of the book once, and read what those executions say.

The book, the table of claims and the tests all read the same executed notebooks. They are kept in one folder, in the
format of jupyter-cache, each with a digest of everything that its outputs can depend on beside its own cells (see
`dependencies`). Where the digest is another by now the notebook counts as not executed, so no stale mark can be shown.
A chapter is executed together with the solutions to its exercises (see `chapters`).
"""

import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

from book_builder.chapters import NotebookError, with_solutions
from book_builder.dependencies import digest
from rnnlib.claims.seal import MIME, claims_in, is_sealed

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
CELL_TIMEOUT = 120  # seconds: a chapter's cell takes a few; longer work is a named experiment with a record


def cache_folder(root=ROOT):
    """Folder of the executed notebooks."""
    return root / "_build" / "executed"


def lock(root=ROOT):
    """What a process holds that uses the cache: the tests ask from several at once, and even reading notes its time."""
    from filelock import FileLock

    folder = cache_folder(root).parent
    folder.mkdir(exist_ok=True)
    return FileLock(folder / "executed.lock")


def notebooks(root=ROOT):
    """Paths of the notebooks that `_toc.yml` names, in the order of the book."""
    from sphinx_external_toc.parsing import parse_toc_yaml

    pages = parse_toc_yaml(root / "_toc.yml")
    paths = [root / f"{page.removesuffix('.ipynb')}.ipynb" for page in pages]
    return [path for path in paths if path.exists()]


def executed(path, cache, root=ROOT):
    """A notebook, solutions included, with its outputs from the cache; None where it was not executed as all is now.

    jupyter-cache compares the sources of the cells. What else the outputs depend on is compared here, and so are
    the cells' metadata: a changed tag can change what a cell does or how it is shown.
    """
    notebook = with_solutions(path)
    try:
        record = cache.match_cache_notebook(notebook)
        _, merged = cache.merge_match_into_notebook(notebook)
    except (KeyError, ValueError):  # ValueError: the file was cut short, as the run that wrote it was ended
        return None
    same = all(new.metadata == old.metadata for new, old in zip(merged.cells, notebook.cells, strict=True))
    return merged if same and record.data.get("digest") == digest(path, root) else None


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
        not kept; the others are. Also if two notebooks have the same code.
    """
    from jupyter_cache import get_cache

    with lock(root):
        cache = get_cache(cache_folder(root))
        paths = [root / path for path in only] if only else notebooks(root)
        _drop_others(cache, {*paths, *notebooks(root)}, root)
        missing = [path for path in paths if executed(path, cache, root) is None]
        failures = _execute_missing(missing, cache, root, workers) if missing else []
    if failures:
        raise NotebookError("\n".join(failures))


def _drop_others(cache, paths, root):
    """Remove from the cache what belongs to none of the notebooks `paths` as they are now."""
    names = {}
    for path in sorted(paths):
        _, key = cache.create_hashed_notebook(with_solutions(path))
        other = names.setdefault(key, path.relative_to(root))
        if other != path.relative_to(root):
            raise NotebookError(
                f"{other} and {path.relative_to(root)} have the same code, by which the cache tells notebooks apart; "
                "give one a cell of its own"
            )
    for record in cache.list_cache_records():
        if record.hashkey not in names:
            with suppress(KeyError):  # its file is gone already
                cache.remove_cache(record.pk)
    for kept in (Path(cache.path) / "executed").glob("*"):
        if not (kept / "base.ipynb").exists():  # a run was ended while it wrote; jupyter-cache stumbles over that
            shutil.rmtree(kept)


def _execute_missing(missing, cache, root, workers):
    """Execute the notebooks `missing`, keep those that succeed, and return one sentence for each that fails."""
    from jupyter_cache.base import CacheBundleIn
    from tqdm import tqdm

    failures = []
    before = {path: digest(path, root) for path in missing}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        jobs = {pool.submit(_run, path, path.relative_to(root)): path for path in missing}
        for job in tqdm(as_completed(jobs), total=len(jobs), desc="executing notebooks", unit="notebook"):
            path, (notebook, seconds, failure) = jobs[job], job.result()
            if failure:
                failures.append(failure)
            elif digest(path, root) != before[path]:
                failures.append(
                    f"{path.relative_to(root)}: a module, a record, the lock or an installed version changed while it "
                    "ran, so its outputs belong to neither state; run again"
                )
            else:
                data = {"execution_seconds": seconds, "digest": before[path]}
                bundle = CacheBundleIn(notebook, str(path), data=data)
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    return failures


def _run(path, name):
    """Execute one notebook in its folder; return it, the seconds it took, and what went wrong (or None)."""
    from jupyter_cache.executors.utils import single_nb_execution

    # Two notebooks at a time on two cores: one thread each is faster than two that fight, and repeatable.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    notebook = with_solutions(path)
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


def payloads(root=ROOT):
    """Every claim, chain and definition that the executed notebooks display, in the order of the book.

    Executes what has not been executed.

    Returns
    -------
    list of dict
        The payloads, each with `page` (the page's name in the book) and `cell` (the cell's id) added.

    Raises
    ------
    NotebookError
        If a notebook fails, two cells make claims of the same id, or one shows a claim that rnnlib did not make.
    """
    from jupyter_cache import get_cache

    execute(root)
    with lock(root):
        cache = get_cache(cache_folder(root))
        ran = {path: executed(path, cache, root) for path in notebooks(root)}
    found = []
    for path, notebook in ran.items():
        page = path.relative_to(root).with_suffix("").as_posix()
        if notebook is None:
            raise NotebookError(f"{path.relative_to(root)}: changed while the notebooks ran; run again")
        for cell in notebook.cells:
            for output in cell.get("outputs", []):
                payload = output.get("data", {}).get(MIME)
                if payload:
                    if not is_sealed(payload):
                        raise NotebookError(
                            f"{path.relative_to(root)}: cell {cell.id!r} shows a claim that rnnlib did not make; "
                            "make it with Claim, Chain, Induction, Board or Given"
                        )
                    found += [{**claim, "page": page, "cell": cell.id} for claim in claims_in(payload)]
    _refuse_duplicates(found)
    return found


def _refuse_duplicates(found):
    """Raise if two cells claim under the same id."""
    first = {}
    for payload in found:
        other = first.setdefault(payload["id"], payload)
        if other is not payload:
            raise NotebookError(
                f"the claim id {payload['id']!r} is used twice: in {other['page']}, cell "
                f"{other['cell']!r}, and in {payload['page']}, cell {payload['cell']!r}; rename one"
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


def broken_links(root=ROOT):
    """Follow the links that lead out of the book; return one sentence for each that could not be followed.

    Where each of them led is listed in `_build/links`.
    """
    import json

    execute(root)
    folder = root / "_build" / "links"  # among the pages, the lists of Sphinx's builder would be published with them
    found = folder / "_build" / "html" / "output.json"
    found.unlink(missing_ok=True)
    try:
        _jupyter_book(root, folder / "_build", "--builder", "linkcheck", "--path-output", str(folder))
    except NotebookError:
        links = [json.loads(line) for line in found.read_text("utf-8").splitlines()] if found.exists() else []
        broken = [link for link in links if link["status"] in ("broken", "timeout")]
        if not broken:
            raise  # something else is wrong
        return [f"{link['filename']}: {link['uri']} could not be followed: {link['info']}" for link in broken]
    return []


def _jupyter_book(root, output, *options):
    """Run Jupyter Book, and return the folder of its pages."""
    import subprocess

    # Sphinx takes for shown what it has read, though it was stopped before it wrote, and keeps a page that it warned of
    # without warning again. So after a build that did not end well it begins afresh.
    unfinished = output / "unfinished"
    if unfinished.exists():
        shutil.rmtree(output / ".doctrees", ignore_errors=True)
    output.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    # Jupyter Book has no __main__ of its own; `book_builder` comes first, for what it spares the import of.
    program = "import book_builder; from jupyter_book.cli.main import main; main()"
    if subprocess.run([sys.executable, "-c", program, "build", str(root), *options], cwd=root).returncode:
        raise NotebookError("the book did not build: see the warnings above")
    unfinished.unlink()
    return output / "html"
