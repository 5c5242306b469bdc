"""What the book refuses: display maths that nothing has checked, and notebooks shown without their outputs.

A page is read again whenever the cache holds other outputs for it than the page shows, or none that are still valid.
"""

from hashlib import sha256
from pathlib import Path

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from book_builder import execution
from book_extension.boxes import claim_box

LOGGER = logging.getLogger(__name__)
CELL_LINES = 10_000  # MyST-NB numbers the lines of a notebook: cell n (from 1) begins at 10000 n


class UnmarkedMaths(SphinxPostTransform):
    """Warn of each displayed formula that is neither in a claim's box nor marked as a definition.

    Runs after MyST-NB has chosen which form of each output is shown (priority 4).
    """

    default_priority = 5

    def run(self, **kwargs):
        for block in self.document.findall(nodes.math_block):
            if "definition" not in block["classes"] and not inside_claim(block):
                LOGGER.warning(
                    "display maths that nothing checks%s: %s. State it as a claim or a chain, or mark a definition "
                    "with ```{math} and the option :class: definition",
                    cell_of(self.env, self.env.docname, block.line),
                    shorten(block.astext()),
                    location=block,
                    type="book",
                    subtype="maths",
                )


def inside_claim(node):
    while node is not None:
        if isinstance(node, claim_box):
            return True
        node = node.parent
    return False


def shorten(text, length=60):
    text = " ".join(text.split())
    return text if len(text) <= length else text[:length] + "…"


def cell_of(env, docname, line):
    """Name the cell of a notebook's page that a line of MyST-NB's numbering lies in."""
    path = env.doc2path(docname)
    if not path.endswith(".ipynb") or not line or line < CELL_LINES:
        return ""
    cell = nbformat.read(path, as_version=4).cells[line // CELL_LINES - 1]
    return f" in cell {cell.get('id', line // CELL_LINES)!r}"


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
    """Stop where a notebook to be read has not been executed: MyST-NB would run it with other rules than ours."""
    found = outputs(app, docnames)
    if missing := sorted(docname for docname in found if found[docname] is None):
        raise ExtensionError(
            f"not executed as they are now: {', '.join(missing)}; "
            "build with `python -m book_builder book`, which executes notebooks first"
        )
    shown(env).update(found)


def setup(app):
    app.add_post_transform(UnmarkedMaths)
    app.connect("config-inited", use_cache)
    app.connect("env-get-outdated", outdated)
    app.connect("env-before-read-docs", refuse_unexecuted)
