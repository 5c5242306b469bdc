"""A batch shared out among threads.

Large products of matrices use all cores anyway; this lets the sums and products between them do so too, which PyTorch's
library does inside. NumPy lets other threads run while it computes. Give its matrix library one thread then.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rnnlib.nn.checks import check_choice, require


class BatchSplit:
    """Computes what a `RecurrentModel` computes, with its sequences shared out among threads.

    The gradients are summed in a fixed order, so that the same number of workers gives the same bits.

    Parameters
    ----------
    model : RecurrentModel
        Without dropout, whose random numbers would depend on the split.
    workers : int
    """

    def __init__(self, model, workers=2):
        require(workers >= 1, "workers", "at least 1", workers)
        require(not model.config["dropout"], "model", "no dropout", model.config["dropout"])
        self.model, self.parts = model, [model.sharing() for _ in range(workers)]
        self.pool = ThreadPoolExecutor(workers)

    def loss_and_gradients(self, x, targets, state=None, mask=None, times=None, reduction="sum", segment=None):
        """As `RecurrentModel.loss_and_gradients`; the gradients are in the model."""
        x, targets = np.asarray(x), np.asarray(targets)
        check_choice("reduction", reduction, ("sum", "mean"))
        require(x.ndim >= 2 and x.size > 0, "x", "shape (T, B, ...) with T ≥ 1 and B ≥ 1", x.shape)
        shape = x.shape[:2] if self.model.every_step else x.shape[1:2]
        require(targets.shape == shape, "targets", f"shape {shape}", targets.shape)
        B, workers = x.shape[1], min(len(self.parts), x.shape[1])
        ends = [B * k // workers for k in range(workers + 1)]

        def run(k):
            columns = slice(ends[k], ends[k + 1])
            start = None if state is None else [tuple(part[columns] for part in layer) for layer in state]
            more = {name: None if a is None else a[:, columns] for name, a in (("mask", mask), ("times", times))}
            return self.parts[k].loss_and_gradients(
                x[:, columns], targets[..., columns], start, segment=segment, **more
            )

        results = list(self.pool.map(run, range(workers)))
        counted = targets.size if mask is None or not self.model.every_step else int(np.sum(mask))
        require(counted > 0 or reduction == "sum", "mask", "at least one prediction that counts", "none")
        weight = 1 / counted if reduction == "mean" else 1
        gradients = self.model.dtheta
        np.multiply(self.parts[0].dtheta, weight, out=gradients)
        for part in self.parts[1:workers]:
            part.dtheta *= weight
            gradients += part.dtheta
        layers = zip(*(after for _, after in results), strict=True)
        after = [tuple(np.concatenate(parts) for parts in zip(*layer, strict=True)) for layer in layers]
        return sum(loss for loss, _ in results) * weight, after
