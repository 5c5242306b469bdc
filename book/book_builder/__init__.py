"""Build the book: `python -m book_builder book`.

- `chapters` reads a chapter with the solutions to its exercises;
- `dependencies` finds what a notebook's outputs can depend on;
- `execution` executes each notebook when one of those has changed, and runs Jupyter Book;
- `claim_table` lists every claim with its evidence.
"""

import sys

# jsonschema, which nbformat and Jupyter Book import, builds 38 parsers of internet addresses as soon as it finds this
# package: most of a second, in each process, for formats that no schema here uses. None counts as not installed.
sys.modules.setdefault("rfc3987_syntax", None)
