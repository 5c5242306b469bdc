"""Asides: a blockquote that begins `> **Note.**`, `> **Warning.**` or `> **[A published mistake](#erratum-S0-15).**`.

A published mistake links its entry in the errata, and each entry that it links leads back to it: the place has a label
such as `told-s0-15`.
"""

from docutils import nodes
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

from book_extension.figures import bold_start
from book_extension.refusals import cell_of

LOGGER = logging.getLogger(__name__)
MISTAKE = "A published mistake"
KINDS = {"Note": "note", "Warning": "warning", MISTAKE: "warning published-mistake"}
ERRATUM = "#erratum-"


class Asides(SphinxTransform):
    """Make admonitions of blockquotes that say so, before labels are collected (850) and links resolved (879)."""

    default_priority = 430

    def apply(self, **kwargs):
        for quote in list(self.document.findall(nodes.block_quote)):
            if len(quote) and (lead := bold_start(quote[0])):
                self.make_aside(quote, quote[0], lead)

    def make_aside(self, quote, paragraph, lead):
        kind, dot = lead.astext()[:-1], lead.astext()[-1:]
        if kind not in KINDS or dot != ".":
            known = ", ".join(f"**{one}.**" for one in KINDS)
            return self.warn(paragraph, f"a blockquote%s that begins with **{lead.astext()}**: expected one of {known}")
        rows = [one["refuri"].removeprefix(ERRATUM) for one in quote.findall(nodes.reference)
                if one.get("refuri", "").startswith(ERRATUM)]  # fmt: skip
        if kind == MISTAKE and not rows:
            self.warn(paragraph, f"a published mistake%s without its erratum: write **[{MISTAKE}]({ERRATUM}S0-15).**")
        title = nodes.title("", "", *untold(lead))
        following = paragraph.children[paragraph.index(lead) + 1 :]
        if following and isinstance(following[0], nodes.Text):
            following[0] = nodes.Text(following[0].lstrip())
        paragraph.children = []
        paragraph += following
        aside = nodes.admonition("", title, *quote.children, classes=KINDS[kind].split())
        aside.source, aside.line = quote.source, quote.line or paragraph.line
        quote.parent.replace(quote, aside)
        if kind == MISTAKE:
            for row in dict.fromkeys(rows):
                aside["ids"].append(f"told-{row}")
                aside["names"].append(f"told-{row.lower()}")
            self.document.note_explicit_target(aside, aside)

    def warn(self, node, told):
        place = cell_of(self.env, self.env.docname, node.line)
        LOGGER.warning(told, place, location=self.env.docname, type="book", subtype="asides")


def untold(lead):
    """What the bold words hold, without the full stop at their end."""
    *parts, last = (one for one in lead.children if one.astext())
    return [*parts, nodes.Text(last[:-1])] if isinstance(last, nodes.Text) else lead.children


def setup(app):
    app.add_transform(Asides)
