"""Does a network without bias do better?

Each seed gives three networks that start with the same weights and biases of zero: one trains all its biases, one only
that of the output, one none. So a difference between them is no accident of the start.
"""

from dataclasses import dataclass

from rnnlib.data import ACKNOWLEDGEMENT, memorise
from rnnlib.nn import SGD, RecurrentModel, clip_by_norm


@dataclass(frozen=True)
class Settings:
    word: str = ACKNOWLEDGEMENT
    rate: float = 0.01
    updates: int = 5000
    sd: float = 0.01  # of the weights at the start
    clip: float = 5.0  # largest norm of a gradient


QUICK = Settings(updates=5)
CONDITIONS = {"H": (50, 75, 100), "trained": ("all biases", "no hidden bias", "no bias")}
SEEDS = 12

# The biases that are held at zero where not all are trained.
HELD = {"all biases": (), "no hidden bias": ("b_h",), "no bias": ("b_h", "b_y")}


def run(settings, seed, H, trained):
    """Train a network on the word: the loss after the last update, in nats, summed over the word."""
    x, targets, vocabulary = memorise(settings.word)
    model = RecurrentModel("rnn", V=len(vocabulary), H=H, init=settings.sd, seed=seed)  # biases start at zero
    optimiser = SGD(settings.rate)
    for _ in range(settings.updates):
        model.loss_and_gradients(x, targets)
        for name in HELD[trained]:
            model.gradients[name][...] = 0
        clip_by_norm(model.dtheta, settings.clip)
        optimiser.step(model.theta, model.dtheta)
    return {"loss": model.loss(x, targets)[0]}
