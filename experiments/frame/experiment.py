"""What a module must hold to be an experiment."""

import inspect
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, is_dataclass
from itertools import product
from pathlib import Path
from typing import Any


class NotAnExperiment(ValueError):
    """A module lacks something that an experiment has; the message says what."""


@dataclass(frozen=True)
class Experiment:
    """A question, and what answers it: one run for every combination of the conditions, and every seed.

    Parameters
    ----------
    name : str
    question : str
    settings, quick : instance of a frozen dataclass
        What all runs have in common: for the record, and for the small version.
    conditions : dict of str to list
        What is compared: all combinations of these values. Without any there is one condition, ``{}``.
    seeds : int
        Seeds of the record: 0 to `seeds` - 1.
    run : function
        ``run(settings, seed, **condition)`` makes one run and returns its metrics by name: a number, a curve (a list of
        numbers), text, or a list of texts. It must depend on nothing but its arguments.
    file : Path
        The module; its folder holds `results/`.
    """

    name: str
    question: str
    settings: Any
    quick: Any
    conditions: dict
    seeds: int
    run: Callable
    file: Path

    @classmethod
    def of(cls, module):
        """The experiment that a module is.

        Raises
        ------
        NotAnExperiment
            Where something is missing or of the wrong form.
        """
        name = module.__name__.rpartition(".")[2]

        def require(good, expected):
            if not good:
                raise NotAnExperiment(f"experiments/{name}.py expected {expected}.")

        question = (module.__doc__ or "").strip().partition("\n")[0]
        require(question.endswith("?"), "a docstring whose first line is the question, with its question mark")
        for part in ("Settings", "QUICK", "CONDITIONS", "SEEDS", "run"):
            require(hasattr(module, part), f"a {part}, as experiments/bias.py has")
        frozen = is_dataclass(module.Settings) and module.Settings.__dataclass_params__.frozen
        require(frozen, "Settings to be a dataclass with frozen=True")
        lacking = [name for name, field in inspect.signature(module.Settings).parameters.items()
                   if field.default is inspect.Parameter.empty]  # fmt: skip
        require(not lacking, f"a value for each of the Settings, found none for {', '.join(lacking)}")
        require(isinstance(module.QUICK, module.Settings), "QUICK to be Settings(...) with what makes it small")
        for settings in (module.Settings(), module.QUICK):
            require(_is_json(asdict(settings)), "settings that JSON can hold: numbers, text, lists of them")
        require(isinstance(module.SEEDS, int) and module.SEEDS >= 1, "SEEDS to be their number, at least 1")
        require(isinstance(module.CONDITIONS, dict), "CONDITIONS to be a dict of lists")
        for factor, values in module.CONDITIONS.items():
            simple = isinstance(values, tuple | list) and all(isinstance(value, str | int | float) for value in values)
            distinct = simple and 0 < len(values) == len(set(values))
            require(distinct, f"CONDITIONS[{factor!r}] to be a list of different numbers or texts")
        parameters = list(inspect.signature(module.run).parameters)
        expected = ["settings", "seed", *module.CONDITIONS]
        require(parameters == expected, f"run({', '.join(expected)}), found run({', '.join(parameters)})")
        conditions = {factor: list(values) for factor, values in module.CONDITIONS.items()}
        return cls(name, question, module.Settings(), module.QUICK, conditions, module.SEEDS, module.run,
                   Path(module.__file__).resolve())  # fmt: skip

    @property
    def root(self):
        """The repository that the experiment belongs to."""
        return self.file.parents[1]

    def combinations(self):
        """Every condition, as a dict from factor to value."""
        return combinations(self.conditions)


def combinations(conditions):
    """All combinations of the values of some conditions, each a dict."""
    return [dict(zip(conditions, values, strict=True)) for values in product(*conditions.values())]


def as_json(settings):
    """Settings as JSON holds them, where tuples are lists."""
    return json.loads(json.dumps(asdict(settings)))


def _is_json(value):
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def told(condition, seed):
    """A run in words."""
    return ", ".join([f"{factor} = {value}" for factor, value in condition.items()] + [f"seed {seed}"])
