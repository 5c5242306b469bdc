"""The book's own Sphinx extension: claims as boxes, the claim ledger, and the refusals that keep marks honest.

- `notebooks` gives Sphinx each chapter as it was executed, with the solutions to its exercises;
- `exercises` makes a card of each exercise;
- `numbers` compares the numbers of chapters, exercises and figures in links with what they lead to;
- `boxes` draws what a notebook displays as a claim, a chain of steps or a definition;
- `cells` moves a claim's code into the foot of its box;
- `settings` links a box to the definitions in which its symbols live;
- `ledger` collects the claims of all pages, makes them link targets, and fills `{ledger}` and `{claim-count}`;
- `errata` draws the errata from the claims' mistakes, and fills `{errata}`;
- `sources` tells what answers each published statement, and fills `{sources}` and `{source-counts}`;
- `figures` makes figures of images and the captions after them;
- `ways_back` links what answers a row with the row, a mistake with its erratum, a chapter with its parts of the lists;
- `asides` makes admonitions of blockquotes, and links published mistakes with their errata;
- `literature` compares links to literature with the bibliography;
- `machinery` folds imports and the code of figures;
- `refusals` refuses display maths that nothing has checked, and claims that rnnlib did not make;
- `running_text` compares the formulas of sentences with the claims that they link to, and refuses what nothing checks;
- `formulas` reads LaTeX as far as that needs;
- `maths` typesets the formulas, with KaTeX, and `fonts` trims its fonts;
- `links` tells how a link that leads out of the book is followed;
- `orphans` removes the files of pages that the book no longer has;
- `api` looks up what docstrings name, for the pages about the package;
- `markup` makes small corrections of the pages' HTML;
- `frame` is what stands around a page's text: its layout, and the little that scripts do;
- `stylesheet` makes one style sheet of all, without what no page uses.
"""

from hashlib import sha256
from importlib import import_module
from pathlib import Path

from book_builder import packages

HERE = Path(__file__).parent
# In this order: of what they ask Sphinx to do at the same time, the first is done first.
PARTS = (
    "api", "boxes", "cells", "notebooks", "exercises", "numbers", "figures", "asides", "literature", "machinery",
    "refusals", "errata", "fonts", "frame", "ledger", "links", "markup", "maths", "orphans", "running_text", "settings",
    "sources", "stylesheet", "ways_back",
)  # fmt: skip


def setup(app):
    for part in PARTS:
        import_module(f"book_extension.{part}").setup(app)
    # A setting that Sphinx compares with the last build's: when this package changes, every page is read again.
    app.add_config_value("book_extension_state", state(), "env")
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


def state():
    """Digest of this package's code, and of what it takes from npm."""
    code = b"".join(file.read_bytes() for file in sorted([*HERE.glob("*.py"), *HERE.glob("*.js")]))
    return sha256(code + packages.pinned().encode()).hexdigest()
