"""Misuse of `nn`, `data`, `training` and `agree`: every argument that is nonsense is refused in one clear sentence.

The table says for each argument which of the values below make sense there; all others must be refused.
"""

import re
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pytest

from rnnlib import data, nn, training
from rnnlib.agree import agree
from rnnlib.nn.gradient_check import central_differences, complex_step

NONSENSE = {
    "None": None,
    "True": True,
    "0": 0,
    "1": 1,
    "-1": -1,
    "NumPy's 2": np.int64(2),
    "2.0": 2.0,
    "0.5": 0.5,
    "-0.5": -0.5,
    "NumPy's 0.5": np.float32(0.5),
    "NaN": np.nan,
    "infinity": np.inf,
    "1j": 1j,
    "text": "nonsense",
    "no text": "",
    "empty list": [],
    "list of lists": [[1], [2, 3]],
    "list of texts": ["a", "b"],
    "dict": {"a": 1},
    "object": object(),
    "no numbers": np.zeros((0, 3)),
    "bools": np.ones((7, 9), bool),
    "complex numbers": np.ones((7, 9), complex),
    "integers": np.ones((7, 9), int),
    "floats": np.ones((7, 9)),
    "NaNs": np.full((7, 9), np.nan),
}
SIZE = {"1", "NumPy's 2"}
SEED = SIZE | {"0"}
POSITIVE = SIZE | {"2.0", "0.5", "NumPy's 0.5"}
NOT_NEGATIVE = POSITIVE | {"0"}
NUMBER = NOT_NEGATIVE | {"-1", "-0.5"}
BELOW_1 = {"0", "0.5", "NumPy's 0.5"}


@dataclass
class Call:
    """A call that is right, and for each argument which values of the table are right too."""

    call: object
    right: dict
    accepts: dict = field(default_factory=dict)

    def __str__(self):
        return getattr(self.call, "__name__", "call")


def rng():
    return np.random.default_rng(0)


def tokens(T=4, B=2):
    return rng().integers(0, 5, (T, B))


def model(**more):
    return nn.RecurrentModel(**({"V": 5, "H": 3} | more))


def forward(**arguments):
    return model().forward(**arguments)


def backward(ds, dstate):
    whole = model()
    whole.forward(tokens(), training=True)
    return whole.backward(ds, dstate)


def loss(**arguments):
    return model().loss(**arguments)


def loss_and_gradients(**arguments):
    return model().loss_and_gradients(**arguments)


def step(theta, g):
    nn.SGD(0.1).step(theta, g)


def restore(updates, state):
    nn.Momentum(0.1).restore(updates, state)


def next_of_drawn(drawn):
    data.DrawnBatches(lambda rng: drawn).next()


def encode(text):
    data.Vocabulary("abc").encode(text)


def decode(tokens):
    data.Vocabulary("abc").decode(tokens)


def seek_in_text(position):
    data.TextBatches(np.arange(20), 3, 2).seek(position)


def seek_in_shuffled(position):
    data.ShuffledBatches(tokens(), tokens(), 2).seek(position)


def seek_in_drawn(position):
    data.DrawnBatches(lambda rng: (tokens(), tokens())).seek(position)


def seek_in_one(position):
    data.OneBatch(tokens(), tokens()).seek(position)


def phased(**options):
    return model(cell="phased_lstm", **options)


def text():
    return data.TextBatches(np.arange(30) % 5, 3, 2)


new_path = map("c{}".format, count())


def train(model, batches, optimiser, **settings):
    """One update, saved: what can't be saved is noticed too."""
    settings = {"checkpoint": next(new_path), "progress": False} | settings
    training.Training(model, batches, optimiser, **settings).run(1)


def saved_and_loaded(path):
    training.save_model("path", model())
    training.load_model(path)


def train_until(updates):
    training.Training(model(), text(), nn.SGD(0.1), progress=False).run(updates)


def evaluation(found):
    training.Training(model(), text(), nn.SGD(0.1), progress=False, evaluate=lambda model: found).run(1)


def evaluation_with(value):
    evaluation({"loss": 1.0, "value": value})


def tolerance(tol, atol):
    agree("one", one=1.0, two=1.0, tol=tol, atol=atol)


def analytic(z):
    return (z**2).sum()


MATRIX = {"integers", "floats"}
OPTIONAL = {"None"}
COMMON = {"x": tokens(), "targets": tokens(), "state": None, "mask": None, "reduction": "mean"}
CELL = {"D": 2, "H": 3, "bias": 1, "dtype": "float32"}
OF_CELL = {"D": SIZE, "H": SIZE, "bias": {"0", "1", "NumPy's 2"}}
CALLS = [
    Call(nn.softmax, {"s": [1.0, 2.0]}, {"s": MATRIX | {"NaNs", "complex numbers"}}),
    Call(
        nn.cross_entropy,
        {"s": np.ones((4, 2, 5)), "targets": tokens(), "mask": None, "reduction": "sum", "ds": None},
        {"mask": OPTIONAL, "ds": OPTIONAL},
    ),
    Call(nn.perplexity, {"loss": 3.0, "predictions": 2}, {"loss": NUMBER, "predictions": SIZE}),
    Call(
        nn.l2_penalty,
        {"W": np.ones((2, 2)), "strength": 0.1, "half": True, "dW": np.ones((2, 2))},
        {"W": set(), "strength": NOT_NEGATIVE, "half": {"True"}, "dW": OPTIONAL},
    ),
    Call(nn.clip_by_norm, {"dtheta": np.ones(3), "limit": 1.0},
         {"dtheta": {"floats", "no numbers"}, "limit": POSITIVE}),
    Call(nn.clip_by_value, {"dtheta": np.ones(3), "limit": 1.0},
         {"dtheta": {"floats", "no numbers"}, "limit": POSITIVE}),
    Call(nn.constant, {"rate": 0.1}, {"rate": POSITIVE}),
    Call(nn.step_decay, {"rate": 0.1, "factor": 0.5, "every": 2},
         {"rate": POSITIVE, "factor": POSITIVE, "every": SIZE}),
    Call(nn.exponential, {"rate": 0.1, "factor": 0.5, "every": 2},
         {"rate": POSITIVE, "factor": POSITIVE, "every": SIZE}),
    Call(nn.cosine, {"rate": 0.1, "updates": 5, "lowest": 0.0}, {"rate": POSITIVE, "updates": SIZE, "lowest": {"0"}}),
    Call(nn.warmup, {"schedule": nn.constant(0.1), "updates": 5}, {"updates": SIZE}),
    Call(nn.xavier, {"fan_in": 2, "fan_out": 3, "rng": rng()}, {"fan_in": SIZE, "fan_out": SIZE}),
    Call(nn.orthogonal, {"rows": 2, "columns": 3, "rng": rng()}, {"rows": SIZE, "columns": SIZE}),
    Call(nn.initialise, {"layer": nn.LSTM(2, 3), "scheme": "xavier", "rng": rng()}, {"scheme": NOT_NEGATIVE}),
    Call(nn.forget_bias, {"lstm": nn.LSTM(2, 3), "value": 1.0}, {"value": NUMBER}),
    Call(nn.chrono, {"lstm": nn.LSTM(2, 3), "T_max": 9, "rng": rng()}),
    Call(nn.SGD, {"rate": 0.1}, {"rate": POSITIVE}),
    Call(nn.Momentum, {"rate": 0.1, "momentum": 0.5}, {"rate": POSITIVE, "momentum": BELOW_1}),
    Call(nn.AdaGrad, {"rate": 0.1, "eps": 0.1}, {"rate": POSITIVE, "eps": NOT_NEGATIVE}),
    Call(nn.RMSprop, {"rate": 0.1, "decay": 0.5, "eps": 0.1},
         {"rate": POSITIVE, "decay": BELOW_1, "eps": NOT_NEGATIVE}),
    Call(nn.AdaDelta, {"rate": 0.1, "decay": 0.5, "eps": 0.1},
         {"rate": POSITIVE, "decay": BELOW_1, "eps": NOT_NEGATIVE}),
    Call(nn.Adam, {"rate": 0.1, "betas": (0.9, 0.99), "eps": 0.1}, {"rate": POSITIVE, "eps": NOT_NEGATIVE}),
    Call(nn.AdamW, {"rate": 0.1, "betas": (0.9, 0.99), "eps": 0.1, "decay": 0.1},
         {"rate": POSITIVE, "eps": NOT_NEGATIVE, "decay": NOT_NEGATIVE}),
    Call(step, {"theta": np.ones(3), "g": np.ones(3)}),
    Call(restore, {"updates": 3, "state": {"v": np.ones(3)}}, {"updates": SEED, "state": set()}),
    Call(nn.Linear, {"H": 2, "Y": 3, "bias": True, "dtype": "float32"},
         {"H": SIZE, "Y": SIZE, "bias": {"True"}}),
    Call(nn.Linear(9, 2).forward, {"h": np.ones((2, 9))}, {"h": MATRIX | {"NaNs"}}),
    Call(nn.RNN, CELL | {"activation": "relu"}, OF_CELL),
    Call(nn.LSTM, CELL, OF_CELL),
    Call(nn.GRU, CELL | {"reset": "before"}, OF_CELL),
    Call(nn.PhasedLSTM, CELL | {"periods": (1.0, 20.0), "r_on": 0.05, "leak": 0.001, "learned": ("tau",)},
         OF_CELL | {"r_on": {"1", "0.5", "NumPy's 0.5"}, "leak": NUMBER, "learned": {"empty list"}}),
    Call(nn.Embedding, {"V": 2, "D": 3, "dtype": np.float32}, {"V": SIZE, "D": SIZE}),
    Call(nn.Embedding(5, 2).forward, {"tokens": tokens()}, {"tokens": {"integers"}}),
    Call(nn.RecurrentModel, {"V": 5, "D": 2, "H": 3, "Y": 5, "layers": 2, "bias": 1, "dropout": 0.1, "every_step": True,
                             "init": "uniform", "dtype": "float64", "seed": 0, "cell": "lstm"},
         {"V": SIZE | OPTIONAL, "D": SIZE | OPTIONAL, "H": SIZE, "Y": SIZE | OPTIONAL, "layers": SIZE,
          "bias": {"0", "1", "NumPy's 2"}, "dropout": BELOW_1, "every_step": {"True"}, "init": NOT_NEGATIVE,
          "seed": SEED}),
    Call(forward, {"x": tokens(), "state": None, "mask": None, "times": None, "training": True},
         {"x": {"integers"}, "state": OPTIONAL, "mask": OPTIONAL, "times": OPTIONAL, "training": {"True"}}),
    Call(backward, {"ds": np.ones((4, 2, 5)), "dstate": None}, {"dstate": OPTIONAL}),
    Call(loss, COMMON | {"times": None}, {"state": OPTIONAL, "mask": OPTIONAL, "times": OPTIONAL}),
    Call(loss_and_gradients, COMMON | {"times": None, "segment": 2},
         {"state": OPTIONAL, "mask": OPTIONAL, "times": OPTIONAL, "segment": OPTIONAL | SIZE}),
    Call(phased, {"periods": (1.0, 5.0), "r_on": 0.1, "leak": 0.1, "learned": ("tau",)},
         {"r_on": {"1", "0.5", "NumPy's 0.5"}, "leak": NUMBER, "learned": {"empty list"}}),
    Call(nn.check_gradients, {"model": model(), "x": tokens(), "targets": tokens()}),
    Call(complex_step, {"f": analytic, "theta": np.ones(2), "h": 1e-30},
         {"theta": MATRIX | NUMBER | {"no numbers", "empty list"}, "h": POSITIVE}),
    Call(central_differences, {"f": analytic, "theta": np.ones(2), "h": 1e-6},
         {"theta": MATRIX | NUMBER | {"no numbers", "empty list"}, "h": POSITIVE}),
    Call(data.OneBatch, {"x": tokens(), "targets": tokens()}),
    Call(data.DrawnBatches, {"draw": lambda rng: (tokens(), tokens()), "seed": 0}, {"seed": SEED}),
    Call(next_of_drawn, {"drawn": (tokens(), tokens(), None)}),
    Call(data.TextBatches, {"tokens": np.arange(9), "T": 2, "B": 2}, {"T": SIZE, "B": SIZE}),
    Call(data.ShuffledBatches, {"x": tokens(), "targets": tokens(), "B": 2, "mask": None, "seed": 0},
         {"B": SIZE, "mask": OPTIONAL, "seed": SEED}),
    Call(seek_in_text, {"position": 3}, {"position": {"0"}}),
    Call(seek_in_shuffled, {"position": {"at": 0, "random": rng().bit_generator.state}}),
    Call(seek_in_drawn, {"position": rng().bit_generator.state}),
    Call(seek_in_one, {"position": None}, {"position": OPTIONAL}),
    Call(data.Vocabulary, {"characters": "abc", "separator": ""},
         {"characters": {"list of texts"}, "separator": OPTIONAL | {"no text"}}),
    Call(data.Vocabulary.of, {"text": "abc"}, {"text": {"text"}}),
    Call(data.Vocabulary.of_words, {"text": "a b"}, {"text": {"text"}}),
    Call(encode, {"text": "abc"}, {"text": {"no text", "empty list", "list of texts"}}),
    Call(decode, {"tokens": [1, 2]}, {"tokens": {"empty list"}}),
    Call(data.memorise, {"word": "word", "vocabulary": None}, {"word": {"text"}, "vocabulary": OPTIONAL}),
    Call(train, {"model": model(), "batches": text(), "optimiser": nn.SGD(0.1), "reduction": "mean"}),
    Call(lambda **settings: train(model(), text(), nn.SGD(0.1), **({"evaluate": text()} | settings)),
         {"clip_norm": 1.0, "clip_value": 1.0, "l2": 0.1, "segment": 2, "evaluate_every": 2,
          "patience": 2, "history_every": 2, "checkpoint": None, "checkpoint_every": 2, "resume": False,
          "vocabulary": data.Vocabulary("abcde"), "threads": 1, "progress": False},
         {"clip_norm": POSITIVE | OPTIONAL, "clip_value": POSITIVE | OPTIONAL, "l2": NOT_NEGATIVE,
          "segment": SIZE | OPTIONAL, "evaluate_every": SIZE, "patience": SIZE | OPTIONAL,
          "history_every": SIZE, "checkpoint": {"text"} | OPTIONAL, "checkpoint_every": SIZE,
          "vocabulary": OPTIONAL, "threads": SIZE, "progress": {"True"}}),
    Call(lambda evaluate: train(model(), text(), nn.SGD(0.1), evaluate=evaluate), {"evaluate": text()},
         {"evaluate": OPTIONAL}),
    Call(train_until, {"updates": 2}, {"updates": SIZE}),
    Call(evaluation, {"found": {"loss": 1.0}}),
    Call(evaluation_with, {"value": 1.0}, {"value": NUMBER | {"True", "NaN", "infinity"}}),
    Call(training.save_model, {"path": "path", "model": model(), "vocabulary": None, "more": [1.0]},
         {"path": {"text"}, "vocabulary": OPTIONAL,
          "more": OPTIONAL | {"True", "0", "1", "-1", "2.0", "0.5", "-0.5", "NaN", "infinity", "text", "no text",
                              "empty list", "list of lists", "list of texts", "dict"}}),
    Call(saved_and_loaded, {"path": "path"}),
    Call(training.mean_loss, {"model": model(), "batches": text()}),
    Call(training.generate,
         {"model": model(), "vocabulary": data.Vocabulary("abcde"), "prefix": "a", "length": 2, "temperature": 1.0,
          "stop": "b", "batch": 2, "seed": 0},
         {"length": SEED, "temperature": NOT_NEGATIVE, "stop": OPTIONAL, "batch": SIZE, "seed": SEED}),
    Call(training.sample_tokens,
         {"model": model(), "prefix": tokens(), "length": 2, "temperature": 1.0, "stop": 1, "rng": rng()},
         {"prefix": {"integers"}, "length": SEED, "temperature": NOT_NEGATIVE, "stop": SEED | OPTIONAL}),
    Call(tolerance, {"tol": 0.1, "atol": 0.1}, {"tol": NOT_NEGATIVE, "atol": NOT_NEGATIVE}),
]  # fmt: skip
SENTENCE = re.compile(r"[^\n]{1,80} expected [^\n]{1,300}, given [^\n]{1,320}\.")
# Arguments that are functions are looked at, where they come in a constructor; what others do with one is theirs.
NOT_LOOKED_AT = {(complex_step, "f"), (central_differences, "f")}


@pytest.mark.parametrize(
    ("call", "argument"),
    [(call, argument) for call in CALLS for argument in call.right if (call.call, argument) not in NOT_LOOKED_AT],
    ids=str,
)
def test_nonsense_is_refused_in_a_sentence(call, argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    call.call(**call.right)
    for name, value in NONSENSE.items():
        found = "accepted"
        try:
            call.call(**(call.right | {argument: value}))
        except ValueError as error:
            found = str(error)
        expected = name in call.accepts.get(argument, ())
        assert (found == "accepted") == expected, (name, found)
        assert expected or SENTENCE.fullmatch(found), (name, found)


def test_every_function_is_tried():
    tried = {call.call for call in CALLS}
    names = {name for name in nn.__all__ if not isinstance(getattr(nn, name), type(np))}
    bases = {"Cell", "Layer", "Optimiser"}  # tried in the classes that are built on them
    assert {name for name in names if getattr(nn, name) not in tried} <= bases
    described = {"History", "LossNotFinite", "Training"}  # (the last is tried by `train`)
    assert {
        name for name in training.__all__ if getattr(training, name) not in tried | {training.load_model}
    } == described
    described = {"ACKNOWLEDGEMENT", "ALPHABET", "Batch"}
    assert {name for name in data.__all__ if getattr(data, name) not in tried} == described


def test_lists_count_as_arrays():
    np.testing.assert_allclose(nn.softmax([0, 0]), [0.5, 0.5])
    loss, ds = nn.cross_entropy([[0, 0], [0, 0]], [0, 1])
    assert loss == pytest.approx(2 * np.log(2))
    assert ds.dtype == np.float64
    assert model().loss([[0], [1]], [[1], [2]])[0] == model().loss(np.array([[0], [1]]), np.array([[1], [2]]))[0]
    assert model().loss(tokens(), tokens(), mask=[[True, False]] * 4)[0] > 0


def test_settings_are_plain_values():
    """Sizes from NumPy and dtypes as types end as what JSON can hold."""
    import json

    given = model(
        H=np.int32(3), V=np.int64(5), dtype=np.float32, init=np.float32(0.5), bias=np.int8(2), seed=np.uint8(1)
    )
    assert json.loads(json.dumps(dict(given.config))) == given.config
    assert type(given.config["bias"]) is int


def test_gradients_too_large_to_square_are_clipped():
    g = np.array([3e30, 4e30], np.float32)
    assert nn.clip_by_norm(g, 1.0) == pytest.approx(5e30)
    np.testing.assert_allclose(g, [0.6, 0.8], rtol=1e-6)
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="dtheta expected finite numbers, given NaN or infinity"):
            nn.clip_by_norm(np.array([1.0, bad]), 1.0)


def test_the_gradient_check_needs_double_precision_and_no_dropout():
    with pytest.raises(ValueError, match="model expected dtype float64"):
        nn.check_gradients(model(dtype="float32"), tokens(), tokens())
    with pytest.raises(ValueError, match=r"model expected no dropout, given 0\.5"):
        nn.check_gradients(model(layers=2, dropout=0.5), tokens(), tokens())
