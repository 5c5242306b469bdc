"""How the book shows a claim: from the payload that a notebook displays to a box on the page.

MyST-NB finds `ClaimRenderer` through its entry point, and calls it for each output of the MIME type; it works
from cached outputs as from fresh ones. Everything is made of plain containers, so that every builder can write it.
"""

import re

from docutils import nodes

from rnnlib.claims.seal import FOLDED, MIME

# A mark must be told apart without its colour.
MARKS = {"proved": "✓", "exact": "✓", "given": "✓", "computed": "=", "tested": "≈"}
RELATION = re.compile(r":?=|\\(?:le|ge|leq|geq|approx|iff|equiv|propto|Rightarrow|Leftrightarrow|to)(?![A-Za-z])|<|>")
TOKEN = re.compile(r"\\(?:begin|end)\{\w+\*?\}|\\[{}|]|\\[A-Za-z]+|:=|[{}()\[\]&=<>]")


class claim_box(nodes.container):
    """The box of a claim, a chain or a definition; `payload` holds its payload."""


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
        if data.content["kind"] == FOLDED:
            # The box folds these things itself. An empty list would not do: MyST-NB drops it and takes the HTML.
            return [nodes.comment()]
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
        kind, level = self.payload["kind"], self.payload.get("level") or "none"
        box = claim_box(ids=[self.payload["id"]], classes=["claim", f"claim-kind-{kind}", f"claim-level-{level}"])
        box["payload"], box.line = self.payload, self.line
        box += self.head()
        if kind == "definition":
            box += self.definition()
        else:
            several = len(self.payload["lines"]) > 1
            box += self.chain() if several else display(self.payload["lines"][0]["latex"])
            if self.payload.get("assumes"):
                box += self.paragraph(f"where {', '.join(self.payload['assumes'])}", "claim-assumes")
            box += self.folded()
        return box

    def head(self):
        """The first line: the mark, the title, and the id as a link to this very place."""
        payload = self.payload
        text = f"{MARKS.get(payload['level'], '✗')} {payload['evidence'] or payload['verdict']}"
        if payload["kind"] == "definition":
            text = "definition"
        head = nodes.paragraph(classes=["claim-head"])
        head += nodes.inline("", "", *self.inline(text), classes=["claim-mark"])
        if payload.get("title"):
            head += nodes.inline("", "", *self.inline(payload["title"]), classes=["claim-title"])
        head += nodes.reference("", payload["id"], internal=True, refid=payload["id"], classes=["claim-id"])
        return head

    def definition(self):
        """Each defined quantity with what it means, then the domains of the symbols."""
        lines = self.payload["lines"]
        if len(lines) > 1:
            yield self.chain()
        else:
            yield display(lines[0]["latex"])
            yield self.paragraph(lines[0].get("reason", ""), "claim-reason")
        for domain in self.payload.get("how", []):
            yield self.paragraph(domain, "claim-domain")

    def chain(self):
        """Lines with their relation signs one under another and each line's reason beside it."""
        grid = nodes.container(classes=["claim-steps"])
        for left, right, reason in steps(self.payload["lines"]):
            step = nodes.container(classes=["claim-step"])
            for part, name in ((left, "claim-left"), (right, "claim-right")):
                step += nodes.paragraph("", "", *([inline_display(part)] if part else []), classes=[name])
            step += self.paragraph(reason, "claim-reason")
            grid += step
        return grid

    def folded(self):
        """What the reader can unfold: the mistakes refused, and how the claim was checked."""
        payload = self.payload
        fold = details(classes=["claim-details"])
        fold += summary("", refuted_text(payload))
        if payload["mistakes"]:
            fold += nodes.bullet_list("", *map(self.mistake, payload["mistakes"]), classes=["claim-mistakes"])
        items = [nodes.list_item("", self.paragraph(text)) for text in payload.get("how", [])]
        if items:
            fold += nodes.bullet_list("", *items, classes=["claim-how"])
        facts = [f"Checked in {payload['seconds']:.2f} s."] if payload.get("seconds") is not None else []
        if payload.get("answers"):
            facts.append(f"Answers the statements {', '.join(payload['answers'])}.")
        if facts:
            fold += nodes.paragraph("", " ".join(facts), classes=["claim-facts"])
        return fold

    def mistake(self, mistake):
        """One wrong version: what is stated, what is wrong, why it tempts, and the numbers that refute it."""
        item = nodes.list_item()
        verdict = "imprecise" if mistake["kind"] == "wording" else mistake["kind"]
        item += self.paragraph(f"✗ **{mistake['name']}** ({', '.join([verdict, *mistake.get('rows', [])])})")
        item += self.stated(mistake)
        for label, key in (
            ("What is wrong", "wrong"),
            ("Why it tempts", "tempts"),
            ("Counterexample", "counterexample"),
        ):
            if mistake.get(key) and mistake[key] != mistake["name"]:
                item += self.paragraph(f"*{label}:* {mistake[key]}")
        if mistake.get("damage"):
            item += self.paragraph("The copy may be damaged: the source may have been right.")
        return item

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


def display(latex):
    return nodes.math_block(latex, latex, nowrap=False, number=None, label=None)


def inline_display(latex):
    """A formula that stands in a line of its own making, as large as displayed."""
    return nodes.math(latex, rf"\displaystyle {latex}")


def steps(lines):
    """The lines of a chain as `(left side, relation and right side, reason)`.

    A chain may begin with a line that is a left side alone; it shares the row of the line after it.
    """
    rows = [(*split_at_relation(line["latex"]), line.get("reason", "")) for line in lines]
    if len(rows) > 1 and not starts_with_relation(rows[0][1]) and not rows[1][0]:
        start, first = rows[0], rows[1]
        rows[:2] = [(start[1], first[1], "; ".join(filter(None, (start[2], first[2]))))]
    return rows


def starts_with_relation(latex):
    token = TOKEN.match(latex)
    return bool(token and RELATION.fullmatch(token.group()))


def split_at_relation(latex):
    """Split a step before its first relation sign that no bracket encloses: `("a", "= b")`.

    An explicit `&` decides where there is one. A step without relation stands on the right.
    """
    depth = 0
    relation = None
    for match in TOKEN.finditer(latex):
        token = match.group()
        if token == "&" and depth == 0:
            return latex[: match.start()].strip(), latex[match.end() :].strip()
        if token[0] in "{([" or token.startswith(r"\begin{"):
            depth += 1
        elif token[0] in "})]" or token.startswith(r"\end{"):
            depth -= 1
        elif depth == 0 and relation is None and RELATION.fullmatch(token):
            relation = match.start()
    if relation is None:
        return "", latex
    return latex[:relation].strip(), latex[relation:].strip()


def refuted_text(payload):
    """The line that unfolds: what was refuted, in numbers, and the offer to tell how."""
    mistakes = sum(mistake["kind"] != "wording" for mistake in payload["mistakes"])
    counts = [count(mistakes, "mistake"), count(payload["mutants_refuted"], "mutant")]
    refuted = ", ".join(filter(None, counts))
    return f"{refuted} refuted · how this was checked" if refuted else "how this was checked"


def count(number, noun):
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""


def setup(app):
    app.add_node(claim_box)
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
