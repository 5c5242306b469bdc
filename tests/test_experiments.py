"""The experiments: what they train, that the records come out again, and that the words about them go together."""

import ast
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from experiments import bias, load, paired_difference
from experiments.__main__ import named, names
from experiments.frame import record, runs
from experiments.frame.experiment import as_json
from rnnlib.nn import RecurrentModel

ROOT = Path(__file__).parents[1]
CHAPTER = ROOT / "notebooks/12_memorising_a_word.ipynb"
RECORD = load(bias)
FEWER = ("no hidden bias", "no bias")


def losses(trained):
    """The last losses of the record, a row for each size."""
    return [RECORD.values("loss", H=H, trained=trained) for H in bias.CONDITIONS["H"]]


def test_biases_that_are_held_stay_zero_and_the_others_move(monkeypatch):
    made = []
    monkeypatch.setattr(bias, "RecurrentModel", lambda *a, **k: made.append(RecurrentModel(*a, **k)) or made[-1])
    for trained in bias.HELD:
        bias.run(bias.Settings(updates=3), seed=0, H=4, trained=trained)
    everything, no_hidden, none = made
    assert everything.b_h.any() and everything.b_y.any()
    assert not no_hidden.b_h.any() and no_hidden.b_y.any()
    assert not none.b_h.any() and not none.b_y.any()


def test_the_three_networks_of_a_seed_start_alike():
    start = bias.Settings(updates=0)
    first, second = ([bias.run(start, seed, 4, trained)["loss"] for trained in bias.HELD] for seed in (0, 1))
    assert len(set(first)) == len(set(second)) == 1
    assert first[0] != second[0]


def test_the_words_of_chapter_12_fit_the_record():
    everything = losses("all biases")
    for fewer in map(losses, FEWER):
        for a, b in zip(fewer, everything, strict=True):
            difference = paired_difference(a, b)
            assert difference.pairs == 12 and difference.lower < 6, "most pairs go against the second source"
            assert difference.mean > 0, "the network with its biases is better"
            assert difference.mean < 2 * max(np.std(a, ddof=1), np.std(b, ddof=1)), "by about what seeds differ"
            assert min(a) < max(b), "one run of each can print either conclusion"
    for rows in map(losses, bias.HELD):
        assert np.all(np.diff(np.mean(rows, axis=1)) < 0), "the loss falls with the number of units"


def test_our_losses_have_the_size_of_the_printed_ones():
    source = next(c.source for c in nbformat.read(CHAPTER, 4).cells if c.id == "bias-record")
    printed = ast.literal_eval(re.search(r"printed = (\{.*?\})", source, re.DOTALL)[1])
    assert list(printed) == list(bias.CONDITIONS["H"])
    for H, pair in printed.items():
        ours = [np.mean(RECORD.values("loss", H=H, trained=trained)) for trained in ("all biases", "no bias")]
        assert all(1 < a / b < 2.1 for a, b in zip(ours, pair, strict=True)), "higher in every row, twice at most"


TIMES = {"bench", "scaling"}  # records of the benchmarks: no one can make a time again


def test_every_experiment_has_a_record_and_every_record_an_experiment():
    assert {path.stem for path in (ROOT / "experiments/results").glob("*.json")} == {*names(), *TIMES}


@pytest.mark.parametrize("name", names())
def test_a_record_is_of_todays_settings_and_its_quick_part_comes_out_again(name):
    experiment = named(name)
    found = record.read(experiment)  # raises where the settings are old
    assert found.quick["settings"] == as_json(experiment.quick)
    again = record.rows(runs.anew(experiment, experiment.quick, found.quick["seeds"]))
    assert len(again) == len(experiment.combinations()) * min(2, experiment.seeds)
    for then, now in zip(found.quick["runs"], again, strict=True):
        assert then.keys() == now.keys()
        for key, value in then.items():
            if isinstance(value, str) or (isinstance(value, list) and isinstance(value[0], str)):
                assert value == now[key]
            else:
                np.testing.assert_allclose(now[key], value, rtol=1e-10)


@pytest.mark.parametrize("name", names())
def test_a_record_holds_a_row_for_each_run_and_names_no_place(name):
    experiment = named(name)
    path = record.file(experiment)
    found = json.loads(path.read_text())
    wanted = [condition | {"seed": seed} for condition in experiment.combinations() for seed in range(experiment.seeds)]
    assert [{key: row[key] for key in wanted[0]} for row in found["runs"]] == wanted
    assert len(found["seconds"]["runs"]) == len(wanted)
    assert found["seconds"]["total"] == pytest.approx(sum(found["seconds"]["runs"]), abs=1e-3 * len(wanted))
    assert {"python", "numpy", "scipy", "rnnlib"} <= found["versions"].keys()
    assert found["machine"].keys() == {"processor", "cores", "system", "blas"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"])
    assert not re.search(r'"[^"]*[/\\][^"]*"', json.dumps([found["machine"], found["versions"]])), "a path"
    assert max(map(len, path.read_text().splitlines())) < 5000, "a change could not be read"


@pytest.mark.slow
def test_a_run_of_the_record_comes_out_again():
    again = bias.run(bias.Settings(), seed=3, H=50, trained="no bias")
    assert again["loss"] == pytest.approx(RECORD.values("loss", H=50, trained="no bias")[3], rel=1e-6)
