"""Data for the experiments: small enough to make, or described by where it comes from."""

from rnnlib.data.vocabulary import Vocabulary
from rnnlib.data.words import ACKNOWLEDGEMENT, ALPHABET, memorise

__all__ = ["ACKNOWLEDGEMENT", "ALPHABET", "Vocabulary", "memorise"]
