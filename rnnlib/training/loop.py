"""The training loop: batches, gradients, clipping, updates, evaluation, checkpoints, and going on where it stopped."""

import signal
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

import rnnlib.training.checkpoint as files
from rnnlib.arguments import require, require_choice
from rnnlib.nn.clipping import clip_by_norm, clip_by_value
from rnnlib.nn.losses import l2_penalty


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
    reduction : {"sum", "mean"}
        Of the loss over the predictions of a batch.
    clip_norm, clip_value : float, optional
        Clip the gradient by its norm, or each component.
    l2 : float
        λ of a penalty ½ λ Σ W² over the weight matrices, not the biases. It is not part of the recorded loss.
    segment : int or "sqrt", optional
        See `RecurrentModel.loss_and_gradients`.
    evaluate : function, optional
        From the model to a dict of numbers, one of them "loss": it is called every `evaluate_every` updates.
    evaluate_every : int
    patience : int, optional
        Stop after so many evaluations in a row without a lower loss, and put the best parameters back.
    record_every : int
        Keep the loss of every so many updates in the record.
    checkpoint : str or Path, optional
        File to save to every `checkpoint_every` updates, and at the end. It must not exist, unless `resume`.
    checkpoint_every : int
    resume : bool
        Continue from the checkpoint, bit for bit as if the run had not stopped.
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
    record : list of dict
        ``{"update": 1, "loss": ...}`` with "norm" where the gradient is clipped by norm.
    evaluations : list of dict
        What `evaluate` returned, with "update".

    Raises
    ------
    ValueError
        For impossible settings, or a checkpoint that is damaged, foreign, or of another model or optimiser.
    """

    def __init__(self, model, batches, optimiser, *, reduction="mean", clip_norm=None, clip_value=None, l2=0.0,
                 segment=None, evaluate=None, evaluate_every=100, patience=None, record_every=1, checkpoint=None,
                 checkpoint_every=1000, resume=False, vocabulary=None, threads=1, progress=True):  # fmt: skip
        require_choice("reduction", reduction, ("sum", "mean"))
        for name, value in (("evaluate_every", evaluate_every), ("record_every", record_every),
                            ("checkpoint_every", checkpoint_every), ("patience", patience or 1)):  # fmt: skip
            require(value >= 1, name, "at least 1", value)
        require(patience is None or evaluate is not None, "patience", "an `evaluate` to go with it", "none")
        self.model, self.batches, self.optimiser = model, batches, optimiser
        self.reduction, self.clip_norm, self.clip_value, self.l2 = reduction, clip_norm, clip_value, l2
        self.segment, self.evaluate, self.evaluate_every, self.patience = segment, evaluate, evaluate_every, patience
        self.record_every, self.vocabulary, self.progress = record_every, vocabulary, progress
        self.threads = threads
        self.checkpoint = None if checkpoint is None else Path(checkpoint)
        self.checkpoint_every = checkpoint_every
        self.updates, self.record, self.evaluations = 0, [], []
        self.state, self.saved, self.stopped = None, None, False
        self.best = {"loss": np.inf, "update": 0, "theta": None}
        if resume:
            require(checkpoint is not None, "resume", "a checkpoint to continue from", "none")
            self._load()
        elif self.checkpoint is not None:
            free = not self.checkpoint.exists()
            require(free, "checkpoint", "a new file, or resume=True to continue", f"the existing {str(checkpoint)!r}")

    def run(self, updates):
        """Make updates until there are so many in all, or patience ends, or the reader interrupts.

        Returns
        -------
        Training
            Itself, for its `record` and `evaluations`.

        Raises
        ------
        LossNotFinite
            When the loss, or a parameter that would be saved, is NaN or infinite.
        KeyboardInterrupt
            After Ctrl-C, once the update in progress is done and saved; its message says how to continue.
        """
        with (
            threadpool_limits(self.threads, user_api="blas"),
            _interrupts() as interrupted,
            tqdm(total=updates, initial=self.updates, disable=not self.progress, unit="update") as bar,
        ):
            while self.updates < updates and not self.stopped and not interrupted:
                loss = self.step()
                bar.update()
                if self.updates % 100 == 0:
                    bar.set_postfix(loss=f"{loss:.4g}", refresh=False)
                if self.evaluate is not None and self.updates % self.evaluate_every == 0:
                    self._evaluate()
                if self.checkpoint is not None and self.updates % self.checkpoint_every == 0:
                    self.save()
        if self.checkpoint is not None and self.saved != self.updates:
            self.save()
        if interrupted:
            raise KeyboardInterrupt(self._how_to_resume())
        if self.patience is not None and self.best["theta"] is not None:
            self.model.theta[...] = self.best["theta"]
        return self

    def step(self):
        """Make one update; return the loss before it."""
        batch, model = self.batches.next(), self.model
        loss, self.state = model.loss_and_gradients(
            batch.x, batch.targets, None if batch.fresh else self.state, batch.mask,
            reduction=self.reduction, segment=self.segment,
        )  # fmt: skip
        if not np.isfinite(loss):
            self._not_finite("loss", loss)
        entry = {"update": self.updates + 1, "loss": loss}
        if self.l2:
            for name, W in model.parameters.items():
                if W.ndim == 2:
                    l2_penalty(W, self.l2, half=True, dW=model.gradients[name])
        if self.clip_norm is not None:
            entry["norm"] = clip_by_norm(model.dtheta, self.clip_norm)
        if self.clip_value is not None:
            clip_by_value(model.dtheta, self.clip_value)
        self.optimiser.step(model.theta, model.dtheta)
        model.keep_domain()
        self.updates += 1
        if self.updates % self.record_every == 0:
            self.record.append(entry)
        return loss

    def _evaluate(self):
        result = {name: float(value) for name, value in self.evaluate(self.model).items()}
        self.evaluations.append({"update": self.updates, **result})
        if result["loss"] < self.best["loss"]:
            self.best = {"loss": result["loss"], "update": self.updates, "theta": self.model.theta.copy()}
        elif self.patience is not None:
            since = [entry for entry in self.evaluations if entry["update"] > self.best["update"]]
            self.stopped = len(since) >= self.patience

    def save(self):
        """Write the checkpoint: parameters, optimiser, data position, random and carried states, record."""
        if not np.isfinite(self.model.theta).all():
            self._not_finite("parameters", "NaN or infinity")
        arrays = {"theta": self.model.theta}
        arrays |= {f"optimiser {name}": vector for name, vector in self.optimiser.state.items()}
        if self.best["theta"] is not None:
            arrays["best theta"] = self.best["theta"]
        for layer, parts in enumerate(self.state or []):
            arrays |= {f"state {layer} {k}": part for k, part in enumerate(parts)}
        files.write(
            self.checkpoint,
            arrays,
            files.model_record(self.model, self.vocabulary)
            | {
                "optimiser": self._optimiser_record(),
                "training": {
                    "updates": self.updates,
                    "optimiser updates": self.optimiser.updates,
                    "position": self.batches.position(),
                    "random": self.model.rng.bit_generator.state,
                    "stopped": self.stopped,
                    "best": {"loss": self.best["loss"], "update": self.best["update"]},
                    "record": self.record,
                    "evaluations": self.evaluations,
                },
            },
        )
        self.saved = self.updates

    def _load(self):
        arrays, record = files.read(self.checkpoint)
        require("training" in record, "checkpoint", "one of training", "a model alone")
        expected = files.model_record(self.model, self.vocabulary) | {"optimiser": self._optimiser_record()}
        for name, value in expected.items():
            # through JSON both ways, where tuples are lists
            same = files.json.loads(files.json.dumps(value)) == record[name]
            require(same, f"checkpoint's {name}", f"{value!r:.200}", f"{record[name]!r:.200}")
        files.restore_theta(self.model, arrays, self.checkpoint)
        kept = {name.split(" ")[1]: array for name, array in arrays.items() if name.startswith("optimiser ")}
        training = record["training"]
        self.optimiser.restore(training["optimiser updates"], kept)
        self.batches.seek(training["position"])
        self.model.rng.bit_generator.state = training["random"]
        self.updates = self.saved = training["updates"]
        self.stopped, self.best = training["stopped"], training["best"] | {"theta": arrays.get("best theta")}
        self.record, self.evaluations = training["record"], training["evaluations"]
        places = sorted(name.split(" ")[1:] for name in arrays if name.startswith("state "))
        layers = [[k for layer, k in places if layer == str(n)] for n in range(len(self.model.cells))]
        if places:
            self.state = [tuple(arrays[f"state {n} {k}"] for k in parts) for n, parts in enumerate(layers)]

    def _optimiser_record(self):
        simple = {k: v for k, v in vars(self.optimiser).items() if isinstance(v, int | float | tuple)}
        return {"kind": type(self.optimiser).__name__, **{k: v for k, v in simple.items() if k != "updates"}}

    def _not_finite(self, what, value):
        kept = "no checkpoint was saved" if self.saved is None else f"{self.checkpoint} keeps update {self.saved}"
        raise LossNotFinite(f"{what} expected finite numbers, given {value} at update {self.updates + 1}; {kept}.")

    def _how_to_resume(self):
        if self.checkpoint is None:
            return f"stopped after update {self.updates}; run(...) goes on from there"
        again = f"Training(..., checkpoint={str(self.checkpoint)!r}, resume=True)"
        return f"stopped after update {self.updates}; {again} goes on from there"


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
