"""The laboratory's command: `python -m experiments --help`."""

import argparse
import sys
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from pkgutil import iter_modules

import joblib
import numpy as np
from tqdm import tqdm

import experiments
from experiments.frame import record, runs
from experiments.frame.experiment import Experiment, NotAnExperiment
from experiments.frame.files import writable


def names():
    """All experiments: the modules of the package whose names start with a letter."""
    found = [module.name for module in iter_modules(experiments.__path__) if not module.ispkg]
    return sorted(name for name in found if name[0].isalpha())


def named(name):
    """An experiment by its name, for `argparse`."""
    if name not in names():
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(names())}, given {name}")
    try:
        return Experiment.of(import_module(f"experiments.{name}"))
    except NotAnExperiment as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def at_least_1(text):
    """A whole number from 1, for `argparse`."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, given {text}")
    return int(text)


def show(experiment):
    """Print what is asked, how many runs answer it, and how its record stands."""
    count = len(experiment.combinations()) * experiment.seeds
    try:
        found = record.read(experiment)
        time = tqdm.format_interval(found.seconds["total"])
        state = f"{time} on one core; the record, of {found.date}, is of today's settings"
    except record.NoRecord as error:
        state = str(error)
    print(f"{experiment.name:12} {experiment.question}\n{'':12} {count} runs; {state}")


def run(experiment, seeds, jobs, quick):
    """Make the runs that are missing, and write what they found: all seeds of the full settings are the record.

    The small version is part of every record, and comes first: what fails in each run is noticed before hours of work.
    """
    place = runs.folder(experiment)
    quick_seeds = min(2, experiment.seeds)  # two, so that seeds can be seen to differ
    if quick:
        settings, seeds = experiment.quick, seeds or quick_seeds
        path, quick_seeds = place / "quick.json", seeds
    else:
        settings, seeds = experiment.settings, seeds or experiment.seeds
        path = record.file(experiment) if seeds == experiment.seeds else place / f"{seeds}-seeds.json"
    for file in (path, place / "runs" / "one.json"):
        writable(file)
    small = runs.finished(experiment, experiment.quick, quick_seeds, jobs)
    found = small if quick else runs.finished(experiment, settings, seeds, jobs)
    made = record.make(experiment, settings, seeds, found, small, runs.made_with(experiment, settings))
    record.write(made, path)
    print(summary(made))
    note = "" if path == record.file(experiment) else "; the record stays as it is"
    print(f"written to {path.relative_to(experiment.root)}{note}")


def summary(made):
    """A line for each condition: of every metric that is a number, the mean and standard deviation over the seeds."""
    lines = []
    for condition in made.combinations():
        parts = [f"{factor} = {value}" for factor, value in condition.items()]
        for metric in made.metrics:
            values = [row[metric] for row in made.runs if condition.items() <= row.items()]
            if all(isinstance(value, int | float) for value in values):
                with np.errstate(invalid="ignore"):  # the spread of infinite losses is NaN, and says so
                    spread = f" ± {np.std(values, ddof=1):.2g}" if len(values) > 1 else ""
                parts.append(f"{metric} {np.mean(values):.5g}{spread}")
        lines.append(", ".join(parts))
    return "\n".join(lines)


def main(arguments=None):
    """Read the command line, and do it."""
    parser = argparse.ArgumentParser(prog="python -m experiments", description=experiments.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="what is asked, and how the records stand")
    one = commands.add_parser("run", help="make the runs of an experiment that are missing, and its record")
    one.add_argument("experiment", type=named, metavar="NAME")
    one.add_argument("--seeds", type=at_least_1, metavar="N", help="only the first N; the record stays as it is")
    one.add_argument(
        "--jobs", type=at_least_1, metavar="N", default=joblib.cpu_count(), help="runs at a time (default: cores)"
    )
    one.add_argument("--quick", action="store_true", help="the small version, in seconds; the record stays as it is")
    given = parser.parse_args(arguments)
    if given.command == "list":
        for name in names():
            try:
                show(named(name))
            except argparse.ArgumentTypeError as error:
                print(f"{name:12} {error}")
        return 0
    try:
        run(given.experiment, given.seeds, given.jobs, given.quick)
    except argparse.ArgumentTypeError as error:
        one.error(str(error))
    except (runs.RunsFailed, record.MetricsDiffer) as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenProcessPool:
        print("A worker was killed (is memory short? try fewer --jobs); finished runs are kept.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; finished runs are kept, and the same command goes on from there.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
