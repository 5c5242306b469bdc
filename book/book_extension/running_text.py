"""Formulas in running text: each that holds a relation is linked to its claim and compared with it, or is no result.

While a page is read, its formulas are sorted and kept in the environment, as its claims are. Once all pages are read,
links are compared with what their claims print, and what is neither linked nor anything else that may stand in a
sentence is refused. CONTRIBUTING.md tells the rule to authors.
"""

import re
from collections import Counter
from itertools import pairwise, product
from typing import NamedTuple

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.util import logging

from book_extension.asides import MISTAKE
from book_extension.boxes import claim_box, details
from book_extension.formulas import RELATIONS, canonical, decimals, holds, is_name, is_symbol, relations, split, value
from book_extension.ledger import Placeholder, claims, link, listing_pages, plain_title, row
from book_extension.refusals import above, cell_of, shorten

LOGGER = logging.getLogger(__name__)
LINKED, COMPUTED, DEFINED, CHOSEN, SUPPOSED, QUOTED = "linked", "computed", "defined", "chosen", "supposed", "quoted"
WRONG, UNPRINTED, UNCHECKED = "wrong", "unprinted", "unchecked"
# A word right before a formula that makes it a condition, if its left side is a symbol: "for T ≥ 3".
CONDITION = r"if|when|whenever|where|unless|until|for|with|at|over|let|suppose|take|put"
# Words after which a sentence states nothing, whatever the formula: "show that a = b".
QUESTION = r"suppose that|show that|prove that|is it true that|solve"
BEFORE = re.compile(rf"(?:^|[^\w-])(?:(?P<question>{QUESTION})|(?P<condition>{CONDITION}))\s*$", re.IGNORECASE)
AND = re.compile(r"\s*(?:and|or)\s*")  # no comma: what stands after it may be the conclusion
NUMBER = re.compile(r"[-+]?\d*\.\d+(?:e[-+]?\d+)?")
RANGE = re.compile(r"(\\(?:sum|prod)_\{\w)=1\}\^\{\w\}")
HEADS = {
    LINKED: "linked and compared", COMPUTED: "computed", DEFINED: "define", CHOSEN: "give a value",
    SUPPOSED: "suppose", QUOTED: "quoted as mistaken",
}  # fmt: skip


class Formula(NamedTuple):
    """A formula in running text."""

    kind: str  # what it is unless it is linked to a claim
    latex: str
    targets: tuple  # the ids that it links to
    cell: str
    place: object  # where Sphinx says that it stands


class formula_counts(nodes.General, nodes.Element):
    """Stands for the table of formulas in running text until all pages are read."""


class FormulaCountsDirective(Placeholder):
    node = formula_counts


def formulas(env):
    """The formulas of running text by page: `{docname: [Formula, ...]}`."""
    if not hasattr(env, "book_formulas"):
        env.book_formulas = {}
    return env.book_formulas


def collect(app, doctree):
    """Sort the formulas of the page just read."""
    printed = [float(number) for output in doctree.findall(is_output) for number in NUMBER.findall(output.astext())]
    found = [formula for block in doctree.findall(is_block) for formula in sort(app.env, block, printed)]
    if found:
        formulas(app.env)[app.env.docname] = found


def is_block(node):
    return isinstance(node, nodes.TextElement) and not isinstance(node, (nodes.Inline, nodes.FixedTextElement))


def is_output(node):
    return isinstance(node, nodes.literal_block) and "output" in node["classes"]


def sort(env, block, printed):
    """The formulas of a paragraph, a title or a caption that hold a relation, or are all that a link says.

    The numbers that the page's cells print are `printed`.
    """
    last = None
    for latex, words, node in joined(block):
        tokens, own, kind = canonical(latex), above(node, is_link), None
        if relations(tokens):
            goes_on = last == SUPPOSED and AND.fullmatch(words)  # "for t = 1 and k = 2"
            kind = QUOTED if is_quoted(node) else sorted_by(tokens, "if" if goes_on else words, printed)
        if is_by_hand(node) and (kind or (own and own.astext() == node.astext())):
            yield located(env, kind, latex, (target(own),) if own else (), node)
        last = kind


def joined(block):
    """Each formula of a block with the words between it and the one before; with a mere space between, two are one."""
    latex, words, node, between = None, "", None, ""
    for leaf in block.findall(lambda node: isinstance(node, (nodes.math, nodes.Text))):
        if isinstance(leaf, nodes.math):
            if node is not None and not between.strip() and not above(node, is_link) and not above(leaf, is_link):
                latex, between = f"{latex} {leaf.astext()}", ""
                continue
            if node is not None:
                yield latex, words, node
            latex, words, node, between = leaf.astext(), between, leaf, ""
        elif not isinstance(leaf.parent, nodes.math):
            between += "`code`" if isinstance(leaf.parent, nodes.literal) else leaf.astext()
    if node is not None:
        yield latex, words, node


def sorted_by(tokens, words, printed=()):
    """What a formula with a relation is, from its symbols and the words before it."""
    told, between = relations(tokens), split(tokens, RELATIONS)[1]
    sides, before = split(tokens, RELATIONS)[0], BEFORE.search(words)
    if told == between == [":="] and is_name(sides[0]):
        return DEFINED
    if before and ":=" not in told and (before["question"] or all(map(is_symbol, split(sides[0], ",")[0]))):
        return SUPPOSED
    if told != between or not all(sides):
        return UNCHECKED
    letters = next((place for place, side in enumerate(sides) if not is_symbol(side) or value(side)), len(sides))
    arithmetic = list(zip(sides[letters:], told[letters:], sides[letters + 1 :], strict=False))
    if letters and not (set(told[:letters]) == {"="} and all(map(is_value, sides[letters:])) and sides[letters:]):
        return UNCHECKED
    if not letters and any(value(side) is None for side in sides):
        return UNCHECKED
    if not all(holds(*step) for step in arithmetic):
        return WRONG
    if letters and not is_printed(sides[-1], printed):
        return UNPRINTED
    return CHOSEN if letters else COMPUTED


def is_value(tokens):
    r"""Whether tokens are a number, a tuple of numbers, or a list or range such as `1, \dots, T`."""
    entries = split(tokens, ",")[0]
    numbers = [one for one in entries if value(one) is not None]
    return value(tokens) is not None or (
        bool(numbers) and all(one in numbers or one == (r"\dots",) or is_symbol(one) for one in entries)
    )


def is_printed(tokens, printed):
    """Whether a cell prints each number with decimals that the tokens hold, to the digits that are typed."""
    entries = [value(tokens)] if value(tokens) is not None else map(value, split(tokens, ",")[0])
    numbers = [number for entry in entries for number in (entry if isinstance(entry, tuple) else [entry])]
    slack = 0.5001 * 10.0 ** -decimals(tokens)
    return not decimals(tokens) or all(
        any(abs(number - one) <= slack for one in printed) for number in numbers if number is not None and number % 1
    )


def is_link(node):
    return isinstance(node, (nodes.reference, pending_xref))


def target(node):
    """The id that a link on a page or between pages leads to, in the spelling of labels."""
    return (node.get("reftarget") or node.get("refid") or "").lower()


def is_quoted(node):
    """Whether a formula is a source's: in a box about a published mistake, or in the inventory of statements."""

    def quotes(one):
        title = one.next_node(nodes.title) if isinstance(one, nodes.Admonition) else None
        return (title is not None and title.astext() == MISTAKE) or (
            isinstance(one, nodes.table) and "sources" in one["classes"]
        )

    return above(node, quotes) is not None


def is_by_hand(node):
    """Whether an author typed a formula: in the box of a claim, its title and reasons; the engine prints the rest."""
    box = above(node, lambda one: isinstance(one, claim_box))
    if box is None:
        stand_in = above(node, lambda one: one.get("nb_element") == "mime_bundle")
        return stand_in is None or stand_in.next_node(claim_box) is None
    if above(node, lambda one: isinstance(one, details)):
        return False
    part = above(node, lambda one: {"claim-title", "claim-reason", "claim-domain"} & set(one["classes"]))
    return part is not None and ("claim-domain" not in part["classes"] or part.next_node(nodes.math) is not node)


def located(env, kind, latex, targets, node):
    line = node.line or getattr(above(node, lambda one: one.line), "line", None)
    cell = cell_of(env, env.docname, line)
    return Formula(kind, latex, targets, cell, env.docname if cell else (env.docname, line))


def purge(app, env, docname):
    formulas(env).pop(docname, None)


def merge(app, env, docnames, other):
    formulas(env).update({docname: formulas(other)[docname] for docname in docnames if docname in formulas(other)})


def updated(app, env):
    """Compare the links, refuse what is unchecked, and name the pages that count formulas if their counts changed."""
    payloads = {payload["id"].lower(): payload for found in claims(env).values() for payload in found}
    counted = {}
    for docname in sorted(formulas(env)):
        kinds = Counter(kind for formula in formulas(env)[docname] if (kind := judged(formula, payloads)) in HEADS)
        if kinds:
            counted[docname] = kinds
    changed = getattr(env, "book_formulas_counted", None) != counted
    env.book_formulas_counted = counted
    return sorted(listing_pages(env)) if changed else []


def judged(formula, payloads):
    """The kind of a formula now that all claims are known, with a warning where the book must not build."""
    linked = [payloads[target] for target in formula.targets if target in payloads]
    if linked:
        if says(linked[0], formula.latex):
            return LINKED
        printed = "; ".join(line["latex"] for line in linked[0]["lines"])
        told = "a formula that its claim doesn't print{cell}: the link to {id} says {latex}, the claim {printed}"
        warn(formula, told, id=linked[0]["id"], printed=shorten(printed, 300))
    elif formula.kind == UNCHECKED:
        warn(
            formula,
            "a formula in running text that nothing checks{cell}: {latex}. Link it to its claim, [$…$](#id), or say it "
            "in words; := defines, and a word such as `if` or `for` right before a formula about a symbol supposes",
        )
    elif formula.kind == UNPRINTED:
        warn(formula, "a number in running text that no cell of the page prints{cell}: {latex}. Let a cell print it")
    elif formula.kind == WRONG:
        warn(formula, "arithmetic in running text that does not come out{cell}: {latex}")
    return formula.kind


def warn(formula, told, **more):
    message = told.format(cell=formula.cell, latex=shorten(formula.latex, 300), **more)
    LOGGER.warning("%s", message, location=formula.place, type="book", subtype="text")


def says(payload, latex):
    """Whether a claim prints a formula: a side of one of its lines, or two or more with the relations between them.

    A sentence may leave out the range of a sum that starts at 1.
    """
    sides, between = split(canonical(latex), RELATIONS)
    lines = [line["latex"] for line in payload["lines"]]
    short = [RANGE.sub(r"\1}", line) for line in lines]
    return any(follows(sides, between, *line) for told in (lines, short) for line in stated_by(payload["kind"], told))


def stated_by(kind, lines):
    """What the lines of a claim state: sides with the relations between them; those of a chain are a single row."""
    lines = [split(canonical(line), RELATIONS) for line in lines]
    if kind != "chain":
        return lines
    (first, _), *rest = lines
    return [(first + [side for sides, _ in rest for side in sides[1:]], [sign for _, signs in rest for sign in signs])]


def follows(sides, between, stated, signs):
    """Whether `sides` stand in this order among those stated, and the relations follow from those on the way."""
    places = ([place for place, other in enumerate(stated) if other == side] for side in sides)
    wanted = [sign.replace(":=", "=") for sign in between]
    return any(
        all(a < b and implied(signs[a:b]) == sign for (a, b), sign in zip(pairwise(way), wanted, strict=True))
        for way in product(*places)
    )


def implied(signs):
    """The relation that several one after another amount to: `a = b ≤ c` says a ≤ c."""
    kinds = dict.fromkeys(sign for sign in signs if sign not in ("=", ":="))
    return next(iter(kinds), "=")


def name_links(app, doctree, docname):
    """Give each link that says a formula alone the title of its claim: a hint, and its name where maths has none."""
    titles = {payload["id"].lower(): plain_title(payload) for found in claims(app.env).values() for payload in found}
    for node in doctree.findall(nodes.reference):
        anchor = (node.get("refid") or node.get("refuri", "").rpartition("#")[2]).lower()
        formula = node.next_node(nodes.math)
        if anchor in titles and formula is not None and formula.astext() == node.astext():
            node["reftitle"] = titles[anchor]


def fill(app, doctree, docname):
    """Replace the placeholder by the table: a row a page, in the order of the names of the pages."""
    for node in list(doctree.findall(formula_counts)):
        counted = app.env.book_formulas_counted
        group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in range(len(HEADS) + 1)), cols=len(HEADS) + 1)
        group += nodes.thead("", row(*(nodes.paragraph("", head) for head in ["Page", *HEADS.values()])))
        body = nodes.tbody()
        for page, kinds in counted.items():
            title = nodes.paragraph("", "", link(app, docname, page, "", app.env.titles[page].astext()))
            body += row(title, *(nodes.paragraph("", str(kinds[kind])) for kind in HEADS))
        group += body
        table = nodes.table("", group, classes=["formulas"])
        node.replace_self(table if counted else nodes.paragraph("", "No formulas yet."))


def setup(app):
    app.add_node(formula_counts)
    app.add_directive("formula-count", FormulaCountsDirective)
    app.connect("doctree-read", collect)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-updated", updated)
    app.connect("doctree-resolved", name_links)
    app.connect("doctree-resolved", fill)
