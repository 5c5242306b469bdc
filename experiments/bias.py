"""Does a network without bias do better? `python -m experiments.bias` (two minutes) trains it from many seeds.

Each seed gives three networks that start with the same weights and biases of zero: one trains all its biases, one only
that of the output, one none. So a difference between them is no accident of the start.
"""

import argparse
from itertools import product

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from experiments import record
from rnnlib.data import ACKNOWLEDGEMENT, Vocabulary
from rnnlib.nn import SGD, RecurrentModel, clip_by_norm

SETTINGS = {"word": ACKNOWLEDGEMENT, "rate": 0.01, "updates": 5000, "sd": 0.01, "clip": 5.0, "seeds": 12}
SIZES = (50, 75, 100)
FIRST = 5  # updates whose losses the record holds, to be computed again
# What is trained, and the biases that are held at zero for it.
HELD = {"all biases": (), "no hidden bias": ("b_h",), "no bias": ("b_h", "b_y")}


def train(H, held, seed, word, rate, updates, sd, clip):
    """Train a network on the word; return its loss before each update and after the last, in nats over the word."""
    vocabulary = Vocabulary.of(word)
    tokens = vocabulary.encode(word)
    x, targets = tokens[:-1, None], tokens[1:, None]
    model = RecurrentModel("rnn", V=len(vocabulary), H=H, init=sd, seed=seed)  # biases start at zero
    optimiser = SGD(rate)
    losses = []
    for _ in range(updates):
        losses.append(model.loss_and_gradients(x, targets)[0])
        for name in held:
            model.gradients[name][...] = 0
        clip_by_norm(model.dtheta, clip)
        optimiser.step(model.theta, model.dtheta)
    return [*losses, model.loss(x, targets)[0]]


def first_losses(sizes=SIZES, **settings):
    """The losses of the first updates by hidden size and by what is trained, for the first seed.

    The record holds them, and a test computes them again: so a record that today's code would not make is noticed.
    """
    of_a_run = {name: value for name, value in (SETTINGS | settings).items() if name != "seeds"} | {"updates": FIRST}
    with threadpool_limits(1, user_api="blas"):
        return {str(H): {name: train(H, held, 0, **of_a_run) for name, held in HELD.items()} for H in sizes}


def run(sizes=SIZES, **settings):
    """The last losses by hidden size and by what is trained, each a list over the seeds."""
    settings = SETTINGS | settings
    seeds = range(settings["seeds"])
    of_a_run = {name: value for name, value in settings.items() if name != "seeds"}
    losses = {str(H): {name: [] for name in HELD} for H in sizes}
    with threadpool_limits(1, user_api="blas"):
        for H, (name, held), seed in tqdm(list(product(sizes, HELD.items(), seeds)), unit="run", delay=1):
            losses[str(H)][name].append(train(H, held, seed, **of_a_run)[-1])
    return {"settings": settings, "losses": losses, "first_losses": first_losses(sizes, **settings)}


def compared(losses, name, other="all biases"):
    """By hidden size: mean and standard deviation of both, and in how many pairs `name` has the lower loss."""
    rows = {}
    for H, runs in losses.items():
        a, b = np.array(runs[name]), np.array(runs[other])
        rows[H] = {"mean": (a.mean(), b.mean()), "sd": (a.std(ddof=1), b.std(ddof=1)), "lower": int((a < b).sum())}
    return rows


def main():
    """Run, print and write the record."""
    parser = argparse.ArgumentParser(prog="python -m experiments.bias", description=__doc__)
    parser.add_argument("--json", type=record.file, default="experiments/results/bias.json", help="where to write it")
    arguments = parser.parse_args()
    found = run()
    for name in list(HELD)[1:]:
        for H, row in compared(found["losses"], name).items():
            print(f"H = {H:>3}, {name} against all: {row['mean'][0]:.4f} ± {row['sd'][0]:.4f} "
                  f"and {row['mean'][1]:.4f} ± {row['sd'][1]:.4f}, lower in {row['lower']} pairs")  # fmt: skip
    record.write(found, arguments.json)


if __name__ == "__main__":
    main()
