"""Files written whole or not at all, in folders that are tried before the work rather than after it."""

import argparse
import os
from contextlib import suppress
from pathlib import Path


def writable(path):
    """The path as a `Path`, if a file can be written there; folders that are missing are made.

    Raises
    ------
    argparse.ArgumentTypeError
        Where none can: so it serves as the type of a command's argument.
    """
    path = Path(path)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"expected a file in a folder that can be written to, given {path}")
    return path


def write(text, path):
    """Write a file, or replace it: a crash leaves the old one, or none, but never a part."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
