"""The errata: one entry for each mistake of a claim that a published statement makes, drawn from the claims.

An entry shows what the claim's box holds folded: what is stated, what is wrong with it, the numbers that refute
it, and what is right. Entries are drawn when all claims are known, with links and maths as on any page.
"""

import re
from itertools import groupby

from docutils import nodes
from docutils.parsers.rst import directives
from myst_parser.mdit_to_docutils.sphinx_ import SphinxRenderer
from myst_parser.mdit_to_docutils.transforms import ResolveAnchorIds
from myst_parser.parsers.mdit import create_md_parser
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode

from book_extension.boxes import Box, inline_display, row_names
from book_extension.ledger import Placeholder, anchor, listing_pages, part_id, plain_title
from book_extension.sources import OWN, all_claims, read
from rnnlib.claims.html import MARKS

KINDS = ("false", "ill-formed", "wording", "book")  # the last: errors found in this book, of whatever kind
WORD = re.compile(r"(a|[a-z]{2,})([ ,;:-]|$)")
BADGES = {"false": "✗ false", "ill-formed": "✗ ill-formed", "wording": "imprecise"}


class errata_list(nodes.General, nodes.Element):
    """Stands for the errata of one kind until all claims are known."""


class ErrataDirective(Placeholder):
    """The errata of one kind; `:rows:` names the inventory, for what a statement without formula is about."""

    required_arguments = 1
    option_spec = {"rows": directives.unchanged_required}  # noqa: RUF012 (docutils' own form)

    def run(self):
        kind, path = directives.choice(self.arguments[0], KINDS), None
        if "rows" in self.options:
            relative, path = self.env.relfn2path(self.options["rows"])
            self.env.note_dependency(relative)
        listing_pages(self.env).add(self.env.docname)
        self.env.get_domain("std").anonlabels[f"errata-{kind}"] = self.env.docname, f"errata-{kind}"
        return [errata_list(kind=kind, path=path)]


def mistakes(found, kind):
    """Those of one kind that a published statement makes (or this book made), as `(page, payload, mistake)`."""
    for page, payload in found:
        for mistake in payload["mistakes"]:
            own = any(OWN.fullmatch(row) for row in mistake["rows"])
            if mistake["rows"] and kind == ("book" if own else mistake["kind"]):
                yield page, payload, mistake


def statements(payload):
    """LaTeX of what a claim says: each of its lines, or a chain's first expression and its last."""
    first, *rest = (line["latex"] for line in payload["lines"])
    if payload["kind"] != "chain":
        return [first, *rest]
    signs, rights = zip(*(line.split(" ", 1) for line in rest), strict=True)
    return [f"{first} {next((sign for sign in signs if sign != '='), '=')} {rights[-1]}"]


class FillErrata(SphinxPostTransform):
    """Put the entries in place; after the search for unchecked maths (5), before references are resolved (10)."""

    default_priority = 7

    def run(self, **kwargs):
        waiting = list(self.document.findall(errata_list))
        if not waiting:
            return
        self.markdown, self.seen = self.renderer(), set()
        for node in waiting:
            self.rows = read(node["path"]).rows if node["path"] else {}
            found = list(mistakes(all_claims(self.env), node["kind"]))
            section = nodes.container(ids=[f"errata-{node['kind']}"], classes=["errata"])
            section += self.counted(found)
            for page, group in groupby(found, lambda one: one[0]):
                title = self.link(page, "", nodes.Text(self.env.titles[page].astext()))
                ids = [part_id(f"errata-{node['kind']}", page)]
                head = nodes.rubric("", "", title, ids=ids, classes=["errata-page"])
                section += [head, *(self.entry(*one) for one in group)]
            node.replace_self(section)
        ResolveAnchorIds(self.document).apply()

    def renderer(self):
        """What parses the claims' texts as a page is parsed, which by now has been read."""
        parser = create_md_parser(self.env.myst_config, SphinxRenderer)
        parser.options["document"] = self.document
        parser.renderer.setup_render(parser.options, {})
        return parser.renderer

    def counted(self, found):
        if not found:
            return nodes.paragraph("", "None so far.")
        damaged = sum(mistake["damage"] for _, _, mistake in found)
        told = "1 entry" if len(found) == 1 else f"{len(found)} entries"
        return nodes.paragraph("", f"{told}; {damaged} of them may be damage in the copy." if damaged else f"{told}.")

    def entry(self, page, payload, mistake):
        """One erratum: a head with its rows, then its parts, each with a name."""
        box = Box(payload, self.markdown, 0)
        new = [row for row in mistake["rows"] if row not in self.seen]
        self.seen.update(new)
        ids, kind = [f"erratum-{row}" for row in new], f"erratum-{mistake['kind']}"
        entry = nodes.container(ids=ids, classes=["erratum", kind])
        head = nodes.paragraph(classes=["erratum-head"])
        head += nodes.inline("", BADGES[mistake["kind"]], classes=["erratum-kind"])
        head += nodes.inline("", plain_title(payload), classes=["claim-title"])
        head += nodes.inline("", "", row_names.of(mistake["rows"]), classes=["erratum-rows"])
        entry += head
        parts = nodes.definition_list(classes=["erratum-parts"])
        for name, content in self.parts(page, payload, mistake, box):
            parts += nodes.definition_list_item("", nodes.term("", name), nodes.definition("", *content))
        entry += parts
        return entry

    def parts(self, page, payload, mistake, box):
        """Name and content of each part."""
        if stated := list(box.stated(mistake)):
            yield "Stated", stated
        elif about := [self.rows[row].text for row in mistake["rows"] if row in self.rows]:
            yield "About", [box.paragraph(sentence("; ".join(about)))]
        yield "What is wrong", [box.paragraph(sentence(mistake["wrong"]))]
        if mistake["tempts"]:
            yield "Why it tempts", [box.paragraph(sentence(mistake["tempts"]))]
        if mistake["counterexample"]:
            name = "Why it means nothing" if mistake["kind"] == "ill-formed" else "Counterexample"
            yield name, [box.paragraph(sentence(mistake["counterexample"]))]
        if "solves" in payload:  # an exercise asks for it
            right = [nodes.paragraph("", f"is the {plain_title(payload)}.")]
        else:
            lines = map(inline_display, statements(payload))
            right = [nodes.paragraph("", "", line, classes=["erratum-right"]) for line in lines]
        yield "Right", [*right, self.evidence(page, payload)]
        if told := list(self.told(mistake)):
            yield "Told in", [nodes.paragraph("", "", *told)]
        if mistake["damage"]:
            yield "The copy", [nodes.paragraph("", "may be damaged here: the original may well have been right.")]

    def evidence(self, page, payload):
        mark = nodes.inline("", f"{MARKS[payload['level']]} {payload['evidence']}", classes=["claim-mark"])
        link = self.link(page, anchor(payload), nodes.literal("", payload["id"]))
        name = ["erratum-evidence", f"claim-level-{payload['level']}"]
        return nodes.paragraph("", "", mark, nodes.Text(" · "), link, classes=name)

    def told(self, mistake):
        """Links to the boxes in chapters that tell of a mistake."""
        labels = self.env.get_domain("std").anonlabels
        for place in dict.fromkeys(
            labels[label] for row in mistake["rows"] if (label := f"told-{row.lower()}") in labels
        ):
            yield self.link(*place, nodes.Text(self.env.titles[place[0]].astext()))
            yield nodes.Text(" ")

    def link(self, page, anchor, text):
        return make_refnode(self.app.builder, self.env.docname, page, anchor, text)


def sentence(text):
    """Words of a claim as a sentence: a full stop, and a capital unless it begins with a symbol such as `b_h`."""
    if WORD.match(text):
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else text + "."


def updated(app, env):
    """Make each row with an erratum a label, before the pages are written: a page may link to `#erratum-S0-15`."""
    standard = env.get_domain("std")
    for labels in (standard.anonlabels, standard.labels):
        for label in [one for one in labels if one.startswith("erratum-")]:
            del labels[label]
    for kind in KINDS:
        page, _ = standard.anonlabels.get(f"errata-{kind}", ("", ""))
        for row in (row for _, _, mistake in mistakes(all_claims(env), kind) for row in mistake["rows"] if page):
            standard.anonlabels.setdefault(f"erratum-{row.lower()}", (page, f"erratum-{row}"))
            standard.labels.setdefault(f"erratum-{row.lower()}", (page, f"erratum-{row}", f"erratum {row}"))


def setup(app):
    app.add_node(errata_list)
    app.add_directive("errata", ErrataDirective)
    app.add_post_transform(FillErrata)
    app.connect("env-updated", updated)
