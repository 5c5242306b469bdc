"""The frame of the laboratory, on tiny experiments in a folder of their own."""

import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import numpy as np
import pytest
from samples import write_file
from scipy import stats

import experiments
from experiments import __main__ as command
from experiments import load, paired_difference
from experiments.frame import files
from experiments.frame.experiment import Experiment, NotAnExperiment
from experiments.frame.record import NoRecord

ROOT = Path(__file__).parents[1]
TINY = '''"""Is twice as much more?

What else there is to say.
"""

from dataclasses import dataclass
from pathlib import Path

from rnnlib.rule import ONE


@dataclass(frozen=True)
class Settings:
    start: float = 10.0
    sizes: tuple = (1, 2)


QUICK = Settings(start=0.5)
CONDITIONS = {"times": (1, 2), "way": ("up", "down")}
SEEDS = 3


def run(settings, seed, times, way):
    made = Path(__file__).parents[1] / "made"
    made.mkdir(exist_ok=True)
    (made / f"{settings.start} {times} {way} {seed} {len(list(made.iterdir()))}").touch()
    if (made.parent / "broken").exists() and settings.start > 1 and (times, seed) == (2, 1):
        raise ArithmeticError("the sum is off")
    return {"loss": settings.start + times * seed + ONE, "curve": [seed, times], "text": way}
'''
RETURNED = '{"loss": settings.start + times * seed + ONE, "curve": [seed, times], "text": way}'


class Laboratory:
    """A repository in small, in which the command runs."""

    def __init__(self, root):
        self.root = root
        self.record = root / "experiments/results/tiny.json"
        write_file(root / "rnnlib/__init__.py")
        write_file(root / "rnnlib/rule.py", "ONE = 1")
        write_file(root / "rnnlib/other.py")
        self.write(TINY)

    def write(self, source, name="tiny"):
        """Write an experiment, as it is when a new process imports it."""
        write_file(self.root / "experiments" / f"{name}.py", source)
        for module in ("experiments.tiny", "rnnlib.rule"):
            sys.modules.pop(module, None)
        importlib.invalidate_caches()

    def change(self, old, new):
        assert TINY.count(old) == 1
        self.write(TINY.replace(old, new))

    def run(self, *arguments, jobs="1"):
        """Run `tiny`; return the exit status and how many runs were made."""
        before = self.made()
        return command.main(["run", "tiny", "--jobs", jobs, *arguments]), self.made() - before

    def made(self):
        return len(list((self.root / "made").glob("*")))

    def module(self):
        return importlib.import_module("experiments.tiny")


@pytest.fixture
def laboratory(tmp_path, monkeypatch):
    import rnnlib

    monkeypatch.setattr(experiments, "__path__", [str(tmp_path / "experiments")])
    monkeypatch.setattr(rnnlib, "__path__", [*rnnlib.__path__, str(tmp_path / "rnnlib")])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # its time stamps are too coarse for changes in a test
    yield Laboratory(tmp_path)
    for module in ("experiments.tiny", "rnnlib.rule"):
        sys.modules.pop(module, None)


QUICK, FULL = 4 * 2, 4 * 3  # runs: conditions times seeds


def test_a_run_makes_the_record(laboratory, capsys):
    assert laboratory.run() == (0, QUICK + FULL)
    found = load(laboratory.module())
    assert (found.experiment, found.question, found.seeds) == ("tiny", "Is twice as much more?", 3)
    assert found.settings == {"start": 10.0, "sizes": [1, 2]}
    assert found.runs[0] == {"times": 1, "way": "up", "seed": 0, "loss": 11.0, "curve": [0, 1], "text": "up"}
    assert found.values("loss", times=2, way="down").tolist() == [11.0, 13.0, 15.0]
    assert found.values("curve", times=2, way="down").tolist() == [[0, 2], [1, 2], [2, 2]]
    assert [row["loss"] for row in found.quick["runs"][:2]] == [1.5, 2.5]
    told = capsys.readouterr().out
    assert "times = 2, way = down, loss 13 ± 2" in told
    assert "written to experiments/results/tiny.json\n" in told
    assert '\n  {"times": 1, "way": "up", "seed": 0, "loss": 11.0, "curve": [0, 1], "text": "up"},\n' in (
        laboratory.record.read_text()
    ), "a run to a line"


def test_no_run_is_made_twice(laboratory):
    assert laboratory.run("--seeds", "1") == (0, QUICK + 4)
    assert laboratory.run("--quick") == (0, 0)
    assert laboratory.run() == (0, FULL - 4)
    before = laboratory.record.read_bytes()
    assert laboratory.run() == (0, 0)
    assert laboratory.record.read_bytes() == before


@pytest.mark.parametrize(("old", "new", "again"), [
    ("start: float = 10.0", "start: float = 11.0", QUICK + FULL),  # the module's code changed too
    ("seed + ONE", "seed - ONE", QUICK + FULL),
    ('"way": ("up", "down")', '"way": ("up", "left")', QUICK + FULL),
])  # fmt: skip
def test_changed_settings_or_code_repeat(laboratory, old, new, again):
    laboratory.run()
    laboratory.change(old, new)
    assert laboratory.run() == (0, again)


def test_what_the_experiment_imports_counts_and_nothing_else_does(laboratory):
    laboratory.run()
    write_file(laboratory.root / "rnnlib/other.py", "# changed")
    write_file(laboratory.root / "experiments/frame/runs.py", "# changed")
    laboratory.write(TINY.replace("more", "less"), name="another")
    assert laboratory.run() == (0, 0)
    write_file(laboratory.root / "rnnlib/rule.py", "ONE = 2")
    laboratory.write(TINY)
    assert laboratory.run() == (0, QUICK + FULL)
    assert load(laboratory.module()).runs[0]["loss"] == 12.0


def test_only_a_full_run_replaces_the_record(laboratory, capsys):
    laboratory.run()
    before = laboratory.record.read_bytes()
    laboratory.change("seed + ONE", "seed - ONE")
    for arguments, path in ((["--quick"], "quick"), (["--seeds", "2"], "2-seeds"), (["--seeds", "4"], "4-seeds")):
        assert laboratory.run(*arguments)[0] == 0
        path = f"_build/experiments/tiny/{path}.json"
        assert f"written to {path}; the record stays as it is" in capsys.readouterr().out
        assert json.loads((laboratory.root / path).read_text())["runs"]
    assert laboratory.record.read_bytes() == before
    laboratory.run("--seeds", "3")
    assert laboratory.record.read_bytes() != before


def test_a_run_that_raises_is_named_and_the_others_are_kept(laboratory, capsys):
    (laboratory.root / "broken").touch()
    assert laboratory.run() == (1, QUICK + FULL)
    told = capsys.readouterr().err
    assert "2 of 12 runs raised; the others are kept." in told
    assert "times = 2, way = up, seed 1: ArithmeticError: the sum is off" in told
    assert "times = 2, way = down, seed 1: ArithmeticError: the sum is off" in told
    assert 'raise ArithmeticError("the sum is off")' in told, "where it happened"
    assert not laboratory.record.exists()
    (laboratory.root / "broken").unlink()
    assert laboratory.run() == (0, 2)
    assert len(load(laboratory.module()).runs) == FULL


def test_an_interrupt_loses_no_finished_run(laboratory, capsys):
    (laboratory.root / "broken").touch()
    laboratory.change("ArithmeticError", "KeyboardInterrupt")
    status, made = laboratory.run()
    assert status == 130 and QUICK < made < QUICK + FULL
    assert capsys.readouterr().err.endswith("finished runs are kept, and the same command goes on from there.\n")
    (laboratory.root / "broken").unlink()
    assert laboratory.run() == (0, QUICK + FULL - made + 1), "but for the one that was interrupted"


@pytest.mark.parametrize(("metrics", "words"), [
    ("3", "run expected to return a dict of metrics, given 3"),
    ("{}", "run expected to return a dict of metrics"),
    ("{'seed': 3}", "metrics expected names that no condition has, given seed"),
    ("{'way': 3}", "metrics expected names that no condition has, given way"),
    ("{'loss': float('nan')}", "metric loss expected no NaN"),
    ("{'loss': [1.0, float('nan')]}", "metric loss expected no NaN"),
    ("{'loss': None}", "metric loss expected a number, numbers, a text or texts, given None"),
    ("{'loss': ['a', 1]}", "metric loss expected a number, numbers, a text or texts"),
    ("{'loss': 1.0} if seed else {'error': 1.0}", "Every run is expected to return the same metrics, as ['error']; "
                                                  "times = 1, way = up, seed 1 returned ['loss']."),
])  # fmt: skip
def test_metrics_that_a_record_cannot_hold_are_refused(laboratory, capsys, metrics, words):
    laboratory.change(RETURNED, metrics)
    assert laboratory.run("--quick")[0] == 1
    assert words in capsys.readouterr().err
    assert not list((laboratory.root / "_build").rglob("quick.json"))


def test_numbers_of_numpy_and_infinity_are_kept(laboratory):
    laboratory.change(
        "return " + RETURNED,
        """import numpy as np
    return {"loss": np.float64(0.1), "n": np.int64(3), "curve": np.arange(3.0), "far": np.inf, "texts": ["a", way]}""",
    )
    assert laboratory.run()[0] == 0
    expected = {"loss": 0.1, "n": 3, "curve": [0.0, 1.0, 2.0], "far": np.inf, "texts": ["a", "down"]}
    row = load(laboratory.module()).runs[-1]
    assert {key: row[key] for key in expected} == expected


def test_a_run_has_one_thread(laboratory):
    laboratory.change(
        RETURNED,
        '{"threads": max(pool["num_threads"] for pool in __import__("threadpoolctl").threadpool_info())}',
    )
    assert laboratory.run("--quick")[0] == 0
    found = json.loads((laboratory.root / "_build/experiments/tiny/quick.json").read_text())
    assert {row["threads"] for row in found["runs"]} == {1}


@pytest.mark.parametrize(("arguments", "words"), [
    (["run", "tine"], "argument NAME: expected one of another, tiny, given tine"),
    (["run", "frame"], "argument NAME: expected one of another, tiny, given frame"),
    (["run", "tiny", "--seeds", "0"], "argument --seeds: expected a whole number of at least 1, given 0"),
    (["run", "tiny", "--jobs", "-1"], "argument --jobs: expected a whole number of at least 1, given -1"),
    (["run", "tiny", "--seeds", "x"], "argument --seeds: expected a whole number of at least 1, given x"),
    (["run", "another"], "argument NAME: experiments/another.py expected"),
    (["run"], "the following arguments are required: NAME"),
    ([], "the following arguments are required: command"),
])  # fmt: skip
def test_bad_arguments_are_refused(laboratory, capsys, arguments, words):
    laboratory.write("", name="another")
    laboratory.write("", name="_helper")
    with pytest.raises(SystemExit) as stop:
        command.main(arguments)
    assert stop.value.code == 2 and laboratory.made() == 0
    assert words in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("path", ["experiments/results", "_build"])
def test_a_folder_that_cannot_be_written_is_refused_before_the_work(laboratory, capsys, path):
    write_file(laboratory.root / path, "a file where a folder should be")
    with pytest.raises(SystemExit):
        laboratory.run()
    assert laboratory.made() == 0
    assert "error: expected a file in a folder that can be written to, given" in capsys.readouterr().err


@pytest.mark.parametrize(("old", "new", "words"), [
    ("more?", "more", "a docstring whose first line is the question"),
    ("Settings:", "Setting:", "a Settings, as experiments/bias.py has"),
    ("QUICK =", "SMALL =", "a QUICK, as"),
    ("@dataclass(frozen=True)", "@dataclass", "Settings to be a dataclass with frozen=True"),
    ("sizes: tuple = (1, 2)", "sizes: object = int", "settings that JSON can hold"),
    ("Settings(start=0.5)", "{'start': 0.5}", "QUICK to be Settings(...)"),
    ("start: float = 10.0", "start: float", "a value for each of the Settings, found none for start"),
    ("SEEDS = 3", "SEEDS = 0", "SEEDS to be their number, at least 1"),
    ("SEEDS = 3", "SEEDS = [0, 1]", "SEEDS to be their number, at least 1"),
    ('"times": (1, 2)', '"times": 2', "CONDITIONS['times'] to be a list of different numbers or texts"),
    ('"times": (1, 2)', '"times": (2, 2)', "CONDITIONS['times'] to be a list of different numbers or texts"),
    ('"times": (1, 2)', '"times": ()', "CONDITIONS['times'] to be a list of different numbers or texts"),
    ('"times": (1, 2)', '"times": (1, True)', "CONDITIONS['times'] to be a list of different numbers or texts"),
    ('"times": (1, 2)', '"times": (1, None)', "CONDITIONS['times'] to be a list of different numbers or texts"),
    ("run(settings, seed, times, way)", "run(settings, seed, way)",
     "run(settings, seed, times, way), found run(settings, seed, way)"),
])  # fmt: skip
def test_a_module_that_is_no_experiment_is_told_what_it_lacks(laboratory, old, new, words):
    source = TINY.replace(old, new)
    assert source != TINY
    laboratory.write(
        source if "class Setting:" not in source else source.replace("QUICK = Settings", "QUICK = Setting")
    )
    with pytest.raises(NotAnExperiment, match=re.escape(f"experiments/tiny.py expected {words}")):
        Experiment.of(laboratory.module())


def test_the_list_tells_how_the_records_stand(laboratory, capsys):
    laboratory.write("", name="another")

    def told():
        assert command.main(["list"]) == 0
        return " ".join(capsys.readouterr().out.split())

    first = told()
    assert first.startswith("another experiments/another.py expected a docstring")
    assert "tiny Is twice as much more? 12 runs; there is no record of tiny: `python -m exp" in first
    laboratory.run()
    assert re.search(r"12 runs; 00:00 on one core; the record, of [\d-]+, is of today's settings", told())
    laboratory.change("start: float = 10.0", "start: float = 11.0")
    assert "12 runs; the record of tiny is of old settings (start: then 10.0, now 11.0): `python -m exp" in told()


@pytest.mark.parametrize(("old", "new", "words"), [
    ("start: float = 10.0", "start: float = 11.0", "is of old settings (start: then 10.0, now 11.0)"),
    ("start: float = 10.0", "more: int = 3\n    start: float = 10.0", "(more: then 'not there', now 3)"),
    ("SEEDS = 3", "SEEDS = 4", "is of old settings (number of seeds: then 3, now 4)"),
    ('"times": (1, 2)', '"times": (1, 2, 3)', "is of old settings (condition times: then [1, 2], now [1, 2, 3])"),
])  # fmt: skip
def test_a_record_of_old_settings_is_not_loaded(laboratory, old, new, words):
    laboratory.run()
    laboratory.change(old, new)
    with pytest.raises(NoRecord) as found:
        load(laboratory.module())
    assert words in str(found.value)
    assert str(found.value).endswith(": `python -m experiments run tiny` makes it anew.")


def test_a_record_that_is_missing_or_of_another_form_is_not_loaded(laboratory):
    with pytest.raises(NoRecord, match=r"^there is no record of tiny: `python -m experiments run tiny` makes it\.$"):
        load(laboratory.module())
    write_file(laboratory.record, '{"losses": []}')
    with pytest.raises(NoRecord, match=r"^the record of tiny has another form than today's: `python"):
        load(laboratory.module())


def test_values_are_asked_for_by_metric_and_whole_condition(laboratory):
    laboratory.run()
    found = load(laboratory.module())
    for metric, condition, words in (
        ("loss", {"times": 1}, "values of tiny expected a condition for each of ['times', 'way'], given ['times']."),
        ("loss", {"times": 3, "way": "up"}, "times expected one of [1, 2], given 3."),
        ("seed", {"times": 1, "way": "up"}, "metric expected one of ['loss', 'curve', 'text'], given 'seed'."),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            found.values(metric, **condition)


def test_curves_of_different_lengths_are_left_as_they_are(laboratory):
    laboratory.change(RETURNED, '{"curve": [1.0] * (1 + seed)}')
    assert laboratory.run()[0] == 0
    found = load(laboratory.module())
    assert found.runs[2]["curve"] == [1.0, 1.0, 1.0]
    with pytest.raises(ValueError, match="curve expected curves of one length, given several: take them from `runs`"):
        found.values("curve", times=1, way="up")


def test_another_backend_may_make_the_runs(laboratory):
    with joblib.parallel_config("threading"):
        assert laboratory.run(jobs="2") == (0, QUICK + FULL)
    assert laboratory.run() == (0, 0)


def test_a_paired_difference_is_of_the_differences():
    a, b = np.random.default_rng(0).normal(size=(2, 12))
    found = paired_difference(a, b)
    assert found.pairs == 12 and found.lower == sum(x < y for x, y in zip(a, b, strict=True))
    assert found.mean == pytest.approx(a.mean() - b.mean())
    assert found.mean / (found.sd / np.sqrt(12)) == pytest.approx(stats.ttest_rel(a, b).statistic)
    assert paired_difference([1, 2], [1, 3]) == (-0.5, pytest.approx(np.sqrt(0.5)), 1, 2)


@pytest.mark.parametrize(("a", "b"), [([1.0], [2.0]), ([1.0, 2.0], [1.0]), ([[1.0], [2.0]], [[1.0], [2.0]])])
def test_a_paired_difference_needs_pairs(a, b):
    with pytest.raises(ValueError, match="expected a number for each of the same 2 or more seeds"):
        paired_difference(a, b)


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = write_file(tmp_path / "a.json", "old")

    def full(*_):
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="the disk is full"):
        files.write("new", path)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def copy(root, name, source):
    """A repository in small for processes of their own: the frame as it is, and one experiment."""
    ignored = shutil.ignore_patterns("results", "__pycache__", *(f"{one}.py" for one in command.names()))
    shutil.copytree(ROOT / "experiments", root / "experiments", ignore=ignored)
    write_file(root / "experiments" / f"{name}.py", source)
    paths = [str(root), str(ROOT), str(ROOT / "book")]
    return {"cwd": root, "env": os.environ | {"PYTHONPATH": os.pathsep.join(paths)}}


def test_the_example_of_contributing_runs_in_two_processes(tmp_path):
    section = (ROOT / "CONTRIBUTING.md").read_text().partition("\n## Write an experiment\n")[2].partition("\n## ")[0]
    name = re.search(r"`experiments/(\w+)\.py`", section)[1]
    experiment, page = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    process = copy(tmp_path, name, experiment)
    arguments = [sys.executable, "-m", "experiments", "run", name, "--jobs", "2"]
    result = subprocess.run(arguments, **process, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith(f"written to experiments/results/{name}.json\n")
    assert "100%" in result.stderr
    found = json.loads((tmp_path / f"experiments/results/{name}.json").read_text())
    assert len({row["loss"] for row in found["runs"]}) == len(found["runs"]), "each run is another"
    shown = [sys.executable, "-c", f"{page}\nprint(difference)"]
    result = subprocess.run(shown, **process, capture_output=True, text=True)
    assert result.stdout.startswith("PairedDifference(mean="), result.stderr


@pytest.mark.slow
def test_what_is_finished_survives_a_kill(tmp_path):
    """From the third seed on the runs wait for a file, so that the command can't end before it is killed."""
    source = TINY.replace("from rnnlib.rule import ONE", "import time").replace(" + ONE", "")
    wait = "    while settings.start > 1 and seed > 1 and not Path('go').exists():\n        time.sleep(0.05)\n"
    source = source.replace("    made =", f"{wait}    made =")
    process = copy(tmp_path, "tiny", source.replace("SEEDS = 3", "SEEDS = 10"))
    arguments = [sys.executable, "-m", "experiments", "run", "tiny", "--jobs", "2"]
    kept, made = tmp_path / "_build/experiments/tiny/runs", tmp_path / "made"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(arguments, **process, **quiet, start_new_session=True)
    while len(list(kept.glob("*.json"))) < QUICK + 5:
        assert running.poll() is None, "it ended before it was killed"
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    finished = len(list(kept.glob("*.json")))
    before = len(list(made.iterdir()))
    assert finished < QUICK + 40
    (tmp_path / "go").touch()
    subprocess.run(arguments, **process, **quiet, check=True)
    assert len(list(made.iterdir())) - before == QUICK + 40 - finished
    assert json.loads((tmp_path / "experiments/results/tiny.json").read_text())["runs"]


@pytest.mark.slow
def test_a_worker_that_is_killed_is_told(tmp_path):
    source = TINY.replace("from rnnlib.rule import ONE", "import os").replace(" + ONE", "")
    process = copy(
        tmp_path, "tiny", source.replace('raise ArithmeticError("the sum is off")', "os.kill(os.getpid(), 9)")
    )
    (tmp_path / "broken").touch()
    arguments = [sys.executable, "-m", "experiments", "run", "tiny", "--jobs", "2"]
    result = subprocess.run(arguments, **process, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.endswith("A worker was killed (is memory short? try fewer --jobs); finished runs are kept.\n")
    assert len(list((tmp_path / "_build/experiments/tiny/runs").glob("*.json"))) >= QUICK
    (tmp_path / "broken").unlink()
    subprocess.run(arguments, **process, capture_output=True, check=True)
