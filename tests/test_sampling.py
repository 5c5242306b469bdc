"""Writing with a model."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rnnlib.__main__ import main
from rnnlib.data import Vocabulary
from rnnlib.nn import RecurrentModel, softmax
from rnnlib.training import generate, load_model, sample_tokens, save_model

VOCABULARY = Vocabulary("abcde")


def model(cell="lstm", **more):
    return RecurrentModel(cell, V=5, H=8, init=1.0, **more)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "phased_lstm"])
def test_step_by_step_is_the_whole_sequence(cell):
    net = model(cell, layers=2)
    (drawn,) = sample_tokens(net, np.array([[0], [1], [2]]), 20, temperature=0)
    whole = np.concatenate([[0, 1, 2], drawn])[:, None]
    np.testing.assert_array_equal(net.forward(whole[:-1])[0][2:, 0].argmax(axis=-1), drawn)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_frequencies_are_those_of_the_softmax(temperature):
    net, N = model("rnn"), 20_000
    drawn = sample_tokens(net, np.zeros((1, N), int), 1, temperature=temperature, rng=np.random.default_rng(0))
    frequencies = np.bincount(np.concatenate(drawn), minlength=5) / N
    s, _ = net.forward(np.zeros((1, 1), int))
    p = softmax(s[0, 0] / temperature)
    np.testing.assert_allclose(frequencies, p, atol=4 * np.sqrt(0.25 / N))


def test_the_limits_of_temperature():
    net = model()
    greedy = generate(net, VOCABULARY, "a", 30, temperature=0)
    assert generate(net, VOCABULARY, "a", 30, temperature=1e-9) == greedy
    hot = generate(net, VOCABULARY, "a", 5000, temperature=1e9)[0]
    assert min(hot.count(c) for c in "abcde") > 850


def test_prefix_stop_batch_and_seed():
    net = model()
    texts = generate(net, VOCABULARY, "ab", 40, stop="e", batch=6, seed=1)
    assert len(texts) == 6
    assert len(set(texts)) > 1
    assert all(text.startswith("ab") and "e" not in text[2:] for text in texts)
    assert texts == generate(net, VOCABULARY, "ab", 40, stop="e", batch=6, seed=1)
    assert texts != generate(net, VOCABULARY, "ab", 40, stop="e", batch=6, seed=2)
    assert generate(net, VOCABULARY, "ab", 0) == ["ab"]


def test_bad_input():
    net = model()
    cases = [
        (lambda: generate(net, VOCABULARY, ""), "prefix expected a text of at least one character"),
        (lambda: generate(net, VOCABULARY, "z"), "text expected only the 5 characters of the vocabulary, given 'z'"),
        (
            lambda: generate(net, VOCABULARY, "a", temperature=-1),
            "temperature expected 0 .greedy. or a positive number",
        ),
        (lambda: generate(net, VOCABULARY, "a", temperature=np.nan), "temperature expected"),
        (lambda: generate(net, VOCABULARY, "a", batch=0), "batch expected an integer of at least 1"),
        (lambda: generate(net, VOCABULARY, "a", -1), "length expected an integer of at least 0"),
        (
            lambda: generate(net, VOCABULARY, "a", stop="bc"),
            "stop expected one character or word of .*, given 'bc'",
        ),
        (
            lambda: generate(net, VOCABULARY, "a", stop=""),
            "stop expected one character or word of .*, given ''",
        ),
        (lambda: generate(net, VOCABULARY, "a", seed=-1), "seed expected an integer of at least 0"),
        (lambda: generate(net, VOCABULARY, "a", temperature=True), "temperature expected"),
        (lambda: generate(net, Vocabulary("abc"), "a"), "vocabulary expected one of 5 tokens"),
        (
            lambda: sample_tokens(net, np.zeros((1, 1), int), 3, temperature=0, stop=5),
            "stop expected a token from 0 to 4",
        ),
        (
            lambda: sample_tokens(net, np.full((1, 1), 5), 0, temperature=0),
            "prefix expected tokens from 0 to 4, given 5",
        ),
        (lambda: sample_tokens(net, np.zeros((1, 1), int), 3, rng=7), "rng expected a random generator"),
        (lambda: sample_tokens(net, np.zeros((1, 1), int), 3), "rng expected a random generator"),
        (lambda: sample_tokens(RecurrentModel(V=5, Y=2), np.zeros((1, 1), int), 3), "model expected tokens in"),
    ]
    for make, message in cases:
        with pytest.raises(ValueError, match=message):
            make()


def test_the_command_writes_what_generate_writes(tmp_path, capsys):
    net, path = model(), tmp_path / "net.safetensors"
    save_model(path, net, VOCABULARY)
    options = ["--prefix", "ab", "--length", "30", "--temperature", "0.5", "--batch", "2", "--seed", "4"]
    assert main(["generate", str(path), *options]) == 0
    texts = generate(net, VOCABULARY, "ab", 30, temperature=0.5, batch=2, seed=4)
    assert capsys.readouterr().out.splitlines() == texts


def test_the_command_ends_quietly_where_nobody_reads_and_writes_what_a_console_lacks(tmp_path):
    save_model(tmp_path / "net", RecurrentModel("rnn", V=2, H=3), Vocabulary("aé"))
    command = [sys.executable, "-m", "rnnlib", "generate", str(tmp_path / "net"), "--prefix", "é", "--length", "9"]
    where = {"cwd": Path(__file__).parent.parent, "env": os.environ | {"PYTHONIOENCODING": "ascii"}}
    done = subprocess.run(command, capture_output=True, text=True, **where)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("\\xe9")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **where)
    process.stdout.close()  # before it writes
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def test_words_are_written_with_spaces(tmp_path):
    vocabulary = Vocabulary.of_words("the cat and the dog")
    net = RecurrentModel("rnn", V=len(vocabulary), H=4, seed=2)
    (text,) = generate(net, vocabulary, "the cat ", 5, temperature=0)
    assert text.startswith("the cat ") and len(text.split(" ")) == 7 and set(text.split()) <= set(vocabulary.characters)
    save_model(tmp_path / "net", net, vocabulary)
    again, words = load_model(tmp_path / "net")
    assert generate(again, words, "the cat", 5, temperature=0) == [text]
    with pytest.raises(ValueError, match="stop expected one character or word of the vocabulary, given 'the cat'"):
        generate(net, vocabulary, "the", stop="the cat")
    with pytest.raises(ValueError, match="prefix expected"):
        generate(net, vocabulary, " ")


@pytest.mark.parametrize(
    ("prefix", "with_vocabulary", "message"),
    [
        ("xyz", True, "given 'x'"),
        ("", True, "a text of at least one character"),
        ("a", False, "a file with a vocabulary"),
    ],
)
def test_the_command_says_what_is_wrong(prefix, with_vocabulary, message, tmp_path, capsys):
    save_model(tmp_path / "net", model(), VOCABULARY if with_vocabulary else None)
    assert main(["generate", str(tmp_path / "net"), "--prefix", prefix]) == 1
    assert message in capsys.readouterr().err
