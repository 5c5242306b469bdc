"""Where records go: small JSON files that pages quote."""

import argparse
import json
import os
from contextlib import suppress
from pathlib import Path


def file(text):
    """A path from the command line, refused before the work begins rather than after it.

    Raises
    ------
    argparse.ArgumentTypeError
        Where no file can be written.
    """
    path = Path(text)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"expected a file in a folder that can be written to, given {text}")
    return path


def write(record, path):
    """Write a record and say where it is."""
    path.write_text(json.dumps(record, indent=1) + "\n")
    print(f"written to {path}")
