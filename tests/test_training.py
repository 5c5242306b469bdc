"""Training: updates, going on exactly where it stopped, stopping early, and what goes wrong."""

import signal
import threading
from inspect import Parameter, signature

import numpy as np
import pytest

from rnnlib.data import (
    ACKNOWLEDGEMENT,
    Batch,
    DrawnBatches,
    OneBatch,
    ShuffledBatches,
    TextBatches,
    Vocabulary,
    memorise,
)
from rnnlib.nn import SGD, AdaDelta, AdaGrad, Adam, AdamW, Momentum, RecurrentModel, RMSprop, step_decay
from rnnlib.training import LossNotFinite, Training, generate, mean_loss, sample_tokens, save_model

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
    return Training(model, SOURCES[source](), optimiser or Adam(0.01), progress=False, **{"clip_norm": 1.0} | more)


def same(a, b):
    np.testing.assert_array_equal(a.model.theta, b.model.theta)
    for one, other in ((a.history, b.history), (a.evaluations, b.evaluations)):
        np.testing.assert_equal(one.columns, other.columns)
        np.testing.assert_array_equal(one.update, other.update)
    assert a.updates == b.updates


def test_the_word_is_learned():
    x, targets, vocabulary = memorise(ACKNOWLEDGEMENT)
    model = RecurrentModel("rnn", V=len(vocabulary), H=30)
    run = Training(model, OneBatch(x, targets), Adam(0.01), reduction="sum", progress=False).run(300)
    assert run.history.loss[0] == pytest.approx(14 * np.log(len(vocabulary)), rel=0.1)
    assert run.history.loss[-1] < 0.05
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
    losses = whole.evaluations.loss
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
    assert run.history.update.tolist() == [1] and run.history.loss.tolist() == [loss]
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

    def digest(self):
        return "poisoned"


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
        if run.updates == 5:
            signal.raise_signal(signal.SIGINT)  # and not `os.kill`, by which another thread may get it, later
        return {"loss": 0.0}

    handler = signal.getsignal(signal.SIGINT)
    more = {"checkpoint": tmp_path / "c"} if saved else {}
    run = training(evaluate=interrupt, evaluate_every=5, **more)
    with pytest.raises(KeyboardInterrupt, match=r"stopped after update 5; .* goes on from there"):
        run.run(100)
    assert signal.getsignal(signal.SIGINT) is handler
    whole = training().run(9)
    if saved:
        run = training(evaluate=interrupt, evaluate_every=5, checkpoint=tmp_path / "c", resume=True)
    assert run.updates == 5
    np.testing.assert_array_equal(run.run(9).model.theta, whole.model.theta)


def test_it_runs_outside_the_main_thread():
    run = training()
    thread = threading.Thread(target=run.run, args=(3,))
    thread.start()
    thread.join()
    assert run.updates == 3


def test_a_run_resumes_with_its_own_settings_and_data_or_says_what_differs(tmp_path):
    path = tmp_path / "c"

    def made(tokens=TOKENS, T=7, B=3, rate=0.01, betas=(0.9, 0.999), resume=True, **more):
        model = RecurrentModel("lstm", V=5, H=4, seed=3)
        settings = {"clip_norm": 1.0, "progress": False, "checkpoint": path, "resume": resume} | more
        return Training(model, TextBatches(tokens, T, B), Adam(rate, betas), **settings)

    made(resume=False).run(3)
    others = {
        "optimiser rate": {"rate": step_decay(0.01, 0.5, 1000)},
        "optimiser betas": {"betas": (0.8, 0.999)},
        "batches sha256": {"tokens": TOKENS[::-1]},
        "batches T": {"T": 8},
        "batches B": {"B": 2},
        "reduction": {"reduction": "sum"},
        "clip_norm": {"clip_norm": 2.0},
        "clip_value": {"clip_value": 2.0},
        "l2": {"l2": 0.1},
        "segment": {"segment": 2},
        "history_every": {"history_every": 2},
        "evaluate": {"evaluate": evaluate},
        "evaluate kind": {"evaluate": TextBatches(TOKENS, 5, 1)},
        "evaluate_every": {"evaluate_every": 7},
        "patience": {"evaluate": evaluate, "patience": 2},
        "threads": {"threads": 2},
        "vocabulary": {"vocabulary": Vocabulary("abcde")},
    }
    for name, other in others.items():
        with pytest.raises(ValueError, match=rf"settings that it was made under, .*{name} .*, given .*: give it those"):
            made(**other)
    assert made(checkpoint_every=7).run(4).updates == 4


def test_a_schedule_resumes_under_the_same_schedule_alone(tmp_path):
    for rate in (step_decay(0.1, 0.5, 5), lambda update: 0.1 / (1 + update)):
        path = tmp_path / str(id(rate))
        training(optimiser=SGD(rate), checkpoint=path).run(3)
        assert training(optimiser=SGD(rate), checkpoint=path, resume=True).updates == 3
        with pytest.raises(ValueError, match=r"optimiser rate \[0\.1, .*, given \[0\.1, "):
            training(optimiser=SGD(step_decay(0.1, 0.6, 5)), checkpoint=path, resume=True)


def test_the_checkpoint_is_tried_before_the_work(tmp_path):
    for path, message in (
        (tmp_path / "none" / "c", "checkpoint expected a file in an existing folder, given"),
        (tmp_path, "checkpoint expected a file, given the folder"),
    ):
        with pytest.raises(ValueError, match=message):
            training(checkpoint=path)
    assert list(tmp_path.iterdir()) == []


def test_a_million_recorded_updates_are_saved_as_arrays(tmp_path):
    run = training(checkpoint=tmp_path / "c").run(2)
    for column in run.history._columns.values():
        column.extend([0.5] * 10**6)
    run.save()
    assert (tmp_path / "c").stat().st_size < 20e6
    again = training(checkpoint=tmp_path / "c", resume=True)
    assert again.history.update[-1] == 10**6 + 2 and again.history.loss[-1] == 0.5


def test_the_loss_of_held_out_data_is_one_argument():
    run = training(evaluate=SOURCES["text"](), evaluate_every=4).run(9)
    assert run.evaluations.update.tolist() == [0, 4, 8]
    other = training().run(8)
    before = other.batches.position()
    assert run.evaluations.loss[-1] == mean_loss(other.model, other.batches)
    assert other.batches.position() == before


@pytest.mark.parametrize("source", ["text", "shuffled", "one"])
def test_the_mean_loss_is_that_of_all_predictions(source):
    model, batches = RecurrentModel("gru", V=5, H=4, seed=1), SOURCES[source]()
    total, count, state = 0.0, 0, None
    for batch in batches.epoch():
        s, state = model.forward(batch.x, None if batch.fresh else state, batch.mask)
        log_p = s - np.log(np.exp(s).sum(axis=-1, keepdims=True))
        picked = np.take_along_axis(log_p, batch.targets[..., None], axis=-1)[..., 0]
        picked = picked if batch.mask is None else picked[batch.mask]
        total, count = total - picked.sum(), count + picked.size
    assert mean_loss(model, batches) == pytest.approx(total / count, rel=1e-12)
    with pytest.raises(ValueError, match="batches expected batches of an epoch that ends, given DrawnBatches"):
        mean_loss(model, SOURCES["drawn"]())


def test_the_mean_loss_of_a_model_that_scores_after_the_last_step():
    model = RecurrentModel("rnn", V=5, H=4, every_step=False)
    x, targets, mask = TOKENS[:20].reshape(4, 5), TOKENS[20:25], np.ones((4, 5), bool)
    mask[2:, :2] = False
    expected = model.loss(x, targets, mask=mask, reduction="mean")[0]
    assert mean_loss(model, ShuffledBatches(x, targets, B=2, mask=mask)) == pytest.approx(expected, rel=1e-12)


def test_columns_of_a_history_are_arrays_of_one_length():
    run = training(history_every=3).run(10)
    assert run.history.update.tolist() == [3, 6, 9] and len(run.history) == 3
    assert run.history.loss.shape == run.history.norm.shape == (3,)
    with pytest.raises(AttributeError, match="History has no 'losses'; its columns are update, loss, norm"):
        _ = run.history.losses


@pytest.mark.parametrize("found", [{}, {"perplexity": 1.0}, None, 3.0], ids=repr)
def test_an_evaluation_without_a_loss_is_refused_before_the_first_update(found):
    run = training(evaluate=lambda model: found)
    with pytest.raises(ValueError, match='evaluate expected a function that returns a dict with "loss"'):
        run.run(5)
    assert run.updates == 0
    with pytest.raises(LossNotFinite, match="loss of the evaluation expected finite numbers"):
        training(evaluate=lambda model: {"loss": np.nan}).run(5)


def test_defaults_that_users_rely_on():
    expected = {
        Training: {"reduction": "mean", "l2": 0.0, "evaluate_every": 100, "history_every": 1, "checkpoint_every": 1000,
                   "resume": False, "threads": 1, "progress": True},
        generate: {"length": 200, "temperature": 1.0, "batch": 1, "seed": 0},
        sample_tokens: {"temperature": 1.0},
        save_model: {},
        mean_loss: {},
    }  # fmt: skip
    for function, defaults in expected.items():
        given = {name: p.default for name, p in signature(function).parameters.items()}
        assert {name: value for name, value in given.items() if value not in (None, Parameter.empty)} == defaults
    kinds = {name: p.kind for name, p in signature(Training).parameters.items()}
    assert [name for name, kind in kinds.items() if kind is Parameter.POSITIONAL_OR_KEYWORD] == [
        "model", "batches", "optimiser",
    ] and set(kinds.values()) == {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}  # fmt: skip


def test_impossible_settings(tmp_path):
    training(checkpoint=tmp_path / "c").run(2)
    cases = [
        (lambda: training(reduction="max"), "reduction expected one of 'sum', 'mean', given 'max'"),
        (lambda: training(patience=3), "patience expected an `evaluate` to go with it"),
        (lambda: training(checkpoint_every=0), "checkpoint_every expected an integer of at least 1, given 0"),
        (lambda: training(history_every=1.0), "history_every expected an integer of at least 1, given 1.0"),
        (lambda: training(threads=0), "threads expected an integer of at least 1, given 0"),
        (lambda: training(clip_norm=0), "clip_norm expected a positive number, given 0"),
        (lambda: training(clip_value="1"), "clip_value expected a positive number, given '1'"),
        (lambda: training(l2=-1), "l2 expected a number of at least 0, given -1"),
        (lambda: training(evaluate=3), "evaluate expected a function, or batches of an epoch that ends, given 3"),
        (lambda: training(evaluate=SOURCES["drawn"]()), "evaluate expected a function, or batches of an epoch"),
        (lambda: training(vocabulary=Vocabulary("abc")), "vocabulary expected one of 5 tokens, as the model has"),
        (lambda: training(optimiser=0.1), "optimiser expected one such as Adam"),
        (lambda: Training(None, SOURCES["text"](), Adam(0.1)), "model expected a RecurrentModel, given NoneType"),
        (lambda: Training(RecurrentModel(V=5), [TOKENS], Adam(0.1)), "batches expected an object with a method next"),
        (lambda: training().run(2.5), "updates expected an integer of at least 1, given 2.5"),
        (lambda: training().save(), "save expected a run with a checkpoint, given none"),
        (lambda: training(resume=True), "resume expected a checkpoint to continue from"),
        (lambda: training(checkpoint=tmp_path / "c"), "checkpoint expected a new file, or resume=True"),
        (lambda: training(checkpoint=tmp_path / "none", resume=True), "checkpoint expected an existing file"),
        (
            lambda: training(optimiser=Adam(0.02), checkpoint=tmp_path / "c", resume=True),
            "settings that it was made under, optimiser rate 0.01, given 0.02: give it those, or begin anew",
        ),
        (
            lambda: training(cell="gru", checkpoint=tmp_path / "c", resume=True),
            'made under, model cell "lstm", given "gru": give',
        ),
        (lambda: TextBatches(np.arange(3), T=2, B=3), "tokens expected more than 3 tokens for 3 streams, given 3"),
    ]
    for make, message in cases:
        with pytest.raises(ValueError, match=message):
            make()
