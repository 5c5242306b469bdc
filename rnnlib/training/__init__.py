"""Training: the loop, checkpoints that it goes on from, and writing with a trained model."""

from rnnlib.training.checkpoint import load_model, save_model
from rnnlib.training.evaluation import mean_loss
from rnnlib.training.loop import LossNotFinite, Training
from rnnlib.training.sampling import generate, sample_tokens

__all__ = ["LossNotFinite", "Training", "generate", "load_model", "mean_loss", "sample_tokens", "save_model"]
