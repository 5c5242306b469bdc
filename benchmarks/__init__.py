"""Speed, measured: one training step against `torch.nn`, and how its time and memory grow.

    python -m benchmarks             the table of the workloads; writes _build/bench.json
    python -m benchmarks.scaling     time and memory against T, H, B and V; writes experiments/results/scaling.json
    python -m benchmarks.verdicts    how long `check` takes to judge an answer
    python -m benchmarks.pages       the built book on a slow phone: first paint, load, bytes; writes _build/pages.json

These are no tests: nothing here passes or fails.
"""
