"""Data for the experiments: small enough to make, or described by where it comes from."""

from rnnlib.data.batches import Batch, DrawnBatches, OneBatch, ShuffledBatches, TextBatches
from rnnlib.data.vocabulary import Vocabulary
from rnnlib.data.words import ACKNOWLEDGEMENT, ALPHABET, memorise

__all__ = [
    "ACKNOWLEDGEMENT", "ALPHABET", "Batch", "DrawnBatches", "OneBatch", "ShuffledBatches", "TextBatches",
    "Vocabulary", "memorise",
]  # fmt: skip
