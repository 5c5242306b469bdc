"""Recurrent networks with their gradients written out: cells, losses, optimisers and a model of them.

Read `plain` first: one step of each cell, forward and backward, a line for a formula. `RNN`, `LSTM`, `GRU` and
`PhasedLSTM` are the same for all steps of a batch, and fast; the tests hold them equal to `plain`.
"""

from rnnlib.nn import plain
from rnnlib.nn.cell import Cell
from rnnlib.nn.clipping import clip_by_norm, clip_by_value
from rnnlib.nn.embedding import Embedding
from rnnlib.nn.gradient_check import check_gradients
from rnnlib.nn.gru import GRU
from rnnlib.nn.initialisation import chrono, forget_bias, initialise, orthogonal, xavier
from rnnlib.nn.layer import Layer
from rnnlib.nn.linear import Linear
from rnnlib.nn.losses import cross_entropy, l2_penalty, perplexity, softmax
from rnnlib.nn.lstm import LSTM
from rnnlib.nn.model import RecurrentModel
from rnnlib.nn.optimisers import SGD, AdaDelta, AdaGrad, Adam, AdamW, Momentum, Optimiser, RMSprop
from rnnlib.nn.phased_lstm import PhasedLSTM
from rnnlib.nn.rnn import RNN
from rnnlib.nn.schedules import constant, cosine, exponential, step_decay, warmup

# In the order in which one reads about them, which is that of the page.
__all__ = [  # noqa: RUF022
    "plain", "RecurrentModel",
    "RNN", "LSTM", "GRU", "PhasedLSTM", "Embedding", "Linear",
    "softmax", "cross_entropy", "perplexity", "l2_penalty", "check_gradients",
    "SGD", "Momentum", "AdaGrad", "RMSprop", "AdaDelta", "Adam", "AdamW",
    "constant", "step_decay", "exponential", "cosine", "warmup", "clip_by_norm", "clip_by_value",
    "initialise", "xavier", "orthogonal", "forget_bias", "chrono",
    "Cell", "Layer", "Optimiser",
]  # fmt: skip
