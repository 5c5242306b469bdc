"""How time and memory of one training step grow: `python -m benchmarks.scaling` writes the record for the book."""

import argparse
import json
import platform
import tracemalloc
from math import log
from statistics import median

import numpy as np

from benchmarks import measure
from experiments.frame import files
from rnnlib.nn import RecurrentModel

# The step that one size at a time is varied around.
BASE = {"T": 32, "H": 64, "B": 16, "V": 64}
TIMES = {
    "T": [8, 16, 32, 64, 128, 256, 512],
    "H": [16, 32, 64, 128, 256, 512, 1024],
    "B": [1, 2, 4, 8, 16, 32, 64, 128, 256],
    "V": [16, 64, 256, 1024, 4096, 16384],
}
MEMORY = {"T": [16, 64, 256, 1024, 4096, 16384], "H": 32, "B": 4, "V": 16}


def step(T, H, B, V, segment=None):
    """A function that makes one training step of a one-layer LSTM in float32, on random tokens."""
    rng = np.random.default_rng(0)
    model = RecurrentModel("lstm", V=V, H=H, dtype="float32")
    x, targets = rng.integers(0, V, (T, B)), rng.integers(0, V, (T, B))
    return lambda: model.loss_and_gradients(x, targets, segment=segment)


def time_against(name, values, seconds):
    """Milliseconds of a step for each value of one size, the others as in `BASE`."""
    with measure.threads(1):
        rounds = measure.interleaved([step(**(BASE | {name: value})) for value in values], seconds, rounds=5)
    ms = [median(result) for result in rounds]
    return {"values": values, "ms": ms, "slope": slope(values[-3:], ms[-3:])}


def peak_bytes(segment, **sizes):
    """The most memory that one step holds, besides its parameters and data."""
    make = step(**sizes, segment=segment)
    tracemalloc.start()
    make()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def slope(x, y):
    """Slope of log y against log x, by least squares."""
    return float(np.polyfit([log(v) for v in x], [log(v) for v in y], 1)[0])


def main():
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="time for each of the four sizes (default 4)")
    parser.add_argument("--json", type=files.writable, default="experiments/results/scaling.json")
    arguments = parser.parse_args()
    found = {"cell": "lstm", "float": "float32", "threads": 1, "kernels": measure.kernels(),
             "machine": platform.machine(), "base": BASE, "time": {}}  # fmt: skip
    for name, values in TIMES.items():
        found["time"][name] = result = time_against(name, values, arguments.seconds)
        print(f"time against {name}: slope {result['slope']:.2f} at the end,", [f"{ms:.2f} ms" for ms in result["ms"]])
    sizes = {name: MEMORY[name] for name in ("H", "B", "V")}
    found["memory"] = {"base": sizes, "T": MEMORY["T"]}
    for name, segment in (("full", None), ("checkpointed", "sqrt")):
        peaks = [peak_bytes(segment, T=T, **sizes) for T in MEMORY["T"]]
        found["memory"][name] = {"bytes": peaks, "slope": slope(MEMORY["T"][-3:], peaks[-3:])}
        print(f"memory, {name}: slope {found['memory'][name]['slope']:.2f} at the end,", peaks)
    files.write(json.dumps(found, indent=1) + "\n", arguments.json)
    print(f"written to {arguments.json}")


if __name__ == "__main__":
    main()
