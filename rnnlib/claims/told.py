"""What a box tells about its claim in words: how it was checked, what it assumes, and where its symbols live."""

import ast
from itertools import chain

import numpy as np

from .arithmetic import Fast, Work
from .domains import INDEX, PICK, SIZE
from .evidence import COMPUTED, TESTED, listed
from .language import form_of
from .latex import latex, latex_name, latex_statement
from .numeric import evaluate
from .points import bearing, random_point, varies

_ASSUMED = {
    "positive": "${} > 0$",
    "nonzero": r"${} \ne 0$",
    "unit": "$0 < {} < 1$",
    "onehot": r"${}$ one-hot",
    "distribution": r"$\sum {} = 1$",
    "rows": "each row of ${}$ has the sum 1",
}
_SPACES = {"real": r"\mathbb{R}", "nonzero": r"\mathbb{R}_{\ne 0}", "positive": r"\mathbb{R}_{>0}", "unit": "(0, 1)"}


# How it was checked: a sentence for each of the three checks.


def how(claim):
    """How a claim was checked: its proof, the second opinion and its mutants, each in a sentence."""
    return [_proof(claim), *_points(claim), *_mutants(claim)]


def _proof(claim):
    what = "it" if len(claim.lines) == 1 else "both lines"
    if claim.kind == "chain":
        what = "each line from the line before"
    evidence = claim.evidence
    if evidence.level == COMPUTED and varies(claim.given, sides(claim)):
        return f"At least one line is a rounded number: it was computed to 100 digits and compared, no more, {what}."
    if evidence.level == COMPUTED:
        return "Nothing in it can vary. Both sides were computed to 100 digits and compared; that is no proof."
    if evidence.level == TESTED and not evidence.sizes:
        return f"No proof was found: the points below are the evidence for {what}."
    trusted = ["its algebra and differentiation", "this book's translation into it and rules for sums", *evidence.rules]
    return (
        f"SymPy proves {what}{_for_sizes(evidence.sizes)}, wherever both sides are defined and every index lies in its "
        f"range. Trusted: {'; '.join(trusted)}."
        + (" For other sizes no proof was found: the points are the evidence." if evidence.level == TESTED else "")
    )


def _for_sizes(sizes):
    """For which sizes something was proved: for every $K$, or at one that was held fixed."""
    every = [f"${latex_name(name)}$" for name, size in sizes.items() if size == "all"]
    fixed = [f"${latex_name(name)} = {size}$" for name, size in sizes.items() if size != "all"]
    return (f" for every {listed(every)}" if every else "") + (f" at {listed(fixed)}" if fixed else "")


def _points(claim):
    trees = sides(claim)
    if not varies(claim.given, trees):
        return []
    tested = claim.evidence.tested
    exact, points = min(a.exact for a in tested), min(a.points for a in tested)
    sizes, skipped = sorted({s for agreement in tested for s in agreement.sizes}), sum(a.skipped for a in tested)
    where = ""
    if names := [name for name, _ in (sizes[0] if sizes else ())]:
        ranges = {}
        for name in names:
            values = {dict(found).get(name) for found in sizes} - {None}
            ranges.setdefault((min(values), max(values)), []).append(f"${latex_name(name)}$")
        where = f", with {', '.join(f'{listed(n)} from {low} to {high}' for (low, high), n in ranges.items())}"
    free = ", each for every choice of the free indices or a sample of them" if claim.given.free_indices(trees) else ""
    quotients = ", derivatives as difference quotients," if _differentiates(claim.given, trees) else ""
    return [
        f"As a second opinion both sides were computed{quotients} to at least 40 digits at {exact} random points"
        f"{free}, and in float64 at {points - exact} more{where}: they agree."
        + (
            f" {skipped} {'point' if skipped == 1 else 'points'} told nothing: numbers grew beyond what is computed."
            if skipped
            else ""
        )
    ]


def _differentiates(given, trees):
    bodies = (clause.body for name in given.needed(trees) for clause in given.clauses.get(name, ()))
    return any(form_of(node) == "d" for tree in chain(trees, bodies) for node in ast.walk(tree))


def _mutants(claim):
    refuted, equivalent, ill_formed, undecided, untried = claim.mutants
    if not any(claim.mutants):
        return []
    told = [f"{len(refuted)} refuted"]
    if equivalent:
        told.append(f"{len(equivalent)} refuted at no point, so taken to be true as well")
    if undecided:
        told.append(f"{len(undecided)} neither refuted nor confirmed")
    if ill_formed:
        told.append(f"{len(ill_formed)} without a meaning")
    if untried:
        told.append(f"{len(untried)} not tried, for of very many a sample is taken")
    return [f"Systematic small errors (a sign, a term, an index, a letter, a definition): {'; '.join(told)}."]


def changed(mutants):
    """What was changed in each of these mutants, as LaTeX: the statement, or a definition that it needs."""
    return [
        definition(mutant.clause, mutant.given) if mutant.clause else latex_statement(mutant.statement, mutant.given)
        for mutant in mutants
    ]


# What it assumes, and where its symbols live.


def sides(claim):
    """Every expression that a claim states something about."""
    return [side for line in claim.lines for side in (line.left, line.right)]


def assumptions(claim):
    """What a claim assumes, beyond numbers being real and sizes at least 1, as inline maths: the face of its box."""
    given, trees = claim.given, sides(claim)
    needed, free = given.needed(trees), given.free_indices(trees)
    told = []
    for name in (name for name in given.domains if name in needed):
        domain = given.domains[name]
        if domain.kind == SIZE and (given.held(name) or given.smallest(name) > 1):
            told.append(_domain(domain, [latex_name(name)]).partition(",")[0])
        elif domain.kind == INDEX and name in free and _is_part(domain, given):
            told.append(_domain(domain, [latex_name(name)]))
        elif domain.kind in _ASSUMED:
            kind = "rows" if domain.kind == "distribution" and len(domain.axes) > 1 else domain.kind
            told.append(_ASSUMED[kind].format(latex_name(name)))
    return told + [f"${latex_statement(condition, given)}$" for condition in bearing(given, trees)]


def _is_part(domain, given):
    """Whether an index runs over a part only of what a size counts."""
    low, high = domain.axes
    return not (isinstance(low, ast.Constant) and low.value == 1 and isinstance(high, ast.Name))


def symbols(claim):
    """Where each symbol of a claim lives and how it is defined, as `{"text", "setting"}`.

    The setting is the id of the `Given` that declares it, empty where that has none. What a derivative by a defined
    quantity holds fixed stands here too: it says how to read a symbol.
    """
    given, trees = claim.given, sides(claim)
    needed = given.needed(trees)
    found = []
    for setting in dict.fromkeys(given.origin.values()):
        own = [name for name, origin in given.origin.items() if origin == setting and name in needed]
        told = domains(given, [name for name in given.domains if name in own])
        told += definitions([c for name in given.clauses if name in own for c in given.clauses[name]], given)
        found += [{"text": text, "setting": setting} for text in told]
    return found + [{"text": text, "setting": ""} for text in _moved(trees, given)]


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


def definitions(clauses, given):
    """Defining lines as inline maths; that an entry is a symbol of its own, its domain says."""
    return [f"${definition(clause, given)}$" for clause in clauses if not clause.is_free]


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
        between = "" if (axes[0], axes[1]) == ("1", "2") else r"\dots, "
        return rf"${letters} = {axes[0]}, {between}{axes[1]}$"
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
