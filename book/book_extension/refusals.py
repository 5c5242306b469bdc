"""What the book refuses: display maths that nothing has checked, and notebooks shown without their outputs.

Maths in sentences is the business of `running_text`.

A page is read again whenever the cache holds other outputs for it than the page shows, or none that are still valid.
"""

import re
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
from book_extension.formulas import canonical, relations
from rnnlib.claims.seal import is_sealed

LOGGER = logging.getLogger(__name__)
ALIGNED = re.compile(r"\\(?:begin|end)\{(?:aligned|align|gathered|gather|split)\*?\}")
NOT_CASES = re.compile(r"\\begin\{(cases|[a-zA-Z]*matrix)\}.*?\\end\{\1\}", re.DOTALL)  # their lines are no formulas
CELL_LINES = 10_000  # MyST-NB numbers the lines of a notebook: cell n (from 1) begins at 10000 n


class UnmarkedMaths(SphinxPostTransform):
    """Warn of each displayed formula that is neither in a claim's box nor, in the text of a page, a definition.

    Runs after MyST-NB has chosen which form of each output is shown (priority 4).
    """

    default_priority = 5

    def run(self, **kwargs):
        for block in self.document.findall(is_displayed):
            if above(block, lambda node: isinstance(node, claim_box)):
                continue
            if isinstance(block, nodes.math) or above(block, lambda node: "cell_output" in node.get("classes", ())):
                self.warn(
                    block,
                    "display maths that nothing checks%s: %s. State it as a claim or a chain",
                )
            elif not only_defines(block.astext()):
                self.warn(
                    block,
                    "display maths that does more than define%s: %s. Each line of a definition has := and no other "
                    "relation; state anything else as a claim or a chain",
                )
            else:
                block["classes"].append("definition")

    def warn(self, block, message):
        cell = cell_of(self.env, self.env.docname, block.line or block.parent.line)
        LOGGER.warning(message, cell, shorten(block.astext()), location=block, type="book", subtype="maths")


def is_displayed(node):
    """Whether a node is display maths, or maths in a line that asks to be as large."""
    return isinstance(node, nodes.math_block) or (isinstance(node, nodes.math) and r"\displaystyle" in node.astext())


def only_defines(latex):
    """Whether every line of a displayed formula has `:=` as its relation, and no other relation anywhere."""
    lines = (
        canonical(line) for line in re.split(r"\\\\(?:\[\w+\])?|\\q?quad", NOT_CASES.sub("", ALIGNED.sub("", latex)))
    )
    return all(relations(line) == [":="] for line in lines if line)


def above(node, fits):
    """The nearest node above this one that fits; None where there is none."""
    node = node.parent
    while node is not None and not fits(node):
        node = node.parent
    return node


def shorten(text, length=60):
    text = " ".join(text.split())
    return text if len(text) <= length else text[:length] + "…"


def cell_at(env, docname, line):
    """The cell of a notebook's page that a line of MyST-NB's numbering lies in; None where there is none."""
    path = env.doc2path(docname)
    if not path.endswith(".ipynb") or not line or line < CELL_LINES:
        return None
    return nbformat.read(path, as_version=4).cells[line // CELL_LINES - 1]


def cell_of(env, docname, line):
    """Name that cell in a message."""
    cell = cell_at(env, docname, line)
    return f" in cell {cell.id!r}" if cell else ""


def refuse_unsealed(app, doctree):
    """Stop where a cell shows as a claim what rnnlib did not make."""
    for box in doctree.findall(claim_box):
        if not is_sealed(box["payload"]):
            place = f"{app.env.docname}{cell_of(app.env, app.env.docname, box.line)}"
            raise ExtensionError(
                f"{place}: {box['payload'].get('id')!r} is shown as a claim, but rnnlib did not make it; "
                "make it with Claim, Chain, Induction or Given"
            )


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
    app.connect("doctree-read", refuse_unsealed)
    app.connect("config-inited", use_cache)
    app.connect("env-get-outdated", outdated)
    app.connect("env-before-read-docs", refuse_unexecuted)
