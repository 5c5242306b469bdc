"""The notebooks that Sphinx reads: each with the solutions to its exercises, and with the outputs that the cache holds.

A page is read again whenever the cache holds other outputs for it than the page shows, or none that are still valid.
MyST-NB itself executes nothing, and does not look into the cache.
"""

from hashlib import sha256
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from sphinx.errors import ExtensionError

from book_builder import execution
from book_builder.chapters import SOLUTIONS, solutions_of, with_solutions


def use_cache(app, config):
    """Read executed notebooks from the folder where `book_builder` keeps them."""
    if config.nb_execution_mode == "cache" and not config.nb_execution_cache_path:
        config.nb_execution_cache_path = str(execution.cache_folder(Path(app.srcdir)))


def outputs(app, docnames):
    """What the cache holds for each notebook among the pages, as a digest; None where it holds nothing valid now."""
    if app.config.nb_execution_mode != "cache":
        return {}
    cache, found = get_cache(app.config.nb_execution_cache_path), {}
    for docname in docnames:
        path = Path(app.env.doc2path(docname))
        if path.suffix == ".ipynb":
            notebook = execution.executed(path, cache, Path(app.srcdir))
            found[docname] = notebook and sha256(nbformat.writes(notebook).encode()).hexdigest()
    return found


def shown(env):
    """The digest of the outputs that each page shows, as `outputs` made it when the page was read."""
    if not hasattr(env, "book_outputs"):
        env.book_outputs = {}
    return env.book_outputs


def outdated(app, env, added, changed, removed):
    """Name the pages whose outputs are others now, for Sphinx to read again."""
    now = outputs(app, env.found_docs)
    return [docname for docname in now if now[docname] is None or now[docname] != shown(env).get(docname)]


def refuse_unexecuted(app, env, docnames):
    """Stop where a notebook to be read has not been executed."""
    found = outputs(app, docnames)
    if missing := sorted(docname for docname in found if found[docname] is None):
        raise ExtensionError(
            f"not executed as they are now: {', '.join(missing)}; "
            "build with `python -m book_builder book`, which executes notebooks first"
        )
    shown(env).update(found)


def read(app, docname, source):
    """Give MyST-NB a chapter with its solutions in place of what its file holds: executed, if the book is."""
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    if solutions_of(path).exists():  # a page that depends on what is not there is always read again
        app.env.note_dependency(str(solutions_of(path)))
    if app.config.nb_execution_mode == "cache":
        notebook = execution.executed(path, get_cache(app.config.nb_execution_cache_path), Path(app.srcdir))
        notebook.metadata["mystnb"] = {"execution_mode": "off"}
    else:
        notebook = with_solutions(path)
    source[0] = nbformat.writes(notebook)


def leave_out_solutions(app, config):
    config.exclude_patterns = [*config.exclude_patterns, f"**{SOLUTIONS}.ipynb"]


def setup(app):
    app.connect("config-inited", use_cache)
    app.connect("config-inited", leave_out_solutions)
    app.connect("env-get-outdated", outdated)
    app.connect("env-before-read-docs", refuse_unexecuted)
    app.connect("source-read", read)
