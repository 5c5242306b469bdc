"""One file that holds a model, and where training stands: written whole or not at all, and read without unpickling.

The file is in the safetensors format: named arrays, and in its header a description in JSON and a SHA-256 digest of
both.
"""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rnnlib.arguments import require
from rnnlib.data.vocabulary import Vocabulary
from rnnlib.nn.model import RecurrentModel

FORMAT = "rnnlib checkpoint 2"


def new_file(path: str | Path, argument: str) -> Path:
    """The absolute path to which a file can be written, tried before the work begins; links are followed.

    Raises
    ------
    ValueError
        If its folder is missing or can't be written to, or it is a folder itself; `argument` names it in the sentence.
    """
    require(isinstance(path, str | Path) and path != "", argument, "a path", repr(path))
    try:
        file = Path(path).resolve()
        require(file.parent.is_dir(), argument, "a file in an existing folder", repr(str(path)))
        require(not file.is_dir(), argument, "a file", f"the folder {str(path)!r}")
        _beside(file).touch()
        _beside(file).unlink()
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        require(False, argument, "a file in a folder that can be written to", f"{str(path)!r}: {error}")
    return file


def _beside(path):
    """Where this process writes before the file is whole."""
    return path.with_name(f".{path.name}.{os.getpid()}")


def write(path: str | Path, arrays: dict[str, np.ndarray], description: dict) -> None:
    """Replace the file by one of these arrays and this description (JSON values); a crash leaves the old one whole."""
    path = Path(path)
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    text = json.dumps(description)
    header = {"format": FORMAT, "description": text, "sha256": _digest(arrays, text)}
    temporary = _beside(path)
    try:
        with open(temporary, "wb") as file:
            file.write(save(arrays, metadata=header))
            file.flush()
            os.fsync(file.fileno())  # the contents must be on the disk before the name points to them
        os.replace(temporary, path)
    except OSError as error:
        kept = "it is as it was before" if path.exists() else "nothing was written"
        raise OSError(
            f"{str(path)!r} expected a place that can be written to, given: {error.strerror or error}; {kept}."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def read(path: str | Path) -> tuple[dict[str, np.ndarray], dict]:
    """The arrays and the description of a file that `write` made.

    Raises
    ------
    ValueError
        If the file is missing, damaged, or of another kind; the sentence says which.
    """
    require(isinstance(path, str | Path), "checkpoint", "a path", repr(path))
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
    if header.get("sha256") != _digest(arrays, header.get("description", "")):
        raise ValueError(f"checkpoint expected the digest that it was written with, given damage in {str(path)!r}.")
    return arrays, json.loads(header["description"])


def _digest(arrays, text):
    digest = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def save_model(path: str | Path, model: RecurrentModel, vocabulary: Vocabulary | None = None, **more) -> None:
    """Write a model, with its vocabulary if it has one and more JSON values about it.

    Parameters
    ----------
    path : str or Path
        Best ends in ``.safetensors``.
    model : RecurrentModel
    vocabulary : Vocabulary, optional
    **more
        JSON values to keep with it, such as the loss that it reached.

    Raises
    ------
    ValueError
        If no file can be written there, or for what JSON does not hold.
    """
    require(isinstance(model, RecurrentModel), "model", "a RecurrentModel", type(model).__name__)
    good = vocabulary is None or isinstance(vocabulary, Vocabulary)
    require(good, "vocabulary", "a Vocabulary or None", repr(vocabulary))
    for name, value in more.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError):
            require(False, name, "a JSON value, such as a float or a list of them", repr(value))
    write(new_file(path, "path"), {"theta": model.theta}, describe(model, vocabulary) | {"more": more})


def load_model(path: str | Path) -> tuple[RecurrentModel, Vocabulary | None]:
    """The model and its vocabulary (or None) from a file of `save_model`, or from a checkpoint of training.

    Raises
    ------
    ValueError
        If the file is missing, damaged, or of another kind.
    """
    arrays, description = read(path)
    model = RecurrentModel(**description["model"])
    restore_theta(model, arrays, path)
    return model, None if description["vocabulary"] is None else Vocabulary(**description["vocabulary"])


def describe(model: RecurrentModel, vocabulary: Vocabulary | None) -> dict:
    """What a model is besides its parameters, as JSON values."""
    if vocabulary is not None:
        vocabulary = {"characters": vocabulary.characters, "separator": vocabulary.separator}
    return {"model": dict(model.config), "vocabulary": vocabulary}


def restore_theta(model: RecurrentModel, arrays: dict[str, np.ndarray], path: str | Path) -> None:
    """Put the parameters in place, if they fit."""
    theta = arrays.get("theta")
    if theta is None or theta.shape != model.theta.shape or theta.dtype != model.theta.dtype:
        given = "none" if theta is None else f"{theta.dtype} {theta.shape}"
        expected = f"{model.theta.dtype} {model.theta.shape}"
        raise ValueError(f"parameters in {str(path)!r} expected {expected}, given {given}.")
    model.theta[...] = theta
