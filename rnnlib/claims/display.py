"""How claims and definitions are shown: as data for the book, as HTML in Jupyter, as text in a console.

The data (MIME type `MIME`) is what the book's Sphinx extension typesets as a box and what the ledger lists; the HTML
(`html`) draws the same box from the same dictionary where there is no extension.
"""

from .board import Board
from .claim import Claim
from .given import Given
from .html import MARKS, box
from .language import has_relation, text_of
from .latex import latex, latex_statement
from .seal import MIME, sealed
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
    """Show a claim, a board or a setting in Jupyter."""
    from IPython.display import display

    display(bundle(item), raw=True)


# Showing needs the rest of the package, and the rest doesn't need it: so the method that Jupyter asks for stands here.
Claim._ipython_display_ = Board._ipython_display_ = Given._ipython_display_ = show


def bundle(item):
    """What Jupyter is given of a claim, a board or a setting: by MIME type, what there is to show."""
    if isinstance(item, Given) and not item.id:
        return {"text/plain": item.text.strip()}
    data = payload(item)
    return {MIME: sealed(data), "text/html": box(data), "text/plain": plain(item)}


def plain(item):
    """What is shown where there is nothing but text: the formulas as they are written in the book's language."""
    if isinstance(item, Board):
        return "\n\n".join([item.title, *map(plain, item.claims)])
    if isinstance(item, Given):
        return f"definition · {item.id}\n{item.text.strip()}"
    mark = f"{MARKS[item.evidence.level]} {item.evidence} · {item.id}"
    first, *others = item.lines
    lines = [f"{text_of(first.left)} {first.relation} {text_of(first.right)}"]
    for line in others:
        left = "" if item.kind == "chain" else f"{text_of(line.left)} "
        lines.append(f"{left}{line.relation} {text_of(line.right)}")
    return "\n".join([mark, *filter(None, [item.title]), *lines])


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
