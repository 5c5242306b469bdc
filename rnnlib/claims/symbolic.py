"""Prove a statement with SymPy, for every size where that can be done.

A tree is turned into SymPy entry by entry: a vector of symbolic size K is an `IndexedBase`, a matrix product a
`Sum`, and `sums.normal` brings sums of symbolic length to one form. What is left are sums that nothing more is
known about. They become plain symbols, and SymPy decides whether the difference of the two sides is zero as an
expression in them.

A proof says that both sides agree wherever both are defined and every index lies in its range; it holds for empty
sums and for sizes down to the least that the setting allows.
"""

import ast
from itertools import chain, product
from random import Random
from typing import NamedTuple

import sympy
from sympy import Add, Float, KroneckerDelta, Mul, Sum

from .domains import INDEX, MAX_TERMS, PICK, SIZE
from .errors import NoProof
from .forms import FORMS, MatrixProduct, Sigmoid
from .language import form_of, indices_of, parse
from .sums import apart, bound_indices, index_symbol, masked, never_negative, normal

MAX_CONDITIONS = 5
MAX_FACTORS = 5  # of a product of matrices that is written out
MAX_BITS = 10**5  # of a power of numbers
# Forms that SymPy leaves where it can't finish; nothing certain can be said about them.
UNCERTAIN = (sympy.Derivative, sympy.Subs, sympy.Piecewise, sympy.nan, sympy.zoo, sympy.oo)


def proves(statement, given, sizes):
    """Whether SymPy proves both sides equal (or the difference to have the right sign).

    Parameters
    ----------
    statement : Statement
        Well-formed in `given`.
    given : Given
    sizes : dict of str to int
        The sizes that are held fixed; every other size stays a symbol.

    Returns
    -------
    bool
        False says only that no proof was found.
    """
    if statement.relation == "≈":
        # The point test compared the only point there is.
        return not given.needed([statement.left, statement.right])
    return proves_in(statement, Form(given, sizes))


def proves_in(statement, form):
    """Whether both sides are the same in one way of writing them in SymPy, entry by entry."""
    axes = form.given.shape(statement.left) or form.given.shape(statement.right)
    try:
        return all(
            any(has_sign(gap, statement.relation, form) for gap in _spellings(left - right))
            for left, right in (form.sides(statement, *entry) for entry in form.entries(statement, axes))
        )
    except (NoProof, NotImplementedError, RecursionError, sympy.PolynomialError):
        return False


def _spellings(difference):
    """A difference as it stands, in which the logistic function is one of its own, and with it written out."""
    yield difference
    if difference.has(Sigmoid):
        yield difference.rewrite(sympy.exp)


def has_sign(difference, relation, form):
    for case in chain.from_iterable(map(_branches, by_cases(normal(difference, form.ranges), form.ranges))):
        case, _ = masked(case, form.ranges)
        if case.has(*UNCERTAIN):
            return False
        if relation == "=" and not is_zero(case):
            return False
        if relation != "=":
            case = sympy.simplify(case)
            holds = {"<=": case.is_nonpositive, ">=": case.is_nonnegative, "<": case.is_negative, ">": case.is_positive}
            if not holds[relation]:
                return False
    return True


def by_cases(expression, ranges, different=()):
    """Split at every comparison of two free indices: once with them equal, once with them different.

    `different` holds the pairs that are different by assumption; a case that makes such a pair equal can't occur,
    and neither can one of two indices whose ranges lie apart.
    """
    bound = bound_indices(expression)
    deltas = [delta for delta in expression.atoms(KroneckerDelta) if not delta.free_symbols & bound]
    if not deltas:
        yield expression
        return
    delta = min(deltas, key=sympy.default_sort_key)
    a, b = delta.args
    kept, gone = (a, b) if b.is_Symbol else (b, a)
    same = {gone: kept} if gone.is_Symbol and not kept.has(gone) else {}
    still = [(x.xreplace(same), y.xreplace(same)) for x, y in different]
    if not apart(a, b, ranges) and all(x != y for x, y in still):
        yield from by_cases(expression.xreplace({delta: sympy.S.One}).xreplace(same), ranges, still)
    yield from by_cases(expression.xreplace({delta: sympy.S.Zero}), ranges, [*different, (a, b)])


def _branches(expression):
    """Every expression that definitions by cases leave: each condition once taken to hold, once not to."""
    bound = bound_indices(expression)
    conditions = {c for cases in expression.atoms(sympy.Piecewise) for _, c in cases.args if c not in (True, False)}
    conditions = sorted((c for c in conditions if not c.free_symbols & bound), key=sympy.default_sort_key)
    if not conditions or len(conditions) > MAX_CONDITIONS:
        yield expression
        return
    for holds in (sympy.true, sympy.false):
        yield from _branches(expression.xreplace({conditions[0]: holds, ~conditions[0]: ~holds}))


def is_zero(expression):
    """Whether an expression without sums and without comparisons of indices is zero."""
    if expression == 0:
        return True
    if _differs_from_zero(expression):
        return False
    if sympy.expand(expression) == 0:
        return True
    expression = sympy.expand_log(sympy.expand(expression))
    together = sympy.together(expression)
    if sympy.expand(sympy.numer(together)) == 0 or sympy.cancel(sympy.powsimp(together)) == 0:
        return True
    return sympy.simplify(expression.rewrite(sympy.exp)) == 0


def _differs_from_zero(expression):
    """Whether an expression has a value other than 0 at one choice of its symbols: then no search for a proof ends."""
    random = Random(0)
    symbols = expression.atoms(sympy.Indexed) | expression.free_symbols
    numbers = {s: random.randint(2, 9) if s.is_integer else Float(random.uniform(0.3, 2.3), 30) for s in symbols}
    if not all(s.is_real for s in numbers):
        return False
    values = [term.xreplace({s: sympy.sympify(n) for s, n in numbers.items()}) for term in Add.make_args(expression)]
    total = Add(*values)
    if not total.is_number or not total.is_finite:
        return False
    return bool(abs(total.evalf()) > 1e-12 * (1 + max(abs(v.evalf()) for v in values)))


class _Parts(NamedTuple):
    """What a row of `FORMS` asks about its arguments: their entries in SymPy, where some names are bound or kept."""

    form: "Form"
    bound: dict
    kept: frozenset

    def __call__(self, tree, at=()):
        return self.form.entry(tree, at, self.bound, self.kept)

    def shape(self, tree):
        return self.form.given.shape(tree, self.bound)

    def sum_over_axis(self, axis, term):
        return self.form.sum_over(*bounds(axis), self.bound, term)

    def block(self, parts, k):
        """Entry `k` of vectors joined end to end, where it is known in which of them it lies."""
        start = sympy.S.Zero
        for part in parts:
            length = self.form.entry(parse(self.shape(part)[0]))
            inside = [never_negative(gap, self.form.ranges) for gap in (k - start - 1, start + length - k)]
            if all(inside):
                return self(part, (k - start,))
            start += length
        raise NoProof("in which block an entry lies is not known")

    def series(self, call, at, kind):
        term, index = call.args[0], call.args[1].id
        low, high = call.args[2:] or self.form.given.domains[index].axes
        if kind is MatrixProduct:
            return self.form.matrix_product(term, index, low, high, at, self.bound, self.kept)

        def entry(k):
            return self.form.entry(term, at, {**self.bound, index: k}, self.kept)

        return self.form.sum_over(low, high, self.bound, entry, kind)

    def derivative(self, f, x, at):
        return self.form._derivative(f, x, at, self.bound, self.kept)


class Form:
    """The SymPy form of trees, entry by entry, in one setting with some sizes fixed."""

    def __init__(self, given, sizes):
        self.given, self.sizes, self.ranges, self.classes = given, sizes, {}, {}
        self.symbols = {
            name: self._symbol(name, domain) for name, domain in given.domains.items() if domain.kind != INDEX
        }

    def _symbol(self, name, domain):
        if domain.kind == SIZE:
            if fixed := self.given.held(name) or self.sizes.get(name):
                return sympy.Integer(fixed)
            # A size from 3 on is a positive whole number and 2 more.
            return sympy.Symbol(name, integer=True, positive=True) + self.given.smallest(name) - 1
        if domain.kind == PICK:
            return sympy.IndexedBase(name, integer=True)
        signed = {"positive": True} if domain.kind in ("positive", "unit", "distribution") else {"real": True}
        return sympy.IndexedBase(name, **signed) if domain.axes else sympy.Symbol(name, **signed)

    def entries(self, statement, axes):
        """Each entry of an array and each value of a free index that must be proved by itself.

        Where every size is a symbol there is one: fresh indices stand for all entries. The class at which a one-hot
        vector is 1 is chosen in the same way.
        """
        trees = [statement.left, statement.right]
        free, needed = self.given.free_indices(trees), self.given.needed(trees)
        one_hot = [name for name, domain in self.given.domains.items() if domain.kind == "onehot" and name in needed]
        runs = [self._run(*self.given.domains[name].axes) for name in free]
        runs += [self._run(ast.Constant(1), self.given.domains[name].axes[0]) for name in one_hot]
        runs += [self._run(*bounds(axis)) for axis in axes]
        for chosen in product(*runs):
            self.classes = dict(zip(one_hot, chosen[len(free) :], strict=False))
            yield chosen[len(free) + len(one_hot) :], dict(zip(free, chosen, strict=False))

    def sides(self, statement, at, bound):
        """One entry of the left and of the right side; a scalar stands for each entry alike."""
        return [
            self.entry(side, at if self.given.shape(side) else (), bound) for side in (statement.left, statement.right)
        ]

    def _run(self, low, high):
        low, high = self.entry(low), self.entry(high)
        if low.is_Integer and high.is_Integer:
            return [sympy.Integer(k) for k in range(low, high + 1)]
        return [self.index(low, high)]

    def index(self, low, high):
        """A fresh index symbol whose range is remembered."""
        symbol = index_symbol(low)
        self.ranges[symbol] = (low, high)
        return symbol

    def entry(self, tree, at=(), bound=None, kept=frozenset()):
        """One entry of a tree as a SymPy expression; `kept` names are not replaced by their definitions."""
        bound = bound or {}
        match tree:
            case ast.Constant(value=value):
                return sympy.Rational(value.numerator, value.denominator)
            case ast.Name(id=name):
                return self._name(name, at, bound, kept)
            case ast.Subscript():
                inner = tuple(self.entry(index, (), bound, kept) for index in indices_of(tree))
                at = inner + tuple(at)
                if isinstance(tree.value, ast.Name):
                    return self._name(tree.value.id, at, bound, kept)
                return self.entry(tree.value, at, bound, kept)
            case ast.UnaryOp(op=op):
                return self.entry(tree.operand, at, bound, kept) * (-1 if isinstance(op, ast.USub) else 1)
            case ast.Attribute():
                return self.entry(tree.value, tuple(at)[::-1], bound, kept)
            case ast.BinOp(op=ast.MatMult()):
                return self._matmul(tree, at, bound, kept)
            case ast.BinOp():
                return self._arithmetic(tree, at, bound, kept)
        return FORMS[form_of(tree)].symbolic(_Parts(self, bound, kept), tree, at)

    def _arithmetic(self, tree, at, bound, kept):
        left, right = (
            self.entry(side, at if self._shape(side, bound) else (), bound, kept) for side in (tree.left, tree.right)
        )
        match tree.op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
        if left.is_Rational and right.is_Rational and abs(right) * max(abs(left.p), left.q).bit_length() > MAX_BITS:
            raise NoProof("a power of numbers is too long to write out")
        return left**right

    def _shape(self, tree, bound):
        return self.given.shape(tree, bound)

    def _matmul(self, tree, at, bound, kept):
        left = self._shape(tree.left, bound)
        rows, columns = tuple(at[: len(left) - 1]), tuple(at[len(left) - 1 :])
        start, total = sympy.S.Zero, sympy.S.Zero
        # The last axis of the left factor may be made of blocks, and so may the first of the right one: of a vector.
        blocks = self._blocks(tree.left) or (
            self._blocks(tree.right) if len(self._shape(tree.right, bound)) == 1 else []
        )
        for axis in blocks or left[-1:]:

            def term(k, start=start):
                k = start + k
                return self.entry(tree.left, (*rows, k), bound, kept) * self.entry(
                    tree.right, (k, *columns), bound, kept
                )

            total += self.sum_over(*bounds(axis), bound, term)
            start += self.entry(parse(axis)) if blocks else 0
        return total

    def _blocks(self, tree):
        """The axes of the vectors that `concat` joins into this one, by itself or in its definition; else none."""
        name = getattr(tree.value if isinstance(tree, ast.Subscript) else tree, "id", "")
        if name in self.given.clauses:
            return self._blocks(self.given.general_clause(name).body)
        return [self._shape(part, ())[0] for part in tree.args] if form_of(tree) == "concat" else []

    def matrix_product(self, term, index, low, high, at, bound, kept):
        """One entry of a product of matrices that is short enough to be written out."""
        low, high = self.entry(low, (), bound), self.entry(high, (), bound)
        if not (low.is_Integer and high.is_Integer and high - low < MAX_FACTORS):
            raise NoProof("a product of matrices is written out, or not at all")
        axis = self._shape(term, (*bound, index))[0]

        def entry(k, row, column):
            if k > high:
                return KroneckerDelta(row, column)
            factor = {**bound, index: sympy.Integer(k)}
            return self.sum_over(
                *bounds(axis), bound, lambda m: self.entry(term, (row, m), factor, kept) * entry(k + 1, m, column)
            )

        return entry(int(low), *at)

    def sum_over(self, low, high, bound, term, kind=Sum):
        """A sum or product: written out where its length is a number, symbolic otherwise."""
        low, high = self.entry(low, (), bound), self.entry(high, (), bound)
        if low.is_Integer and high.is_Integer:
            if high - low >= MAX_TERMS:
                raise NoProof("too many terms to write out")
            return (Add if kind is Sum else Mul)(*[term(sympy.Integer(k)) for k in range(low, high + 1)])
        index = self.index(low, high)
        return kind(term(index), (index, low, high))

    def _name(self, name, at, bound, kept):
        if name in bound:
            return bound[name]
        if name == "pi":
            return sympy.pi
        if name in self.given.clauses:
            for key, fixed in kept:
                if key == name and (fixed is None or fixed == tuple(at[: len(fixed)])):
                    return self._independent(name, at)
            return self._defined(name, at, bound, kept)
        domain = self.given.domains[name]
        if domain.kind == INDEX:
            raise NoProof(f"the index `{name}` has no value here")
        if domain.kind == PICK:
            return self._picked(self.symbols[name][tuple(at)], domain)
        if domain.kind == "onehot":
            return KroneckerDelta(at[0], self.classes[name])
        if domain.kind == "distribution":
            weights = self.symbols[name]
            total = self.sum_over(ast.Constant(1), domain.axes[-1], {}, lambda k: weights[(*at[:-1], k)])
            return weights[tuple(at)] / total
        return self.symbols[name][tuple(at)] if at else self.symbols[name]

    def _picked(self, number, domain):
        """A whole number from the data: an index that lies in the range of its domain."""
        self.ranges[number] = tuple(map(self.entry, domain.bounds))
        return number

    def _independent(self, name, at):
        """A defined quantity taken as a variable of its own, while something is differentiated by it."""
        return sympy.IndexedBase(name, real=True)[tuple(at)] if at else sympy.Symbol(standing_for(name), real=True)

    def _defined(self, name, at, bound, kept):
        for clause in self.given.clauses[name]:
            pairs = list(zip(clause.pattern, at, strict=False))
            constants = [(sympy.Integer(p.value), k) for p, k in pairs if isinstance(p, ast.Constant)]
            if any(a != k and not k.is_Integer for a, k in constants):
                raise NoProof(f"`{name}` is defined by cases, and which one holds is not known for a symbolic index")
            if all(a == k for a, k in constants):
                inner = {p.id: k for p, k in pairs if isinstance(p, ast.Name)}
                self._require_in_range(inner)
                # The clause sees its own indices only, never those of whoever asks for the quantity.
                return self.entry(clause.body, tuple(at[len(clause.pattern) :]), inner, kept)
        raise NoProof(f"`{name}` is not defined at {at}")

    def _require_in_range(self, indices):
        for name, k in indices.items():
            low, high = map(self.entry, self.given.domains[name].axes)
            if k.is_Integer and ((low.is_Integer and k < low) or (high.is_Integer and k > high)):
                raise NoProof(f"the index {name} = {k} is out of its range")

    def _derivative(self, f, x, at, bound, kept):
        """Total derivative: `f` is expanded down to `x`, then what stands in for `x` is expanded too."""
        name, indices = (x.value.id, indices_of(x)) if isinstance(x, ast.Subscript) else (x.id, [])
        split = len(self._shape(f, bound))
        whole = (*(self.entry(index, (), bound, kept) for index in indices), *at[split:])
        defined = name in self.given.clauses
        self._require_untouched(name, kept)
        inner = kept | {self._kept_key(name, whole)} if defined else kept
        variable = self._independent(name, whole) if defined else self._name(name, whole, bound, kept)
        slope = normal(normal(self.entry(f, at[:split], bound, inner), self.ranges).diff(variable), self.ranges)
        return self._expanded(slope, name, bound, kept) if inner != kept else slope

    def _require_untouched(self, name, kept):
        """What an outer derivative holds as a variable must not follow from what this one differentiates by."""
        for outer in {key for key, _ in kept}:
            if name in self.given.needed([clause.body for clause in self.given.clauses[outer]]):
                raise NoProof(f"`{outer}` is a variable here and yet depends on `{name}`")

    def _kept_key(self, name, at):
        """What stays a variable while something is differentiated by this entry.

        The entries of most quantities do not depend on one another: all of them stay. In a recursion such as
        ``h[t] := f(h[t-1])`` they do, and only the entry itself may stay, so its index must be a number.
        """
        if name not in self.given.needed([clause.body for clause in self.given.clauses[name]]):
            return name, None
        fixed = at[: len(self.given.clauses[name][0].pattern)]
        if not all(k.is_Integer for k in fixed):
            raise NoProof(f"the entries of `{name}` depend on one another, and which is meant is not a number")
        return name, tuple(fixed)

    def _expanded(self, expression, name, bound, kept):
        """Replace what stood in for a defined quantity by its definition."""
        standing = {e: e.indices for e in expression.atoms(sympy.Indexed) if e.base.label.name == name}
        standing |= {e: () for e in expression.atoms(sympy.Symbol) if e.name == standing_for(name)}
        return expression.xreplace({e: self._name(name, at, bound, kept) for e, at in standing.items()})


def standing_for(name):
    # Not a name of the language, and not that of an array's base, which is a symbol too.
    return name + "'"


def bounds(axis):
    """The first and the last index of an axis, as trees."""
    low, _, high = axis.rpartition("..")
    return parse(low or "1"), parse(high)
