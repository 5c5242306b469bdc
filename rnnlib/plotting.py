"""How the book draws: figures that can be read on a light page, on a dark one and on a phone.

A figure has no background of its own, its text and axes have a grey with the same contrast against white as
against near-black, and its colours are of middle lightness and differ in lightness too, for who tells no red from
green. Captions and alternative texts stand in the metadata of the notebook's cell, where MyST-NB finds them.
"""

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes

# In the order in which one reads about them, which is that of the page.
__all__ = ["style", "level", "COLOURS", "LINES", "BLUE", "ORANGE", "GREEN", "PURPLE", "RED", "GREY"]  # noqa: RUF022

#: For text, axes and levels.
GREY = "#7a7a7a"
#: For lines, of middle lightness; a figure takes COLOURS in their order.
BLUE, ORANGE, GREEN, PURPLE, RED = COLOURS = ("#2f83c8", "#e0812b", "#3c9d63", "#9a6fd1", "#d1495b")
#: For each colour a style of lines: curves without a name beside them are not told apart by colour alone.
LINES = dict(zip(COLOURS, ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)), (0, (9, 3))), strict=True))


def style() -> None:
    """Set Matplotlib up for the book; call it once, in a notebook's first cell."""
    mpl.rcParams.update(
        {
            "figure.figsize": (5.2, 3.3),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "figure.facecolor": "none",
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "savefig.transparent": True,
            "font.size": 11,
            "axes.titlesize": 11,
            "text.color": GREY,
            "axes.labelcolor": GREY,
            "axes.edgecolor": GREY,
            "xtick.color": GREY,
            "ytick.color": GREY,
            "legend.labelcolor": GREY,
            "axes.titlecolor": GREY,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "lines.linewidth": 2,
            "legend.frameon": False,
            "axes.grid": False,
            "axes.prop_cycle": cycler(color=COLOURS),
            # Letters stay letters in an SVG's outline, and the same figure is the same file.
            "svg.hashsalt": "rnnlib",
            "svg.fonttype": "path",
        }
    )
    _as_svg()


def _as_svg():
    """Let a notebook show figures as SVG, sharp at every size; outside of one there is nothing to set."""
    try:
        from IPython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        set_matplotlib_formats("svg", metadata={"Date": None}, bbox_inches="tight")


def level(axes: Axes, height: float, words: str, colour: str = GREY, above: bool = True) -> None:
    """Draw a level, such as a loss's ceiling or floor, as a dashed line with its name at the right end.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    height : float
        In the units of the vertical axis.
    words : str
        What the level is.
    colour : str
        Of the line and the words.
    above : bool
        Whether the words stand above the line or below it.
    """
    axes.axhline(height, color=colour, linewidth=1.2, linestyle=(0, (5, 3)), zorder=1)
    axes.annotate(
        words,
        (1, height),
        xycoords=("axes fraction", "data"),
        xytext=(0, 3 if above else -3),
        textcoords="offset points",
        ha="right",
        va="bottom" if above else "top",
        color=colour,
    )
