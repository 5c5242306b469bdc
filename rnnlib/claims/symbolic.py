"""Prove a statement with SymPy, for every size where that can be done.

A tree is turned into SymPy entry by entry: a vector of symbolic size K is an `IndexedBase`, a matrix product a
`Sum`. What SymPy does not do by itself is bring sums of symbolic length to one form; `normal` does that with
rules that can be read in a minute:

- a sum is split at its terms, and what does not depend on the index is taken out;
- ``sum(f(k) * delta(k, j), k)`` is f(j), because j is an index of the same range;
- a sum inside a sum becomes one sum over both indices, and indices are named in one way;
- a product of positive factors is the exponential of the sum of their logarithms.

What is left are sums that nothing more is known about. They become plain symbols, and SymPy decides whether the
difference of the two sides is zero as an expression in them.
"""
import ast
from itertools import count, permutations, product

import sympy
from sympy import Add, KroneckerDelta, Mul, Pow, Sum

from .errors import IllFormed
from .functions import FUNCTIONS
from .given import INDEX, SIZE
from .language import form_of, indices_of


class NoProof(Exception):
    """A statement has no symbolic form at these sizes; a proof may exist at fixed ones."""


MAX_MERGED = 4  # indices of one merged sum; beyond that the search for a common naming is too long


def proves(statement, given, sizes):
    """Whether SymPy proves both sides equal (or the difference to have the right sign).

    Parameters
    ----------
    statement : Statement
    given : Given
    sizes : dict of str to int
        The sizes that are held fixed; every other size stays a symbol.

    Returns
    -------
    bool
        False says only that no proof was found.
    """
    try:
        return _proves(statement, given, sizes)
    except NoProof:
        return False


def _proves(statement, given, sizes):
    if statement.relation == "≈":
        return not given.needed([statement.left, statement.right])  # the point test compared the only point there is
    form = _Form(given, sizes)
    axes = given.shape(statement.left) or given.shape(statement.right)
    for entry, fixed in form.entries(statement, axes):
        left, right = (form.entry(side, entry if given.shape(side) else (), fixed)
                       for side in (statement.left, statement.right))
        if not _has_sign(left - right, statement.relation, form):
            return False
    return True


def _has_sign(difference, relation, form):
    for case in _cases(normal(difference, form.ranges)):
        if relation == "=" and not is_zero(case):
            return False
        if relation != "=":
            case = sympy.simplify(_with_atoms(case))
            holds = {"<=": case.is_nonpositive, ">=": case.is_nonnegative, "<": case.is_negative, ">": case.is_positive}
            if not holds[relation]:
                return False
    return True


def _cases(expression):
    """Split at every comparison of two free indices: once with them equal, once with them different."""
    delta = next(iter(expression.atoms(KroneckerDelta)), None)
    if delta is None:
        yield expression
        return
    a, b = delta.args
    kept, gone = (a, b) if b.is_Symbol else (b, a)
    yield from _cases(expression.xreplace({delta: sympy.S.One}).xreplace({gone: kept}))
    yield from _cases(expression.xreplace({delta: sympy.S.Zero}))


def is_zero(expression):
    """Whether an expression without comparisons of indices is zero, with every sum left taken as a symbol."""
    expression = _with_atoms(expression)
    if expression == 0 or sympy.expand(expression) == 0:
        return True
    expression = sympy.expand_log(sympy.expand(expression))
    together = sympy.together(expression)
    if sympy.expand(sympy.numer(together)) == 0 or sympy.cancel(sympy.powsimp(together)) == 0:
        return True
    return sympy.simplify(expression.rewrite(sympy.exp)) == 0


def _with_atoms(expression):
    """Replace the sums that are left, outermost first, by symbols with their sign."""
    names = {}

    def walk(e):
        if isinstance(e, (Sum, sympy.Product)):
            if e not in names:
                names[e] = sympy.Dummy("S", real=True, positive=True if e.args[0].is_positive else None)
            return names[e]
        return e.func(*map(walk, e.args)) if e.args and e.has(Sum, sympy.Product) else e
    return walk(expression)


class _Form:
    """The SymPy form of trees, entry by entry, in one setting with some sizes fixed."""

    def __init__(self, given, sizes):
        self.given, self.sizes, self.ranges, self._fresh = given, sizes, {}, count()
        self.symbols = {name: self._symbol(name, domain) for name, domain in given.domains.items()}

    def _symbol(self, name, domain):
        if name in self.sizes:
            return sympy.Integer(self.sizes[name])
        if domain.kind in (SIZE, INDEX):
            return sympy.Symbol(name, integer=True, positive=True)
        signed = {"positive": True} if domain.kind in ("positive", "unit", "distribution") else {"real": True}
        return sympy.IndexedBase(name, **signed) if domain.axes else sympy.Symbol(name, **signed)

    def entries(self, statement, axes):
        """Each entry of an array and each value of a free index that must be proved by itself.

        Where every size is a symbol there is one: fresh indices stand for all entries.
        """
        trees = [statement.left, statement.right]
        free, choices = self.given.free_indices(trees), []
        for low, high in [self.given.domains[name].axes for name in free]:
            choices.append(self._run(low, high))
        for axis in axes:
            choices.append(self._run(ast.Constant(1), ast.parse(axis.split("..")[-1], mode="eval").body))
        for chosen in product(*choices):
            yield chosen[len(free):], dict(zip(free, chosen))

    def _run(self, low, high):
        low, high = self.entry(low), self.entry(high)
        if low.is_Integer and high.is_Integer:
            return [sympy.Integer(k) for k in range(low, high + 1)]
        return [self.index(low, high)]

    def index(self, low, high):
        """A fresh index symbol whose range is remembered."""
        symbol = sympy.Symbol(f"i{next(self._fresh)}", integer=True, positive=True)
        self.ranges[symbol] = (low, high)
        return symbol

    def entry(self, tree, at=(), bound=None, kept=frozenset()):
        """One entry of a tree as a SymPy expression; `kept` names are not replaced by their definitions."""
        bound = bound or {}
        match tree:
            case ast.Constant(value=value):
                return sympy.Rational(str(value))
            case ast.Name(id=name):
                return self._name(name, at, bound, kept)
            case ast.Subscript():
                inner = tuple(self.entry(index, (), bound, kept) for index in indices_of(tree))
                return self._name(tree.value.id, inner + tuple(at), bound, kept)
            case ast.UnaryOp(op=op):
                return self.entry(tree.operand, at, bound, kept) * (-1 if isinstance(op, ast.USub) else 1)
            case ast.Attribute():
                return self.entry(tree.value, tuple(at)[::-1], bound, kept)
            case ast.BinOp(op=ast.MatMult()):
                return self._matmul(tree, at, bound, kept)
            case ast.BinOp():
                return self._arithmetic(tree, at, bound, kept)
        return self._call(tree, at, bound, kept)

    def _arithmetic(self, tree, at, bound, kept):
        left, right = (self.entry(side, at if self._shape(side, bound) else (), bound, kept)
                       for side in (tree.left, tree.right))
        match tree.op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return left / right
        return left**right

    def _shape(self, tree, bound):
        return self.given.shape(tree, bound)

    def _matmul(self, tree, at, bound, kept):
        left, right = self._shape(tree.left, bound), self._shape(tree.right, bound)
        rows = tuple(at[:len(left) - 1])
        columns = tuple(at[len(left) - 1:])
        return self.sum_over(ast.Constant(1), ast.parse(left[-1].split("..")[-1], mode="eval").body, bound,
                             lambda k: self.entry(tree.left, (*rows, k), bound, kept)
                             * self.entry(tree.right, (k, *columns), bound, kept))

    def sum_over(self, low, high, bound, term, kind=Sum):
        """A sum or product: written out where its length is a number, symbolic otherwise."""
        low, high = self.entry(low, (), bound), self.entry(high, (), bound)
        if low.is_Integer and high.is_Integer:
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
                if key == name and (fixed is None or fixed == tuple(at[:len(fixed)])):
                    return self._independent(name, at)
            return self._defined(name, at, bound, kept)
        domain = self.given.domains[name]
        if domain.kind == "onehot":
            return KroneckerDelta(at[0], self._class_of(name, domain))
        if domain.kind == "distribution":
            weights = self.symbols[name]
            return weights[at[0]] / self.sum_over(ast.Constant(1), domain.axes[0], {}, lambda k: weights[k])
        return self.symbols[name][tuple(at)] if at else self.symbols[name]

    def _class_of(self, name, domain):
        """The index at which a one-hot vector is 1: any index of its range."""
        key = name, "class"
        if key not in self.symbols:
            high = self.entry(domain.axes[0])
            if high.is_Integer:
                raise NoProof("at a fixed size, a one-hot vector would have to be tried class by class")
            self.symbols[key] = self.index(sympy.Integer(1), high)
        return self.symbols[key]

    def _independent(self, name, at):
        """A defined quantity taken as a variable of its own, while something is differentiated by it."""
        symbol = sympy.IndexedBase(name, real=True) if at else sympy.Symbol(name, real=True)
        return symbol[tuple(at)] if at else symbol

    def _defined(self, name, at, bound, kept):
        for clause in self.given.clauses[name]:
            arity = len(clause.pattern)
            pairs = list(zip(clause.pattern, at))
            constants = [(sympy.Integer(p.value), k) for p, k in pairs if isinstance(p, ast.Constant)]
            if any(a != k and not k.is_Integer for a, k in constants):
                raise NoProof(f"`{name}` is defined by cases, and which one holds is not known for a symbolic index")
            if all(a == k for a, k in constants):
                inner = {p.id: k for p, k in pairs if isinstance(p, ast.Name)}
                return self.entry(clause.body, tuple(at[arity:]), inner, kept)
        raise NoProof(f"`{name}` is not defined at {at}")

    def _call(self, tree, at, bound, kept):
        name, arguments = form_of(tree), tree.args
        if name in ("sum", "prod"):
            index = arguments[1].id
            low, high = arguments[2:] if len(arguments) == 4 else self.given.domains[index].axes
            return self.sum_over(low, high, bound, lambda k: self.entry(arguments[0], at, {**bound, index: k}, kept),
                                 Sum if name == "sum" else sympy.Product)
        if name == "d":
            return self._derivative(*arguments, at, bound, kept)
        if name == "delta":
            return KroneckerDelta(*(self.entry(a, (), bound, kept) for a in arguments))
        if name == "diag":
            return KroneckerDelta(*at) * self.entry(arguments[0], at[:1], bound, kept)
        if name == "outer":
            split = len(self._shape(arguments[0], bound))
            return self.entry(arguments[0], at[:split], bound, kept) * self.entry(arguments[1], at[split:], bound, kept)
        if name == "softmax":
            axis = ast.parse(self._shape(arguments[0], bound)[0], mode="eval").body
            weight = lambda k: sympy.exp(self.entry(arguments[0], (k,), bound, kept))  # noqa: E731
            return weight(at[0]) / self.sum_over(ast.Constant(1), axis, bound, weight)
        return FUNCTIONS[name].symbolic(self.entry(arguments[0], at, bound, kept))

    def _derivative(self, f, x, at, bound, kept):
        """Total derivative: `f` is expanded down to `x` and no further, then what stands in for `x` is expanded too."""
        name = x.value.id if isinstance(x, ast.Subscript) else x.id
        split = len(self._shape(f, bound))
        defined = name in self.given.clauses
        whole = tuple(self.entry(index, (), bound, kept) for index in indices_of(x)) if isinstance(x, ast.Subscript) else ()
        whole += tuple(at[split:])
        inner = kept | {self._kept_key(name, whole)} if defined else kept
        variable = self._independent(name, whole) if defined else self._name(name, whole, bound, kept)
        if not variable.is_Symbol and not isinstance(variable, sympy.Indexed):
            raise IllFormed(f"`{name}` can't vary freely in its domain; state the derivative with a real `{name}`")
        slope = normal(normal(self.entry(f, at[:split], bound, inner), self.ranges).diff(variable), self.ranges)
        return self._expanded(slope, name, bound, kept) if defined and inner != kept else slope

    def _kept_key(self, name, at):
        """What stays a variable while something is differentiated by this entry.

        The entries of most quantities do not depend on one another: all of them stay. In a recursion such as
        ``h[t] := f(h[t-1])`` they do, and only the entry itself may stay, so its index must be a number.
        """
        if name not in self.given.needed([clause.body for clause in self.given.clauses[name]]):
            return name, None
        fixed = at[:len(self.given.clauses[name][0].pattern)]
        if not all(k.is_Integer for k in fixed):
            raise NoProof(f"the entries of `{name}` depend on one another, and which is meant is not a number")
        return name, tuple(fixed)

    def _expanded(self, expression, name, bound, kept):
        """Replace what stood in for a defined quantity by its definition."""
        standing = {e: e.indices for e in expression.atoms(sympy.Indexed) if e.base.label.name == name}
        standing |= {e: () for e in expression.atoms(sympy.Symbol) if e.name == name and e.is_real and not e.is_integer
                     and not any(e in indexed.base.free_symbols for indexed in standing)}
        return expression.xreplace({e: self._name(name, at, bound, kept) for e, at in standing.items()})


def normal(expression, ranges):
    """Bring every sum of symbolic length in an expression to one form (the rules stand at the top of the module)."""
    if not expression.has(Sum, sympy.Product, sympy.Piecewise):
        return expression
    if isinstance(expression, sympy.Piecewise):
        # SymPy sums a delta to a Piecewise on "the index is in range", which it is.
        return normal(expression.args[0].expr, ranges)
    arguments = [normal(argument, ranges) if isinstance(argument, sympy.Expr) else argument
                 for argument in expression.args]
    if isinstance(expression, sympy.Product):
        factor, limits = arguments[0], expression.args[1]
        if factor.is_positive:
            return sympy.exp(normal(Sum(sympy.expand_log(sympy.log(factor)), limits), ranges))
        return expression.func(factor, limits)
    if isinstance(expression, Sum):
        terms = Add.make_args(sympy.expand(sympy.expand_log(arguments[0])))
        return Add(*[_sum_of_product(term, expression.args[1:], ranges) for term in terms])
    return expression.func(*arguments)


def _sum_of_product(term, limits, ranges):
    """Sum one product over its indices, all rules applied."""
    factors, limits = _merged(list(Mul.make_args(term)), [tuple(limit) for limit in limits])
    while (found := _collapsible(factors, limits, ranges)) is not None:
        delta, index, other = found
        factors.remove(delta)
        factors = [factor.xreplace({index: other}) for factor in factors]
        limits = [limit for limit in limits if limit[0] != index]
    outside = [f for f in factors if not any(f.has(limit[0]) for limit in limits)]
    inside = [f for f in factors if any(f.has(limit[0]) for limit in limits)]
    lengths = [high - low + 1 for index, low, high in limits if not any(f.has(index) for f in inside)]
    limits = [limit for limit in limits if any(f.has(limit[0]) for f in inside)]
    groups = _connected(inside, limits)
    return Mul(*outside, *lengths, *[_canonical(*group) for group in groups])


def _merged(factors, limits):
    """Pull sums that stand as factors inside the sum into it, under fresh names; powers count as repeated factors."""
    indices, flat = {limit[0] for limit in limits}, []
    queue = list(factors)
    while queue:
        factor = queue.pop()
        base, power = factor.as_base_exp() if isinstance(factor, Pow) else (factor, sympy.S.One)
        if isinstance(base, Sum) and base.has(*indices) and power.is_Integer and 1 <= power <= MAX_MERGED:
            for _ in range(power):
                fresh = {limit[0]: sympy.Dummy(integer=True, positive=True) for limit in base.args[1:]}
                limits += [(fresh[i], low, high) for i, low, high in (tuple(limit) for limit in base.args[1:])]
                indices |= set(fresh.values())
                queue += Mul.make_args(base.args[0].xreplace(fresh))
        else:
            flat.append(factor)
    return flat, limits


def _collapsible(factors, limits, ranges):
    """A delta factor that fixes one of the indices, with that index and what it becomes."""
    for factor in factors:
        if isinstance(factor, KroneckerDelta):
            for index, low, high in limits:
                a, b = factor.args
                if index in (a, b):
                    other = b if index == a else a
                    if _in_range(other, low, high, limits, ranges):
                        return factor, index, other
    return None


def _in_range(other, low, high, limits, ranges):
    """Whether an index is known to lie in a range: its own is the same one, or it is declared with it."""
    known = {limit[0]: limit[1:] for limit in limits}
    if other in known:
        return tuple(known[other]) == (low, high)
    if other in ranges:
        return tuple(ranges[other]) == (low, high)
    return False


def _connected(factors, limits):
    """Group factors that share summed indices: sums over separate indices are a product of sums."""
    groups = [([limit], [f for f in factors if f.has(limit[0])]) for limit in limits]
    merged = []
    for own_limits, own_factors in groups:
        for other in [g for g in merged if any(f in g[1] for f in own_factors)]:
            merged.remove(other)
            own_limits, own_factors = other[0] + own_limits, other[1] + [f for f in own_factors if f not in other[1]]
        merged.append((own_limits, own_factors))
    return merged


def _canonical(limits, factors):
    """One sum whose indices are named in the order that gives the smallest text."""
    body = Mul(*factors)
    if len(limits) > MAX_MERGED:
        return Sum(body, *limits)
    names = [sympy.Symbol(f"k_{depth}_{n}", integer=True, positive=True) for depth in [_depth(body)]
             for n in range(len(limits))]
    best = min((_renamed(body, order, names) for order in permutations(limits)), key=sympy.default_sort_key)
    return best


def _renamed(body, order, names):
    fresh = dict(zip((limit[0] for limit in order), names))
    return Sum(body.xreplace(fresh), *[(fresh[i], low, high) for i, low, high in order])


def _depth(expression):
    """How deep sums stand inside this expression, so that nested sums never share an index name."""
    return max((1 + _depth(e.args[0]) for e in expression.atoms(Sum)), default=0)
