"""Memorising a word: at each character, predict the next."""

import string

import numpy as np

from rnnlib.arguments import require
from rnnlib.data.vocabulary import Vocabulary

#: The word of chapter 12.
ACKNOWLEDGEMENT = "Acknowledgement"

# That source S0's word has 63 different characters, letters, digits and the space, is inferred from its first
# loss (62 predictions cost 62 ln 63 = 256.87 at first); their order is ours.
#: The 63 characters of the vocabulary for it.
ALPHABET = string.ascii_lowercase + string.ascii_uppercase + string.digits + " "


def memorise(word: str, vocabulary: Vocabulary | None = None) -> tuple[np.ndarray, np.ndarray, Vocabulary]:
    """Inputs and targets to memorise a word.

    Parameters
    ----------
    word : str
        At least two characters.
    vocabulary : Vocabulary, optional
        That of the word itself where it is not given.

    Returns
    -------
    x : array of int (T, 1)
        All characters but the last, as tokens; T is one less than the length.
    targets : array of int (T, 1)
        All characters but the first.
    vocabulary : Vocabulary
    """
    require(isinstance(word, str) and len(word) >= 2, "word", "at least two characters", repr(word))
    vocabulary = Vocabulary.of(word) if vocabulary is None else vocabulary
    require(isinstance(vocabulary, Vocabulary), "vocabulary", "a Vocabulary", type(vocabulary).__name__)
    require(vocabulary.separator == "", "vocabulary", "one of characters", "one of words")
    tokens = vocabulary.encode(word)[:, None]
    return tokens[:-1], tokens[1:], vocabulary
