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


def test_a_vocabulary_of_words():
    text = "the cat and the dog"
    words = Vocabulary.of_words(text)
    assert words.characters == ["and", "cat", "dog", "the"]
    np.testing.assert_array_equal(words.encode(text), [3, 1, 0, 3, 2])
    np.testing.assert_array_equal(words.encode(["dog", "and"]), [2, 0])
    assert words.decode(words.encode(text)) == text
    assert words.decode(words.encode("  dog\nand\tcat ")) == "dog and cat"
    assert words.decode([3]) == "the"
    assert words.decode([]) == ""
    with pytest.raises(ValueError, match=r"text expected only the 4 words of the vocabulary, given 'thecat'\."):
        words.encode("thecat")


def test_words_and_characters_are_told_apart():
    assert Vocabulary(["the", "cat"]).decode([0, 1]) == "the cat"
    assert Vocabulary(["t", "c"]).decode([0, 1]) == "tc"
    assert Vocabulary.of_words("a b a").decode([0, 1]) == "a b"
    assert Vocabulary(["a", "b", "<end>"], separator="").decode([0, 1, 2]) == "ab<end>"
    assert repr(Vocabulary("abc")) == "Vocabulary(3 characters)"
    assert repr(Vocabulary.of_words("a b")) == "Vocabulary(2 words)"
    for vocabulary in (Vocabulary.of_words("a b c"), Vocabulary("a b"), Vocabulary(["x", "yy"], "")):
        again = Vocabulary(vocabulary.characters, vocabulary.separator)
        assert again.decode([1, 0]) == vocabulary.decode([1, 0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Vocabulary(["New York", "Rome"]), "expected words without spaces in them, given 'New York'"),
        (lambda: Vocabulary({"a", "b"}), "characters expected a text or a list of characters or words, given set"),
        (lambda: Vocabulary(["a", ""]), "characters expected each a text that is not empty, given ''"),
        (lambda: Vocabulary([1, 2]), "characters expected each a text that is not empty, given 1"),
        (lambda: Vocabulary("ab", separator="-"), "separator expected one of '', ' ', given '-'"),
        (lambda: Vocabulary("ab").decode([[0, 1]]), r"tokens expected shape \(N,\), given \(1, 2\)"),
        (lambda: Vocabulary("ab").decode([0.0]), "tokens expected integers, given float64"),
        (lambda: Vocabulary("ab").decode(1), r"tokens expected shape \(N,\), given \(\)"),
        (lambda: Vocabulary.of_words("  "), "characters expected at least one"),
        (lambda: memorise("ab", Vocabulary.of_words("a b")), "expected one of characters, given one of words"),
    ],
)  # fmt: skip
def test_what_is_no_vocabulary_is_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
