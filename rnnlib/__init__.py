"""The small package behind *Recurrent Networks, Checked*: what a reader or student of the book needs.

Its rooms, each of which imports only from those before it:

- `rnnlib.claims`: statements that are checked where they stand (needs SymPy)
- `rnnlib.agree`: one quantity, computed in several ways, compared
- `rnnlib.nn`: networks with hand-derived gradients; read `rnnlib.nn.plain` first
- `rnnlib.data`: vocabularies, batches and small data
- `rnnlib.training`: the loop, checkpoints, sampling
- `rnnlib.torch_twin`: the same network in PyTorch (needs PyTorch)
- `rnnlib.plotting`: how the book draws (needs Matplotlib)

A room is imported when it is first used: ``import rnnlib``, then `rnnlib.nn.LSTM`. What `nn`, `data` and `training`
hold is here too: ``from rnnlib import Adam, RecurrentModel, TextBatches, Training, Vocabulary, generate``.
"""

from importlib import import_module
from importlib.metadata import version

__version__ = version("rnnlib")
ROOMS = ("agree", "claims", "data", "nn", "plotting", "torch_twin", "training")


def __getattr__(name):
    if name in ROOMS:
        return import_module(f"{__name__}.{name}")
    if not name.startswith("_"):
        for room in map(import_module, ("rnnlib.nn", "rnnlib.data", "rnnlib.training")):
            if name in room.__all__:
                return getattr(room, name)
    raise AttributeError(f"rnnlib has no {name!r}; its rooms are {', '.join(ROOMS)}.")


def __dir__():
    return [*globals(), *ROOMS]
