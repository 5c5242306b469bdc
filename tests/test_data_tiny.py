"""The tiny network: the numbers that chapter 4 works out by hand are those of its weights."""

import re

import nbformat
import numpy as np

from book_builder.execution import ROOT
from rnnlib.data.tiny import tiny


def test_the_tiny_network_by_hand_in_the_prose():
    cells = nbformat.read(ROOT / "notebooks/04_vanilla_rnn.ipynb", as_version=4).cells
    text = next(cell.source for cell in cells if cell.id == "hand-1").replace("\\;", "")
    n, h = tiny(), np.zeros(2)
    for t, (x, y) in enumerate(zip(n["x"], n["y"], strict=True), start=1):
        a = x @ n["W_xh"] + h @ n["W_hh"] + n["b_h"]
        h = np.tanh(a)
        s = h @ n["W_hy"] + n["b_y"]
        p = np.exp(s) / np.exp(s).sum()
        step = re.sub(r"\s", "", text.split(f"**Step {t}.**")[1].split("**Step")[0])
        for row in (a, h, s) if t > 1 else (h, s):
            assert f"({row[0]:.3f},{row[1]:.3f})" in step
        assert f"{p @ y:.3f}" in step and f"{-np.log(p @ y):.3f}" in step
