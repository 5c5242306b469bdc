"""Characters or words as integers, and back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from rnnlib.arguments import as_array, require, require_choice


class Vocabulary:
    """A fixed list of characters, or of words; the token of an entry is its place in the list.

    Parameters
    ----------
    characters : str or list of str
        The entries, all different: characters, or words without spaces in them.
    separator : {"", " "}, optional
        What stands between two entries of a text: nothing between characters, a space between words. Where it is not
        given, a space if any entry is longer than one character.

    Examples
    --------
    >>> vocabulary = Vocabulary.of("abba")
    >>> vocabulary.encode("baa")
    array([1, 0, 0])
    >>> vocabulary.decode([1, 0, 0])
    'baa'
    >>> Vocabulary.of_words("the cat and the dog").decode([3, 1])
    'the cat'
    """

    def __init__(self, characters: Sequence[str], separator: str | None = None):
        listed = isinstance(characters, Sequence)  # not a set, whose order differs from run to run
        require(listed, "characters", "a text or a list of characters or words", type(characters).__name__)
        self.characters = list(characters)
        require(len(self.characters) > 0, "characters", "at least one", "none")
        for entry in self.characters:
            require(isinstance(entry, str) and entry != "", "characters", "each a text that is not empty", repr(entry))
        if separator is None:
            separator = " " if max(map(len, self.characters)) > 1 else ""
        self.separator = require_choice("separator", separator, ("", " "))
        split = next((entry for entry in self.characters if self.separator and entry.split() != [entry]), None)
        require(split is None, "characters", "words without spaces in them", repr(split))
        self.tokens = {character: token for token, character in enumerate(self.characters)}
        repeated = next((c for k, c in enumerate(self.characters) if self.tokens[c] != k), None)
        require(repeated is None, "characters", "each of them once", f"{repeated!r} twice")

    @classmethod
    def of(cls, text: str) -> "Vocabulary":
        """The vocabulary of all characters in a text, in alphabetical order."""
        require(isinstance(text, str), "text", "a text", repr(text))
        return cls(sorted(set(text)), separator="")

    @classmethod
    def of_words(cls, text: str) -> "Vocabulary":
        """The vocabulary of all words in a text, in alphabetical order: of all that stands between spaces."""
        require(isinstance(text, str), "text", "a text", repr(text))
        return cls(sorted(set(text.split())), separator=" ")

    def __len__(self):
        return len(self.characters)

    def __repr__(self):
        return f"Vocabulary({len(self):,} {self._kind})"

    @property
    def _kind(self):
        return "words" if self.separator else "characters"

    def encode(self, text: str | Sequence[str]) -> np.ndarray:
        """Tokens of a text, as an array of integers.

        Parameters
        ----------
        text : str or list of str
            A text, which is cut into characters or (at any white space) into words; or a list of entries.

        Raises
        ------
        ValueError
            Names the first unknown character or word.
        """
        if isinstance(text, str):
            text = text.split() if self.separator else text
        require(isinstance(text, Sequence), "text", f"a text or a list of {self._kind}", repr(text))
        unknown = next((c for c in text if not isinstance(c, str) or c not in self.tokens), None)
        require(unknown is None, "text", f"only the {len(self)} {self._kind} of the vocabulary", repr(unknown))
        return np.array([self.tokens[c] for c in text], dtype=np.int64)

    def decode(self, tokens: ArrayLike) -> str:
        """The text of tokens, with a space between two words; a ValueError names the first that is out of range."""
        tokens = as_array("tokens", tokens)
        require(tokens.ndim == 1, "tokens", "shape (N,)", tokens.shape)
        require(tokens.dtype.kind in "iu" or tokens.size == 0, "tokens", "integers", tokens.dtype)
        unknown = next((int(token) for token in tokens if not 0 <= token < len(self)), None)
        require(unknown is None, "tokens", f"numbers from 0 to {len(self) - 1}", unknown)
        return self.separator.join(self.characters[token] for token in tokens)
