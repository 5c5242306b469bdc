"""Numbers of chapters, exercises and figures: what a page calls its things, and whether links call them the same.

Whoever finds something with a number on a page tells it here with `number`. A link to it whose words hold a number of
that kind, such as `[Exercise 5.1](#ex-bptt-bias)`, must hold that one, on whatever page it stands. A chapter's number
is that of its file.
"""

import re
from typing import NamedTuple

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util import logging

from book_builder.chapters import chapter_number
from book_extension.boxes import claim_box, summary
from book_extension.literature import citation_link
from book_extension.refusals import above, cell_of

LOGGER = logging.getLogger(__name__)
KINDS = ("exercise", "figure", "chapter", "appendix")
NUMBER = r"(?:\d+(?:\.\d+)?|[A-Z](?:\.\d+)?)"
NUMBERED = re.compile(rf"\b({'|'.join(KINDS)})\s+({NUMBER})\b", re.IGNORECASE)
# Spellings that nothing compares: shortened, in the plural, with a hyphen; and exercises and figures without a link.
SHORT, PLURAL = r"(?:exs?|figs?|chs?|chap)\.", "exercises|figures|chapters|appendices"
OTHERWISE = re.compile(rf"\b(?:(?:{SHORT}|{PLURAL})\s*|(?:{'|'.join(KINDS)})-){NUMBER}(?![\w-])", re.IGNORECASE)
UNLINKED = re.compile(r"\b(?:exercise|figure)\s+(?:\d+|[A-Z])\.\d+", re.IGNORECASE)
NO_PROSE = (
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    citation_link,
    claim_box,
    summary,
)


class Called(NamedTuple):
    """A link that says a number."""

    words: str
    target: str
    place: object  # where Sphinx says that it stands


def number(env, label, kind, text):
    """Note that what the page being read calls `label` is, for instance, the exercise 5.1."""
    kept(env, "book_numbers").setdefault(env.docname, {})[label.lower()] = kind, text


def kept(env, name):
    """What the environment keeps by page under a name."""
    if not hasattr(env, name):
        setattr(env, name, {})
    return getattr(env, name)


def collect(app, doctree):
    """Keep the links of the page just read that say a number."""
    found = []
    for node in doctree.findall(is_link):
        if NUMBERED.search(words := " ".join(node.astext().split())):
            found.append(Called(words, aim(node), (app.env.docname, node.line or line_above(node))))
    if found:
        kept(app.env, "book_numbers_called")[app.env.docname] = found
    for text in doctree.findall(is_prose):
        refuse_uncompared(app.env, text)


def refuse_uncompared(env, text):
    """Warn of a number that nothing compares with what it is the number of."""
    words = " ".join(text.split())
    if match := OTHERWISE.search(words) or (above(text, is_link) is None and UNLINKED.search(words)):
        LOGGER.warning(
            "a number that nothing compares%s: %r; write each by itself, as [Exercise 5.1](#ex-label), "
            "[Figure 5.2](#fig-label) or chapter 4",
            cell_of(env, env.docname, line_above(text)), match[0],
            location=env.docname, type="book", subtype="numbers",
        )  # fmt: skip


def is_link(node):
    return isinstance(node, (nodes.reference, pending_xref))


def is_prose(node):
    """Whether a text is an author's words, and not those by which an exercise or a figure is called itself."""
    if not isinstance(node, nodes.Text) or above(node, is_no_prose) is not None:
        return False
    caption = above(node, lambda one: isinstance(one, nodes.caption))
    return caption is None or not isinstance(node.parent, nodes.strong)


def is_no_prose(node):
    return isinstance(node, NO_PROSE) or "exercise-number" in node.get("classes", ())


def aim(node):
    """The label that a link leads to; the page, where it leads to a page; nothing, where it leads out of the book."""
    return node.get("reftargetid") or node.get("reftarget") or node.get("refid") or ""


def line_above(node):
    while node is not None and not getattr(node, "line", None):
        node = node.parent
    return node and node.line


def refuse(app, env):
    """Warn of each link whose words hold another number than what it leads to."""
    known = {label: told for page in kept(env, "book_numbers").values() for label, told in page.items()}
    places = env.get_domain("std").anonlabels
    for docname in sorted(kept(env, "book_numbers_called")):
        for link in kept(env, "book_numbers_called")[docname]:
            page = places.get(link.target.lower(), (link.target,))[0]
            has = known.get(link.target.lower()) or chapter(page)
            if wrong(link.words, has, of_page=page != link.target and link.target.lower() not in known):
                LOGGER.warning(
                    "a number that is another one: the link %r leads to %s (%s); type the number that it has",
                    link.words, link.target, " ".join(has) if has else "no number",
                    location=link.place, type="book", subtype="numbers",
                )  # fmt: skip


def chapter(page):
    """What a page is called: `('chapter', '5')`; None where it has no number."""
    found = chapter_number(page)
    return found and ("chapter" if found.isdigit() else "appendix", found)


def wrong(words, has, of_page):
    """Whether a link's words have another number than what it leads to: `has`, or only its page has that.

    A link that says more than a number may speak of other things.
    """
    said = [(kind.lower(), text) for kind, text in NUMBERED.findall(words)]
    if NUMBERED.fullmatch(words):
        return said != [has]
    same = [one for one in said if has and not of_page and one[0] == has[0]]
    return bool(same) and has not in same


def purge(app, env, docname):
    for name in ("book_numbers", "book_numbers_called"):
        kept(env, name).pop(docname, None)


def merge(app, env, docnames, other):
    for name in ("book_numbers", "book_numbers_called"):
        theirs = kept(other, name)
        kept(env, name).update({docname: theirs[docname] for docname in docnames if docname in theirs})


def setup(app):
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", refuse)
