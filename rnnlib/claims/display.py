"""How claims and definitions are shown: as data for the book, as Markdown and HTML in Jupyter.

The data (MIME type `MIME`) is what the book's Sphinx extension typesets as a box and what the ledger lists; Markdown
and HTML show the same wherever there is no extension. All are drawn from one dictionary.
"""

import ast
import re
from html import escape

import numpy as np

from .arithmetic import Fast, Work
from .claim import Claim
from .domains import INDEX, PICK, SIZE
from .evidence import COMPUTED, TESTED
from .given import Given
from .language import form_of, has_relation, text_of
from .latex import latex, latex_name, latex_statement
from .numeric import evaluate
from .points import MAX_INDEX_CHOICES, bearing, random_point, varies
from .seal import FOLDED, MIME, sealed

_SIGNS = {"=": "=", "<=": r"\le", ">=": r"\ge", "<": "<", ">": ">", "≈": r"\approx", "!=": r"\ne"}
_ASSUMED = {
    "positive": "${} > 0$",
    "nonzero": r"${} \ne 0$",
    "unit": "$0 < {} < 1$",
    "onehot": r"${}$ one-hot",
    "distribution": r"$\sum {} = 1$",
}
_SPACES = {"real": r"\mathbb{R}", "nonzero": r"\mathbb{R}_{\ne 0}", "positive": r"\mathbb{R}_{>0}", "unit": "(0, 1)"}


def payload(claim):
    """A claim or chain as plain data.

    Returns
    -------
    dict
        Keys as the book's extension and the ledger read them; texts hold inline maths between ``$`` signs.
    """
    return {
        "kind": claim.kind,
        "id": claim.id,
        "title": claim.title,
        "lines": _lines(claim),
        "verdict": "holds",
        "evidence": str(claim.evidence),
        "assumes": assumptions(claim),
        "level": claim.evidence.level,
        "how": _how(claim),
        "mistakes": [_mistake(named, claim) for named in claim.mistakes],
        "mutants": sum(map(len, claim.mutants)),
        "mutants_refuted": len(claim.mutants.refuted),
        "mutants_equivalent": len(claim.mutants.equivalent),
        "mutants_ill_formed": len(claim.mutants.ill_formed),
        "mutants_undecided": len(claim.mutants.undecided),
        "mutants_untried": len(claim.mutants.untried),
        "equivalent": _changed(claim.mutants.equivalent),
        "seconds": round(claim.seconds, 3),
        "answers": claim.answers,
    }


def show(item):
    """Show a claim or a setting in Jupyter, as two outputs.

    The first holds the data for the book and the formula in Markdown, which every front end typesets; the second
    holds what can be unfolded in HTML, which Markdown has no word for. The book needs the first alone.
    """
    from IPython.display import display

    for bundle in bundles(item):
        display(bundle, raw=True)


# Showing needs the rest of the package, and the rest doesn't need it: so the method that Jupyter asks for stands here.
Claim._ipython_display_ = Given._ipython_display_ = show


def bundles(item):
    """What Jupyter is given of a claim or a setting, output by output: by MIME type, what there is to show."""
    data = definition_payload(item) if isinstance(item, Given) else payload(item)
    if not data["id"]:
        return [{"text/plain": item.text.strip()}]
    folded = {MIME: {"kind": FOLDED}, "text/html": folded_html(data), "text/plain": ""}
    return [{MIME: sealed(data), "text/markdown": markdown(data), "text/plain": repr(item)}, folded]


def definition_payload(given):
    """A setting as plain data: its own definitions and the domains of its own symbols."""
    return {
        "kind": "definition",
        "id": given.id,
        "title": "",
        "verdict": "",
        "evidence": "",
        "level": "",
        "lines": [
            {"latex": definition(clause, given), "reason": clause.words}
            for clause in given.own_clauses
            if not clause.is_free
        ],
        "how": domains(given, given.own_domains),
        "mistakes": [],
        "mutants": 0,
        "mutants_refuted": 0,
        "mutants_equivalent": 0,
        "mutants_ill_formed": 0,
        "mutants_undecided": 0,
        "mutants_untried": 0,
        "equivalent": [],
        "seconds": 0,
        "answers": [],
    }


def definition(clause, given):
    """LaTeX of one defining line."""
    target = ast.Name(clause.name)
    if clause.pattern:
        pattern = clause.pattern[0] if len(clause.pattern) == 1 else ast.Tuple(list(clause.pattern))
        target = ast.Subscript(target, pattern)
    return rf"{latex(target, given)} := {latex(clause.body, given)}"


def domains(given, names):
    """One line for each group of symbols with the same domain and the same words."""
    groups = {}
    for name in names:
        groups.setdefault((given.domains[name], given.words[name]), []).append(latex_name(name))
    return [_domain(domain, letters) + (f": {words}" if words else "") for (domain, words), letters in groups.items()]


def _domain(domain, letters):
    letters, axes = ", ".join(letters), [latex(axis) for axis in domain.axes]
    if domain.kind == SIZE:
        relation = "=" if len(axes) == 2 else r"\ge"
        return rf"${letters} {relation} {axes[0]}$, a whole number"
    if domain.kind == INDEX:
        return rf"${letters} = {axes[0]}, \dots, {axes[1]}$"
    power = "^{" + r" \times ".join(axes) + "}" if axes else ""
    if domain.kind == PICK:
        low, high = map(latex, domain.bounds)
        return rf"${letters} \in \{{{low}, \dots, {high}\}}{power}$, data"
    if domain.kind in _SPACES:
        return rf"${letters} \in {_SPACES[domain.kind]}{power}$"
    kind = "positive, each row with sum 1" if len(axes) > 1 else "positive with sum 1"
    if domain.kind == "onehot":
        kind = "one-hot (a single 1, else 0)"
    return rf"${letters} \in \mathbb{{R}}{power}$, {kind}"


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


def _how(claim):
    given, trees = claim.given, _sides(claim)
    needed = given.needed(trees)
    told = domains(given, [name for name in given.domains if name in needed])
    told += _definitions([c for name, found in given.clauses.items() if name in needed for c in found], given)
    return [*told, *_moved(trees, given), _proof_told(claim), *_points_told(claim), *_mutants_told(claim)]


def _sides(claim):
    return [side for line in claim.lines for side in (line.left, line.right)]


def assumptions(claim):
    """What a claim assumes, beyond numbers being real and sizes at least 1, as inline maths: the face of its box."""
    given, trees = claim.given, _sides(claim)
    needed, free = given.needed(trees), given.free_indices(trees)
    told = []
    for name in (name for name in given.domains if name in needed):
        domain = given.domains[name]
        if domain.kind == SIZE and (given.held(name) or given.smallest(name) > 1):
            told.append(_domain(domain, [latex_name(name)]).partition(",")[0])
        elif domain.kind == INDEX and name in free and _is_part(domain, given):
            told.append(_domain(domain, [latex_name(name)]))
        elif domain.kind in _ASSUMED:
            told.append(_ASSUMED[domain.kind].format(latex_name(name)))
    return told + [f"${latex_statement(condition, given)}$" for condition in bearing(given, trees)]


def _is_part(domain, given):
    """Whether an index runs over a part only of what a size counts."""
    low, high = domain.axes
    return not (isinstance(low, ast.Constant) and low.value == 1 and isinstance(high, ast.Name))


def _moved(trees, given):
    """What a derivative by a defined quantity holds fixed, said where the claim has one."""
    by = [node.args[1] for tree in trees for node in ast.walk(tree) if form_of(node) == "d"]
    names = dict.fromkeys(getattr(x, "value", x).id for x in by)
    return [
        f"Under $\\partial / \\partial {latex_name(name)}$, ${latex_name(name)}$ moves freely"
        f"{_left_surface(name, given)}: what it is computed from stays, what is computed from it follows."
        for name in names
        if name in given.clauses
    ]


def _left_surface(name, given):
    """The constraint that a quantity obeys by its definition, and leaves when it moves freely."""
    points = (random_point(given, [ast.Name(name)], number) for number in range(3))
    values = [evaluate(ast.Name(name), point, Fast(Work(10**5))) for point in points]
    if all(np.ndim(value) and np.allclose(value.sum(axis=-1), 1) for value in values):
        return rf", off the surface on which $\sum {latex_name(name)} = 1$"
    return ""


def _proof_told(claim):
    what = "it" if len(claim.lines) == 1 else "both lines"
    if claim.kind == "chain":
        what = "each line from the line before"
    evidence = claim.evidence
    if evidence.level == COMPUTED and varies(claim.given, _sides(claim)):
        return f"At least one line is a rounded number: it was computed to 100 digits and compared, no more, {what}."
    if evidence.level == COMPUTED:
        return "Nothing in it can vary. Both sides were computed to 100 digits and compared; that is no proof."
    sizes = ", ".join(
        f"${latex_name(name)}$ left as a symbol" if size == "all" else f"${latex_name(name)} = {size}$"
        for name, size in evidence.sizes.items()
    )
    if evidence.level == TESTED and not sizes:
        return f"No proof was found: the points below are the evidence for {what}."
    trusted = ["SymPy's algebra and differentiation", "this book's translation into SymPy and its rules for sums"]
    proved = (
        f"SymPy proves {what}{', with ' + sizes if sizes else ''}, wherever both sides are defined and every index "
        f"lies in its range. Trusted: {'; '.join([*trusted, *evidence.rules])}."
    )
    return proved + (
        " For other sizes no proof was found: the points are the evidence." if evidence.level == TESTED else ""
    )


def _points_told(claim):
    if not varies(claim.given, _sides(claim)):
        return []
    tested = claim.evidence.tested
    exact, points = min(a.exact for a in tested), min(a.points for a in tested)
    sizes, skipped = sorted({s for agreement in tested for s in agreement.sizes}), sum(a.skipped for a in tested)
    where = ""
    if names := [name for name, _ in (sizes[0] if sizes else ())]:
        ranges = [{dict(found).get(name) for found in sizes} - {None} for name in names]
        told = (f"${latex_name(n)}$ from {min(r)} to {max(r)}" for n, r in zip(names, ranges, strict=True))
        where = f" with {', '.join(told)}"
    return [
        f"Both sides were computed to at least 40 digits, derivatives as difference quotients, at {exact} random points"
        f", each for every choice of the free indices (for a sample of every class where there are more than "
        f"{MAX_INDEX_CHOICES}); and in float64 at {points - exact} more, spread otherwise, of larger sizes or of "
        f"simple values, for a few choices{where}."
        + (f" {skipped} points told nothing: numbers grew beyond what is computed." if skipped else "")
    ]


def _changed(mutants):
    """What was changed in each of these mutants, as LaTeX: the statement, or a definition that it needs."""
    return [
        definition(mutant.clause, mutant.given) if mutant.clause else latex_statement(mutant.statement, mutant.given)
        for mutant in mutants
    ]


def _mutants_told(claim):
    refuted, equivalent, ill_formed, undecided, untried = claim.mutants
    if not any(claim.mutants):
        return []
    told = [
        f"{len(refuted)} systematic small errors (a sign, a term, an index, a function, a letter, a definition) are "
        "refuted."
    ]
    if equivalent:
        same = "; ".join(f"${text}$" for text in _changed(equivalent))
        told.append(f"Refuted at no point, so taken to be true as well: {same}.")
    if undecided:
        told.append(f"Neither refuted nor confirmed: {'; '.join(f'${text}$' for text in _changed(undecided))}.")
    if ill_formed:
        told.append(f"{len(ill_formed)} more mean nothing.")
    if untried:
        told.append(f"{len(untried)} more were not tried: of very many a sample is taken.")
    return [" ".join(told)]


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
    return _definitions(given.own_clauses, given) + domains(given, given.own_domains)


def _definitions(clauses, given):
    """Defining lines as inline maths; that an entry is a symbol of its own, its domain says."""
    return [f"${definition(clause, given)}$" for clause in clauses if not clause.is_free]


def markdown(data):
    """The head and the formula of a claim, chain or definition, for whoever reads the notebook outside of the book."""
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
    refuted = sum(mistake["refuted"] for mistake in data["mistakes"])
    counts = [
        f"{number} {what}{'s' * (number > 1)} refuted"
        for number, what in ((refuted, "mistake"), (data["mutants_refuted"], "mutant"))
        if number
    ]
    is_definition = data["kind"] == "definition"
    title = "where the symbols live" if is_definition else ", ".join([*counts, "how this was checked"])
    items = list(data["how"])
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
