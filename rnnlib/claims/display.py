"""How claims and definitions are shown: as data for the book, as Markdown and HTML in Jupyter.

The data (MIME type `MIME`) is what the book's Sphinx extension typesets as a box and what the ledger lists; Markdown
and HTML show the same wherever there is no extension. All are drawn from one dictionary.
"""

import re
from html import escape

from .board import Board
from .claim import Claim
from .given import Given
from .language import has_relation, text_of
from .latex import latex, latex_statement
from .seal import FOLDED, MIME, sealed
from .told import assumptions, changed, definition, definitions, domains, how, symbols

_SIGNS = {"=": "=", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">", "≈": r"\approx", "!=": r"\ne"}


def payload(item):
    """A claim, chain, board or setting as plain data, which the book, the ledger and Jupyter draw from.

    Texts hold inline maths between ``$`` signs; what is called LaTeX is a formula without them.

    Returns
    -------
    dict
        Of a claim: `kind` (claim or chain), `id`, `title`, `lines` (each with its `latex` and `reason`), `verdict`,
        `level` and `evidence` (its mark, as a word and in full), `assumes` (texts, for the face of the box); `how` (how
        it was checked: a sentence for the proof, the second opinion and the mutants, in this order); `symbols` (where
        its symbols live: each with its `text` and the id of the `setting` that declares it, empty where that has none)
        and `settings` (those ids: where the page shows a setting, a link to it says as much as its lines); `mistakes`;
        `mutants` and how many met which fate; `equivalent` and `undecided` (LaTeX of such mutants); `seconds`;
        `answers`.

        Of a setting: the same keys with the kind `definition`, where `how` holds the domains of its symbols and
        `settings` the ids of those that it continues.

        Of a board: `kind`, `id` (empty), `title`, and `claims`, the data of each.
    """
    if isinstance(item, Board):
        return {"kind": item.kind, "id": "", "title": item.title, "claims": [payload(claim) for claim in item.claims]}
    return definition_payload(item) if isinstance(item, Given) else claim_payload(item)


def claim_payload(claim):
    """A claim or chain as plain data."""
    found = symbols(claim)
    return {
        "kind": claim.kind,
        "id": claim.id,
        "title": claim.title,
        "lines": _lines(claim),
        "verdict": "holds",
        "evidence": str(claim.evidence),
        "assumes": assumptions(claim),
        "level": claim.evidence.level,
        "how": how(claim),
        "symbols": found,
        "settings": [id for id in dict.fromkeys(entry["setting"] for entry in found) if id],
        "mistakes": [_mistake(named, claim) for named in claim.mistakes],
        "mutants": sum(map(len, claim.mutants)),
        "mutants_refuted": len(claim.mutants.refuted),
        "mutants_equivalent": len(claim.mutants.equivalent),
        "mutants_ill_formed": len(claim.mutants.ill_formed),
        "mutants_undecided": len(claim.mutants.undecided),
        "mutants_untried": len(claim.mutants.untried),
        "equivalent": changed(claim.mutants.equivalent),
        "undecided": changed(claim.mutants.undecided),
        "seconds": round(claim.seconds, 3),
        "answers": claim.answers,
    }


def show(item):
    """Show a claim, a board or a setting in Jupyter, as two outputs.

    The first holds the data for the book and the formula in Markdown, which every front end typesets; the second
    holds what can be unfolded in HTML, which Markdown has no word for. The book needs the first alone.
    """
    from IPython.display import display

    for bundle in bundles(item):
        display(bundle, raw=True)


# Showing needs the rest of the package, and the rest doesn't need it: so the method that Jupyter asks for stands here.
Claim._ipython_display_ = Board._ipython_display_ = Given._ipython_display_ = show


def bundles(item):
    """What Jupyter is given of a claim or a setting, output by output: by MIME type, what there is to show."""
    data = payload(item)
    if isinstance(item, Given) and not item.id:
        return [{"text/plain": item.text.strip()}]
    folded = {MIME: {"kind": FOLDED}, "text/html": folded_html(data), "text/plain": ""}
    return [{MIME: sealed(data), "text/markdown": markdown(data), "text/plain": repr(item)}, folded]


def definition_payload(given):
    """A setting as plain data: its own definitions and the domains of its own symbols."""
    return {
        "kind": "definition",
        "id": given.id,
        "title": given.title,
        "verdict": "",
        "evidence": "",
        "level": "",
        "lines": [
            {"latex": definition(clause, given), "reason": clause.words}
            for clause in given.own_clauses
            if not clause.is_free
        ],
        "how": domains(given, given.own_domains),
        "symbols": [],
        "settings": [id for id in dict.fromkeys(given.origin.values()) if id not in ("", given.id)],
        "mistakes": [],
        "mutants": 0,
        "mutants_refuted": 0,
        "mutants_equivalent": 0,
        "mutants_ill_formed": 0,
        "mutants_undecided": 0,
        "mutants_untried": 0,
        "equivalent": [],
        "undecided": [],
        "seconds": 0,
        "answers": [],
    }


def _lines(claim):
    if claim.kind == "claim":
        return [
            {"latex": latex_statement(line, claim.given), "reason": reason}
            for line, reason in zip(claim.lines, claim.reasons, strict=True)
        ]
    first = {"latex": latex(claim.lines[0].left, claim.given), "reason": claim.reasons[0]}
    return [first] + [
        {"latex": f"{_SIGNS[line.relation]} {latex(line.right, claim.given)}", "reason": reason}
        for line, reason in zip(claim.lines, claim.reasons[1:], strict=True)
    ]


def _mistake(named, claim):
    mistake, shown, text = named.mistake, "", named.mistake.statement
    if mistake.kind == "ill-formed":
        # It has no shapes that could choose between its signs of multiplication: it is shown as it was written.
        left, relation, _ = claim.statement
        text = text if has_relation(text) else f"{text_of(left)} {relation} {text}"
    elif named.statement is not None:
        shown = latex_statement(named.statement, named.given)
    return {
        "name": mistake.wrong,
        "latex": shown,
        "text": text,
        "kind": mistake.kind,
        "wrong": mistake.wrong,
        "where": _own(named.given) if mistake.given else [],
        "tempts": mistake.tempts,
        "rows": mistake.rows.split(),
        "damage": mistake.damage,
        "counterexample": named.refutation,
        "refuted": bool(named.refutation),
    }


def _own(given):
    """What a setting adds to the one that it continues: its definitions and its domains."""
    return definitions(given.own_clauses, given) + domains(given, given.own_domains)


def markdown(data):
    """The head and the formula of what is shown, for whoever reads the notebook outside of the book."""
    if data["kind"] == "board":
        return f"**{data['title']}**\n\n" + "\n\n".join(map(markdown, data["claims"]))
    mark = "*definition*" if data["kind"] == "definition" else f"**✓ {data['evidence']}**"
    head = " · ".join(filter(None, [mark, data["title"], f"`{data['id']}`"]))
    assumed = f"\n\nwhere {', '.join(data['assumes'])}" if data.get("assumes") else ""
    # Not between $$: some front ends would number it.
    return f"{head}\n\n$\\displaystyle {aligned(data['lines'])}${assumed}\n"


def aligned(lines):
    """One formula on one line, or several under one another, with their reasons to the right."""
    if len(lines) == 1:
        return lines[0]["latex"] + (rf"\qquad\text{{{lines[0]['reason']}}}" if lines[0]["reason"] else "")
    rows = [rf"{_anchored(line['latex'])} && \text{{{line['reason']}}}" for line in lines]
    return r"\begin{aligned} " + r" \\[4pt] ".join(rows) + r" \end{aligned}"


def _anchored(text):
    for sign in (":=", *_SIGNS.values()):
        if text.startswith(sign + " "):
            return "&" + text
    # A condition of cases holds a sign of its own.
    outside = re.sub(r"\\begin\{array\}.*\\end\{array\}", lambda m: "." * len(m[0]), text)
    for sign in (":=", *_SIGNS.values()):
        if (place := outside.find(f" {sign} ")) >= 0:
            return f"{text[:place]} &{text[place + 1 :]}"
    return text + " &"


def folded_html(data):
    """What can be unfolded below a formula: how it was checked, and the mistakes that were refuted."""
    if data["kind"] == "board":
        return "".join(map(folded_html, data["claims"]))
    refuted = sum(mistake["refuted"] for mistake in data["mistakes"])
    counts = [
        f"{number} {what}{'s' * (number > 1)} refuted"
        for number, what in ((refuted, "mistake"), (data["mutants_refuted"], "mutant"))
        if number
    ]
    is_definition = data["kind"] == "definition"
    title = "where the symbols live" if is_definition else ", ".join([*counts, "how this was checked"])
    items = [*data["how"], *(entry["text"] for entry in data["symbols"])]
    for mistake in data["mistakes"]:
        written = f"`{mistake['text']}`: " if mistake["text"] else ""
        shown = f"${mistake['latex']}$: " if mistake["latex"] else written
        refuted = f" Refuted {mistake['counterexample']}." if mistake["counterexample"] else ""
        items.append(f"✗ {shown}{mistake['wrong']}.{refuted}")
    listed = "".join(f"<li>{_code(escape(item))}</li>" for item in items)
    return _details(title, f"<ul>{listed}</ul>")


def _details(title, content):
    """HTML that unfolds."""
    # JupyterLab takes away the triangle that tells a reader to click; a list item has it.
    summary = f'<summary style="display: list-item; list-style-position: inside; cursor: pointer">{title}</summary>'
    return f"<details>{summary}{content}</details>"


def _code(text):
    """Set in HTML what stands between backticks."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", text)
