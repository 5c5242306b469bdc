"""One file that holds a model, and where training stands: written whole or not at all, and read without unpickling.

The file is in the safetensors format: named arrays, with a JSON record and a SHA-256 digest of both in its header.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rnnlib.data.vocabulary import Vocabulary
from rnnlib.nn.model import RecurrentModel

FORMAT = "rnnlib checkpoint 1"


def write(path, arrays, record):
    """Replace the file by one with these arrays and this record (of JSON values); a crash leaves the old one whole."""
    path = Path(path)
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    text = json.dumps(record)
    header = {"format": FORMAT, "record": text, "sha256": _digest(arrays, text)}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(temporary, "wb") as file:
            file.write(save(arrays, metadata=header))
            file.flush()
            os.fsync(file.fileno())  # the contents must be on the disk before the name points to them
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path):
    """The arrays and the record of a file that `write` made.

    Raises
    ------
    ValueError
        If the file is missing, damaged, or of another kind; the sentence says which.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            header = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise ValueError(f"checkpoint expected an existing file, given {str(path)!r}.") from None
    except (SafetensorError, OSError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"checkpoint expected a whole safetensors file, given {str(path)!r}: {error}.") from None
    if header.get("format") != FORMAT:
        found = header.get("format", "no such mark")
        raise ValueError(f"checkpoint expected a file marked {FORMAT!r}, given {str(path)!r} with {found!r}.")
    if header.get("sha256") != _digest(arrays, header.get("record", "")):
        raise ValueError(f"checkpoint expected the digest that it was written with, given damage in {str(path)!r}.")
    return arrays, json.loads(header["record"])


def _digest(arrays, text):
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def save_model(path, model, vocabulary=None, **more):
    """Write a model, with its vocabulary if it has one and more JSON values about it.

    Parameters
    ----------
    path : str or Path
        Best ends in ``.safetensors``.
    model : RecurrentModel
    vocabulary : Vocabulary, optional
    **more
        JSON values to keep with it, such as the loss that it reached.
    """
    write(path, {"theta": model.theta}, model_record(model, vocabulary) | {"more": more})


def load_model(path):
    """The model and its vocabulary (or None) from a file of `save_model`, or from a checkpoint of training.

    Raises
    ------
    ValueError
        If the file is missing, damaged, or of another kind.
    """
    arrays, record = read(path)
    model = RecurrentModel(**record["model"])
    restore_theta(model, arrays, path)
    return model, None if record["vocabulary"] is None else Vocabulary(record["vocabulary"])


def model_record(model, vocabulary):
    """What describes a model besides its parameters, as JSON values."""
    return {"model": model.config, "vocabulary": None if vocabulary is None else vocabulary.characters}


def restore_theta(model, arrays, path):
    """Put the parameters in place, if they fit."""
    theta = arrays.get("theta")
    if theta is None or theta.shape != model.theta.shape or theta.dtype != model.theta.dtype:
        given = "none" if theta is None else f"{theta.dtype} {theta.shape}"
        expected = f"{model.theta.dtype} {model.theta.shape}"
        raise ValueError(f"parameters in {str(path)!r} expected {expected}, given {given}.")
    model.theta[...] = theta
