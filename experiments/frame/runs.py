"""Runs, made in parallel: each is kept as soon as it is finished, and none is made twice."""

import json
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from itertools import product
from time import perf_counter

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from book_builder.dependencies import imported
from experiments.frame import files, machine
from experiments.frame.experiment import as_json, told

# Code that an experiment may import, and no run depends on.
COMPUTE_NOTHING = ("experiments/frame/", "experiments/results/", "experiments/__init__")


class RunsFailed(RuntimeError):
    """Some runs raised; the message names each, with the traceback of the first."""


def folder(experiment):
    """Where runs are kept: a folder that git ignores, and that may be deleted at any time."""
    return experiment.root / "_build" / "experiments" / experiment.name


def made_with(experiment, settings):
    """What decides the numbers of a run besides condition and seed: a run that was kept counts while this stays."""
    modules, others = imported(experiment.file, experiment.root)
    code = sha256()
    for module in sorted(modules):
        name = module.relative_to(experiment.root).as_posix()
        if not name.startswith(COMPUTE_NOTHING):
            code.update(f"{name} {sha256(module.read_bytes()).hexdigest()}\n".encode())
    return {"settings": as_json(settings), "code": code.hexdigest(),
            "versions": machine.versions(others), "machine": machine.machine()}  # fmt: skip


def finished(experiment, settings, seeds, jobs):
    """The runs of the first seeds in every condition; those that are missing are made.

    Parameters
    ----------
    experiment : Experiment
    settings : instance of the experiment's Settings
    seeds : int
    jobs : int
        Runs at a time. Under ``joblib.parallel_config`` another backend may make them.

    Returns
    -------
    list of dict
        "condition", "seed", "metrics", "seconds" and "date", ordered by condition, then seed.

    Raises
    ------
    RunsFailed
        After all others are finished.
    """
    fixed = json.dumps(made_with(experiment, settings), sort_keys=True)
    place = folder(experiment) / "runs"
    place.mkdir(parents=True, exist_ok=True)

    def path(condition, seed):
        return place / f"{sha256(f'{fixed} {json.dumps(condition)} {seed}'.encode()).hexdigest()[:24]}.json"

    wanted = list(product(experiment.combinations(), range(seeds)))
    found = [_read(path(*run)) for run in wanted]
    # Seed by seed, so that what is finished early compares all conditions.
    missing = sorted((run for run, kept in zip(wanted, found, strict=True) if not kept), key=lambda run: run[1])
    tasks = [delayed(_make)(experiment.run, settings, condition, seed) for condition, seed in missing]
    # A batch of one: a finished run comes back at once, and waits for no other.
    parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
    what = experiment.name + (", quick" if settings == experiment.quick else "")
    failed = []
    with tqdm(total=len(wanted), initial=len(wanted) - len(missing), unit="run", desc=what) as bar:
        for run in parallel(tasks):
            if "traceback" in run:
                failed.append(run)
            else:
                files.write(json.dumps(run), path(run["condition"], run["seed"]))
                bar.update()
    if failed:
        raise RunsFailed(_told(failed, len(wanted)))
    return [_read(path(*run)) for run in wanted]


def anew(experiment, settings, seeds):
    """The same runs, made here one after the other, whatever is kept."""
    return [_make(experiment.run, settings, *run) for run in product(experiment.combinations(), range(seeds))]


def _make(function, settings, condition, seed):
    """Make one run, on one thread: in a worker, so what it raises must come back as a value."""
    run = {"condition": condition, "seed": seed}
    start = perf_counter()
    try:
        with threadpool_limits(1):
            metrics = _as_json(function(settings, seed, **condition), condition)
    except Exception:
        return run | {"traceback": traceback.format_exc()}
    seconds = round(perf_counter() - start, 3)
    return run | {"metrics": metrics, "seconds": seconds, "date": datetime.now(UTC).date().isoformat()}


def _as_json(metrics, condition):
    """The metrics of a run with NumPy's numbers and arrays as Python's, if they are what a record can hold."""
    if not (isinstance(metrics, dict) and metrics):
        raise TypeError(f"run expected to return a dict of metrics, given {metrics!r:.80}")
    taken = {"seed", *condition} & set(metrics)
    if taken:
        raise ValueError(f"metrics expected names that no condition has, given {', '.join(sorted(taken))}")
    return {str(name): _value(name, value) for name, value in metrics.items()}


def _value(name, value):
    texts = [value] if isinstance(value, str) else value
    if isinstance(texts, list | tuple) and texts and all(isinstance(text, str) for text in texts):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"metric {name} expected a number, numbers, a text or texts, given {value!r:.80}")
    if np.isnan(array).any():
        raise ValueError(
            f"metric {name} expected no NaN, which compares with nothing: math.inf says that a run diverged"
        )
    return array.tolist()


def _read(path):
    with suppress(FileNotFoundError, json.JSONDecodeError):
        return json.loads(path.read_text(encoding="utf-8"))
    return None


def _told(failed, runs):
    failed = sorted(failed, key=lambda run: run["seed"])
    lines = [f"{told(run['condition'], run['seed'])}: {run['traceback'].splitlines()[-1]}" for run in failed]
    head = f"{len(failed)} of {runs} runs raised; the others are kept."
    return "\n".join([head, *lines, "", "The first:", failed[0]["traceback"]])
