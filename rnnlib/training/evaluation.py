"""The loss on data that training does not see."""

import numpy as np

from rnnlib.arguments import require
from rnnlib.data import OneBatch, ShuffledBatches, TextBatches
from rnnlib.nn import RecurrentModel


def mean_loss(model: RecurrentModel, batches: OneBatch | TextBatches | ShuffledBatches) -> float:
    """The mean loss over one epoch of batches, without gradients and dropout.

    Parameters
    ----------
    model : RecurrentModel
    batches : TextBatches, ShuffledBatches or OneBatch
        Where they stand does not matter, and does not change. A text's state is carried from batch to batch.

    Returns
    -------
    float
        Nats per prediction: the perplexity is its exponential.

    Raises
    ------
    ValueError
        For batches without an end, and as `RecurrentModel.loss`.
    """
    require(isinstance(model, RecurrentModel), "model", "a RecurrentModel", type(model).__name__)
    require(hasattr(batches, "epoch"), "batches", "batches of an epoch that ends", type(batches).__name__)
    total, predictions, state = 0.0, 0, None
    for batch in batches.epoch():
        times = model.times_from(batch.first, *batch.x.shape[:2])
        loss, state = model.loss(batch.x, batch.targets, None if batch.fresh else state, batch.mask, times)
        total += loss
        counted = batch.mask is None or not model.every_step
        predictions += batch.targets.size if counted else int(np.count_nonzero(batch.mask))
    require(predictions > 0, "batches", "at least one prediction that counts", "none")
    return total / predictions
