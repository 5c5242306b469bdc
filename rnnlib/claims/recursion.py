"""Prove statements about recursions, such as backpropagation through time, for every number of steps.

A recursion ``h[t] := f(h[t-1])`` can't be written out while the number of steps is a symbol. Its total derivatives
still can be compared, one step at a time, by the chain rule along the definitions:

- **backwards**: the derivative of a loss by a quantity is the sum, over every definition that uses the quantity, of
  the loss's derivative by what is defined there times the immediate derivative of that definition;
- **forwards**: the derivative of a quantity is the immediate derivative of its definition, plus the sum over what
  the definition uses of the immediate derivative by it times its own derivative.

The left side of a statement is unrolled by one of these rules until it meets the derivatives in terms of which the
right side is stated. Those stay symbols on both sides. What is trusted is the chain rule; where a statement about
step t + 1 is used to say something about step t, the induction over t is the reader's, and the page says so.
"""

import ast
from itertools import product

import sympy
from sympy import KroneckerDelta

from .errors import NoProof
from .language import indices_of, names_in
from .sums import apart, never_negative, normal
from .symbolic import Form, bounds, proves_in, standing_for

MAX_UNROLLED = 12
CHAIN_RULE = "the chain rule, applied step by step along the definitions"


def proves_by_unrolling(statement, given, sizes):
    """Whether the chain rule, applied along the definitions, makes both sides equal.

    Parameters and result are those of `rnnlib.claims.symbolic.proves`. Every way of unrolling is sound; which of
    them brings both sides to one form is found by trying.
    """
    needed = given.needed([statement.left, statement.right])
    if not any(recurs(name, given) for name in needed) or any(overlaps(name, given) for name in needed):
        return False
    ways = product(_opaque_choices(statement, given), (True, False), (False, True))
    return any(proves_in(statement, Unrolled(given, sizes, *way)) for way in ways)


def _opaque_choices(statement, given):
    """Which quantities stay symbols: all matrix products, those in the recursion, all that recur, or just one of these.

    One is enough to cut the circle of a scalar recursion, and then ``tanh(a[t])`` and ``h[t]`` are the same.
    """
    needed = [name for name in given.clauses if name in given.needed([statement.left, statement.right])]
    recurring = {name for name in needed if recurs(name, given)}
    products = {name for name in needed if _is_product(name, given)}
    choices = [recurring, products & recurring, products] if products & recurring else [recurring, products | recurring]
    return [choice for n, choice in enumerate(choices) if choice not in choices[:n]]


def _is_product(name, given):
    return any(isinstance(node, ast.MatMult) for clause in given.clauses[name] for node in ast.walk(clause.body))


def recurs(name, given):
    return name in given.clauses and name in given.needed([clause.body for clause in given.clauses[name]])


def overlaps(name, given):
    """Whether a special case such as ``h[1]`` lies in the range of the general one, which then is not general."""
    for clause in given.clauses.get(name, ()):
        for special, running in zip(clause.pattern, given.general_clause(name).pattern, strict=True):
            if isinstance(special, ast.Constant) and isinstance(running, ast.Name):
                low = given.domains[running.id].axes[0]
                if not (isinstance(low, ast.Constant) and special.value < low.value):
                    return True
    return False


class Unrolled(Form):
    """The SymPy form of trees in which recursive quantities and their derivatives are symbols."""

    def __init__(self, given, sizes, opaque, backwards, eager):
        super().__init__(given, sizes)
        self.opaque, self.backwards, self.eager = opaque, backwards, eager
        self.unrolls, self.stops, self.depth = False, {}, 0

    def sides(self, statement, at, bound):
        # The right side first: the derivatives that stand in it are where the left side's unrolling stops.
        self.unrolls, self.stops = False, {}
        right = self.entry(statement.right, at if self.given.shape(statement.right) else (), bound)
        self.unrolls = True
        return self.entry(statement.left, at if self.given.shape(statement.left) else (), bound), right

    def _defined(self, name, at, bound, kept):
        if name in self.opaque:
            return self._independent(name, at)
        try:
            clause = self._clause_at(name, at)
        except NoProof:  # such as h[t-1], which is h[0] at the first step: it stays a symbol
            return self._independent(name, at)
        inner = {p.id: k for p, k in zip(clause.pattern, at, strict=False) if isinstance(p, ast.Name)}
        return self.entry(clause.body, tuple(at[len(clause.pattern) :]), inner, kept)

    def _derivative(self, f, x, at, bound, kept):
        split = len(self._shape(f, bound))
        root, inner = self._entry_of(f, at[:split], bound)
        name, where = self._entry_of(x, at[split:], bound)
        if root not in self.given.clauses:
            raise NoProof("only the derivative of a defined quantity is unrolled")
        if not self.unrolls and not (self.eager and self._is_finite(root, name)):
            return self._symbol_of(root, inner, name, where)
        if root == name and inner and not self._apart(inner, where):
            raise NoProof(f"whether this is an entry of `{name}` by itself is not known")
        if self.backwards and not inner:
            return self._adjoint(root, name, where)
        return self._tangent(root, inner, name, where, root)

    def _entry_of(self, tree, at, bound):
        """The name of a quantity and the indices of the entry that is meant."""
        if isinstance(tree, ast.Subscript) and isinstance(tree.value, ast.Name):
            return tree.value.id, (*(self.entry(index, (), bound) for index in indices_of(tree)), *at)
        return (tree.id if isinstance(tree, ast.Name) else ""), tuple(at)

    def _symbol_of(self, root, inner, name, where):
        """A derivative as a symbol; unrolling stops where it meets it."""
        self.stops.setdefault((root, name), set()).add(where)
        # No name of the language holds a bracket: this is nobody else's symbol.
        label = f"d({root})/d({name})"
        return (
            sympy.IndexedBase(label, real=True)[(*inner, *where)] if inner or where else sympy.Symbol(label, real=True)
        )

    def _stops_at(self, root, name, where):
        """Whether the right side is stated in this derivative; one by a starting value only if it is there itself."""
        found = self.stops.get((root, name), set())
        start = any(isinstance(p, ast.Constant) for p in self._clause_at(name, where).pattern)
        return where in found if start else bool(found)

    def _is_finite(self, root, name):
        """Whether no recursion lies on the way from a quantity up to another."""
        open_names, seen = {root}, set()
        while open_names - seen - {name}:
            seen |= (met := open_names - seen - {name})
            open_names |= {
                used for q in met for clause in self.given.clauses.get(q, ()) for used in names_in(clause.body)
            }
        return not any(recurs(q, self.given) for q in seen)

    # Backwards.

    def _adjoint(self, root, name, where):
        """The derivative of `root` by one entry of `name`, unrolled along every definition that uses it."""
        if root == name:
            return sympy.S.One
        self._descend()
        total = sympy.S.Zero
        for user, clause in self._users(name, root):
            for slope, at, running in self._immediate(user, clause, name, where):
                stop = self._stops_at(root, user, at)
                further = self._symbol_of(root, (), user, at) if stop else self._adjoint(root, user, at)
                total += self._summed(slope * further, running)
        self.depth -= 1
        return self._thawed(total)

    def _users(self, name, root):
        """The definitions, on the way to `root`, whose right side mentions the quantity."""
        on_the_way = self.given.needed([ast.Name(root)])
        return [
            (user, clause)
            for user in self.given.clauses
            if user in on_the_way
            for clause in self.given.clauses[user]
            if name in names_in(clause.body)
        ]

    def _immediate(self, user, clause, name, where):
        """The entries of one definition that use an entry of a quantity directly, each with its derivative by it."""
        pattern = [
            self.index(*span) if isinstance(p, ast.Name) else sympy.Integer(p.value)
            for p, span in zip(clause.pattern, self._clause_ranges(clause), strict=True)
        ]
        bound = {p.id: k for p, k in zip(clause.pattern, pattern, strict=True) if isinstance(p, ast.Name)}
        axes = [self.index(*self._axis(axis)) for axis in self._shape(clause.body, ())]
        body = self._frozen(clause.body, tuple(axes), bound)
        slope = self._slope(body, self._variable(name, where), user, (*pattern, *axes))
        return self._placed(slope, (*pattern, *axes), len(pattern))

    def _slope(self, body, variable, user, at):
        """The immediate derivative of a definition, stated in its value where it can be: tanh has 1 - tanh²."""
        slope = normal(body.diff(variable), self.ranges)
        return slope.xreplace({body: self._independent(user, at)}) if body.is_Function else slope

    # Forwards.

    def _tangent(self, name, at, by, where, root):
        """The derivative of one entry of `name` by one entry of `by`, unrolled along its definition."""
        self._descend()
        clause = self._clause_at(name, at)
        bound = {p.id: k for p, k in zip(clause.pattern, at, strict=False) if isinstance(p, ast.Name)}
        body = self._frozen(clause.body, at[len(clause.pattern) :], bound)
        total = self._slope(body, self._variable(by, where), name, at)
        for used in sorted(names_in(clause.body) & set(self.given.clauses)):
            if by != used and by not in self.given.needed([ast.Name(used)]):
                continue
            total += self._through((body, name, at), used, by, where, root)
        self.depth -= 1
        return self._thawed(total)

    def _through(self, definition, used, by, where, root):
        """What one quantity that a definition uses adds to the definition's derivative."""
        entry = tuple(self.index(low, high) for low, high in self._axes_of(used))
        arity = len(self.given.general_clause(used).pattern)
        total = sympy.S.Zero
        body, *user = definition
        slope = self._slope(body, self._independent(used, entry), *user)
        for part, at, running in self._placed(slope, entry, arity):
            if used == by and (not recurs(by, self.given) or at[:arity] == where[:arity]):
                continue  # the derivative by the entry itself is counted as direct
            if used == by and not self._apart(at[:arity], where):
                raise NoProof(f"whether `{by}` acts through another of its own steps is not known")
            stop = used == root or (used, by) in self.stops
            further = self._symbol_of(used, at, by, where) if stop else self._tangent(used, at, by, where, root)
            total += self._summed(part * further, running)
        return total

    # What both share.

    def _descend(self):
        self.depth += 1
        if self.depth > MAX_UNROLLED:
            raise NoProof("the definitions go round in a circle that no derivative on the right side cuts")

    def _frozen(self, tree, at, bound):
        """An entry of a definition's right side, in which every named quantity is a variable of its own."""
        plain = _Frozen(self.given, self.sizes)
        plain.ranges, plain.classes = self.ranges, self.classes
        return normal(plain.entry(tree, at, bound), self.ranges)

    def _variable(self, name, where):
        if name in self.given.clauses:
            return self._independent(name, where)
        variable = self._name(name, where, {}, frozenset())
        if not variable.is_Symbol and not isinstance(variable, sympy.Indexed):
            raise NoProof(f"`{name}` is bound to its domain")
        return variable

    def _clause_at(self, name, at):
        for clause in self.given.clauses[name]:
            pairs = list(zip(clause.pattern, at, strict=False))
            if all(
                k == p.value if isinstance(p, ast.Constant) else self._lies_in(k, *span) is True
                for (p, k), span in zip(pairs, self._clause_ranges(clause), strict=True)
            ):
                return clause
        raise NoProof(f"which clause of `{name}` holds is not known")

    def _clause_ranges(self, clause):
        return [
            tuple(self.entry(bound) for bound in self.given.domains[p.id].axes)
            if isinstance(p, ast.Name)
            else (sympy.Integer(p.value),) * 2
            for p in clause.pattern
        ]

    def _axis(self, text):
        return tuple(map(self.entry, bounds(text)))

    def _axes_of(self, name):
        """Ranges that hold all entries of a defined quantity; by anything else that they hold, all slopes are 0."""
        spans = zip(*map(self._clause_ranges, self.given.clauses[name]), strict=True)
        axes = self._shape(self.given.general_clause(name).body, ())
        return [self._hull(found) for found in spans] + [self._axis(axis) for axis in axes]

    def _hull(self, spans):
        """The range from the least to the greatest of several, which must be the same ones for all sizes."""
        lows, highs = zip(*spans, strict=True)
        low = [a for a in lows if all(never_negative(b - a, self.ranges) for b in lows)]
        high = [a for a in highs if all(never_negative(a - b, self.ranges) for b in highs)]
        if not (low and high):
            raise NoProof("where a recursion begins or ends depends on a size")
        return low[0], high[0]

    def _placed(self, slope, at, arity):
        """The terms of a slope, each with its entry and the indices of it that run.

        Of the indices, the first `arity` are steps. A delta fixes a step, also at a distance, such as t - 1; a term
        for which no step fits, such as step T + 1, is left out. Terms at the same entry are added.
        """
        found = {}
        for term in sympy.Add.make_args(sympy.expand(slope)):
            place, deltas = at, [d for d in sympy.Mul.make_args(term) if isinstance(d, KroneckerDelta)]
            if any(apart(*delta.args, self.ranges) for delta in deltas):
                continue
            for index in [k for k in at[:arity] if k in self.ranges]:
                fixing = [d for d in sympy.Mul.make_args(term) if isinstance(d, KroneckerDelta) and d.has(index)]
                if fixing:
                    fixed = {index: _solved(fixing[0], index)}
                    term = (term / fixing[0]).xreplace(fixed) * self._indicator(fixed[index], index)
                    place = tuple(k.xreplace(fixed) for k in place)
            running = tuple(dict.fromkeys(k for k in place if k in self.ranges and k in at))
            found[place, running] = found.get((place, running), 0) + term
        return [(term, place, running) for (place, running), term in found.items() if term != 0]

    def _indicator(self, step, index):
        """1 if a step lies in the range of an index, 0 if it does not."""
        lies = self._lies_in(step, *self.ranges[index])
        if lies is None:
            raise NoProof(f"whether {step} lies in the range of its sum depends on the step")
        return int(lies)

    def _summed(self, expression, running):
        """Sum over the indices that run."""
        expression = self._thawed(expression)
        limits = [(k, *self.ranges[k]) for k in running]
        return normal(sympy.Sum(expression, *limits), self.ranges) if limits else expression

    def _thawed(self, expression):
        """Replace quantities that stood frozen in a definition by what they are, unless they stay symbols."""
        frozen = {
            e: self._defined(e.base.label.name, e.indices, {}, frozenset())
            for e in expression.atoms(sympy.Indexed)
            if e.base.label.name in self.given.clauses
        }
        scalars = {standing_for(name): name for name in self.given.clauses}
        frozen |= {
            e: self._defined(scalars[e.name], (), {}, frozenset())
            for e in expression.atoms(sympy.Symbol)
            if e.name in scalars
        }
        return expression.xreplace(frozen)

    def _apart(self, at, where):
        """Whether two entries of a quantity are different ones for all sizes."""
        return any(apart(a, b, self.ranges) for a, b in zip(at, where, strict=False))

    def _lies_in(self, step, low, high):
        """True or False where it is certain for all sizes whether a step lies in a range, else None."""
        if never_negative(step - low, self.ranges) and never_negative(high - step, self.ranges):
            return True
        if never_negative(low - 1 - step, self.ranges) or never_negative(step - high - 1, self.ranges):
            return False
        return None


class _Frozen(Form):
    """The SymPy form of a definition's right side with every named quantity left as a variable."""

    def _defined(self, name, at, bound, kept):
        return self._independent(name, at)

    def _derivative(self, f, x, at, bound, kept):
        raise NoProof("a definition that holds a derivative depends on more than the quantities that it names")


def _solved(delta, index):
    """The value of an index at which a delta is 1: found where the index stands there alone, as t in δ(t - 1, m)."""
    gap = delta.args[0] - delta.args[1]
    if abs(slope := gap.diff(index)) != 1:
        raise NoProof(f"at which step {delta} is 1 is not known")
    return sympy.expand(index - gap / slope)
