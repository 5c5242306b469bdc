"""Small books to test with: payloads as the claim engine displays them, and notebooks that display them."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from rnnlib.claims.seal import MIME, sealed

CONFIG = """title: A small book
only_build_toc_files: true
execute: {execute_notebooks: cache}
sphinx: {extra_extensions: [book_extension]}
"""
MISTAKE = {
    "name": "square forgotten", "latex": r"\frac{\partial p_i}{\partial s_j} = -p_i", "kind": "false",
    "wrong": "the denominator is not squared", "tempts": "the quotient rule is recited", "rows": ["S2-05"],
    "damage": True, "counterexample": "at $s = (0, 0)$: $-1/2$, not $-1/4$", "refuted": True,
}  # fmt: skip


def payload(id="softmax.jacobian", **changes):
    """What the claim engine displays of a claim that holds."""
    sample = {
        "kind": "claim", "id": id, "title": f"Title of {id}", "verdict": "holds",
        "lines": [{"latex": r"\frac{\partial p_i}{\partial s_j} = p_i (\delta_{ij} - p_j)", "reason": ""}],
        "evidence": "proved for every K", "level": "proved", "assumes": [],
        "how": ["SymPy proves it, with $K$ left as a symbol."],
        "mistakes": [MISTAKE], "mutants": 16, "mutants_refuted": 14, "mutants_equivalent": 2,
        "mutants_ill_formed": 0, "mutants_undecided": 0, "mutants_untried": 0,
        "symbols": [], "settings": [], "equivalent": [], "undecided": [], "seconds": 0.21,
        "answers": ["S0-08", "S2-06"],
    }  # fmt: skip
    return sample | changes


def text(id, source):
    return new_markdown_cell(source, id=id)


def code(id, source="pass", outputs=(), **metadata):
    return new_code_cell(source, id=id, outputs=list(outputs), metadata=metadata)


def shown(id, record):
    """A cell that has displayed a claim, with the Markdown that stands in for it outside the book."""
    data = {MIME: sealed(record), "text/markdown": f"$$\n{record['id']}\n$$", "text/plain": record["id"]}
    return code(id, outputs=[new_output("display_data", data=data)])


def showing(id, record):
    """A cell that displays a claim when it is executed."""
    return code(id, f"from IPython.display import display\ndisplay({{{MIME!r}: {sealed(record)!r}}}, raw=True)")


def write(path, *cells):
    """Write a notebook."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=list(cells), metadata={"kernelspec": kernel}), path)
    return path


def write_file(path, content=""):
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def write_book(root, **notebooks):
    """Write a repository in small: a lock, a package, a table of contents and notebooks, each a list of cells."""
    write_file(root / "notebooks" / "rules" / "__init__.py")
    write_file(root / "notebooks" / "rules" / "rule.txt", "2")
    (root / "requirements.txt").write_text("torch==1\n")
    (root / "_config.yml").write_text(CONFIG)
    (root / "index.md").write_text("# A small book\n")
    chapters = "".join(f"  - file: notebooks/{name}\n" for name in notebooks)
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: index\nchapters:\n{chapters}")
    for name, cells in notebooks.items():
        write(root / "notebooks" / f"{name}.ipynb", *cells)
    return root
