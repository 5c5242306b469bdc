"""Diagrams of the recurrent network, drawn by code with the letters of the equations.

One column is one step; time runs to the right. `unrolled` shows what is computed from what, `delta_flow` how the
derivatives of the loss come back along the same lines. Lengths are in points, so that on a phone, where a figure is
about 350 points wide, a letter keeps its size.
"""

import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch

from rnnlib.plotting import BLUE, GREEN, GREY, ORANGE, RED

RADIUS, COLUMN, ROW, LETTER, LABEL = 17, 100, 58, 17, 14
TALL, MARGIN = 24, 72  # what the row of the states stands higher, so that slanted arrows pass the words; right of all


def unrolled(steps=("1", "2", "3"), before="0"):
    """The network, unrolled: the same weights at each step.

    Parameters
    ----------
    steps : sequence of str
        The index of each step; ``("t",)`` with ``before="t-1"`` draws a single step.
    before : str
        The index of the state that the first step starts from.

    Returns
    -------
    matplotlib.figure.Figure
    """
    draw = _Canvas(rows="xahspl", steps=steps, total=len(steps) > 1)
    draw.node(f"h_{{{before}}}", 0, "h")
    for k, step in enumerate(steps, start=1):
        for letter in "xahspl":
            draw.node(f"{letter}_{{{step}}}", k, letter)
        draw.arrow((k - 1, "h"), (k, "a"), ORANGE, "W_{hh}")
        draw.arrow((k, "x"), (k, "a"), BLUE, "W_{xh}")
        draw.arrow((k, "a"), (k, "h"), GREY, r"\tanh")
        draw.arrow((k, "h"), (k, "s"), GREEN, "W_{hy}")
        draw.arrow((k, "s"), (k, "p"), GREY, r"\mathrm{softmax}")
        draw.arrow((k, "p"), (k, "l"), GREY, f"y_{{{step}}}")
    if draw.total:
        draw.sum_of_losses(backwards=False)
    else:
        draw.stub((1, "h"), ORANGE, "W_{hh}")
    return draw.figure


def delta_flow(steps=("1", "2", "3"), before="0"):
    """The unrolled network with the derivatives of the loss flowing back, against the arrows of `unrolled`.

    Softmax and cross-entropy are taken together: what reaches s_t is p_t - y_t. Beside each a_t stands
    δ_t = ∂L/∂a_t, and two arrows meet in every h_t but the last: from its own loss, and from all later ones.

    Parameters and result are those of `unrolled`.
    """
    draw = _Canvas(rows="xahsl", steps=steps, total=True)
    draw.node(f"h_{{{before}}}", 0, "h")
    for k, step in enumerate(steps, start=1):
        for letter in "xahsl":
            draw.node(f"{letter}_{{{step}}}", k, letter)
        draw.arrow((k, "l"), (k, "s"), RED, f"p_{{{step}}}-y_{{{step}}}")
        draw.arrow((k, "s"), (k, "h"), RED, r"W_{hy}^\top")
        draw.arrow((k, "h"), (k, "a"), RED, f"1-h_{{{step}}}^2")
        draw.arrow((k, "a"), (k - 1, "h"), RED, r"W_{hh}^\top")
        draw.arrow((k, "a"), (k, "x"), RED, r"W_{xh}^\top")
        draw.beside((k, "a"), rf"\delta_{{{step}}}", RED)
    draw.sum_of_losses(backwards=True)
    return draw.figure


class _Canvas:
    """A figure in points: nodes by (column, row), arrows between their rims."""

    def __init__(self, rows, steps, total):
        self.rows, self.steps, self.total = rows, len(steps), total
        self.top = ROW * (len(rows) - 1 + total) + TALL
        rim = RADIUS + 4
        width, height = rim + COLUMN * self.steps + MARGIN, self.top + 2 * rim
        self.figure = plt.figure(figsize=(width / 72, height / 72), layout="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(-rim, width - rim), ylim=(-rim, height - rim))
        self.axes.set_axis_off()

    def at(self, place):
        column, row = place
        number = self.rows.index(row)
        return column * COLUMN, number * ROW + TALL * (number >= self.rows.index("h"))

    def node(self, letter, column, row):
        self._circle(*self.at((column, row)), letter)

    def arrow(self, start, end, colour, label):
        (x0, y0), (x1, y1) = self.at(start), self.at(end)
        self._line((x0, y0), (x1, y1), colour)
        if x0 != x1:
            self._text((x0 + x1) / 2 + 3, (y0 + y1) / 2 + 3, label, colour, LABEL, ha="left", va="bottom")
        else:
            slanted = {start[1], end[1]} == {"a", "h"}  # where an arrow of the next step passes: stay below it
            self._text(x0 + 5, min(y0, y1) + (0.34 if slanted else 0.5) * abs(y1 - y0), label, colour, LABEL, ha="left")

    def stub(self, start, colour, label):
        """An arrow to the next step, which is not drawn."""
        x, y = self.at(start)
        end = (x + COLUMN * 0.6, y - (ROW + TALL) * 0.6)
        self._line((x, y), end, colour, shrink=0)
        self._text((x + end[0]) / 2 + 8, (y + end[1]) / 2 + 6, label, colour, LABEL, ha="left", va="bottom")

    def beside(self, place, letter, colour):
        x, y = self.at(place)
        self._text(x + RADIUS + 3, y - 4, letter, colour, LETTER, ha="left")

    def sum_of_losses(self, backwards):
        """L above the middle, joined to the loss of each step."""
        middle = (self.steps + 1) / 2 * COLUMN, self.top
        self._circle(*middle, "L")
        for k in range(1, self.steps + 1):
            ends = [self.at((k, "l")), middle]
            self._line(*(reversed(ends) if backwards else ends), RED if backwards else GREY)
        if backwards:
            self._text(middle[0] + 6, middle[1] - ROW / 2, "1", RED, LABEL, ha="left")

    def _circle(self, x, y, letter):
        self.axes.add_patch(plt.Circle((x, y), RADIUS, fill=False, edgecolor=GREY, linewidth=1.4))
        self._text(x, y, letter, GREY, LETTER if len(letter) < 7 else LABEL, ha="center")

    def _line(self, start, end, colour, shrink=RADIUS + 2):
        self.axes.add_patch(FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=12, linewidth=1.6, color=colour,
            shrinkA=RADIUS + 2, shrinkB=shrink))  # fmt: skip

    def _text(self, x, y, letters, colour, size, ha, va="center"):
        self.axes.text(x, y, f"${letters}$", color=colour, fontsize=size, ha=ha, va=va, math_fontfamily="cm")
