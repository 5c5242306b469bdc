"""Vocabulary and the words to memorise."""

import numpy as np
import pytest

from rnnlib.data import ACKNOWLEDGEMENT, ALPHABET, Vocabulary, memorise


def test_there_and_back():
    vocabulary = Vocabulary.of("hello world")
    assert len(vocabulary) == 8
    assert vocabulary.decode(vocabulary.encode("hello world")) == "hello world"
    assert vocabulary.characters == sorted(set("hello world"))


def test_unknown_characters_and_tokens_are_named():
    vocabulary = Vocabulary("abc")
    with pytest.raises(ValueError, match=r"text expected only the 3 characters of the vocabulary, given 'z'\."):
        vocabulary.encode("abz")
    with pytest.raises(ValueError, match=r"tokens expected numbers from 0 to 2, given 3\."):
        vocabulary.decode([0, 3])
    with pytest.raises(ValueError, match="tokens expected numbers from 0 to 2, given -1"):
        vocabulary.decode([-1])
    with pytest.raises(ValueError, match="characters expected each of them once, given 'a' twice"):
        Vocabulary("aba")
    with pytest.raises(ValueError, match="characters expected at least one"):
        Vocabulary("")


def test_the_word():
    x, targets, vocabulary = memorise(ACKNOWLEDGEMENT)
    assert x.shape == targets.shape == (14, 1)
    assert vocabulary.decode(x[:, 0]) == "Acknowledgemen"
    assert vocabulary.decode(targets[:, 0]) == "cknowledgement"
    with pytest.raises(ValueError, match="word expected at least two characters"):
        memorise("a")


def test_the_alphabet_word():
    assert len(ALPHABET) == len(set(ALPHABET)) == 63
    x, _, vocabulary = memorise(ALPHABET)
    assert x.shape == (62, 1)
    assert len(vocabulary) == 63
    assert 62 * np.log(63) == pytest.approx(256.874, abs=1e-3)  # the first loss that source S0 prints
