"""The training loop: batches, gradients, clipping, updates, evaluation, checkpoints, and going on where it stopped."""

import signal
import threading
from collections.abc import Callable
from contextlib import contextmanager
from inspect import signature
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from rnnlib.arguments import require, require_choice, require_flag, require_number, require_segment, require_size
from rnnlib.data import DrawnBatches, OneBatch, ShuffledBatches, TextBatches, Vocabulary
from rnnlib.nn import RecurrentModel, clip_by_norm, clip_by_value, l2_penalty
from rnnlib.nn.optimisers import Optimiser
from rnnlib.training.checkpoint import new_file
from rnnlib.training.evaluation import mean_loss
from rnnlib.training.history import History, require_numbers
from rnnlib.training.resuming import restore, save


class LossNotFinite(ValueError):
    """The loss became NaN or infinite; the message says at which update, and which checkpoint is the last good one."""


class Training:
    """A model in training; `run` makes updates until the given number is reached.

    Parameters
    ----------
    model : RecurrentModel
    batches : OneBatch, DrawnBatches, TextBatches or ShuffledBatches
        Where batches come from. The state is carried on between those of a text.
    optimiser : Optimiser
    reduction : {"mean", "sum"}
        Of the loss over the predictions of a batch.
    clip_norm, clip_value : float, optional
        Clip the gradient by its norm, or each component.
    l2 : float
        λ of a penalty ½ λ Σ W² over the weight matrices, not the biases. It is not part of the recorded loss.
    segment : int or "sqrt", optional
        See `RecurrentModel.loss_and_gradients`.
    evaluate : TextBatches, ShuffledBatches, OneBatch or function, optional
        Data whose mean loss is taken before the first update and after every `evaluate_every`; or a function from the
        model to a dict of numbers, one of them "loss". It must leave the parameters as they are.
    evaluate_every : int
        Updates between two evaluations.
    patience : int, optional
        Stop after so many evaluations in a row without a lower loss, and then put the best parameters back.
    history_every : int
        Updates between two losses that `history` keeps.
    checkpoint : str or Path, optional
        File to save to every `checkpoint_every` updates, and at the end. It must not exist, unless `resume`.
    checkpoint_every : int
        Updates between two times that it is written.
    resume : bool
        Continue from the checkpoint, bit for bit as if the run had not stopped: with the same settings and data.
    vocabulary : Vocabulary, optional
        Kept in the checkpoint, so that text can be generated from it.
    threads : int
        Threads of the matrix products. More than one pays only where they are large, and gives other last digits.
    progress : bool
        Show a progress bar.

    Attributes
    ----------
    updates : int
        Updates made so far.
    history : History
        Arrays to plot: ``history.update`` and ``history.loss`` in nats, and ``history.norm`` of the gradient where it
        is clipped by norm. A loss is of the batch of its update, before it.
    evaluations : History
        ``evaluations.update``, ``evaluations.loss`` and what else `evaluate` returned.

    Raises
    ------
    ValueError
        For impossible settings; for a checkpoint that can't be written, is damaged, foreign, or was made under other
        settings or with other data.
    """

    def __init__(
        self,
        model: RecurrentModel,
        batches: OneBatch | DrawnBatches | TextBatches | ShuffledBatches,
        optimiser: Optimiser,
        *,
        reduction: str = "mean",
        clip_norm: float | None = None,
        clip_value: float | None = None,
        l2: float = 0.0,
        segment: int | str | None = None,
        evaluate: TextBatches | ShuffledBatches | OneBatch | Callable[[RecurrentModel], dict] | None = None,
        evaluate_every: int = 100,
        patience: int | None = None,
        history_every: int = 1,
        checkpoint: str | Path | None = None,
        checkpoint_every: int = 1000,
        resume: bool = False,
        vocabulary: Vocabulary | None = None,
        threads: int = 1,
        progress: bool = True,
    ):
        self.model, self.batches, self.optimiser, self.vocabulary = model, batches, optimiser, vocabulary
        self.reduction, self.evaluate = require_choice("reduction", reduction, ("sum", "mean")), evaluate
        self.clip_norm, self.clip_value = (
            None if limit is None else require_number(name, limit, "a positive number", lambda limit: limit > 0)
            for name, limit in (("clip_norm", clip_norm), ("clip_value", clip_value))
        )
        self.l2 = require_number("l2", l2, "a number of at least 0", lambda strength: strength >= 0)
        self.segment = segment if segment is None else require_segment(segment)
        self.patience = patience if patience is None else require_size("patience", patience)
        self.evaluate_every = require_size("evaluate_every", evaluate_every)
        self.history_every = require_size("history_every", history_every)
        self.checkpoint_every = require_size("checkpoint_every", checkpoint_every)
        self.threads, self.progress = require_size("threads", threads), require_flag("progress", progress)
        self._require_possible()
        self.checkpoint = None if checkpoint is None else new_file(checkpoint, "checkpoint")
        self.history = History(self.history_every, first=self.history_every)
        self.evaluations = History(self.evaluate_every, first=0)
        self.updates, self.state, self.saved, self.stopped, self.best = 0, None, None, False, None
        self._left = None  # after how many updates, and where in the batches, the last `run` ended
        if require_flag("resume", resume):
            require(checkpoint is not None, "resume", "a checkpoint to continue from", "none")
            restore(self)
        elif self.checkpoint is not None:
            free = not self.checkpoint.exists()
            require(free, "checkpoint", "a new file, or resume=True to continue", f"the existing {str(checkpoint)!r}")
        self._complete = True  # from now on no setting is changed: rows of the history are counted by them

    def __setattr__(self, name, value):
        settled = name in _SETTINGS or name not in self.__dict__
        if settled and "_complete" in self.__dict__ and not name.startswith("_"):
            raise AttributeError(f"Training can't assign to {name!r}; make a new one with other settings.")
        super().__setattr__(name, value)

    def _require_possible(self):
        require(isinstance(self.model, RecurrentModel), "model", "a RecurrentModel", type(self.model).__name__)
        for method in ("next", "position", "seek", "digest"):
            require(hasattr(self.batches, method), "batches", f"an object with a method {method}", repr(self.batches))
        require(isinstance(self.optimiser, Optimiser), "optimiser", "one such as Adam(0.001)", repr(self.optimiser))
        if self.patience is not None:
            require(self.evaluate is not None, "patience", "an `evaluate` to go with it", "none")
        good = self.evaluate is None or callable(self.evaluate) or hasattr(self.evaluate, "epoch")
        require(good, "evaluate", "a function, or batches of an epoch that ends", repr(self.evaluate))
        if self.vocabulary is not None:
            require(isinstance(self.vocabulary, Vocabulary), "vocabulary", "a Vocabulary", repr(self.vocabulary))
            fits = len(self.vocabulary) == self.model.V
            require(fits, "vocabulary", f"one of {self.model.V} tokens, as the model has", len(self.vocabulary))

    def run(self, updates: int) -> "Training":
        """Make updates until there are so many in all, or patience ends, or the reader interrupts.

        Returns
        -------
        Training
            Itself, for its `history` and `evaluations`.

        Raises
        ------
        LossNotFinite
            When the loss, or a parameter that would be saved, is NaN or infinite.
        KeyboardInterrupt
            After Ctrl-C, once the update in progress is done and saved; its message says how to continue.
        """
        require_size("updates", updates)
        self._require_own_batches()
        with (
            threadpool_limits(self.threads, user_api="blas"),
            _interrupts() as interrupted,
            tqdm(total=updates, initial=self.updates, disable=not self.progress, unit="update") as bar,
        ):
            self._evaluate_if_due()
            while self.updates < updates and not self.stopped and not interrupted:
                loss = self.step()
                bar.update()
                if self.updates % 100 == 0:
                    bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
                self._evaluate_if_due()
                if self.checkpoint is not None and self.updates % self.checkpoint_every == 0:
                    self.save()
            if self.checkpoint is not None and self.saved != self.updates:
                self.save()
        self._left = self.updates, self.batches.position()
        if interrupted:
            raise KeyboardInterrupt(self._how_to_resume())
        return self

    def _require_own_batches(self):
        """Refuse to go on where someone else took batches since: the carried state would not belong to the next one."""
        if self._left is not None and self._left[0] == self.updates:
            same = self.batches.position() == self._left[1]
            require(same, "batches", "to stand where this run left them; each Training needs batches of its own",
                    "others")  # fmt: skip
        self._left = None

    def step(self) -> float:
        """Make one update; return the loss before it. An evaluation that is due comes first."""
        self._evaluate_if_due()
        batch, model, numbers = self.batches.next(), self.model, {}
        loss, self.state = model.loss_and_gradients(
            batch.x, batch.targets, None if batch.fresh else self.state, batch.mask,
            model.times_from(batch.first, *batch.x.shape[:2]), reduction=self.reduction, segment=self.segment,
        )  # fmt: skip
        if not np.isfinite(loss):
            self._not_finite("loss", loss, f"at update {self.updates + 1}")
        if self.l2:
            for name, W in model.parameters.items():
                if W.ndim == 2:
                    l2_penalty(W, self.l2, half=True, dW=model.gradients[name])
        if self.clip_norm is not None:
            numbers["norm"] = clip_by_norm(model.dtheta, self.clip_norm)
        if self.clip_value is not None:
            clip_by_value(model.dtheta, self.clip_value)
        self.optimiser.step(model.theta, model.dtheta)
        model.keep_domain()
        self.updates += 1
        if self.updates % self.history_every == 0:
            self.history.append(loss=loss, **numbers)
        return loss

    def _evaluate_if_due(self):
        """Evaluate unless there are as many evaluations as there should be: one that failed is made up for."""
        if self.evaluate is not None and len(self.evaluations) * self.evaluate_every <= self.updates:
            self._evaluate()

    def _evaluate(self):
        if callable(self.evaluate):
            before = self.model.theta.copy()
            found = require_numbers(self.evaluate(self.model), self.evaluations.columns)
            same = np.array_equal(before, self.model.theta, equal_nan=True)
            require(same, "evaluate", "a function that leaves the parameters as they are", "one that changes them")
        else:
            found = {"loss": mean_loss(self.model, self.evaluate)}
        if not np.isfinite(found["loss"]):
            self._not_finite("loss of the evaluation", found["loss"], f"after update {self.updates}")
        self.evaluations.append(**found)
        if self.patience is not None:
            losses = self.evaluations.loss
            since = len(losses) - 1 - int(np.argmin(losses))  # evaluations since the lowest loss
            if since == 0:
                self.best = self.model.theta.copy()
            if since >= self.patience:
                self.stopped, self.model.theta = True, self.best

    def save(self) -> None:
        """Write the checkpoint: parameters, optimiser, data position, random and carried states, history."""
        require(self.checkpoint is not None, "save", "a run with a checkpoint", "none")
        if not np.isfinite(self.model.theta).all():
            self._not_finite("parameters", "NaN or infinity", f"after update {self.updates}")
        if self.saved is None and self.checkpoint.exists():
            require(False, "checkpoint", "no file before its first save; save_model keeps this model elsewhere",
                    f"{str(self.checkpoint)!r} that another run has written meanwhile")  # fmt: skip
        save(self)
        self.saved = self.updates

    def _not_finite(self, what, value, when):
        kept = "no checkpoint was saved" if self.saved is None else f"{self.checkpoint} keeps update {self.saved}"
        raise LossNotFinite(f"{what} expected finite numbers, given {value} {when}; {kept}.")

    def __repr__(self) -> str:
        last = f", loss {self.history.loss[-1]:.4g}" if len(self.history) else ""
        return f"Training({self.model!r}, {type(self.optimiser).__name__}: {self.updates} updates{last})"

    def _how_to_resume(self):
        if self.checkpoint is None:
            return f"stopped after update {self.updates}; run(...) goes on from there"
        again = f"Training(..., checkpoint={str(self.checkpoint)!r}, resume=True)"
        return f"stopped after update {self.updates}; {again} goes on from there"


_SETTINGS = frozenset(signature(Training).parameters)


@contextmanager
def _interrupts():
    """A list that is no longer empty after Ctrl-C, so that an update is never cut in two; a second Ctrl-C is obeyed."""
    interrupted = []
    if threading.current_thread() is not threading.main_thread():
        yield interrupted  # only the main thread may handle signals
        return
    before = signal.getsignal(signal.SIGINT)

    def note(*_):
        interrupted.append(True)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)
