"""A claim as one piece of HTML, for where no extension draws its box: JupyterLab, VS Code, Colab.

It holds its own style, and its formulas as MathML: it asks for no script, no style sheet and no network. Its colours
are mixed with that of the text around it, so that they suit light themes and dark ones without knowing which it is.
Where a front end takes away style and MathML, what is left still reads in the right order.
"""

from functools import cache
from html import escape

from .mathml import mathml
from .seal import claims_in
from .steps import steps

MARKS = {"proved": "✓", "exact": "✓", "given": "✓", "computed": "=", "tested": "≈"}
_LEVELS = dict.fromkeys(("proved", "given", "exact"), "#1a9f3f") | {"computed": "#0f86b8"}
_LEVELS["tested"], _WRONG = "#c07c00", "#dc3a2e"


def _mixed(colour, share):
    """A colour that goes with the text around it: a tone of that text's where there is no other."""
    return f"color-mix(in srgb, {colour or 'currentColor'} {share}%, {'currentColor' if colour else 'transparent'})"


# What is told of a mistake: its words, and the key of the payload.
TOLD_OF_MISTAKES = (("What is wrong", "wrong"), ("Why it tempts", "tempts"), ("Counterexample", "counterexample"))
DAMAGED = "The copy may be damaged: the source may have been right."
_LINE, _PALE = f"1px solid {_mixed('', 20)}", f"color: {_mixed('', 72)}"
_CODE = "font-family: var(--jp-code-font-family, var(--vscode-editor-font-family, monospace)); font-size: 0.9em"
_SMALL = f"margin: 0.25em 0; font-size: 0.9em; {_PALE}"
_PLAIN = "margin: 0.25em 0"
_CELL = "border: 0; background: none; vertical-align: baseline"


def box(data):
    """HTML of a payload: of a claim, a chain, a board of claims, or a definition.

    Parameters
    ----------
    data : dict
        What `rnnlib.claims.display.payload` makes.
    """
    levels = {claim["level"] for claim in claims_in(data)}
    level = levels.pop() if len(levels) == 1 else ""
    edge = "6px double" if data["kind"] == "definition" else "4px dashed" if level == "tested" else "4px solid"
    draw = {"definition": _definition, "board": _board}.get(data["kind"], _claim)
    return _tag(
        "div",
        *draw(data),
        style=f"border: {_LINE}; border-left: {edge} {_mixed(_LEVELS.get(level), 65)}; border-radius: 6px; "
        f"background: {_mixed('', 4)}; padding: 0.6em 1em; margin: 0.4em 0; max-width: 60em; line-height: 1.5",
        id=data["id"],  # a link in a text, `[…](#id)`, finds it
    )


def _claim(data):
    """The mark and the id, the title, the formula with what it assumes, and what unfolds."""
    yield _head(_mark(data), _identity(data))
    yield from _face(data)
    yield _foot(data)


def _board(data):
    """Several claims, a mark and an id to each; the evidence and the assumptions that all share are told once."""
    claims = data["claims"]
    same = len({claim["evidence"] for claim in claims}) == 1
    shared = _shared(claims, "assumes")
    yield _head(_mark(claims[0]) if same else f"{len(claims)} claims")
    yield _title(data["title"])
    for claim in claims:
        head = _head(_mark(claim, "" if same else claim["evidence"]), _identity(claim))
        yield _tag(
            "div", head, *_face(claim, "1em", shared), style=f"border-top: {_LINE}; padding: 0.5em 0", id=claim["id"]
        )
    yield _assumed(shared)
    yield _foot(data)


def _shared(claims, key):
    """The texts that all claims have in common."""
    return [text for text in claims[0][key] if all(text in claim[key] for claim in claims)]


def _definition(data):
    """Each defined quantity with what it means, then the domains of the symbols."""
    yield _head("<em>definition</em>", _identity(data))
    yield _title(data["title"])
    yield _formula(data["lines"])
    yield from (_tag("p", inline(domain), style=_SMALL) for domain in data["how"])


def _head(*parts):
    return _tag("p", " · ".join(parts), style="margin: 0; font-size: 0.9em")


def _mark(data, evidence=None):
    """The mark of a claim: a sign and words, so that it is told without its colour."""
    text = f"{MARKS.get(data['level'], '✗')} {data['evidence'] if evidence is None else evidence}".strip()
    return _tag("strong", escape(text), style=f"color: {_mixed(_LEVELS.get(data['level']), 65)}")


def _identity(data):
    return _tag("code", escape(data["id"]), style=f"{_CODE}; {_PALE}")


def _title(text, size="1.15em"):
    return _tag("p", _tag("strong", inline(text)), style=f"{_PLAIN}; font-size: {size}") if text else ""


def _face(data, size="1.15em", told=()):
    """What a claim says: its title, its formula, and what that assumes, but for what is told already."""
    yield _title(data["title"], size)
    yield _formula(data["lines"])
    yield _assumed([text for text in data["assumes"] if text not in told])


def _assumed(texts):
    return _tag("p", inline(f"where {', '.join(texts)}"), style=_SMALL) if texts else ""


def _formula(lines):
    """Lines with their relation signs one under another and each line's reason beside it."""
    rows, single = [], [("", line["latex"], line["reason"]) for line in lines]
    for left, right, reason in steps(lines) if len(lines) > 1 else single:
        cells = (
            (_displayed(left), f"{_CELL}; padding: 0.35em 0; text-align: right; white-space: nowrap"),
            (_displayed(right), f"{_CELL}; padding: 0.35em 1.8em 0.35em 0; text-align: left; white-space: nowrap"),
            (inline(reason), f"{_CELL}; padding: 0.35em 0; text-align: left; font-size: 0.9em; {_PALE}"),
        )
        row = (_tag("td", content, style=style) for content, style in cells)
        rows.append(_tag("tr", *row, style="background: none"))
    table = _tag(
        "table", *rows, style="border: 0; border-collapse: collapse; margin: 0; font-size: 1em", role="presentation"
    )
    return _tag("div", table, style="overflow-x: auto")


def _foot(data):
    """What the reader can unfold: how it was checked, the mistakes refuted, and where the symbols live."""
    claims = claims_in(data)
    mistakes = sum(mistake["kind"] != "wording" for claim in claims for mistake in claim["mistakes"])
    refuted = f" · {mistakes} mistake{'s' * (mistakes > 1)} refuted" if mistakes else ""
    # JupyterLab or an extension of it takes away the triangle that tells a reader to click: it is the browser's own.
    shown = "display: list-item; list-style: revert; list-style-position: inside; cursor: pointer"
    parts = [_tag("summary", f"How this was checked{refuted}", style=shown)]
    same = _shared(claims, "how")
    parts += [_paragraph(text) for text in same]
    for claim in claims:
        if len(claims) > 1:
            parts.append(_title(claim["title"] or f"`{claim['id']}`", "1em"))
        parts += _checked(claim, same)
    if symbols := dict.fromkeys(symbol["text"] for claim in claims for symbol in claim["symbols"]):
        items = (_tag("li", inline(text), style="margin: 0") for text in symbols)
        parts += [_paragraph("Where the symbols live:"), _tag("ul", *items, style="margin: 0; padding-left: 1.5em")]
    return _tag(
        "details", *parts, style=f"border-top: {_LINE}; padding-top: 0.4em; margin-top: 0.4em; font-size: 0.9em"
    )


def _checked(data, told):
    """How one claim was checked, but for the sentences that are told already."""
    yield from (_paragraph(text) for text in data["how"] if text not in told)
    for what, formulas in (("True as well", data["equivalent"]), ("Undecided", data["undecided"])):
        if formulas:
            yield _paragraph(f"{what}: {'; '.join(f'${latex}$' for latex in formulas)}.")
    yield from map(_mistake, data["mistakes"])
    answers = f"Answers {', '.join(data['answers'])}. " if data["answers"] else ""
    yield _tag("p", f"{escape(answers)}Checked in {data['seconds']:.2f} s.", style=f"{_PLAIN}; {_PALE}")


def _mistake(mistake):
    """One wrong version: what is stated, what is wrong, why it tempts, and the numbers that refute it."""
    kind = "imprecise" if mistake["kind"] == "wording" else mistake["kind"]
    name = inline(f"✗ **{mistake['name']}** ({', '.join([kind, *mistake['rows']])})")
    parts = [_tag("p", name, style=f"{_PLAIN}; color: {_mixed(_WRONG, 70)}")]
    if mistake["latex"]:
        parts.append(_tag("div", _displayed(mistake["latex"]), style="overflow-x: auto; padding: 0.2em 0"))
    elif mistake["text"]:
        parts.append(_tag("p", _tag("code", escape(mistake["text"]), style=_CODE), style=_PLAIN))
    parts += [_paragraph(text) for text in mistake["where"]]
    for label, key in TOLD_OF_MISTAKES:
        if mistake[key] and mistake[key] != mistake["name"]:
            parts.append(_paragraph(f"*{label}:* {mistake[key]}"))
    if mistake["damage"]:
        parts.append(_paragraph(DAMAGED))
    edge = f"border-left: 2px solid {_mixed(_WRONG, 70)}"
    return _tag("div", *parts, style=f"{edge}; padding-left: 0.75em; margin: 0.6em 0")


def _displayed(latex):
    return mathml(latex, displayed=True) if latex else ""


def _paragraph(text):
    return _tag("p", inline(text), style=_PLAIN)


def _tag(name, *parts, **attributes):
    """An element whose parts are HTML."""
    told = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if value)
    return f"<{name}{told}>{''.join(parts)}</{name}>"


def inline(text):
    """HTML of a payload's text: Markdown with maths, as the book reads it."""
    return _parser().renderInline(text)


@cache
def _parser():
    # As in `mathml`: Jupyter alone asks for it.
    from markdown_it import MarkdownIt
    from mdit_py_plugins.dollarmath import dollarmath_plugin

    parser = MarkdownIt("commonmark", {"html": False}).disable("image").use(dollarmath_plugin)  # one asks for a network
    parser.add_render_rule("math_inline", lambda self, tokens, place, options, env: mathml(tokens[place].content))
    return parser
