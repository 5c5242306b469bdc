"""Derivations in several lines: chains, and inductions with a base and a step."""

import ast

from .claim import Claim
from .domains import axis_text
from .errors import IllFormed, Unreadable
from .evidence import joined
from .language import RELATIONS, Statement, indices_of, parse, parse_statement, parts_of, respell, substituted, text_of


class Chain(Claim):
    """A derivation: one expression rewritten line by line, each line checked against the line before.

    Parameters
    ----------
    statement : str
        The first expression on a line of its own, then lines that begin with a relation; what stands after
        ``|`` gives the reader the reason::

            d(L, s[j])
            = sum(d(L, p[k]) * d(p[k], s[j]), k)   | the chain rule
            = p[j] - y[j]                          | the targets sum to one

    id, given, title, mistakes, answers, fixed
        As for `Claim`.
    """

    kind = "chain"

    def _read(self, statement):
        lines = [line.partition("|") for line in statement.strip().splitlines() if line.strip()]
        if len(lines) < 2:
            raise Unreadable("a chain has at least two lines: an expression and what it becomes")
        steps, left = [], parse(lines[0][0])
        for text, _, _ in lines[1:]:
            text = respell(text)
            relation = next((r for r in sorted(RELATIONS, key=len, reverse=True) if text.startswith(r)), None)
            if relation is None:
                raise Unreadable(f"a line of a chain begins with one of {' '.join(RELATIONS)}, found `{text}`")
            steps.append(Statement(left, relation, parse(text[len(relation) :])))
            left = steps[-1].right
        self._require_one_way([step.relation for step in steps])
        return steps, [reason.strip() for _, _, reason in lines]

    @staticmethod
    def _require_one_way(relations):
        """From ``a <= b >= c`` nothing follows about a and c, and a rounded number begins no further step."""
        kinds = set(relations) - {"="}
        if not (kinds <= {"<", "<="} or kinds <= {">", ">="} or kinds == {"≈"}) or "≈" in relations[:-1]:
            raise IllFormed(
                "the relations of a chain run one way: = with < and <=, or = with > and >=, or ≈ in its last line"
            )

    def _place(self, number):
        return f"step {number + 1} (`{text_of(self.lines[number].right)}`) "


class Induction(Claim):
    """A recursion that settles a quantity at every step: its base and its step, each a statement that is checked.

    Which steps the two cover together is derived from them. They must meet: the step says how an entry follows from
    the one beside it, and the base is the entry at which that begins.

    Parameters
    ----------
    statement : str
        The base and the step, a line each; what stands after ``|`` tells the reader which steps it is about::

            delta[T] = ...   | the last step
            delta[r] = ...   | each step before, from the one after it

    id, given, title, mistakes, answers, fixed
        As for `Claim`.

    Raises
    ------
    IllFormed
        When base and step are about different quantities, or do not meet.
    """

    def _read(self, statement):
        lines = [line.partition("|") for line in statement.strip().splitlines() if line.strip()]
        if len(lines) != 2:
            raise Unreadable("an induction has two lines, its base and its step")
        return [parse_statement(text) for text, _, _ in lines], [reason.strip() for _, _, reason in lines]

    def _place(self, number):
        return ("the base ", "the step ")[number]

    def _establish(self):
        evidence = super()._establish()
        index, way, first, last = _reach(*self.lines, self.given)
        return joined(
            [evidence._replace(rules=(*evidence.rules, f"induction over {index}, from {first} {way} to {last}"))]
        )

    @property
    def statement(self):
        """The step, of the two lines the one that a mistake is a version of."""
        return self.lines[1]


def _reach(base, step, given):
    """Over which index an induction runs, in which direction, and where it begins and ends.

    Returns
    -------
    tuple of str
        The index, ``"up"`` or ``"down"``, the first and the last value that base and step settle together.
    """
    places = {(text_of(a), text_of(b)): (a, b) for a, b in _differences(base.left, step.left)}
    indices = {name for _, b in places.values() for name in given.free_indices([b])}
    if len(places) != 1 or len(indices) != 1 or {base.relation, step.relation} != {"="}:
        raise IllFormed(
            "an induction says what one quantity is at two places, its base, such as `delta[T] = ...`, and any step, "
            "such as `delta[r] = ...`"
        )
    ((at_base, at_step),), (index,) = places.values(), indices
    if any(index in given.free_indices([c.left, c.right]) for c in given.conditions):
        raise IllFormed(f"an induction goes over every {index}: what is assumed of {index} may leave a step out")
    beside = {"down": ast.Add(), "up": ast.Sub()}  # the entry that the step starts from
    used = {way: ast.BinOp(ast.Name(index), op, ast.Constant(1)) for way, op in beside.items()}
    ways = [way for way, place in used.items() if _holds(step.right, substituted(step.left, index, place))]
    if len(ways) != 1:
        raise IllFormed(
            f"the step of an induction uses the quantity at one place beside its own, `{text_of(used['down'])}` or "
            f"`{text_of(used['up'])}`"
        )
    (way,) = ways
    first, last = (substituted(at_step, index, end) for end in given.domains[index].axes[:: -1 if way == "down" else 1])
    start = ast.BinOp(first, beside[way], ast.Constant(1))
    if axis_text(start) != axis_text(at_base):
        raise IllFormed(
            f"base and step of this induction do not meet: the base is about {axis_text(at_base)}, and the step starts "
            f"from {axis_text(start)}"
        )
    return index, way, axis_text(at_base), axis_text(last)


def _differences(a, b):
    """The places at which two trees differ, as pairs of what stands there."""
    if text_of(a) == text_of(b):
        return []
    parts = list(zip(parts_of(a), parts_of(b), strict=False))
    if type(a) is not type(b) or not parts or len(parts_of(a)) != len(parts_of(b)):
        return [(a, b)]
    return [pair for part in parts for pair in _differences(*part)]


def _holds(tree, part):
    """Whether a part occurs in a tree, whichever way its indices are written."""
    wanted = _plain(part)
    return any(_plain(node) == wanted for node in ast.walk(tree) if isinstance(node, ast.expr))


def _plain(tree):
    """A text of a tree in which every entry's indices are written in one way."""
    if not isinstance(tree, ast.Subscript):
        return text_of(tree) if not parts_of(tree) else f"{type(tree).__name__}{[_plain(p) for p in parts_of(tree)]}"
    return f"{_plain(tree.value)}[{', '.join(map(axis_text, indices_of(tree)))}]"
