"""The experiments: what they train, and that the records and the words about them go together."""

import ast
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from experiments import bias
from rnnlib.nn import RecurrentModel

ROOT = Path(__file__).parents[1]
CHAPTER = ROOT / "notebooks/12_memorising_a_word.ipynb"
RECORD = json.loads((ROOT / "experiments/results/bias.json").read_text())


def test_biases_that_are_held_stay_zero_and_the_others_move(monkeypatch):
    made = []
    monkeypatch.setattr(bias, "RecurrentModel", lambda *a, **k: made.append(RecurrentModel(*a, **k)) or made[-1])
    bias.run(sizes=(4,), updates=3, seeds=1)
    everything, no_hidden, none = made[:3]  # after them those of the first losses
    assert everything.b_h.any() and everything.b_y.any()
    assert not no_hidden.b_h.any() and no_hidden.b_y.any()
    assert not none.b_h.any() and not none.b_y.any()


def test_the_three_networks_of_a_seed_start_alike():
    runs = bias.run(sizes=(4,), updates=0, seeds=2)["losses"]["4"]
    assert runs["all biases"] == runs["no hidden bias"] == runs["no bias"]
    assert runs["all biases"][0] != runs["all biases"][1]


def test_the_record_is_of_the_settings_in_the_program():
    assert RECORD["settings"] == bias.SETTINGS
    assert list(RECORD["losses"]) == [str(H) for H in bias.SIZES]
    assert all(list(runs) == list(bias.HELD) for runs in RECORD["losses"].values())


def test_the_words_of_chapter_12_fit_the_record():
    means = {name: [np.mean(runs[name]) for runs in RECORD["losses"].values()] for name in bias.HELD}
    for name in ("no hidden bias", "no bias"):
        rows = bias.compared(RECORD["losses"], name).values()
        assert all(row["lower"] < 12 / 2 for row in rows), "most pairs go against the second source"
        assert all(a > b for row in rows for a, b in [row["mean"]]), "the network with its biases is better"
        assert all(row["mean"][0] - row["mean"][1] < 2 * max(row["sd"]) for row in rows), "by about what seeds differ"
        for runs in RECORD["losses"].values():
            assert min(runs[name]) < max(runs["all biases"]), "one run of each can print either conclusion"
    assert all(np.all(np.diff(values) < 0) for values in means.values()), "the loss falls with the number of units"


def test_our_losses_have_the_size_of_the_printed_ones():
    source = next(c.source for c in nbformat.read(CHAPTER, 4).cells if c.id == "bias-record")
    printed = ast.literal_eval(re.search(r"printed = (\{.*?\})", source, re.DOTALL)[1])
    for H, pair in printed.items():
        ours = [np.mean(RECORD["losses"][H][name]) for name in ("all biases", "no bias")]
        assert all(1 < a / b < 2.1 for a, b in zip(ours, pair, strict=True)), "higher in every row, twice at most"


# What makes each record's first losses again; records of the benchmarks hold times, which no one can compute again.
EXPERIMENTS = {"bias": bias}
TIMES = {"bench", "scaling"}


@pytest.mark.parametrize("path", sorted((ROOT / "experiments/results").glob("*.json")), ids=lambda path: path.stem)
def test_the_first_updates_of_a_record_come_out_again(path):
    assert path.stem in EXPERIMENTS or path.stem in TIMES, "name the experiment that makes this record"
    if path.stem in EXPERIMENTS:
        recorded, again = json.loads(path.read_text())["first_losses"], EXPERIMENTS[path.stem].first_losses()
        assert recorded.keys() == again.keys() and recorded
        for H, runs in again.items():
            for name, losses in runs.items():
                assert len(losses) == bias.FIRST + 1
                np.testing.assert_allclose(losses, recorded[H][name], rtol=1e-10)


@pytest.mark.slow
def test_a_run_of_the_record_comes_out_again():
    settings = {name: value for name, value in bias.SETTINGS.items() if name != "seeds"}
    again = bias.train(50, bias.HELD["no bias"], 3, **settings)[-1]
    assert again == pytest.approx(RECORD["losses"]["50"]["no bias"][3], rel=1e-6)
