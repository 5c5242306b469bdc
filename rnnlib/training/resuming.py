"""Going on where training stopped: what a checkpoint holds of a run, and what must be the same to go on from it.

A resumed run is the uninterrupted one bit for bit. So everything that its next bits depend on is kept and put back (the
parameters, the optimiser's vectors, the place in the data, the random numbers, the carried states), and everything that
is given anew (the model's form, the optimiser, the data, how updates are made) is compared.
"""

import json

from rnnlib.arguments import name_of
from rnnlib.training.checkpoint import describe, read, restore_theta, write

# At these updates a schedule of the learning rate is looked at: functions can't be compared otherwise.
LOOKED_AT = (0, *(2**k for k in range(21)))


def settings(run) -> dict:
    """What the next updates of a `Training` depend on and a checkpoint does not put back, as flat JSON values."""
    given = describe(run.model, run.vocabulary)
    parts = {
        "model": given["model"],
        "optimiser": _optimiser(run.optimiser),
        "batches": run.batches.digest(),
        "evaluate": run.evaluate.digest() if hasattr(run.evaluate, "digest") else name_of(run.evaluate),
    }
    flat = {"vocabulary": given["vocabulary"]}
    for part, values in parts.items():
        if isinstance(values, dict):
            flat |= {f"{part} {name}": value for name, value in values.items()}
        else:
            flat[part] = values
    for name in ("reduction", "clip_norm", "clip_value", "l2", "segment", "evaluate_every", "patience", "history_every",
                 "threads"):  # fmt: skip
        flat[name] = getattr(run, name)
    return json.loads(json.dumps(flat))  # tuples become lists, as they are when they are read


def _optimiser(optimiser):
    values = dict(optimiser.settings)
    if callable(values["rate"]):
        values["rate"] = [_rate(values["rate"], update) for update in LOOKED_AT]
    return {"kind": type(optimiser).__name__, **values}


def _rate(schedule, update):
    try:
        return float(schedule(update))
    except Exception:  # of any kind: a table of rates, for instance, ends somewhere
        return None


def save(run) -> None:
    """Write a run's checkpoint."""
    arrays = {"theta": run.model.theta}
    arrays |= {f"optimiser {name}": vector for name, vector in run.optimiser.state.items()}
    arrays |= {f"history {name}": column for name, column in run.history.columns.items()}
    arrays |= {f"evaluations {name}": column for name, column in run.evaluations.columns.items()}
    if run.best is not None:
        arrays["best theta"] = run.best
    for layer, parts in enumerate(run.state or []):
        arrays |= {f"state {layer} {k}": part for k, part in enumerate(parts)}
    training = {
        "settings": settings(run),
        "updates": run.updates,
        "optimiser updates": run.optimiser.updates,
        "position": run.batches.position(),
        "random": run.model.rng.bit_generator.state,
        "stopped": run.stopped,
    }
    write(run.checkpoint, arrays, describe(run.model, run.vocabulary) | {"training": training})


def restore(run) -> None:
    """Put a new run where its checkpoint stands.

    Raises
    ------
    ValueError
        If the file is missing, damaged or of a model alone, or was made under other settings: the sentence says which.
    """
    arrays, description = read(run.checkpoint)
    if "training" not in description:
        raise ValueError(f"checkpoint expected one of training, given a model alone in {str(run.checkpoint)!r}.")
    training = description["training"]
    _require_same(settings(run), training["settings"], run.checkpoint)
    restore_theta(run.model, arrays, run.checkpoint)
    run.optimiser.restore(training["optimiser updates"], _part(arrays, "optimiser"))
    run.history.restore(_part(arrays, "history"))
    run.evaluations.restore(_part(arrays, "evaluations"))
    run.batches.seek(training["position"])
    run.model.rng.bit_generator.state = training["random"]
    run.updates = run.saved = training["updates"]
    run.stopped, run.best = training["stopped"], arrays.get("best theta")
    parts = _part(arrays, "state")
    layers = [[parts[key] for key in sorted(parts) if key.startswith(f"{k} ")] for k in range(len(run.model.cells))]
    run.state = [tuple(layer) for layer in layers] if parts else None


def _part(arrays, kind):
    return {name.removeprefix(f"{kind} "): array for name, array in arrays.items() if name.startswith(f"{kind} ")}


def _require_same(now, then, path):
    """Raise with one sentence that lists every setting that is not what it was."""
    names = [name for name in now | then if now.get(name) != then.get(name)]
    if names:
        told = "; ".join(f"{name} {_short(then.get(name))}, given {_short(now.get(name))}" for name in names)
        raise ValueError(
            f"checkpoint {str(path)!r} expected the settings that it was made under, {told}: "
            "give it those, or begin anew with another file."
        )


def _short(value):
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
