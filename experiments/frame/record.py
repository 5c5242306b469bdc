"""A record: what an experiment found, as a small JSON file that pages quote."""

import json
from dataclasses import dataclass, fields

import numpy as np

from experiments.frame import files
from experiments.frame.experiment import Experiment, as_json, combinations, told


class NoRecord(ValueError):
    """There is no record of today's settings; the message says why, and which command makes it."""


class MetricsDiffer(ValueError):
    """Not all runs of an experiment returned the same metrics."""


@dataclass(frozen=True)
class Record:
    """What an experiment found. All values are JSON's.

    Attributes
    ----------
    experiment, question : str
    settings : dict
    conditions : dict of str to list
    seeds : int
        The seeds are 0 to `seeds` - 1.
    runs : list of dict
        A row for each run: its condition, "seed", and its metrics.
    seconds : dict
        Each run's, in the order of `runs`, and their "total": as long as one core alone would take.
    quick : dict
        "settings", "seeds" and "runs" of the small version, which a test makes again.
    versions, machine : dict
    date : str
        Of the last run.
    """

    experiment: str
    question: str
    settings: dict
    conditions: dict
    seeds: int
    runs: list
    seconds: dict
    quick: dict
    versions: dict
    machine: dict
    date: str

    def values(self, metric, /, **condition):
        """A metric of all runs in one condition, in the order of the seeds.

        Parameters
        ----------
        metric : str
        **condition
            A value for each of the conditions that were compared.

        Returns
        -------
        array (seeds,), or (seeds, points) for a curve

        Raises
        ------
        ValueError
            For a metric or a condition that the record does not have, and for curves of different lengths.
        """
        if condition.keys() != self.conditions.keys():
            expected, given = list(self.conditions), list(condition)
            raise ValueError(f"values of {self.experiment} expected a condition for each of {expected}, given {given}.")
        for factor, value in condition.items():
            if value not in self.conditions[factor]:
                raise ValueError(f"{factor} expected one of {self.conditions[factor]}, given {value!r}.")
        if metric not in self.metrics:
            raise ValueError(f"metric expected one of {self.metrics}, given {metric!r}.")
        found = [row[metric] for row in self.runs if condition.items() <= row.items()]
        if len({np.shape(value) for value in found}) > 1:
            raise ValueError(f"{metric} expected curves of one length, given several: take them from `runs`.")
        return np.array(found)

    def combinations(self):
        """Every condition that was compared, as a dict."""
        return combinations(self.conditions)

    @property
    def metrics(self):
        """The names of the metrics."""
        return [name for name in self.runs[0] if name not in self.conditions and name != "seed"]


def file(experiment):
    """Where the record of an experiment is."""
    return experiment.file.parent / "results" / f"{experiment.name}.json"


def make(experiment, settings, seeds, runs, quick_runs, made_with):
    """A record from finished runs.

    Raises
    ------
    MetricsDiffer
    """
    for run in runs:
        if run["metrics"].keys() != runs[0]["metrics"].keys():
            expected, given = list(runs[0]["metrics"]), list(run["metrics"])
            raise MetricsDiffer(f"Every run is expected to return the same metrics, as {expected}; "
                                f"{told(run['condition'], run['seed'])} returned {given}.")  # fmt: skip
    seconds = [run["seconds"] for run in runs]
    return Record(
        experiment=experiment.name, question=experiment.question, settings=as_json(settings),
        conditions=experiment.conditions, seeds=seeds, runs=rows(runs),
        seconds={"total": round(sum(seconds), 3), "runs": seconds},
        quick={"settings": as_json(experiment.quick), "seeds": 1 + quick_runs[-1]["seed"], "runs": rows(quick_runs)},
        versions=made_with["versions"], machine=made_with["machine"], date=max(run["date"] for run in runs),
    )  # fmt: skip


def rows(runs):
    """A table of runs: condition, seed and metrics side by side."""
    return [run["condition"] | {"seed": run["seed"]} | run["metrics"] for run in runs]


def write(record, path):
    """Write a record, a run to a line: so a change shows which runs changed."""
    files.write(_text(vars(record)) + "\n", path)


def _text(value, margin="\n"):
    if isinstance(value, dict) and value:
        inside = (f"{margin} {json.dumps(key)}: {_text(one, margin + ' ')}" for key, one in value.items())
        return "{" + ",".join(inside) + margin + "}"
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "[" + ",".join(f"{margin} {json.dumps(row, ensure_ascii=False)}" for row in value) + margin + "]"
    return json.dumps(value, ensure_ascii=False)


def load(module):
    """The record of an experiment.

    Parameters
    ----------
    module : module
        The experiment: ``from experiments import bias, load`` and then ``load(bias)``.

    Returns
    -------
    Record

    Raises
    ------
    NoRecord
        If there is none, or it is of other settings, conditions or seeds than the module's.
    """
    return read(Experiment.of(module))


def read(experiment):
    """As `load`, from an `Experiment`."""
    path = file(experiment)
    command = f"`python -m experiments run {experiment.name}` makes it"
    if not path.exists():
        raise NoRecord(f"there is no record of {experiment.name}: {command}.")
    content = json.loads(path.read_text(encoding="utf-8"))
    if content.keys() != {field.name for field in fields(Record)}:
        raise NoRecord(f"the record of {experiment.name} has another form than today's: {command} anew.")
    record = Record(**content)
    today = _fixed(as_json(experiment.settings), experiment.conditions, experiment.seeds)
    then = _fixed(record.settings, record.conditions, record.seeds)
    for name in today | then:
        if today.get(name) != then.get(name):
            was, now = (repr(some.get(name, "not there")) for some in (then, today))
            what = f"the record of {experiment.name} is of old settings ({name}: then {was:.80}, now {now:.80})"
            raise NoRecord(f"{what}: {command} anew.")
    return record


def _fixed(settings, conditions, seeds):
    """What a record must have in common with today's experiment, by names that can't clash."""
    parts = [settings.items(), ((f"condition {name}", values) for name, values in conditions.items())]
    return {name: value for part in parts for name, value in part} | {"number of seeds": seeds}
