"""Training: updates, going on exactly where it stopped, stopping early, and what goes wrong."""

import os
import signal
import threading

import numpy as np
import pytest

from rnnlib.data import ACKNOWLEDGEMENT, Batch, DrawnBatches, OneBatch, ShuffledBatches, TextBatches, memorise
from rnnlib.nn import SGD, AdaDelta, AdaGrad, Adam, AdamW, Momentum, RecurrentModel, RMSprop, step_decay
from rnnlib.training import LossNotFinite, Training

TOKENS = np.random.default_rng(0).integers(0, 5, 200)


def draw(rng):
    return rng.integers(0, 5, (4, 3)), rng.integers(0, 5, (4, 3))


SOURCES = {
    "text": lambda: TextBatches(TOKENS, T=7, B=3),
    "drawn": lambda: DrawnBatches(draw, seed=1),
    "shuffled": lambda: ShuffledBatches(
        TOKENS[:60].reshape(4, 15), TOKENS[60:120].reshape(4, 15), B=4, mask=TOKENS[:60].reshape(4, 15) > 0, seed=2
    ),
    "one": lambda: OneBatch(TOKENS[:8].reshape(4, 2), TOKENS[1:9].reshape(4, 2)),
}


def training(source="text", optimiser=None, cell="lstm", **more):
    model = RecurrentModel(cell, V=5, H=4, layers=2, dropout=0.3, seed=3)
    return Training(model, SOURCES[source](), optimiser or Adam(0.01), clip_norm=1.0, progress=False, **more)


def same(a, b):
    np.testing.assert_array_equal(a.model.theta, b.model.theta)
    assert a.record == b.record
    assert a.evaluations == b.evaluations
    assert a.updates == b.updates


def test_the_word_is_learned():
    x, targets, vocabulary = memorise(ACKNOWLEDGEMENT)
    model = RecurrentModel("rnn", V=len(vocabulary), H=30)
    run = Training(model, OneBatch(x, targets), Adam(0.01), reduction="sum", progress=False).run(300)
    assert run.record[0]["loss"] == pytest.approx(14 * np.log(len(vocabulary)), rel=0.1)
    assert run.record[-1]["loss"] < 0.05
    s, _ = model.forward(x)
    assert vocabulary.decode(s.argmax(axis=-1)[:, 0]) == ACKNOWLEDGEMENT[1:]


@pytest.mark.parametrize("source", list(SOURCES))
@pytest.mark.parametrize("stop_at", [1, 13])
def test_resumed_is_uninterrupted_bit_for_bit(source, stop_at, tmp_path):
    whole = training(source).run(30)
    training(source, checkpoint=tmp_path / "c").run(stop_at)
    resumed = training(source, checkpoint=tmp_path / "c", resume=True)
    assert resumed.updates == stop_at
    same(whole, resumed.run(30))


@pytest.mark.parametrize(
    "make",
    [SGD, Momentum, AdaGrad, RMSprop, AdaDelta, Adam, AdamW, lambda rate: Adam(step_decay(rate, 0.5, 5))],
)
def test_every_optimiser_resumes_exactly(make, tmp_path):
    whole = training(optimiser=make(0.1)).run(20)
    training(optimiser=make(0.1), checkpoint=tmp_path / "c").run(11)
    same(whole, training(optimiser=make(0.1), checkpoint=tmp_path / "c", resume=True).run(20))


@pytest.mark.parametrize("cell", ["rnn", "gru", "phased_lstm"])
def test_every_cell_resumes_exactly(cell, tmp_path):
    whole = training(cell=cell).run(20)
    training(cell=cell, checkpoint=tmp_path / "c").run(11)
    same(whole, training(cell=cell, checkpoint=tmp_path / "c", resume=True).run(20))


def evaluate(model):
    return {"loss": model.loss(TOKENS[:20].reshape(10, 2), TOKENS[1:21].reshape(10, 2), reduction="mean")[0]}


def test_evaluation_and_early_stopping_resume_exactly(tmp_path):
    settings = {"evaluate": evaluate, "evaluate_every": 2, "patience": 3, "optimiser": Adam(0.3)}
    whole = training(**settings).run(200)
    assert whole.updates < 200
    losses = [entry["loss"] for entry in whole.evaluations]
    assert len(losses) - 1 - int(np.argmin(losses)) == 3
    assert evaluate(whole.model)["loss"] == min(losses)  # the best parameters are back
    for stop_at in (1, whole.updates - 3, whole.updates - 1):
        path = tmp_path / f"c{stop_at}"
        training(**(settings | {"optimiser": Adam(0.3)}), checkpoint=path).run(stop_at)
        resumed = training(**(settings | {"optimiser": Adam(0.3)}), checkpoint=path, resume=True)
        same(whole, resumed.run(200))


def test_the_same_seed_gives_the_same_bits():
    same(training().run(25), training().run(25))


def test_carried_state_starts_anew_with_each_epoch():
    states = []
    run = training("text")
    loss_and_gradients = run.model.loss_and_gradients

    def watch(x, targets, state, *arguments, **more):
        states.append(state is None)
        return loss_and_gradients(x, targets, state, *arguments, **more)

    run.model.__dict__["loss_and_gradients"] = watch
    run.run(21)
    assert states == ([True] + [False] * 9) * 2 + [True]


def test_text_batches_cover_each_stream_once():
    batches = TextBatches(np.arange(23), T=4, B=2)
    assert len(batches) == 3
    parts = [batches.next() for _ in range(3)]
    np.testing.assert_array_equal(np.concatenate([b.x for b in parts]).T, np.arange(22).reshape(2, 11))
    np.testing.assert_array_equal(np.concatenate([b.targets for b in parts]).T, np.arange(1, 23).reshape(2, 11))
    assert [b.fresh for b in parts] == [True, False, False]
    assert batches.next().fresh


def test_shuffled_batches_are_a_permutation():
    batches = ShuffledBatches(np.arange(10)[None], np.arange(10), B=4)
    epoch = [batches.next() for _ in range(3)]
    assert [b.x.shape for b in epoch] == [(1, 4), (1, 4), (1, 2)]
    assert sorted(np.concatenate([b.targets for b in epoch])) == list(range(10))


def test_l2_and_clipping_by_value():
    model = RecurrentModel("rnn", V=5, H=4)
    batch = OneBatch(TOKENS[:4][:, None], TOKENS[1:5][:, None])
    loss, _ = model.loss_and_gradients(batch.batch.x, batch.batch.targets, reduction="mean")
    expected = {k: g + 0.1 * model.parameters[k] * (g.ndim == 2) for k, g in model.gradients.items()}
    before = {name: W.copy() for name, W in model.parameters.items()}
    run = Training(model, batch, SGD(1.0), l2=0.1, clip_value=0.05, progress=False).run(1)
    assert run.record == [{"update": 1, "loss": loss}]
    for name, W in model.parameters.items():
        np.testing.assert_allclose(before[name] - W, np.clip(expected[name], -0.05, 0.05), atol=1e-15)


class Poisoned:
    """Batches of vectors that become huge at the tenth."""

    def __init__(self):
        self.k = 0

    def next(self):
        self.k += 1
        return Batch(np.full((2, 1, 1), np.finfo(float).max if self.k >= 10 else 1.0), np.zeros((2, 1), int))

    def position(self):
        return self.k

    def seek(self, position):
        self.k = position


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(tmp_path):
    def make(**more):
        model = RecurrentModel("rnn", D=1, Y=2, H=2, activation="relu", seed=1)
        model.theta[...] = np.abs(model.theta) * 10
        return Training(model, Poisoned(), SGD(0.01), progress=False, **more)

    run = make(checkpoint=tmp_path / "c", checkpoint_every=4)
    with pytest.raises(
        LossNotFinite, match=r"loss expected finite numbers, given \w+ at update 10; .*c keeps update 8\."
    ):
        run.run(20)
    assert make(checkpoint=tmp_path / "c", resume=True).updates == 8
    with pytest.raises(LossNotFinite, match=r"at update 10; no checkpoint was saved\."):
        make().run(20)


def test_parameters_that_are_not_finite_are_never_saved(tmp_path):
    run = training(checkpoint=tmp_path / "c").run(3)
    run.model.W_hh[0, 0] = np.nan
    with pytest.raises(LossNotFinite, match="keeps update 3"):
        run.save()
    assert np.isfinite(training(checkpoint=tmp_path / "c", resume=True).model.theta).all()


@pytest.mark.parametrize("saved", [True, False])
def test_ctrl_c_saves_and_says_how_to_go_on(saved, tmp_path):
    def interrupt(model):
        os.kill(os.getpid(), signal.SIGINT)
        return {"loss": 0.0}

    handler = signal.getsignal(signal.SIGINT)
    more = {"checkpoint": tmp_path / "c"} if saved else {}
    run = training(evaluate=interrupt, evaluate_every=5, **more)
    with pytest.raises(KeyboardInterrupt, match=r"stopped after update 5; .* (goes on from there|from there)"):
        run.run(100)
    assert signal.getsignal(signal.SIGINT) is handler
    whole = training().run(9)
    if saved:
        run = training(checkpoint=tmp_path / "c", resume=True)
    run.evaluate = None
    np.testing.assert_array_equal(run.run(9).model.theta, whole.model.theta)


def test_it_runs_outside_the_main_thread():
    run = training()
    thread = threading.Thread(target=run.run, args=(3,))
    thread.start()
    thread.join()
    assert run.updates == 3


def test_impossible_settings(tmp_path):
    training(checkpoint=tmp_path / "c").run(2)
    cases = [
        (lambda: training(reduction="max"), "reduction expected one of 'sum', 'mean', given 'max'"),
        (lambda: training(patience=3), "patience expected an `evaluate` to go with it"),
        (lambda: training(checkpoint_every=0), "checkpoint_every expected at least 1, given 0"),
        (lambda: training(resume=True), "resume expected a checkpoint to continue from"),
        (lambda: training(checkpoint=tmp_path / "c"), "checkpoint expected a new file, or resume=True"),
        (lambda: training(checkpoint=tmp_path / "none", resume=True), "checkpoint expected an existing file"),
        (
            lambda: training(optimiser=Adam(0.02), checkpoint=tmp_path / "c", resume=True),
            "checkpoint's optimiser expected .*0.02.*, given .*0.01",
        ),
        (lambda: training(cell="gru", checkpoint=tmp_path / "c", resume=True), "checkpoint's model expected .*gru"),
        (lambda: TextBatches(np.arange(3), T=2, B=3), "tokens expected more than 3 tokens for 3 streams, given 3"),
    ]
    for make, message in cases:
        with pytest.raises(ValueError, match=message):
            make()
