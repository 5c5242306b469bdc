"""What a claim is stated about: the domain of every symbol and the quantities that are defined from them."""

import ast
import copy
import re
import unicodedata
from collections import Counter
from functools import reduce
from itertools import product
from keyword import iskeyword
from typing import NamedTuple

from .errors import IllFormed, Unreadable
from .forms import FORMS, shape_text
from .language import ASSUMED, form_of, indices_of, names_in, parse, parse_statement, parts_of, runs, text_of
from .names import require_apart

SIZE, INDEX, PICK = "size", "index", "pick"
# Every axis and every derivative multiplies the work; no formula of the book needs more.
MAX_AXES, MAX_NESTING, MAX_TERMS = 4, 3, 1000
# The kinds of entries a symbol can have, as they are written and as they are read aloud.
ENTRIES = {
    "real": "real",
    "positive": "positive",
    "nonzero": "not zero",
    "unit": "between 0 and 1",
    "onehot": "one-hot: a single 1, else 0",
    "distribution": "positive, summing to one along the last axis",
}
_COMMA = re.compile(r",(?![^\[]*\])")  # between names, not between the indices of one
_DECLARATION = re.compile(r"(?P<names>[^:]+):(?P<domain>[^=:].*)")


class Domain(NamedTuple):
    """Where a symbol lives: its kind, and by kind its axes (array), its two bounds (index), its least value or its
    least and greatest (size). `bounds` are those of the whole numbers in an array of picks."""

    kind: str
    axes: tuple = ()
    bounds: tuple = ()


class Clause(NamedTuple):
    """One defining line ``name[pattern] := body`` with the words that explain it."""

    name: str
    pattern: tuple
    body: ast.expr
    words: str

    @property
    def is_free(self):
        """Whether this only says that an entry, such as h[0], is a symbol of its own."""
        return isinstance(self.body, ast.Name) and self.body.id.endswith("]")


class Given:
    """The setting of one or more claims, written in the book's language, one line each.

    ::

        Given('''
            K: size
            s: real[K]                            | the scores
            i, j, k: 1..K
            p[i] := exp(s[i]) / sum(exp(s[k]), k) | the probabilities
        ''', id="softmax.setting")

    Domains are `size` (from 1 on; ``size >= 3``; ``size = 3`` where it is held fixed), an index range such as
    ``1..K``, and real, nonzero, positive, unit (between 0 and 1), onehot or distribution, with axes in brackets. A
    quantity may be defined by several clauses, such as ``h[0] := ...`` and ``h[t] := ...``; a clause for one index goes
    before the clause for all others. Where a recursion starts may be free: ``h[0]: real[H]``.

    Points at which a statement has no value are excluded by a narrower domain (``nonzero``, ``positive``, a least
    size) or by a line such as ``assume w < 1`` or ``assume i != j``, with one of <=, >=, <, > and !=. An index that
    stands free in the statement means that index there; any other stands for all its values, so that
    ``assume x[k] != 0`` bears on each entry. What is assumed of indices alone bears on statements in which they stand
    free.

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
        self.conditions = list(base.conditions) if base else []
        self.own_domains, self.own_clauses, self.own_conditions = [], [], []
        if not isinstance(text, str):
            raise Unreadable(f"expected a setting as text, found a value of type {type(text).__name__}")
        for line in filter(None, (line.strip() for line in text.splitlines())):
            formula, _, words = (part.strip() for part in line.partition("|"))
            if formula.startswith("assume "):
                self.own_conditions.append(parse_statement(formula.removeprefix("assume "), ASSUMED))
            else:
                self._define(formula, words) if ":=" in formula else self._declare(formula, words)
        # A recursion of two quantities has its shapes found from the one that has a base: keep what was found.
        own = {clause.name for clause in self.own_clauses}
        self._shapes = {name: axes for name, axes in base._shapes.items() if name not in own} if base else {}
        self._open = set()
        for clause in self.own_clauses:
            self._check_clause(clause)
        for condition in self.own_conditions:
            self._check_condition(condition)
        self.conditions += self.own_conditions
        self._require_apart()

    def _require_apart(self, *running):
        """Raise if two symbols print alike, or one like an entry of another; `running` are indices of a sum."""
        symbols = {name: bool(self.shape_of_name(name)) for name in [*self.domains, *self.clauses]}
        indices = [name for name, domain in self.domains.items() if domain.kind in (INDEX, SIZE)]
        require_apart(symbols | dict.fromkeys(running, False), [*indices, *running])

    def __add__(self, text):
        """This setting continued by further lines."""
        return Given(text, base=self) if text else self

    def with_clause(self, clause, body):
        """This setting with another body in one of its definitions.

        Raises
        ------
        IllFormed
            When the definition means nothing with this body.
        """
        changed, new = copy.copy(self), clause._replace(body=body)
        others = [new if other is clause else other for other in self.clauses[clause.name]]
        changed.clauses = self.clauses | {clause.name: others}
        changed._shapes, changed._open = {}, set()
        changed._check_clause(new)
        return changed

    def _check_condition(self, condition):
        for side in (condition.left, condition.right):
            if shape := self.shape(side):
                raise IllFormed(
                    f"`assume {text_of(condition.left)} {condition.relation} {text_of(condition.right)}`: expected "
                    f"numbers on both sides, found shape {shape_text(shape)}; name an entry, such as x[i]"
                )

    def _declare(self, line, words):
        match = _DECLARATION.fullmatch(line)
        if not match:
            raise Unreadable(f"expected `names: domain` or `name := formula`, found `{line}`")
        domain = self._domain(match["domain"].strip(), line)
        for name in (unicodedata.normalize("NFKC", part.strip()) for part in _COMMA.split(match["names"])):
            if name.endswith("]") and domain.kind == INDEX:
                name, own = self._picks(name, domain, line)
            elif name.endswith("]"):
                name, own = self._declare_entry(name, line), domain
            else:
                own = domain
                self._claim_name(name, line)
            self.domains[name], self.words[name] = own, words
            self.own_domains.append(name)

    def _picks(self, text, domain, line):
        """The name and domain of an array of whole numbers, declared as ``w[t]: 1..V``: data that picks rows."""
        name, pattern = self._target(parse(text), line)
        self._claim_name(name, line)
        axes = []
        for index in pattern:
            ranges = self.domains.get(index.id, Domain("")) if isinstance(index, ast.Name) else Domain("")
            if ranges.kind != INDEX or text_of(ranges.axes[0]) != "1":
                raise IllFormed(
                    f"`{line}`: expected an index that runs from 1, declared before, found `{text_of(index)}`"
                )
            axes.append(ranges.axes[1])
        return name, Domain(PICK, tuple(axes), domain.axes)

    def _declare_entry(self, text, line):
        """Make an entry such as h[0] free: a clause whose right side is a symbol that has the entry's own name."""
        target = parse(text)
        name, free = self._target(target, line)[0], text_of(target)
        if free in self.domains:
            raise IllFormed(f"`{line}`: `{free}` is declared already")
        self._add_clause(Clause(name, tuple(indices_of(target)), ast.Name(free), ""), line)
        return free

    def _domain(self, text, line):
        if match := re.fullmatch(r"size(?:\s*(>=|=)\s*(\d{1,3}))?", text):
            least = int(match[2] or 1)
            if least < 1:
                raise IllFormed(f"`{line}`: a size is at least 1")
            return Domain(SIZE, (ast.Constant(least),) * (2 if match[1] == "=" else 1))
        if ".." in text:
            bounds = tuple(parse(bound) for bound in text.split("..", 1))
            for bound in bounds:
                self._require_whole_number(bound, line, kinds=(SIZE,))
            return Domain(INDEX, bounds)
        tree = parse(text)
        kind, axes = (tree.value, indices_of(tree)) if isinstance(tree, ast.Subscript) else (tree, [])
        if not isinstance(kind, ast.Name) or kind.id not in ENTRIES:
            raise IllFormed(
                f"`{line}`: expected the domain size, a range such as 1..K, or one of {', '.join(ENTRIES)} "
                f"with axes such as [K], found `{text}`"
            )
        if (kind.id == "onehot" and len(axes) != 1) or (kind.id == "distribution" and not axes):
            raise IllFormed(f"`{line}`: {kind.id} needs an axis, onehot just one; found {len(axes)}")
        if len(axes) > MAX_AXES:
            raise IllFormed(f"`{line}`: an array has at most {MAX_AXES} axes, found {len(axes)}")
        for axis in axes:
            self._require_whole_number(axis, line, kinds=(SIZE,))
            if isinstance(axis, ast.Constant) and axis.value < 1:
                raise IllFormed(f"`{line}`: the length of an axis is at least 1")
        return Domain(kind.id, tuple(axes))

    def _require_whole_number(self, tree, where, bound=(), kinds=(SIZE, INDEX)):
        """Raise unless a tree is built from whole numbers, sizes and (where they may stand) indices with + - *."""
        match tree:
            case ast.Constant(value=int()):
                return
            case ast.Name(id=name) if name in bound or self.domains.get(name, Domain("")).kind in kinds:
                return
            case ast.UnaryOp() | ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult()):
                for part in parts_of(tree):
                    self._require_whole_number(part, where, bound, kinds)
                return
            case ast.Subscript(value=ast.Name(id=name)) if self.domains.get(name, Domain("")).kind == PICK:
                if not self.shape(tree, bound):
                    return
        self._require_known(names_in(tree) - set(bound), where)
        allowed = ("indices such as `i: 1..K`, " if INDEX in kinds else "") + "sizes and whole numbers"
        raise IllFormed(f"`{text_of(tree)}` in `{where}` is no index: expected {allowed} with + - *")

    def _define(self, line, words):
        left, _, right = line.partition(":=")
        clause = Clause(*self._target(parse(left), line), parse(right), words)
        self._add_clause(clause, line)

    @staticmethod
    def _target(target, line):
        """The name and the indices of what a line defines."""
        name, pattern = target, ()
        if isinstance(target, ast.Subscript):
            name, pattern = target.value, tuple(indices_of(target))
        if not isinstance(name, ast.Name) or not all(isinstance(p, (ast.Name, ast.Constant)) for p in pattern):
            raise Unreadable(f"`{line}`: what is defined is a name, or a name with indices such as p[i]")
        return name.id, pattern

    def _add_clause(self, clause, line):
        name = clause.name
        if name not in self.clauses:
            self._claim_name(name, line)
        elif name not in {other.name for other in self.own_clauses}:
            raise IllFormed(f"`{line}`: `{name}` is defined already, where this setting begins; give it another name")
        others = self.clauses.setdefault(name, [])
        if any(len(other.pattern) != len(clause.pattern) for other in others):
            raise IllFormed(f"`{line}`: `{name}` is defined already with another number of indices")
        if any(_constants(other) == _constants(clause) for other in others):
            raise IllFormed(f"`{line}`: `{name}` is defined already; give it another name")
        others.append(clause)
        others.sort(key=lambda c: _constants(c).count(None))  # the special case goes before the general one
        self.own_clauses.append(clause)

    def _claim_name(self, name, line):
        if name in {"pi", *FORMS, *ENTRIES} - {"d", "delta"}:
            raise Unreadable(f"`{line}`: `{name}` is a word of the language; choose another name")
        if not re.fullmatch(r"[^\W_]+(_[^\W_]+)?", name) or name[0].isdigit() or iskeyword(name):
            raise Unreadable(
                f"`{line}`: `{name}` can't be the name of a symbol; choose letters and digits, with one _ before what "
                "is set below"
            )
        if name in self.domains or name in self.clauses:
            raise IllFormed(f"`{line}`: `{name}` is declared already; give it another name")

    def _require_known(self, names, where):
        for name in sorted(names - {"pi"}):
            if name in {*FORMS} - {*self.domains, *self.clauses}:
                raise IllFormed(f"`{where}`: `{name}` is a function; write `{name}(...)`")
            if name not in self.domains and name not in self.clauses:
                known = ", ".join([*self.domains, *self.clauses]) or "none"
                raise IllFormed(
                    f"`{where}`: the symbol `{name}` has no domain; declare it, for instance "
                    f"`{name}: real`, or use one of these: {known}"
                )

    def _check_clause(self, clause):
        left = f"{clause.name}[{', '.join(map(text_of, clause.pattern))}] := ..."
        running = [index.id for index in clause.pattern if isinstance(index, ast.Name)]
        for index in clause.pattern:
            if isinstance(index, ast.Name) and self.domains.get(index.id, Domain("")).kind != INDEX:
                raise IllFormed(f"`{left}`: declare the index, for instance `{index.id}: 1..K`")
            if isinstance(index, ast.Constant) and not isinstance(index.value, int):
                raise IllFormed(f"`{left}`: an index is a whole number, found {index.value}")
        if len(set(running)) < len(running):
            raise IllFormed(f"`{left}`: each index of a definition has a letter of its own")
        self.shape(
            ast.Name(clause.name)
            if not clause.pattern
            else ast.Subscript(ast.Name(clause.name), ast.Tuple(list(clause.pattern)))
        )
        if self.shape_of_name(clause.name) != self._axes_of(clause.name) + self.shape(clause.body):
            raise IllFormed(f"the clauses of `{clause.name}` have different shapes")
        if free := sorted(self._free(clause.body) - set(running)):
            raise IllFormed(
                f"`{clause.name} := {text_of(clause.body)}`: the index {free[0]} stands free on the right; "
                f"define `{clause.name}[{free[0]}]` or sum over it"
            )

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
                if name not in bound:
                    self._require_one_based(name, 0)
                return self.shape_of_name(name, bound)
            case ast.Subscript():
                return self._shape_of_entry(tree, bound)
            case ast.UnaryOp():
                return self.shape(tree.operand, bound)
            case ast.Attribute():
                return self._shape_of_transpose(tree, bound)
            case ast.BinOp(op=ast.MatMult()):
                return self._shape_of_matmul(tree, bound)
            case ast.BinOp():
                return self._shape_of_arithmetic(tree, bound)
            case ast.Call():
                return _few(FORMS[form_of(tree)].shape(self, tree, bound), text_of(tree))
        raise IllFormed(f"`{text_of(tree)}` has no shape")

    def shape_of_name(self, name, bound=()):
        """The axes of a symbol or a quantity."""
        if name in bound or name == "pi":
            return ()
        if name in self._shapes:
            return self._shapes[name]
        if name in self.domains:
            domain = self.domains[name]
            return () if domain.kind in (INDEX, SIZE) else tuple(map(axis_text, domain.axes))
        self._require_known({name}, name)
        if name in self._open:
            raise IllFormed(
                f"`{name}` is defined through itself; a recursion needs a first case, such as `{name}[0] := ...`"
            )
        # A recursion meets itself on the way: then the first clause, its base, has told the shape already.
        self._open.add(name)
        try:
            self._shapes[name] = _few(self._axes_of(name) + self.shape(self.clauses[name][0].body), name)
        finally:
            self._open.discard(name)
        return self._shapes[name]

    def _axes_of(self, name):
        """The axes that the indices of a defined quantity run over."""
        return tuple(map(self._axis_of_index, self.general_clause(name).pattern))

    def _require_one_based(self, name, given_indices):
        """An array may be used whole only where its places are counted like its indices, from 1."""
        if name not in self.clauses or given_indices >= len(self.clauses[name][0].pattern):
            return
        for index in self.general_clause(name).pattern[given_indices:]:
            if isinstance(index, ast.Constant) or text_of(self.domains[index.id].axes[0]) != "1":
                raise IllFormed(
                    f"`{name}` can't be used whole, because its index {text_of(index)} does not run from "
                    f"1; write `{name}[...]` with its index"
                )

    def _axis_of_index(self, index):
        if isinstance(index, ast.Constant):
            return "1"
        low, high = map(axis_text, self.domains[index.id].axes)
        return high if low == "1" else f"{low}..{high}"

    def _shape_of_entry(self, tree, bound):
        indices = indices_of(tree)
        if not isinstance(tree.value, ast.Name):
            return self._axes_after(indices, self.shape(tree.value, bound), tree, bound)
        name = tree.value.id
        if name in bound:
            raise IllFormed(f"`{text_of(tree)}`: {name} is an index here and has no entries")
        self._require_one_based(name, len(indices))
        axes = self.shape_of_name(name, bound)
        return self._axes_after(indices, axes, tree, bound)

    def _axes_after(self, indices, axes, tree, bound):
        """The axes that are left when the first ones are given indices."""
        if len(indices) > len(axes):
            raise IllFormed(
                f"`{text_of(tree)}` has {len(indices)} indices, but `{text_of(tree.value)}` has {len(axes)} axes"
            )
        for axis, index in zip(axes, indices, strict=False):
            self._require_whole_number(index, text_of(tree), bound)
            if isinstance(index, ast.Name) and index.id not in bound:
                self._require_index(index.id, index, axis, tree)
            elif isinstance(index, ast.Subscript):
                self._require_index(index.value.id, index, axis, tree)
        return axes[len(indices) :]

    def _require_index(self, name, index, axis, tree):
        domain = self.domains[name]
        bounds = domain.bounds or domain.axes
        if domain.kind in (INDEX, PICK) and not _ends_within(bounds[1], axis):
            raise IllFormed(
                f"`{text_of(tree)}`: the index {text_of(index)} runs to {axis_text(bounds[1])}, the axis has {axis}"
            )

    def _shape_of_transpose(self, tree, bound):
        shape = self.shape(tree.value, bound)
        if len(shape) == 1:
            raise IllFormed(
                f"`{text_of(tree)}`: a row has no .T here; aᵀ b of two rows is `outer(a, b)`, a bᵀ is `a @ b`"
            )
        if len(shape) != 2:
            raise IllFormed(f"`{text_of(tree)}`: only a matrix has a transpose, found shape {shape_text(shape)}")
        return shape[::-1]

    def _shape_of_matmul(self, tree, bound):
        left, right = self.shape(tree.left, bound), self.shape(tree.right, bound)
        if len(left) == 2 and len(right) == 1:
            turned = tree.left.value if isinstance(tree.left, ast.Attribute) else ast.Attribute(tree.left, "T")
            meant = text_of(ast.BinOp(tree.right, ast.MatMult(), turned))
            raise IllFormed(f"`{text_of(tree)}`: `{text_of(tree.right)}` is a row; write `{meant}`")
        if not 0 < len(left) <= 2 or not 0 < len(right) <= 2 or left[-1] != right[-2:][0]:
            raise IllFormed(f"`{text_of(tree)}`: shapes {shape_text(left)} and {shape_text(right)} can't be multiplied")
        return left[:-1] + right[:-2] + right[-1:] if len(right) > 1 else left[:-1]

    def _shape_of_arithmetic(self, tree, bound):
        return self.fitting_shape([tree.left, tree.right], tree, bound)

    # What the rows of `FORMS` ask for.

    def fitting_shape(self, parts, tree, bound):
        """The axes that all parts of a tree have; a scalar fits every shape."""
        shapes = [shape for part in parts if (shape := self.shape(part, bound))]
        if any(shape != shapes[0] for shape in shapes):
            raise IllFormed(f"`{text_of(tree)}`: shapes {' and '.join(map(shape_text, shapes))} do not fit")
        return shapes[0] if shapes else ()

    @staticmethod
    def axis(tree):
        """The text of an axis."""
        return axis_text(tree)

    @staticmethod
    def joined_axis(axes):
        """The axis of arrays joined end to end."""
        return axis_text(parse(" + ".join(axes)))

    def joined_shapes(self, call, bound):
        """The axes of all arguments, one after another."""
        return sum((self.shape(argument, bound) for argument in call.args), ())

    def require_whole_numbers(self, call, bound):
        """Raise unless all arguments can be indices."""
        for argument in call.args:
            self._require_whole_number(argument, text_of(call), bound)

    def shape_of_derivative(self, call, bound):
        """The axes of what is differentiated, then those of what it is differentiated by."""
        shape = self.joined_shapes(call, bound)
        self._require_variable(call.args[1], call, bound)
        return shape

    def shape_of_series(self, tree, bound):
        """The axes of one term of a sum or product."""
        name, index, bounds = form_of(tree), tree.args[1].id, tree.args[2:]
        kind = self.domains.get(index, Domain("")).kind
        if not bounds:
            if kind != INDEX:
                raise IllFormed(
                    f"`{text_of(tree)}`: the index {index} has no range; declare it, for instance "
                    f"`{index}: 1..K`, or write `{name}(f, {index}, 1, K)`"
                )
            # An index with a declared range keeps its check, unless an outer sum runs over the same letter.
            return self.shape(tree.args[0], tuple(b for b in bound if b != index))
        if kind not in (INDEX, "") or index in self.clauses or index in ("pi", *FORMS):
            raise IllFormed(f"`{text_of(tree)}`: `{index}` means something else already; sum over another letter")
        if not kind:
            self._require_apart(index)
        for end in bounds:
            self._require_whole_number(end, text_of(tree), bound)
        if all(isinstance(end, ast.Constant) for end in bounds) and bounds[1].value - bounds[0].value >= MAX_TERMS:
            raise IllFormed(f"`{text_of(tree)}` has too many terms; at most {MAX_TERMS} are added up")
        return self.shape(tree.args[0], (*bound, index))

    def _require_variable(self, x, tree, bound):
        name = x.value.id if isinstance(x, ast.Subscript) else x.id
        kind = self.domains.get(name, Domain("")).kind
        if name in bound or name == "pi" or kind in (SIZE, INDEX, PICK):
            raise IllFormed(f"`{text_of(tree)}`: `{name}` is no quantity that can vary")
        if kind in ("onehot", "distribution"):
            raise IllFormed(
                f"`{text_of(tree)}`: the entries of `{name}` sum to one and can't vary one by one; "
                f"declare `{name}: real[...]` to differentiate by it"
            )

    def check_statement(self, statement):
        """Raise `IllFormed` unless both sides mean something and have the same shape."""
        if (nested := self.nesting([statement.left, statement.right])) > MAX_NESTING:
            raise IllFormed(f"derivatives stand {nested} deep inside one another; at most {MAX_NESTING} are computed")
        left, right = self.shape(statement.left), self.shape(statement.right)
        if statement.relation == "≈" and (left or not _is_number(statement.right)):
            raise IllFormed(f"≈ compares a scalar with a number as it is written, found `{text_of(statement.right)}`")
        # Zero is every shape's zero; any other number is no array.
        if left != right and not any(
            isinstance(side, ast.Constant) and side.value == 0 for side in (statement.left, statement.right)
        ):
            raise IllFormed(f"the left side has shape {shape_text(left)}, the right side {shape_text(right)}")

    def same_range(self, index):
        """The other index symbols that run over the same range as this one; none where it is no index symbol."""
        domain = self.domains.get(index.id, Domain("")) if isinstance(index, ast.Name) else Domain("")
        bounds = [text_of(bound) for bound in domain.axes]
        return [
            name
            for name, other in self.domains.items()
            if other.kind == domain.kind == INDEX
            and name != index.id
            and [text_of(bound) for bound in other.axes] == bounds
        ]

    def general_clause(self, name):
        """The clause of a quantity with the most running indices: ``h[t] := ...`` rather than ``h[0] := ...``."""
        return max(self.clauses[name], key=lambda clause: sum(isinstance(p, ast.Name) for p in clause.pattern))

    # What is used where.

    def nesting(self, trees):
        """How deep derivatives stand inside one another, definitions included."""
        depths, entered = {}, {}

        def depth(tree, above=0):
            if isinstance(tree, ast.Name):
                return depth_of_name(tree.id, above)
            here = form_of(tree) == "d"
            return max((depth(part, above + here) for part in parts_of(tree)), default=0) + here

        def depth_of_name(name, above):
            if name in entered:  # a recursion; if it differentiates itself, it nests as deep as it is long
                return MAX_NESTING + 1 if above > entered[name] else 0
            if name not in depths:
                entered[name] = above
                depths[name] = max((depth(clause.body, above) for clause in self.clauses.get(name, ())), default=0)
                del entered[name]
            return depths[name]

        return max(map(depth, trees))

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
            domain = self.domains.get(name, Domain(""))
            for axis in (*domain.axes, *domain.bounds):
                open_names |= names_in(axis)
        return seen

    def smallest(self, name):
        """The least value that a size may have."""
        return self.domains[name].axes[0].value

    def held(self, name):
        """The value of a size that the setting fixes, else None."""
        return self.domains[name].axes[1].value if len(self.domains[name].axes) == 2 else None

    def sizes(self, trees):
        """The size symbols on which these trees depend, in the order of declaration."""
        needed = self.needed(trees)
        return [name for name, domain in self.domains.items() if domain.kind == SIZE and name in needed]

    def sizes_declared(self):
        """Every size symbol of the setting."""
        return [name for name, domain in self.domains.items() if domain.kind == SIZE]

    def free_indices(self, trees):
        """The index symbols that stand free in these trees, in the order of declaration."""
        free = reduce(set.union, (self._free(tree) for tree in trees), set())
        return [name for name, domain in self.domains.items() if domain.kind == INDEX and name in free]

    def _free(self, tree):
        if runs(tree):
            inner = self._free(tree.args[0]) - {tree.args[1].id}
            return reduce(set.union, map(self._free, tree.args[2:]), inner)
        if isinstance(tree, ast.Name):
            return {tree.id} & set(self.domains) if self.domains.get(tree.id, Domain("")).kind == INDEX else set()
        return reduce(set.union, map(self._free, parts_of(tree)), set())

    def __repr__(self):
        return self.text.strip()

    def _ipython_display_(self):
        from .display import show

        show(self)


def _constants(clause):
    """What tells one clause of a quantity from another: its constant indices, None for a running one."""
    return [p.value if isinstance(p, ast.Constant) else None for p in clause.pattern]


def _few(axes, what):
    if len(axes) > MAX_AXES:
        raise IllFormed(f"`{what}` has {len(axes)} axes; an array has at most {MAX_AXES}")
    return axes


def _is_number(tree):
    return isinstance(tree, ast.Constant) or (isinstance(tree, ast.UnaryOp) and isinstance(tree.operand, ast.Constant))


def _ends_within(high, axis):
    """Whether an index that ends at `high` ends within an axis: at its end, or a number of places before it."""
    left = _polynomial(ast.BinOp(parse(axis.split("..")[-1]), ast.Sub(), high))
    # A size is at least 1, and so is a product of sizes.
    return all(times > 0 for names, times in left.items() if names) and sum(left.values()) >= 0


def axis_text(tree):
    """The text of a size expression in one form, so that ``D + D`` and ``2 * D`` are the same axis."""
    text = ""
    for names, times in sorted(_polynomial(tree).items(), key=lambda item: (-len(item[0]), item[0])):
        factors = ([str(abs(times))] if abs(times) != 1 or not names else []) + list(names)
        text += (" - " if times < 0 else " + " if text else "") + " * ".join(factors)
    return text.strip() or "0"


def _polynomial(tree):
    """By product of names: how often it occurs in an expression of sizes and whole numbers."""
    match tree:
        case ast.Constant(value=value):
            found = {(): value}
        case ast.Name(id=name):
            found = {(name,): 1}
        case ast.UnaryOp(op=op, operand=operand):
            found = {names: -n if isinstance(op, ast.USub) else n for names, n in _polynomial(operand).items()}
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _polynomial(left), _polynomial(right)
            found = Counter()
            if isinstance(op, ast.Mult):
                for (m, x), (n, y) in product(a.items(), b.items()):
                    found[tuple(sorted(m + n))] += x * y
            else:
                for names in a.keys() | b.keys():
                    found[names] = a.get(names, 0) + b.get(names, 0) * (-1 if isinstance(op, ast.Sub) else 1)
    return {names: times for names, times in found.items() if times}
