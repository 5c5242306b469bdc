"""What a claim is stated about: the domain of every symbol and the quantities that are defined from them."""

import ast
import copy
import re
import unicodedata
from collections.abc import Iterable
from functools import reduce
from keyword import iskeyword

from .domains import ENTRIES, INDEX, MAX_AXES, MAX_NESTING, PICK, SIZE, Clause, Domain
from .errors import IllFormed, Unreadable
from .forms import FORMS, shape_text
from .language import ASSUMED, form_of, indices_of, names_in, parse, parse_statement, parts_of, runs, text_of
from .names import is_name, require_apart
from .shapes import Shapes

_COMMA = re.compile(r",(?![^\[]*\])")  # between names, not between the indices of one
_DECLARATION = re.compile(r"(?P<names>[^:]+):(?P<domain>[^=:].*)")


class Given(Shapes):
    """The setting of one or more claims, written in the book's language, one line each.

    ::

        Given('''
            K: size
            s: real[K]                            | the scores
            i, j, k: 1..K
            p[i] := exp(s[i]) / sum(exp(s[k]), k) | the probabilities
        ''', id="softmax.setting")

    Domains are ``size`` (from 1 on; ``size >= 3``; ``size = 3`` where it is held fixed), an index range such as
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
        A setting that this one continues. It may narrow a size: ``T: size >= 2`` where the other has ``T: size``.
    title : str
        A few words that name it: "the network".

    Raises
    ------
    Unreadable, IllFormed
        When a line can't be read, a symbol is declared twice or a definition uses an unknown one.
    """

    def __init__(self, text: str = "", id: str = "", base: "Given | None" = None, title: str = ""):
        self.id, self.text, self.title = id, text, title
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
        # The id of the setting that declares each name.
        own = dict.fromkeys([*self.own_domains, *(clause.name for clause in self.own_clauses)], id)
        self.origin = (base.origin if base else {}) | own

    def _require_apart(self, *running):
        """Raise if two symbols print alike, or one like an entry of another; `running` are indices of a sum."""
        symbols = {name: bool(self.shape_of_name(name)) for name in [*self.domains, *self.clauses]}
        indices = [name for name, domain in self.domains.items() if domain.kind in (INDEX, SIZE)]
        require_apart(symbols | dict.fromkeys(running, False), [*indices, *running])

    def __add__(self, text):
        """This setting continued by further lines."""
        return Given(text, base=self) if text else self

    def with_clause(self, clause: Clause, body: ast.AST) -> "Given":
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
                if not self._narrows(name, domain):
                    self._claim_name(name, line)
            self.domains[name], self.words[name] = own, words or self.words.get(name, "")
            self.own_domains.append(name)

    def _narrows(self, name, domain):
        """Whether a line makes a size of the setting that this one continues start later, which takes nothing back."""
        known = self.domains.get(name, Domain(""))
        return (
            known.kind == domain.kind == SIZE
            and name not in self.own_domains
            and not self.held(name)
            and domain.axes[0].value >= known.axes[0].value
        )

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
        self._require_known(names_in(tree) - set(bound), where, "size")
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
        if not is_name(name) or iskeyword(name):
            raise Unreadable(
                f"`{line}`: `{name}` can't be the name of a symbol; choose Latin or Greek letters and digits, with "
                "one _ before what is set below"
            )
        if name in self.domains or name in self.clauses:
            raise IllFormed(f"`{line}`: `{name}` is declared already; give it another name")

    def _require_known(self, names, where, kind="real"):
        for name in sorted(names - {"pi"}):
            if name in {*FORMS} - {*self.domains, *self.clauses}:
                raise IllFormed(f"`{where}`: `{name}` is a function; write `{name}(...)`")
            if name not in self.domains and name not in self.clauses:
                known = ", ".join([*self.domains, *self.clauses]) or "none"
                raise IllFormed(
                    f"`{where}`: the symbol `{name}` has no domain; declare it, for instance "
                    f"`{name}: {kind}`, or use one of these: {known}"
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

    # What is used where.

    def nesting(self, trees: Iterable[ast.AST]) -> int:
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

    def needed(self, trees: Iterable[ast.AST]) -> set[str]:
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

    def smallest(self, name: str) -> int:
        """The least value that a size may have."""
        return self.domains[name].axes[0].value

    def held(self, name: str) -> int | None:
        """The value of a size that the setting fixes, else None."""
        return self.domains[name].axes[1].value if len(self.domains[name].axes) == 2 else None

    def sizes(self, trees: Iterable[ast.AST]) -> list[str]:
        """The size symbols on which these trees depend, in the order of declaration."""
        needed = self.needed(trees)
        return [name for name, domain in self.domains.items() if domain.kind == SIZE and name in needed]

    def sizes_declared(self) -> list[str]:
        """Every size symbol of the setting."""
        return [name for name, domain in self.domains.items() if domain.kind == SIZE]

    def free_indices(self, trees: Iterable[ast.AST]) -> list[str]:
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


def _constants(clause):
    """What tells one clause of a quantity from another: its constant indices, None for a running one."""
    return [p.value if isinstance(p, ast.Constant) else None for p in clause.pattern]
