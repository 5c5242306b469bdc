"""Figures: the Markdown cell `**Figure 5.2.** What to see …` right after a code cell is the caption of its image.

The cell's id is the figure's label. Figures are counted in the order of their page, after its chapter's number. Every
image that a cell shows is a figure, and has alternative text (`mystnb.image.alt` in the cell's metadata).
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from book_builder.chapters import chapter_number
from book_extension import numbers
from book_extension.refusals import above, cell_at, cell_of

LOGGER = logging.getLogger(__name__)
CAPTION = re.compile(r"Figure (?P<number>\w+\.\d+)\.")


class Captions(SphinxTransform):
    """Make a figure of each image and the caption after it, before labels are collected (850)."""

    default_priority = 420

    def apply(self, **kwargs):
        if Path(self.env.doc2path(self.env.docname)).suffix != ".ipynb":
            return
        captions = [one for one in self.document.findall(nodes.paragraph) if caption_number(one)]
        for count, caption in enumerate(captions, 1):
            self.make_figure(caption, f"{chapter_number(self.env.docname)}.{count}")
        for image in self.document.findall(is_shown):
            if above(image, lambda node: isinstance(node, nodes.figure)) is None:
                self.warn(image, "an image without a caption%s: put a Markdown cell **Figure …** right after the code")
            if not image.get("alt"):
                self.warn(image, "an image without alternative text%s: say what one would see in mystnb.image.alt")

    def make_figure(self, caption, number):
        place = caption.parent.index(caption)
        before = caption.parent[place - 1] if place else None
        bundles = list(before.findall(holds_image)) if is_code_cell(before) else []
        if len(bundles) != 1:
            return self.warn(caption, "a caption that follows no code cell with one image%s: put it right after one")
        if caption_number(caption) != number:
            told = f"the caption of figure {caption_number(caption)}%s: this is {number}, by its chapter and its place"
            self.warn(caption, told)
        label = cell_at(self.env, self.env.docname, caption.line)
        figure = nodes.figure(ids=[label], names=[label], number=number)
        figure.source, figure.line = caption.source, caption.line
        bundles[0].parent.replace(bundles[0], figure)
        figure += [bundles[0], nodes.caption("", "", *caption.children)]
        caption.parent.remove(caption)
        self.document.note_explicit_target(figure, figure)
        numbers.number(self.env, label, "figure", number)

    def warn(self, node, told):
        line = node.line or getattr(above(node, lambda one: one.line), "line", None)
        place = cell_of(self.env, self.env.docname, line)
        LOGGER.warning(told, place, location=self.env.docname, type="book", subtype="figures")


def caption_number(paragraph):
    """The number in the bold words with which a caption begins; None where a paragraph is none."""
    bold = bold_start(paragraph)
    match = bold and CAPTION.fullmatch(bold.astext())
    return match and match["number"]


def bold_start(node):
    """The bold words with which a paragraph begins; None where there are none."""
    first = next((one for one in node.children if one.astext()), None)
    return first if isinstance(node, nodes.paragraph) and isinstance(first, nodes.strong) else None


def is_code_cell(node):
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def holds_image(node):
    """Whether a node is one output of a cell, in all its forms, and an image is one of them."""
    return (
        isinstance(node, nodes.container)
        and node.get("nb_element") == "mime_bundle"
        and node.next_node(nodes.image) is not None
    )


def is_shown(node):
    return isinstance(node, nodes.image) and above(node, is_code_cell) is not None


def name_figures(app, doctree):
    """Let a link without words of its own say `Figure 5.2`, not the whole caption."""
    standard = app.env.get_domain("std")
    for figure in doctree.findall(lambda node: isinstance(node, nodes.figure) and "number" in node):
        [label] = figure["ids"]
        standard.labels[label] = app.env.docname, label, f"Figure {figure['number']}"


def setup(app):
    app.add_transform(Captions)
    app.connect("doctree-read", name_figures)
