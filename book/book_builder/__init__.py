"""Build the book: `python -m book_builder book`.

- `chapters` reads a chapter with the solutions to its exercises;
- `dependencies` finds what a notebook's outputs can depend on;
- `execution` executes each notebook when one of those has changed, and runs Jupyter Book;
- `claim_table` lists every claim with its evidence.
"""
