"""Vocabularies, batches, and data that are small enough to make."""

from rnnlib.data.batches import Batch, DrawnBatches, OneBatch, ShuffledBatches, TextBatches
from rnnlib.data.vocabulary import Vocabulary
from rnnlib.data.words import ACKNOWLEDGEMENT, ALPHABET, memorise

# In the order in which one reads about them, which is that of the page.
__all__ = [  # noqa: RUF022
    "Vocabulary", "TextBatches", "ShuffledBatches", "OneBatch", "DrawnBatches", "Batch",
    "memorise", "ACKNOWLEDGEMENT", "ALPHABET",
]  # fmt: skip
