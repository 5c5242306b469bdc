"""What a claim is stated about: the domain of every symbol and the quantities that are defined from them."""
import ast
import re
from functools import reduce
from typing import NamedTuple

from .errors import IllFormed, Unreadable
from .functions import FUNCTIONS
from .language import form_of, indices_of, names_in, parse, text_of

SIZE, INDEX = "size", "index"
# The kinds of entries a symbol can have, as they are written and as they are read aloud.
ENTRIES = {
    "real": "real",
    "positive": "positive",
    "unit": "between 0 and 1",
    "onehot": "one-hot: a single 1, else 0",
    "distribution": "positive, summing to one",
}
_DECLARATION = re.compile(r"(?P<names>[^:]+):(?P<domain>[^=:].*)")


class Domain(NamedTuple):
    """Where a symbol lives: its kind, and per kind its axes (array), two bounds (index) or least value (size)."""

    kind: str
    axes: tuple = ()


class Clause(NamedTuple):
    """One defining line ``name[pattern] := body`` with the words that explain it."""

    name: str
    pattern: tuple
    body: ast.expr
    words: str


class Given:
    """The setting of one or more claims, written in the book's language, one line each.

    ::

        Given('''
            K: size
            s: real[K]                            | the scores
            i, j, k: 1..K
            p[i] := exp(s[i]) / sum(exp(s[k]), k) | the probabilities
        ''', id="softmax.setting")

    Domains are `size` (from 1 on, or ``size >= 3``), an index range such as ``1..K``, and real, positive, unit (between 0 and 1), onehot or
    distribution, with axes in brackets. A quantity may be defined by several clauses, such as ``h[0] := ...``
    and ``h[t] := ...``; the first whose constant indices match is used.

    Parameters
    ----------
    text : str
        The lines; what stands after ``|`` explains the line to the reader.
    id : str
        Name under which the page shows the definitions; empty for a setting that is not shown by itself.
    base : Given, optional
        A setting that this one continues.

    Raises
    ------
    Unreadable, IllFormed
        When a line can't be read, a symbol is declared twice or a definition uses an unknown one.
    """

    def __init__(self, text="", id="", base=None):
        self.id, self.text = id, text
        self.domains = dict(base.domains) if base else {}
        self.clauses = {name: list(found) for name, found in base.clauses.items()} if base else {}
        self.words = dict(base.words) if base else {}
        self.own_domains, self.own_clauses = [], []
        for line in filter(None, (line.strip() for line in text.splitlines())):
            formula, _, words = (part.strip() for part in line.partition("|"))
            self._define(formula, words) if ":=" in formula else self._declare(formula, words)
        self._shapes = {}
        for clause in self.own_clauses:
            self._check_clause(clause)

    def __add__(self, text):
        """This setting continued by further lines."""
        return Given(text, base=self) if text else self

    def _declare(self, line, words):
        match = _DECLARATION.fullmatch(line)
        if not match:
            raise Unreadable(f"expected `names: domain` or `name := formula`, found `{line}`")
        domain = self._domain(match["domain"].strip(), line)
        for name in (part.strip() for part in match["names"].split(",")):
            self._claim_name(name, line)
            self.domains[name], self.words[name] = domain, words
            self.own_domains.append(name)

    def _domain(self, text, line):
        if match := re.fullmatch(r"size(?:\s*>=\s*(\d+))?", text):
            return Domain(SIZE, (ast.Constant(int(match[1] or 1)),))
        if ".." in text:
            low, high = (parse(bound) for bound in text.split("..", 1))
            self._require_known(names_in(low) | names_in(high), line)
            return Domain(INDEX, (low, high))
        tree = parse(text)
        kind, axes = (tree.value, indices_of(tree)) if isinstance(tree, ast.Subscript) else (tree, [])
        if not isinstance(kind, ast.Name) or kind.id not in ENTRIES:
            raise IllFormed(f"`{line}`: expected the domain size, a range such as 1..K, or one of {', '.join(ENTRIES)} "
                            f"with axes such as [K], found `{text}`")
        if kind.id in ("onehot", "distribution") and len(axes) != 1:
            raise IllFormed(f"`{line}`: {kind.id} needs exactly one axis, found {len(axes)}")
        for axis in axes:
            self._require_known(names_in(axis), line)
        return Domain(kind.id, tuple(axes))

    def _define(self, line, words):
        left, _, right = line.partition(":=")
        target = parse(left)
        name, pattern = target, ()
        if isinstance(target, ast.Subscript):
            name, pattern = target.value, tuple(indices_of(target))
        if not isinstance(name, ast.Name) or not all(isinstance(p, (ast.Name, ast.Constant)) for p in pattern):
            raise Unreadable(f"`{line}`: the left side of := is a name, or a name with indices such as p[i]")
        clause = Clause(name.id, pattern, parse(right), words)
        if name.id not in self.clauses:
            self._claim_name(name.id, line)
        self.clauses.setdefault(name.id, []).append(clause)
        self.own_clauses.append(clause)

    def _claim_name(self, name, line):
        if not name.isidentifier() or name in FUNCTIONS:
            raise Unreadable(f"`{line}`: `{name}` can't be the name of a symbol")
        if name in self.domains or name in self.clauses:
            raise IllFormed(f"`{line}`: `{name}` is declared already; give it another name")

    def _require_known(self, names, where):
        for name in sorted(names):
            if name not in self.domains and name not in self.clauses and name != "pi":
                raise IllFormed(f"`{where}`: the symbol `{name}` has no domain; declare it, for instance `{name}: real`")

    def _check_clause(self, clause):
        for index in clause.pattern:
            if isinstance(index, ast.Name) and self.domains.get(index.id, Domain("")).kind != INDEX:
                raise IllFormed(f"`{clause.name}[{text_of(index)}] := ...`: declare the index, "
                                f"for instance `{index.id}: 1..K`")
        self.shape(ast.Name(clause.name))

    # Shapes: a tuple of axis texts, so that `K` and `3` can be compared before any size has a value.

    def shape(self, tree, bound=()):
        """The axes of what a tree stands for, as texts, for instance ``("K",)``; ``()`` for a scalar.

        Raises
        ------
        IllFormed
            When a symbol is unknown, an index is out of place or shapes do not fit.
        """
        match tree:
            case ast.Constant():
                return ()
            case ast.Name(id=name):
                return self._shape_of_name(name, bound)
            case ast.Subscript():
                return self._shape_of_entry(tree, bound)
            case ast.UnaryOp():
                return self.shape(tree.operand, bound)
            case ast.Attribute():
                return self.shape(tree.value, bound)[::-1]
            case ast.BinOp(op=ast.MatMult()):
                return self._shape_of_matmul(tree, bound)
            case ast.BinOp():
                return self._shape_of_arithmetic(tree, bound)
            case ast.Call():
                return self._shape_of_call(tree, bound)
        raise IllFormed(f"`{text_of(tree)}` has no shape")

    def _shape_of_name(self, name, bound):
        if name in bound or name == "pi":
            return ()
        if name in self._shapes:
            return self._shapes[name]
        if name in self.domains:
            domain = self.domains[name]
            return () if domain.kind in (INDEX, SIZE) else tuple(text_of(axis) for axis in domain.axes)
        self._require_known({name}, name)
        # A recursion meets itself here: then the first clause, its base, has told the shape already.
        clause = self.clauses[name][0]
        axes = tuple(self._axis_of_index(p) for p in self.general_clause(name).pattern)
        self._shapes[name] = axes + self.shape(clause.body)
        for other in self.clauses[name][1:]:
            if axes + self.shape(other.body) != self._shapes[name]:
                raise IllFormed(f"the clauses of `{name}` have different shapes")
        return self._shapes[name]

    def _axis_of_index(self, index):
        if isinstance(index, ast.Constant):
            return "1"
        low, high = self.domains[index.id].axes
        return text_of(high) if text_of(low) == "1" else f"{text_of(low)}..{text_of(high)}"

    def _shape_of_entry(self, tree, bound):
        axes, indices = self.shape(tree.value, bound), indices_of(tree)
        if len(indices) > len(axes):
            raise IllFormed(f"`{text_of(tree)}` has {len(indices)} indices, but `{tree.value.id}` has {len(axes)} axes")
        for axis, index in zip(axes, indices):
            if self.shape(index, bound):
                raise IllFormed(f"`{text_of(index)}` in `{text_of(tree)}` is no index: it is an array")
            if isinstance(index, ast.Name) and index.id not in bound:
                self._require_index(index, axis, tree)
        return axes[len(indices):]

    def _require_index(self, index, axis, tree):
        domain = self.domains.get(index.id)
        if domain is None or domain.kind not in (INDEX, SIZE):
            raise IllFormed(f"`{index.id}` in `{text_of(tree)}` is no index; declare it, for instance `{index.id}: 1..K`")
        if domain.kind == INDEX and _end(self._axis_of_index(index)) != _end(axis):
            raise IllFormed(f"`{text_of(tree)}`: the index {index.id} runs over {self._axis_of_index(index)}, "
                            f"the axis has {axis}")

    def _shape_of_matmul(self, tree, bound):
        left, right = self.shape(tree.left, bound), self.shape(tree.right, bound)
        if not left or not right or left[-1] != right[-2:][0]:
            raise IllFormed(f"`{text_of(tree)}`: shapes {_show(left)} and {_show(right)} can't be multiplied")
        return left[:-1] + right[:-2] + right[-1:] if len(right) > 1 else left[:-1]

    def _shape_of_arithmetic(self, tree, bound):
        left, right = self.shape(tree.left, bound), self.shape(tree.right, bound)
        if left and right and left != right:
            raise IllFormed(f"`{text_of(tree)}`: shapes {_show(left)} and {_show(right)} do not fit")
        return left or right

    def _shape_of_call(self, tree, bound):
        name, arguments = form_of(tree), tree.args
        if name in ("sum", "prod"):
            index = arguments[1].id
            if len(arguments) == 2 and self.domains.get(index, Domain("")).kind != INDEX:
                raise IllFormed(f"`{text_of(tree)}`: the index {index} has no range; declare it, for instance "
                                f"`{index}: 1..K`, or write `{name}(f, {index}, 1, K)`")
            # An index with a declared range keeps its check; one that is bounded on the spot can't be checked.
            return self.shape(arguments[0], bound if len(arguments) == 2 else (*bound, index))
        shapes = [self.shape(argument, bound) for argument in arguments]
        if name == "delta" and any(shapes):
            raise IllFormed(f"`{text_of(tree)}`: delta compares two indices")
        if name == "d":
            return shapes[0] + shapes[1]
        if name == "outer":
            return shapes[0] + shapes[1]
        if name == "diag":
            return shapes[0] * 2
        if name == "softmax" and len(shapes[0]) != 1:
            raise IllFormed(f"`{text_of(tree)}`: softmax takes a vector, found shape {_show(shapes[0])}")
        return shapes[0]

    def check_statement(self, statement):
        """Raise `IllFormed` unless both sides mean something and have the same shape."""
        left, right = self.shape(statement.left), self.shape(statement.right)
        # Zero is every shape's zero; any other number is no array.
        if left != right and not any(isinstance(side, ast.Constant) and side.value == 0
                                     for side in (statement.left, statement.right)):
            raise IllFormed(f"the left side has shape {_show(left)}, the right side {_show(right)}")

    def general_clause(self, name):
        """The clause of a quantity with the most running indices: ``h[t] := ...`` rather than ``h[0] := ...``."""
        return max(self.clauses[name], key=lambda clause: sum(isinstance(p, ast.Name) for p in clause.pattern))

    # What is used where.

    def needed(self, trees):
        """The names on which these trees depend, through all definitions, domains' sizes included."""
        open_names, seen = reduce(set.union, map(names_in, trees), set()), set()
        while open_names:
            name = open_names.pop()
            if name in seen:
                continue
            seen.add(name)
            for clause in self.clauses.get(name, ()):
                open_names |= names_in(clause.body) | {n for p in clause.pattern for n in names_in(p)}
            for axis in self.domains.get(name, Domain("")).axes:
                open_names |= names_in(axis)
        return seen

    def smallest(self, name):
        """The least value that a size may have."""
        return self.domains[name].axes[0].value

    def sizes(self, trees):
        """The size symbols on which these trees depend, in the order of declaration."""
        needed = self.needed(trees)
        return [name for name, domain in self.domains.items() if domain.kind == SIZE and name in needed]

    def free_indices(self, trees):
        """The index symbols that stand free in these trees, in the order of declaration."""
        free = reduce(set.union, (self._free(tree) for tree in trees), set())
        return [name for name, domain in self.domains.items() if domain.kind == INDEX and name in free]

    def _free(self, tree):
        if form_of(tree) in ("sum", "prod"):
            inner = self._free(tree.args[0]) - {tree.args[1].id}
            return reduce(set.union, map(self._free, tree.args[2:]), inner)
        if isinstance(tree, ast.Name):
            return {tree.id} & set(self.domains) if self.domains.get(tree.id, Domain("")).kind == INDEX else set()
        return reduce(set.union, map(self._free, ast.iter_child_nodes(tree)), set())

    def _repr_mimebundle_(self, include=None, exclude=None):
        from .display import definition_bundle
        return definition_bundle(self)


def _end(axis):
    return axis.split("..")[-1]


def _show(shape):
    return "(" + ", ".join(shape) + ")" if shape else "() of a scalar"
