"""How the book shows a claim: from the payload that a notebook displays to a box on the page.

MyST-NB finds `ClaimRenderer` through its entry point, and calls it for each output of the MIME type; it works
from cached outputs as from fresh ones. Everything is made of plain containers, so that every builder can write it.
"""

from docutils import nodes

from rnnlib.claims.html import DAMAGED, MARKS, TOLD_OF_MISTAKES
from rnnlib.claims.seal import MIME, claims_in, is_sealed
from rnnlib.claims.steps import steps


class claim_box(nodes.container):
    """The box of a claim, a chain, a board or a definition; `payload` holds its payload."""


class claim_symbols(nodes.container):
    """Where the symbols of a box live, a paragraph each; `book_extension.settings` puts links in place of most."""


class row_names(nodes.inline):
    """Ids of rows of the inventory, in words; `book_extension.ways_back` makes each a link."""

    @classmethod
    def of(cls, ids):
        parts = [part for id in ids for part in (nodes.Text(", "), nodes.inline("", id, classes=["unbroken"]))][1:]
        return cls("", "", *parts)


class way_back(nodes.inline):
    """Words that `book_extension.ways_back` makes a link to the `row` of the ledger or the `erratum` that they name,
    or leaves out where the book has none."""


class details(nodes.container):
    """A part that the reader unfolds."""


class summary(nodes.paragraph):
    """The line that unfolds `details`."""


class ClaimRenderer:
    """MyST-NB's MIME renderer for claims."""

    mime_priority_overrides = (("*", MIME, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline):
        if data.mime_type != MIME or inline:
            return None
        return [Box(data.content, renderer.renderer, data.line or 0).build()]


class Box:
    """Builds the box of one payload.

    Parameters
    ----------
    payload : dict
        The payload.
    markdown : SphinxNbRenderer
        What parses the texts of the payload: they are MyST, with inline maths, code and links.
    line : int
        Where the cell stands, for warnings.
    """

    def __init__(self, payload, markdown, line):
        self.payload, self.markdown, self.line = payload, markdown, line

    def build(self):
        payload = self.payload
        box = claim_box(payload=payload)
        box.line = self.line
        if not is_sealed(payload):  # it may lack anything; `book_extension.refusals` stops the build and says where
            return box
        levels = {claim["level"] or "none" for claim in claims_in(payload)}
        level = levels.pop() if len(levels) == 1 else "mixed"
        box["ids"] = [payload["id"]] if payload["id"] else []
        box["classes"] = ["claim", f"claim-kind-{payload['kind']}", f"claim-level-{level}"]
        box += {"definition": self.definition, "board": self.board}.get(payload["kind"], self.claim)()
        return box

    def claim(self):
        """The mark and the id, the title, the formula with what it assumes, and what unfolds."""
        yield self.head(mark(self.payload), identity(self.payload))
        yield from self.face()
        yield self.foot()

    def face(self, told=()):
        """What a claim says: its title, its formula, and what that assumes, but for what is `told` already."""
        if self.payload.get("title"):
            yield self.paragraph(self.payload["title"], "claim-title")
        yield self.formula()
        yield from self.assumes([text for text in self.payload["assumes"] if text not in told])

    def assumes(self, texts):
        if texts:
            yield self.paragraph(f"where {', '.join(texts)}", "claim-assumes")

    def board(self):
        """Several claims, a mark and an id to each; the evidence and the assumptions that all share are told once."""
        claims = self.payload["claims"]
        same = [text for text in claims[0]["assumes"] if all(text in claim["assumes"] for claim in claims)]
        evidence = {claim["evidence"] for claim in claims}
        yield self.head(mark(claims[0]) if len(evidence) == 1 else nodes.inline("", f"{len(claims)} claims"))
        yield self.paragraph(self.payload["title"], "claim-title")
        for claim in claims:
            line = nodes.container(ids=[claim["id"]], classes=["claim-line", f"claim-level-{claim['level']}"])
            sign = mark(claim) if len(evidence) > 1 else nodes.inline("", sign_of(claim), classes=["claim-mark"])
            line += self.head(sign, identity(claim))
            line += Box(claim, self.markdown, self.line).face(same)
            yield line
        yield from self.assumes(same)
        yield self.foot()

    def definition(self):
        """Each defined quantity with what it means, then the domains of the symbols."""
        yield self.head(nodes.inline("", "definition", classes=["claim-mark"]), identity(self.payload))
        if self.payload.get("title"):
            yield self.paragraph(self.payload["title"], "claim-title")
        yield self.formula()
        if domains := [self.paragraph(domain, "claim-domain") for domain in self.payload["how"]]:
            yield nodes.container("", *domains, classes=["claim-domains"])

    @staticmethod
    def head(*parts):
        return nodes.paragraph("", "", *parts, classes=["claim-head"])

    def formula(self):
        """One formula, or lines with their relation signs one under another and each line's reason beside it."""
        lines = self.payload["lines"]
        if len(lines) == 1:
            whole = nodes.paragraph("", "", inline_display(lines[0]["latex"]))
            told = [self.paragraph(lines[0]["reason"], "claim-reason")] if lines[0].get("reason") else []
            return nodes.container("", whole, *told, classes=["claim-formula"])
        grid = nodes.container(classes=["claim-formula", "claim-several"])
        for left, right, reason in steps(lines):
            for part, name in ((left, "claim-left"), (right, "claim-right")):
                if part:
                    grid += nodes.paragraph("", "", inline_display(part), classes=[name])
            if reason:
                grid += self.paragraph(reason, "claim-reason")
        return grid

    def foot(self):
        """What the reader can unfold: how it was checked; `book_extension.cells` adds its source."""
        claims, fold = claims_in(self.payload), details(classes=["claim-details"])
        fold += checked_summary(self.payload)
        same = [text for text in claims[0]["how"] if all(text in claim["how"] for claim in claims)]
        fold += map(self.paragraph, same)
        for claim in claims:
            told = Box(claim, self.markdown, self.line).checked(same)
            if len(claims) > 1:
                name = summary("", "", *self.inline(claim["title"] or f"`{claim['id']}`"))
                told = [details("", name, *told, classes=["claim-part"])]
            fold += told
        symbols = {(one["setting"], one["text"]): self.paragraph(one["text"]) for one in joined(claims, "symbols")}
        if symbols:
            fold += claim_symbols("", *symbols.values(), settings=[setting for setting, _ in symbols])
        return nodes.container("", fold, classes=["claim-foot"])

    def checked(self, told):
        """How one claim was checked, but for the sentences that are `told` already."""
        payload = self.payload
        yield from (self.paragraph(text) for text in payload["how"] if text not in told)
        yield from self.unrefuted("true as well", payload["equivalent"])
        yield from self.unrefuted("undecided", payload["undecided"])
        if payload["mistakes"]:
            yield nodes.bullet_list("", *map(self.mistake, payload["mistakes"]), classes=["claim-mistakes"])
        facts = nodes.paragraph(classes=["claim-facts"])
        if payload["answers"]:
            facts += [nodes.Text("Answers "), row_names.of(payload["answers"]), nodes.Text(" of the sources. ")]
        facts += nodes.Text(f"Checked in {payload['seconds']:.2f} s. ")
        facts += way_back("", "In the ledger", claim=payload["id"])
        yield facts

    @staticmethod
    def unrefuted(what, formulas):
        """The mutants that no point refuted, each as its formula."""
        if formulas:
            items = (nodes.list_item("", nodes.paragraph("", "", nodes.math("", latex))) for latex in formulas)
            head = summary("", f"the {count(len(formulas), 'error')} {what}")
            yield details("", head, nodes.bullet_list("", *items), classes=["claim-unrefuted"])

    def mistake(self, mistake):
        """One wrong version, folded: what is stated, what is wrong, why it tempts, and the numbers that refute it."""
        verdict = "imprecise" if mistake["kind"] == "wording" else mistake["kind"]
        told = f"✗ **{mistake['name']}** ({verdict})"
        fold = details("", summary("", "", *self.inline(told)), *self.stated(mistake))
        for label, key in TOLD_OF_MISTAKES:
            if mistake.get(key) and mistake[key] != mistake["name"]:
                fold += self.paragraph(f"*{label}:* {mistake[key]}")
        if mistake.get("damage"):
            fold += self.paragraph(DAMAGED)
        if rows := mistake.get("rows"):  # here and not in the summary, where a link can't be told from what unfolds
            fold += nodes.paragraph(
                "", "Stated by ", row_names.of(rows), nodes.Text(" of the sources. "), classes=["claim-facts"]
            )
            fold[-1] += way_back("", "Its erratum", erratum=rows[0])
        return nodes.list_item("", fold)

    def stated(self, mistake):
        """What is stated: its formula, with what the formula declares; as written, where it can't be read."""
        formula = inline_display(mistake["latex"]) if mistake["latex"] else nodes.literal("", mistake.get("text", ""))
        if mistake["latex"] or mistake.get("text"):
            yield nodes.paragraph("", "", formula, classes=["claim-false"])
        for text in mistake.get("where", []):
            yield self.paragraph(text, "claim-domain")

    def paragraph(self, text, name=None):
        return nodes.paragraph("", "", *self.inline(text), classes=[name] if name else [])

    def inline(self, text):
        """Parse a text of the payload as the page itself is parsed."""
        holder = nodes.Element()
        with self.markdown.current_node_context(holder):
            self.markdown.nested_render_text(text, self.line, inline=True)
        return holder.children


def mark(payload):
    """The mark of a claim: a sign and words, so that it is told without its colour."""
    return nodes.inline("", f"{sign_of(payload)} {payload['evidence']}", classes=["claim-mark"])


def sign_of(payload):
    return MARKS.get(payload["level"], "✗")


def identity(payload):
    """The id of a claim, as a link to this very place."""
    return nodes.reference("", payload["id"], internal=True, refid=payload["id"], classes=["claim-id"])


def joined(claims, key):
    return [entry for claim in claims for entry in claim[key]]


def inline_display(latex):
    """A formula that stands in a line of its own making, as large as displayed."""
    return nodes.math(latex, rf"\displaystyle {latex}")


def checked_summary(payload):
    """The line that unfolds how a box was checked, with the number of named mistakes that were refuted."""
    mistakes = sum(mistake["kind"] != "wording" for mistake in joined(claims_in(payload), "mistakes"))
    told = nodes.inline("", f" · {count(mistakes, 'mistake')} refuted", classes=["claim-count"])
    return summary("", "How this was checked", *([told] if mistakes else []), unseen_name(payload))


def unseen_name(payload):
    """What is read aloud after the name of a fold, and not shown: which box of the page it belongs to."""
    return nodes.inline("", f", {payload['id'] or payload['title']}", classes=["unseen"])


def count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def setup(app):
    app.add_node(claim_box)
    app.add_node(claim_symbols)
    app.add_node(details, html=(open_tag("details"), close_tag("details")))
    app.add_node(summary, html=(open_tag("summary"), close_tag("summary")))


def open_tag(name):
    def visit(self, node):
        self.body.append(self.starttag(node, name))

    return visit


def close_tag(name):
    def depart(self, node):
        self.body.append(f"</{name}>\n")

    return depart
