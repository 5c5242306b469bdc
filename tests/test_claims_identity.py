"""The identity test makes no false verdict: right rewrites are accepted, wrong variants are refused.

Right rewrites come from rules of algebra applied at random places (below); wrong variants from the systematic
mutants, from random perturbations and from a list made by hand. Which is which is decided by plain NumPy
(`claims_plain`), not by the engine. Expressions are compared both with the left side of the claim, often a
derivative, and in the setting with all its constraints.
"""

import ast
import copy
from collections import Counter

import numpy as np
import pytest
from claims_plain import SUBJECTS, plain

from rnnlib.claims.errors import IllFormed, Undecided
from rnnlib.claims.given import Given
from rnnlib.claims.judge import UNDEFINED, Agreement, Counterexample
from rnnlib.claims.judge import compare as judge
from rnnlib.claims.language import Statement, parse, text_of
from rnnlib.claims.mutants import mutants

REWRITES, PERTURBATIONS = 12, 20
COUNTS = Counter()


def _nodes(tree, path=()):
    """Every node that stands for a value, with the fields that lead to it."""
    yield path, tree
    match tree:
        case ast.BinOp(op=ast.Pow()):
            below = [("left", tree.left)]
        case ast.BinOp():
            below = [("left", tree.left), ("right", tree.right)]
        case ast.UnaryOp():
            below = [("operand", tree.operand)]
        case ast.Attribute():
            below = [("value", tree.value)]
        case ast.Call(func=ast.Name(id="sum" | "prod")):
            below = [(("args", 0), tree.args[0])]
        case ast.Call(func=ast.Name(id=name)) if name != "delta":
            below = [(("args", n), argument) for n, argument in enumerate(tree.args)]
        case _:
            below = []
    for step, child in below:
        yield from _nodes(child, (*path, step))


def _put(tree, path, new):
    if not path:
        return new
    tree = copy.copy(tree)
    step, *rest = path
    if isinstance(step, tuple):
        tree.args = list(tree.args)
        tree.args[step[1]] = _put(tree.args[step[1]], rest, new)
    else:
        setattr(tree, step, _put(getattr(tree, step), rest, new))
    return tree


def _rules(tree, given):
    """Every way to rewrite this node by one rule of algebra, as text with the parts put in."""
    t = {"it": f"({text_of(tree)})"}
    scalar = not _shape(tree, given)
    match tree:
        case ast.BinOp(left=a, op=op, right=b):
            a, b = f"({text_of(a)})", f"({text_of(b)})"
            match op:
                case ast.Add():
                    yield from (f"{b} + {a}", f"{a} - (-{b})", f"-(-{a} - {b})")
                case ast.Sub():
                    yield from (f"-({b} - {a})", f"{a} + (-{b})", f"-{b} + {a}")
                case ast.Mult():
                    yield from (f"{b} * {a}", f"(-{a}) * (-{b})", f"({a} + {b})^2 / 4 - ({a} - {b})^2 / 4")
                    yield from _distributed(tree.left, b) if isinstance(tree.left, ast.BinOp) else ()
                    yield from _distributed(tree.right, a) if isinstance(tree.right, ast.BinOp) else ()
                case ast.Div():
                    yield from (f"{a} * (1 / {b})", f"(-{a}) / (-{b})", f"{a} * {b} / {b}^2")
                case ast.Pow() if isinstance(tree.right, ast.Constant) and tree.right.value == 2:
                    yield from (f"{a} * {a}", f"(-{a})^2", f"({a} + 1)^2 - 2*{a} - 1")
                case ast.MatMult():
                    yield from (f"{a} @ (2 * {b}) / 2", f"-({a} @ (-{b}))")
        case ast.Call(func=ast.Name(id="tanh"), args=[x]):
            x = f"({text_of(x)})"
            yield from (
                f"2 * sigmoid(2 * {x}) - 1",
                f"(exp({x}) - exp(-{x})) / (exp({x}) + exp(-{x}))",
                f"-tanh(-{x})",
                f"(exp(2*{x}) - 1) / (exp(2*{x}) + 1)",
            )
        case ast.Call(func=ast.Name(id="sigmoid"), args=[x]):
            x = f"({text_of(x)})"
            yield from (
                f"1 / (1 + exp(-{x}))",
                f"(1 + tanh({x} / 2)) / 2",
                f"1 - sigmoid(-{x})",
                f"exp({x}) / (1 + exp({x}))",
            )
        case ast.Call(func=ast.Name(id="exp"), args=[x]):
            x = f"({text_of(x)})"
            yield from (f"1 / exp(-{x})", f"exp({x} / 2)^2", f"exp({x} - 1) * exp(1)")
        case ast.Call(func=ast.Name(id="log"), args=[x]):
            x = f"({text_of(x)})"
            yield from (f"-log(1 / {x})", f"2 * log(sqrt({x}))", f"log(3 * {x}) - log(3)", f"log2({x}) * log(2)")
        case ast.Call(func=ast.Name(id="sum"), args=[body, index, *ends]):
            yield from _summed(body, index.id, ends)
        case ast.Call(func=ast.Name(id="prod"), args=[body, index]):
            yield f"exp(sum(log({text_of(body)}), {index.id}))"
        case ast.Call(func=ast.Name(id="outer"), args=[a, b]):
            yield from (f"outer({text_of(b)}, {text_of(a)}).T", f"-outer(-({text_of(a)}), {text_of(b)})")
        case ast.Call(func=ast.Name(id="delta"), args=[a, b]):
            yield from (f"delta({text_of(b)}, {text_of(a)})", f"{t['it']}^2")
        case ast.Name() | ast.Subscript():
            yield from _expanded(tree, given)
    if scalar:
        yield from (f"{t['it']} * 3 / 3", f"({t['it']} - 2) + 2", f"-(-{t['it']})", f"log(exp({t['it']}))")
        if "p" in given.clauses:
            yield from (f"{t['it']} * sum(p[m], m)", f"{t['it']} + 1 - sum(p[m], m)")
        if given.domains.get("y") and given.domains["y"].kind in ("onehot", "distribution"):
            yield f"{t['it']} * sum(y[m], m)"
    elif len(_shape(tree, given)) == 2:
        yield f"{t['it']}.T.T"


def _shape(tree, given):
    return given.shape(tree, tuple("ijkmtln"))


def _distributed(inner, factor):
    sign = {ast.Add: "+", ast.Sub: "-"}.get(type(inner.op))
    if sign:
        yield f"({text_of(inner.left)}) * {factor} {sign} {factor} * ({text_of(inner.right)})"


def _summed(body, index, ends):
    rest = "".join(f", {text_of(end)}" for end in ends)
    text = text_of(body)
    yield f"sum(2 * ({text}), {index}{rest}) / 2"
    yield f"-sum(-({text}), {index}{rest})"
    if isinstance(body, ast.BinOp) and isinstance(body.op, (ast.Add, ast.Sub)):
        sign = "+" if isinstance(body.op, ast.Add) else "-"
        yield f"sum({text_of(body.left)}, {index}{rest}) {sign} sum({text_of(body.right)}, {index}{rest})"


def _expanded(tree, given):
    """A named quantity written out."""
    name = tree.id if isinstance(tree, ast.Name) else tree.value.id
    if name not in given.clauses or (name == "h" and isinstance(tree, ast.Subscript)):
        return
    clause = given.clauses[name][0]
    indices = [] if isinstance(tree, ast.Name) else [tree.slice]
    if len(indices) == len(clause.pattern):
        if not indices:
            yield text_of(clause.body)
        elif isinstance(indices[0], ast.Name) and indices[0].id != "k":
            renamed = copy.deepcopy(clause.body)
            for node in ast.walk(renamed):
                if isinstance(node, ast.Name) and node.id == clause.pattern[0].id:
                    node.id = indices[0].id
            yield text_of(renamed)


def _perturbed(tree, path, node, given, random):
    """Something close to right, by no rule."""
    text = text_of(node)
    same = [
        name
        for name, domain in given.domains.items()
        if domain.kind not in ("size", "index")
        and isinstance(node, ast.Name)
        and name != node.id
        and _shape(ast.Name(name), given) == _shape(node, given)
    ]
    choices = [f"(({text}) * 1.01)", f"(({text}) * abs({text}))", f"tanh({text})", f"(({text}) / 2)", *(same[:2])]
    if not _shape(node, given):
        choices += [f"(({text}) + 0.001)", f"exp({text})", f"sqrt(({text})^2)", "1"]
    return _put(tree, path, parse(str(random.choice(choices))))


def _truth_differs(subject, tree):
    """Whether a variant differs from the subject in plain NumPy: True, False, or None where that is not clear."""
    largest = 0.0
    # A mutant may let an index stand free that was summed over: then it must hold for each of its values.
    others = [name for name in Given(subject.given).free_indices([tree]) if name not in subject.free]
    for n, sizes in enumerate((subject.sizes or ((),)) * 3):
        names = subject.names(np.random.default_rng([7, n]), *(sizes if isinstance(sizes, tuple) else (sizes,)))
        for at in np.ndindex(*[names[size] for size in subject.free.values()], *[names["ranges"][k] for k in others]):
            at = dict(zip([*subject.free, *others], (k + 1 for k in at), strict=True))
            truth = subject.truth(names, *(at[name] for name in subject.free))
            try:
                value = plain(tree, names, at)
            except (IndexError, FloatingPointError, ValueError):
                return None
            largest = max(largest, float(np.max(np.abs(value - truth) / np.maximum(1e-3, np.abs(truth)))))
    return True if largest > 1e-6 else False if largest < 1e-10 else None


def _rewrites(subject, given, random, wanted):
    found, right = {}, parse(subject.right)
    while len(found) < wanted:
        tree = right
        for _ in range(int(random.integers(1, 4))):
            places = [(path, text) for path, node in _nodes(tree) for text in _rules(node, given)]
            path, text = places[random.integers(len(places))]
            tree = _put(tree, path, parse(text))
        if len(text_of(tree)) < 600:
            found[text_of(tree)] = parse(text_of(tree))
    return found


def _variants(subject, given, random, wanted):
    right = parse(subject.right)
    found = {text: tree for text, (tree, _) in mutants(right, given).items()}
    found |= {text: parse(text) for text in subject.wrong}
    places = list(_nodes(right))
    for _ in range(wanted):
        path, node = places[random.integers(len(places))]
        tree = _perturbed(right, path, node, given, random)
        found[text_of(tree)] = tree
    return found


def _check_rewrites(subject, seed, wanted):
    given, random = Given(subject.given), np.random.default_rng(seed)
    for text, tree in _rewrites(subject, given, random, wanted).items():
        assert _truth_differs(subject, tree) is False, f"the rewrite {text} is not right: mend the test"
        statement = Statement(parse(subject.left), "=", tree)
        given.check_statement(statement)
        outcome = judge(statement, given)
        assert isinstance(outcome, Agreement), f"{subject.name}: refused {text}: {outcome}"
        COUNTS["right rewrites accepted"] += 1


def _check_variants(subject, seed, wanted):
    given, random = Given(subject.given), np.random.default_rng(seed)
    for text, tree in _variants(subject, given, random, wanted).items():
        statement = Statement(parse(subject.left), "=", tree)
        try:
            given.check_statement(statement)
            outcome = judge(statement, given)
        except (IllFormed, Undecided):
            COUNTS["ill-formed variants"] += 1
            continue
        differs = _truth_differs(subject, tree)
        if differs:
            assert isinstance(outcome, Counterexample), f"{subject.name}: accepted {text}"
            COUNTS["wrong variants refused"] += 1
        elif differs is False:
            assert isinstance(outcome, Agreement), f"{subject.name}: refused {text}: {outcome}"
            COUNTS["variants equal to the claim accepted"] += 1
        else:
            COUNTS["variants that NumPy can't sort"] += 1
            assert outcome != UNDEFINED


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_right_side_is_right(subject):
    assert _truth_differs(subject, parse(subject.right)) is False
    given = Given(subject.given)
    assert isinstance(judge(Statement(parse(subject.left), "=", parse(subject.right)), given), Agreement)


@pytest.mark.parametrize(("seed", "subject"), list(enumerate(SUBJECTS)), ids=[subject.name for subject in SUBJECTS])
def test_no_false_verdict(seed, subject, record_property):
    COUNTS.clear()
    _check_rewrites(subject, seed, REWRITES)
    _check_variants(subject, seed, PERTURBATIONS)
    for name, count in COUNTS.items():
        record_property(name, count)
    # Over all subjects these are more than 100 rewrites and 300 wrong variants.
    assert COUNTS["right rewrites accepted"] == REWRITES >= 100 / len(SUBJECTS)
    assert COUNTS["wrong variants refused"] >= 300 / len(SUBJECTS)
    assert COUNTS["variants that NumPy can't sort"] <= 0.25 * COUNTS["wrong variants refused"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1000, 1006))
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_no_false_verdict_widely(subject, seed):
    _check_rewrites(subject, seed, 25)
    _check_variants(subject, seed, 40)
