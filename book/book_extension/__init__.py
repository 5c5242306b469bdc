"""The book's own Sphinx extension: claims as boxes, the claim ledger, and the refusals that keep marks honest.

- `boxes` draws what a notebook displays as a claim, a chain of steps or a definition;
- `ledger` collects the claims of all pages, makes them link targets, and fills `{ledger}` and `{claim-count}`;
- `checks` refuses display maths that nothing has checked, and notebooks that have not been executed.
"""

from pathlib import Path

from book_extension import boxes, checks, ledger


def setup(app):
    for module in (boxes, checks, ledger):
        module.setup(app)
    app.connect("config-inited", add_static_path)
    app.add_css_file("claims.css")
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


def add_static_path(app, config):
    config.html_static_path.append(str(Path(__file__).parent / "static"))
