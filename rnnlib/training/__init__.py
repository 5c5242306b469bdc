"""Training: the loop, the loss on other data, checkpoints to go on from, and writing with a trained model."""

from rnnlib.training.checkpoint import load_model, save_model
from rnnlib.training.evaluation import mean_loss
from rnnlib.training.history import History
from rnnlib.training.loop import LossNotFinite, Training
from rnnlib.training.sampling import generate, sample_tokens

# In the order in which one reads about them, which is that of the page.
__all__ = [  # noqa: RUF022
    "Training", "History", "LossNotFinite", "mean_loss", "generate", "sample_tokens", "save_model", "load_model",
]  # fmt: skip
