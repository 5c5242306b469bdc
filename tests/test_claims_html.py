"""A claim's box outside of the book: one self-contained piece of HTML that says what the payload says."""

import re
from html.parser import HTMLParser

import pytest

from rnnlib.claims import Board, Chain, Claim, Given, Mistake
from rnnlib.claims.display import bundle, payload
from rnnlib.claims.html import box, inline
from rnnlib.claims.steps import steps

SOFTMAX = Given("K: size\ni, j, k: 1..K\nz: real[K] | the scores\np := softmax(z) | the *shares*", id="soft.max")
JACOBIAN = Claim(
    "soft.jacobian",
    "d(p[i], z[j]) = p[i] * (delta(i, j) - p[j])",
    SOFTMAX,
    title="The Jacobian, with $p_i$ & `p`",
    mistakes=[
        Mistake("-p[i]", "the denominator is not squared", tempts="one <hurries>", rows="S2-05", damage=True),
        Mistake("w @ w", "no such product", kind="ill-formed", given="w: real"),
        Mistake("", "it is told badly", kind="wording"),
    ],
    answers="S0-08",
)
LOGARITHM = Chain(
    "soft.log", "d(log(p[i]), z[i])\n= d(p[i], z[i])/p[i] | chain rule\n= 1 - p[i] | cancel $p_i$", SOFTMAX
)
ASSUMING = Claim("soft.assuming", "abs(x) * y = y * abs(x)", "x: nonzero\ny: unit", title="Assuming")
BOARD = Board("Two together", JACOBIAN, ASSUMING)
SHOWN = [SOFTMAX, JACOBIAN, LOGARITHM, ASSUMING, BOARD]
ids = pytest.mark.parametrize("item", SHOWN, ids=["definition", "claim", "chain", "assuming", "board"])


class Page(HTMLParser):
    """Every tag with its attributes, and the text; a sanitiser may have `taken` some tags, never their text."""

    VOID = ("mspace", "br")

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(html)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        self.text += text


@ids
def test_a_box_needs_nothing_from_outside(item):
    page = Page(html := bundle(item)["text/html"])
    allowed = {"style", "id", "role", "displaystyle", "encoding", "href"}
    layout = {"stretchy", "fence", "form", "lspace", "rspace", "width", "mathvariant", "accent"}
    for tag, attributes in page.tags:
        assert tag not in ("script", "style", "link", "img", "iframe")
        assert set(attributes) <= allowed | layout, tag
        assert attributes.get("href", "#").startswith("#")
    assert "://" not in html and "url(" not in html and "class=" not in html


@ids
def test_a_box_suits_every_theme(item):
    """No colour stands alone: each is mixed with that of the text around it, which the theme sets."""
    html = bundle(item)["text/html"]
    mixed = re.findall(r"color-mix\(in srgb, (?:#\w{6}|currentColor) \d+%, (?:currentColor|transparent)\)", html)
    assert mixed and all("currentColor" in colour for colour in mixed)
    rest = html.replace("color-mix", "")
    for colour in mixed:
        rest = rest.replace(colour.replace("color-mix", ""), "")
    assert not re.search(r"#[0-9a-f]{3,6}\b|rgb|hsl|(?<!-)\bcolor: [a-z]", rest)
    assert "var(--jp-code-font-family, var(--vscode-editor-font-family, monospace))" in html


def facing(data):
    """The texts and formulas of a payload that its box must hold."""
    if data["kind"] == "board":
        return [data["title"], *(text for claim in data["claims"] for text in facing(claim))]
    rows = steps(data["lines"]) if len(data["lines"]) > 1 else [(data["lines"][0]["latex"], data["lines"][0]["reason"])]
    lines = [part for row in rows for part in row]
    mistakes = [
        part
        for mistake in data["mistakes"]
        for part in (mistake["name"], mistake["latex"] or mistake["text"], mistake["tempts"], mistake["counterexample"],
                     *mistake["where"], *mistake["rows"])
    ]  # fmt: skip
    symbols = [symbol["text"] for symbol in data["symbols"]]
    texts = [data["id"], data["title"], data["evidence"], *lines, *data["assumes"], *data["how"], *mistakes, *symbols]
    return [text for text in texts + data["answers"] + data["equivalent"] + data["undecided"] if text]


def words(text):
    return re.sub(r"[`*\\]|\s", "", text)


@ids
def test_a_box_says_all_that_its_payload_says(item):
    data = {"assumes": []} | payload(item)
    said = words(Page(box(payload(item))).text)
    # Words and formulas one by one: between a formula and its LaTeX stand its signs.
    parts = [part for text in facing(data) for part in text.split("$")]
    assert len(parts) > 5
    for part in parts:
        assert words(part) in said, part


def test_without_style_and_mathml_a_box_reads_in_the_right_order():
    """A sanitiser leaves the text alone, with each formula's LaTeX at its end."""
    text = " ".join(Page(box(payload(JACOBIAN))).text.split())
    order = [
        "✓ proved for every K", "soft.jacobian", "The Jacobian, with",
        r"$\frac{\partial p_{i}}{\partial z_{j}} = p_{i}",
        "How this was checked · 2 mistakes refuted", "SymPy proves it",
        "the denominator is not squared", "(false, S2-05)", r"= -p_{i}$", "Why it tempts: one <hurries>",
        "Counterexample:", "The copy may be damaged",
        "(ill-formed)", "w @ w", "(imprecise)", "Answers S0-08.", "Where the symbols live:",
    ]  # fmt: skip
    places = [text.find(part) for part in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)


def test_a_board_is_one_box_with_an_id_to_each_claim_and_one_fold():
    page = Page(box(payload(BOARD)))
    assert [attributes["id"] for _, attributes in page.tags if "id" in attributes] == ["soft.jacobian", "soft.assuming"]
    assert [tag for tag, _ in page.tags].count("details") == 1
    assert page.text.startswith("2 claims")
    same = Board("Alike", ASSUMING, Claim("soft.other", "x * y / y = x", "x: nonzero\ny: unit"))
    text = Page(box(payload(same))).text
    assert (text.count("exact"), text.count("where ")) == (1, 1), "what all have in common is told once"


def test_a_chain_puts_its_relations_one_under_another_and_reasons_beside():
    rows = box(payload(LOGARITHM)).split("<tr")[1:]
    assert len(rows) == 2
    assert [row.count("<td") for row in rows] == [3, 3]
    assert "chain rule" in rows[0] and "cancel <math" in rows[1]


def test_a_fold_shows_its_triangle_even_where_a_style_sheet_hides_it():
    assert '<summary style="display: list-item; list-style: revert;' in box(payload(JACOBIAN))


def test_a_level_shows_in_words_and_in_the_edge():
    data = payload(JACOBIAN)
    edges = {level: box(data | {"level": level, "evidence": level}) for level in ("proved", "tested", "computed")}
    assert "4px dashed" in edges["tested"] and "≈ tested" in edges["tested"]
    assert "4px solid" in edges["proved"] and "= computed" in edges["computed"]
    assert "6px double" in box(payload(SOFTMAX)) and "<em>definition</em>" in box(payload(SOFTMAX))


def test_texts_are_read_as_markdown_and_never_as_html():
    assert inline("`a*b*` *c* **d** [e](#f.g)") == (
        '<code>a*b*</code> <em>c</em> <strong>d</strong> <a href="#f.g">e</a>'
    )
    assert inline("<b>&") == "&lt;b&gt;&amp;"
    assert inline("a $x < 1$ b").startswith("a <math") and "&lt;" in inline("$x < 1$")
    assert "href" not in inline("[x](javascript:alert(1))")


def test_jupyter_is_given_one_output():
    assert list(bundle(JACOBIAN)) == ["application/vnd.rnnlib.claim+json", "text/html", "text/plain"]


def test_nothing_is_asked_of_a_network():
    assert "<img" not in inline("![x](https://example.org/x.png)")
    assert inline(r"$\href{javascript:alert(1)}{x}$") == r"<code>$\href{javascript:alert(1)}{x}$</code>"
