"""Characters as integers, and back."""

import numpy as np

from rnnlib.arguments import require


class Vocabulary:
    """A fixed list of characters; the token of a character is its place in the list.

    Parameters
    ----------
    characters : str or list of str
        All different. For words instead of characters, a list of words.

    Examples
    --------
    >>> vocabulary = Vocabulary.of("abba")
    >>> vocabulary.encode("baa")
    array([1, 0, 0])
    >>> vocabulary.decode([1, 0, 0])
    'baa'
    """

    def __init__(self, characters):
        self.characters = list(characters)
        self.tokens = {character: token for token, character in enumerate(self.characters)}
        require(len(self.characters) > 0, "characters", "at least one", "none")
        repeated = next((c for k, c in enumerate(self.characters) if self.tokens[c] != k), None)
        require(repeated is None, "characters", "each of them once", f"{repeated!r} twice")

    @classmethod
    def of(cls, text):
        """The vocabulary of all characters in a text, in alphabetical order."""
        return cls(sorted(set(text)))

    def __len__(self):
        return len(self.characters)

    def encode(self, text):
        """Tokens of a text, as an array of integers; a ValueError names the first unknown character."""
        unknown = next((c for c in text if c not in self.tokens), None)
        require(unknown is None, "text", f"only the {len(self)} characters of the vocabulary", repr(unknown))
        return np.array([self.tokens[c] for c in text], dtype=np.int64)

    def decode(self, tokens):
        """The text of tokens; a ValueError names the first that is out of range."""
        tokens = [int(token) for token in tokens]
        unknown = next((token for token in tokens if not 0 <= token < len(self)), None)
        require(unknown is None, "tokens", f"numbers from 0 to {len(self) - 1}", unknown)
        return "".join(self.characters[token] for token in tokens)
