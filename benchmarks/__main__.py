"""The table of the workloads: `python -m benchmarks [NAME ...]`."""

import argparse
import json
import sys
from statistics import median

from benchmarks import measure, workloads
from experiments.frame import files

COLUMNS = ("ours_ms", "torch_ms", "ratio", "ratio_min", "ratio_max", "gemm_only_ms", "peak_share")


def run(w, seconds):
    """Measure one workload.

    Returns
    -------
    dict
        Milliseconds of a step (ours, torch) and of its matrix products alone; the median, smallest and largest ratio
        of a round; and `peak_share`: the operations of those products, divided by our time and by the speed of a large
        product. `layers` and `sizes` describe the step; `kernels` names what NumPy's OpenBLAS uses, which
        ``OPENBLAS_CORETYPE`` in the environment can change.
    """
    with measure.threads(w.threads):
        peak = measure.peak_flops(w.dtype)
        steps = [workloads.our_step(w), workloads.torch_step(w), workloads.products_step(w)]
        ours, theirs, products = measure.interleaved(steps, seconds, pause=0.1 if w.threads > 1 else 0)
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {
        **w.told(),
        "ours_ms": median(ours),
        "torch_ms": median(theirs),
        "ratio": median(ratios),
        "ratio_min": min(ratios),
        "ratio_max": max(ratios),
        "gemm_only_ms": median(products),
        "peak_share": workloads.flops(w) / (median(ours) / 1000) / peak,
        "threads": w.threads,
        "float": w.dtype,
        "kernels": measure.kernels(),
    }


def main():
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only the workloads whose names contain this")
    parser.add_argument("--seconds", type=float, default=6.0, help="time for each workload (default 6)")
    parser.add_argument("--json", type=files.writable, default="_build/bench.json", help="where to write the numbers")
    arguments = parser.parse_args()
    chosen = [w for w in workloads.ALL if not arguments.names or any(name in w.name for name in arguments.names)]
    if not chosen:
        parser.error(f"NAME expected a part of one of {[w.name for w in workloads.ALL]}, given {arguments.names}")
    print(f"NumPy's matrix kernels: {measure.kernels()}")
    print(f"{'workload':15s}{'threads':>8s}" + "".join(f"{name:>13s}" for name in COLUMNS))
    results = {}
    for w in chosen:
        results[w.name] = result = run(w, arguments.seconds)
        print(f"{w.name:15s}{w.threads:8d}" + "".join(f"{result[name]:13.3f}" for name in COLUMNS), flush=True)
    files.write(json.dumps(results, indent=1) + "\n", arguments.json)
    print(f"written to {arguments.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
