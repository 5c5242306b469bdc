"""The diagrams of chapters 4 and 5, and the tiny network that they are drawn for."""

import io

import matplotlib
import numpy as np
import pytest

from exercises.diagrams import delta_flow, unrolled
from rnnlib.data.tiny import tiny
from rnnlib.plotting import COLOURS, GREEN, LINES, RED

matplotlib.use("Agg")


@pytest.fixture(params=[unrolled, delta_flow])
def figure(request):
    yield request.param()
    matplotlib.pyplot.close("all")


def words(figure):
    return [text.get_text().strip("$") for text in figure.axes[0].texts]


@pytest.mark.parametrize("letter", "xahsl")
def test_each_quantity_stands_once_a_step(figure, letter):
    assert [words(figure).count(f"{letter}_{{{t}}}") for t in (1, 2, 3)] == [1, 1, 1]


def test_the_same_weights_stand_at_each_step():
    shown = words(unrolled())
    assert [shown.count(name) for name in ("W_{xh}", "W_{hh}", "W_{hy}")] == [3, 3, 3]
    colours = [patch.get_edgecolor()[:3] for patch in unrolled().axes[0].patches]
    assert colours.count(matplotlib.colors.to_rgb(GREEN)) == 3


def test_the_derivatives_flow_on_red_arrows_and_meet_the_deltas():
    shown = words(delta_flow())
    assert [shown.count(rf"\delta_{{{t}}}") for t in (1, 2, 3)] == [1, 1, 1]
    arrows = [patch for patch in delta_flow().axes[0].patches if hasattr(patch, "get_arrowstyle")]
    assert len(arrows) == 3 * 6 and {patch.get_edgecolor()[:3] for patch in arrows} == {matplotlib.colors.to_rgb(RED)}


def test_one_step_alone_has_the_letters_of_the_equations():
    shown = words(unrolled(("t",), before="t-1"))
    assert {"h_{t-1}", "x_{t}", "a_{t}", "h_{t}", "s_{t}", "p_{t}", "l_{t}"} <= set(shown) and "L" not in shown


def test_nothing_is_cut_off_and_letters_keep_their_size_on_a_phone(figure):
    renderer = figure.canvas.get_renderer()
    box = figure.bbox
    for text in figure.axes[0].texts:
        found = text.get_window_extent(renderer)
        assert box.x0 <= found.x0 and found.x1 <= box.x1 and box.y0 <= found.y0 and found.y1 <= box.y1, text
        # 350 points are what a phone of 390 leaves beside its margins; a figure wider than that shrinks.
        assert text.get_fontsize() * min(1, 350 / (figure.get_figwidth() * 72)) >= 12


def test_words_do_not_touch_each_other(figure):
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_no_background_and_the_same_bytes_each_time(figure):
    def svg():
        file = io.BytesIO()
        with matplotlib.rc_context({"svg.hashsalt": "rnnlib"}):
            figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
        return file.getvalue()

    assert svg() == svg() and b"fill: #ffffff" not in svg()


def test_the_tiny_network_needs_its_state_and_gets_all_three_letters_right():
    n = tiny()
    assert {name: array.shape for name, array in n.items()} == {
        "x": (3, 2), "y": (3, 2), "h0": (2,), "W_xh": (2, 2), "W_hh": (2, 2), "b_h": (2,), "W_hy": (2, 2), "b_y": (2,)
    }  # fmt: skip
    assert (n["x"][1] == n["x"][2]).all() and (n["y"][1] != n["y"][2]).all()
    h = n["h0"]
    for x, y in zip(n["x"], n["y"], strict=True):
        h = np.tanh(x @ n["W_xh"] + h @ n["W_hh"] + n["b_h"])
        assert (h @ n["W_hy"] + n["b_y"]).argmax() == y.argmax()


def test_each_call_makes_new_arrays():
    first = tiny()
    first["W_hh"][0, 0] = 7
    assert tiny()["W_hh"][0, 0] == 0.5 and all(array.dtype == np.float64 for array in first.values())


def test_every_colour_of_a_line_has_a_style_of_its_own():
    assert set(LINES) == set(COLOURS) and len(set(map(str, LINES.values()))) == len(COLOURS)
