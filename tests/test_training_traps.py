"""Training: nothing is lost, nothing goes on silently from another place, and what changes nothing is refused."""

import copy
import errno
import os
import signal

import numpy as np
import pytest

from rnnlib.data import DrawnBatches, TextBatches
from rnnlib.nn import SGD, Adam, AdamW, Momentum, RecurrentModel
from rnnlib.training import LossNotFinite, Training, load_model, mean_loss, save_model
from rnnlib.training import loop as training_loop

TOKENS = np.random.default_rng(0).integers(0, 5, 400)
HELD_OUT = TextBatches(TOKENS[::-1], 7, 2)


def training(optimiser=None, seed=0, **more):
    model = RecurrentModel("lstm", V=5, H=4, layers=2, dropout=0.2, seed=seed)
    return Training(model, TextBatches(TOKENS, 5, 2), optimiser or Adam(0.05), progress=False, **more)


def same(a, b):
    np.testing.assert_array_equal(a.model.theta, b.model.theta)
    for one, other in ((a.history, b.history), (a.evaluations, b.evaluations)):
        np.testing.assert_equal(one.columns, other.columns)
        np.testing.assert_array_equal(one.update, other.update)


def in_pieces(run):
    for updates in (1, 9, 10, 25, 30):
        run.run(updates)
    return run


def step_by_step(run):
    for _ in range(17):
        run.step()
    return run.run(30)


def copied(run):
    return copy.deepcopy(run.run(13)).run(30)


@pytest.mark.parametrize("way", [in_pieces, step_by_step, copied])
@pytest.mark.parametrize("patience", [None, 3, 50])
@pytest.mark.parametrize("every", [1, 3, 50])
def test_a_run_in_pieces_is_the_whole_run(way, patience, every):
    settings = {"evaluate": HELD_OUT, "evaluate_every": every, "patience": patience}
    if way is step_by_step and patience == 3:
        settings["patience"] = None  # a step by hand is made however patience stands
    same(training(**settings).run(30), way(training(**settings)))


def test_a_checkpoint_holds_the_model_that_patience_leaves(tmp_path):
    for every in (1, 1000):
        path = tmp_path / f"c{every}"
        run = training(
            Adam(0.5), evaluate=HELD_OUT, evaluate_every=3, patience=3, checkpoint=path, checkpoint_every=every
        )
        run.run(500)
        assert run.stopped
        for model in (run.model, load_model(path)[0]):
            assert mean_loss(model, HELD_OUT) == run.evaluations.loss.min()
        assert run.run(600).updates == run.updates < 500


@pytest.mark.parametrize("cut", [RuntimeError("no plot"), KeyboardInterrupt()], ids=repr)
def test_an_evaluation_that_was_cut_short_is_made_again(cut, tmp_path):
    calls = []

    def evaluate(model):
        calls.append(1)
        if len(calls) == 3:
            raise cut
        return {"loss": mean_loss(model, HELD_OUT)}

    run = training(evaluate=evaluate, evaluate_every=4, checkpoint=tmp_path / "c")
    with pytest.raises(type(cut)):
        run.run(16)
    run.save()
    again = training(evaluate=evaluate, evaluate_every=4, checkpoint=tmp_path / "c", resume=True)
    whole = training(evaluate=HELD_OUT, evaluate_every=4).run(16)
    same(whole, run.run(16))
    same(whole, again.run(16))


def test_ctrl_c_while_the_last_checkpoint_is_written(tmp_path, monkeypatch):
    save = training_loop.save

    def interrupted(run):
        signal.raise_signal(signal.SIGINT)
        save(run)

    monkeypatch.setattr(training_loop, "save", interrupted)
    with pytest.raises(KeyboardInterrupt, match="stopped after update 3; Training"):
        training(checkpoint=tmp_path / "c").run(3)
    assert training(checkpoint=tmp_path / "c", resume=True).updates == 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"loss": 1.0}, {"loss": 1.0, "accuracy": 1.0}], "the same keys each time"),
        ([{"loss": 1.0, "accuracy": 1.0}, {"loss": 1.0}], "the same keys each time"),
        ([{"loss": 1.0, "update": 1.0}], "keys that can be names of columns, given 'update'"),
        ([{"loss": 1.0, "a b": 1.0}], "keys that can be names of columns, given 'a b'"),
        ([{"loss": 1.0, 3: 1.0}], "keys that can be names of columns, given 3"),
    ],
)
def test_what_an_evaluation_returns_becomes_columns_or_is_refused(rows, message):
    rows = iter(rows)
    with pytest.raises(ValueError, match=f"evaluate expected .*{message}"):
        training(evaluate=lambda model: next(rows), evaluate_every=1).run(3)


def test_an_evaluation_may_not_train():
    def evaluate(model):
        model.theta *= 0.5
        return {"loss": 1.0}

    with pytest.raises(ValueError, match="evaluate expected a function that leaves the parameters as they are"):
        training(evaluate=evaluate).run(2)


@pytest.mark.parametrize("name", ["lr", "clipnorm", "clip_norm", "history_every", "evaluate_every", "model", "rate"])
def test_settings_of_a_run_stay(name):
    run = training()
    with pytest.raises(AttributeError, match=f"Training can't assign to '{name}'; make a new one with other settings"):
        setattr(run, name, 3)


@pytest.mark.parametrize("kind", [SGD, Momentum, Adam, AdamW])
def test_an_optimiser_has_no_other_names(kind):
    optimiser = kind(0.1)
    with pytest.raises(AttributeError, match=f"{kind.__name__} can't assign to 'lr', only to updates, state, rate"):
        optimiser.lr = 0.2
    optimiser.rate = 0.2
    assert copy.deepcopy(optimiser).rate == 0.2


def test_the_form_of_a_model_can_t_be_changed_in_its_description():
    with pytest.raises(TypeError, match="does not support item assignment"):
        RecurrentModel(V=5, H=4).config["H"] = 7


def test_a_copied_optimiser_shares_nothing():
    run = training().run(3)
    kept, other = run.optimiser.state["m"].copy(), RecurrentModel("lstm", V=5, H=4, layers=2)
    copy.copy(run.optimiser).step(other.theta, np.ones_like(other.theta))
    np.testing.assert_array_equal(run.optimiser.state["m"], kept)


def test_batches_that_others_took_from_are_noticed():
    batches, runs = TextBatches(TOKENS, 5, 2), []
    for _ in range(2):
        runs.append(Training(RecurrentModel(V=5, H=4), batches, SGD(0.1), progress=False).run(3))
    with pytest.raises(ValueError, match="batches expected to stand where this run left them"):
        runs[0].run(5)
    runs[1].run(5)


def test_a_drawing_function_of_the_same_name_is_told_apart(tmp_path):
    def run(length, resume):
        batches = DrawnBatches(lambda rng: (rng.integers(0, 5, (length, 2)), rng.integers(0, 5, (length, 2))))
        settings = {"checkpoint": tmp_path / "c", "resume": resume, "progress": False}
        return Training(RecurrentModel(V=5, H=4), batches, SGD(0.1), **settings)

    run(3, False).run(2)
    assert run(3, True).run(3).updates == 3
    with pytest.raises(ValueError, match="settings that it was made under, batches sha256"):
        run(4, True)


def test_a_schedule_may_end(tmp_path):
    rates = [0.1] * 10
    run = training(SGD(lambda update: rates[update]), checkpoint=tmp_path / "c").run(4)
    assert training(SGD(lambda update: rates[update]), checkpoint=tmp_path / "c", resume=True).run(10).updates == 10
    assert run.updates == 4


def test_a_checkpoint_goes_where_a_link_leads_and_stays_there(tmp_path, monkeypatch):
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "c")
    monkeypatch.chdir(tmp_path)
    run = training(checkpoint="link").run(2)
    monkeypatch.chdir(tmp_path / "disk")
    run.run(4)
    assert (tmp_path / "link").is_symlink()
    assert [file.name for file in (tmp_path / "disk").iterdir()] == ["c"]
    assert training(checkpoint=tmp_path / "link", resume=True).updates == 4
    save_model(tmp_path / "link", run.model)
    assert (tmp_path / "link").is_symlink()


def test_a_full_disk_is_told_in_a_sentence_and_loses_nothing(tmp_path, monkeypatch):
    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = training(checkpoint=tmp_path / "c").run(2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"c' expected a place that can be written to, given: .*; it is as it was"):
            run.run(5)
    assert os.listdir(tmp_path) == ["c"]
    assert training(checkpoint=tmp_path / "c", resume=True).updates == 2
    same(training().run(5), run.run(5))
    assert training(checkpoint=tmp_path / "c", resume=True).updates == 5


def test_a_folder_that_is_gone_is_told_in_a_sentence(tmp_path):
    (tmp_path / "gone").mkdir()
    run = training(checkpoint=tmp_path / "gone" / "c")
    (tmp_path / "gone").rmdir()
    with pytest.raises(OSError, match=r"c' expected a place that can be written to, given: .*; nothing was written"):
        run.run(2)


def test_two_runs_do_not_write_one_file(tmp_path):
    one, two = (training(seed=seed, checkpoint=tmp_path / "c") for seed in (1, 2))
    one.run(2)
    with pytest.raises(ValueError, match="checkpoint expected no file before its first save"):
        two.run(2)
    np.testing.assert_array_equal(load_model(tmp_path / "c")[0].theta, one.model.theta)


def test_a_loss_that_is_not_finite_is_told_with_its_update():
    losses = iter([1.0, np.nan])
    with pytest.raises(LossNotFinite, match=r"loss of the evaluation expected .* given nan after update 2;"):
        training(evaluate=lambda model: {"loss": next(losses)}, evaluate_every=2).run(5)


@pytest.mark.parametrize("cell", ["lstm", "phased_lstm"])
def test_pieces_of_a_text_are_one_text(cell):
    """The state is carried from piece to piece, and so is the clock."""
    model = RecurrentModel(cell, V=5, H=6, init=1.0, seed=2)
    whole = mean_loss(model, TextBatches(TOKENS, 1000, 2))
    for T in (1, 5, 64):
        assert mean_loss(model, TextBatches(TOKENS, T, 2)) == pytest.approx(whole, rel=1e-12)
    batches = TextBatches(TOKENS, 5, 2)
    run = Training(model, batches, SGD(1e-300), progress=False).run(len(batches))  # a rate that changes nothing
    sizes = [batch.targets.size for batch in batches.epoch()]
    assert np.average(run.history.loss, weights=sizes) == pytest.approx(whole, rel=1e-12)


def test_a_path_that_no_file_can_have_is_refused_before_the_work(tmp_path):
    for name in ("x" * 300, "x" * 253):  # the second is too long with what the unfinished file is called
        with pytest.raises(ValueError, match="checkpoint expected a file in a folder that can be written to, given"):
            training(checkpoint=tmp_path / name)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("learned", [(), ("tau", "shift", "r_on")])
def test_what_is_not_learned_stays_though_weights_decay(learned):
    model = RecurrentModel("phased_lstm", V=5, H=4, learned=learned, leak=0.5)
    before = {name: W.copy() for name, W in model.parameters.items()}
    Training(model, TextBatches(TOKENS, 5, 2), AdamW(0.1, decay=0.5), progress=False).run(5)
    for name in ("tau", "shift", "r_on", "alpha"):
        assert np.array_equal(model.parameters[name], before[name]) == (name not in learned), name
    model.alpha = 0.0  # as the paper tests
    assert mean_loss(model, HELD_OUT) > 0 and not model.alpha.any()
