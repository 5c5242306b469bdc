"""Memorising a word: at each character, predict the next."""

import string

from rnnlib.arguments import require
from rnnlib.data.vocabulary import Vocabulary

ACKNOWLEDGEMENT = "Acknowledgement"

# That source S0's word has 63 different characters, letters, digits and the space, is inferred from its first
# loss (62 predictions cost 62 ln 63 = 256.87 at first); their order is ours.
ALPHABET = string.ascii_lowercase + string.ascii_uppercase + string.digits + " "


def memorise(word, vocabulary=None):
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
    require(len(word) >= 2, "word", "at least two characters", repr(word))
    vocabulary = Vocabulary.of(word) if vocabulary is None else vocabulary
    tokens = vocabulary.encode(word)[:, None]
    return tokens[:-1], tokens[1:], vocabulary
