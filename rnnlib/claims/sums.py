"""One form for every sum of symbolic length.

SymPy does not bring sums such as ``sum(p[k] * delta(k, j), k)`` to a form in which equal ones look equal. The rules
that do are few:

- a sum is split at its terms, and what does not depend on the index is taken out (of a sum that may be empty only what
  is known to have a value);
- ``sum(f(k) * delta(k, j), k)`` is f(j), provided that j is known to lie in the range of k;
- a sum that is a factor inside a sum becomes one sum over both indices;
- factors that share no index become a product of sums, and ``sum(1, k)`` is the length of its range, provided that
  the range is known not to end before it starts;
- a product of positive factors is the exponential of the sum of their logarithms;
- indices are named in one way, by how deep their sum stands.

A rule whose condition is not known to hold is not used: then the sum stays as it is, and there may be no proof.
Bound indices get fresh names before anything is done inside a sum, so that no name is ever captured.
"""

from itertools import permutations

import sympy
from sympy import Add, KroneckerDelta, Mul, Pow, Product, Sum

MAX_MERGED = 4  # indices of one merged sum; beyond that the search for a common naming is too long


def index_symbol(low, name=None):
    """A symbol for a whole number from `low` on; a fresh one that equals no other unless it is named."""
    known = {"positive": True} if low.is_positive else {"nonnegative": True} if low.is_nonnegative else {}
    return sympy.Symbol(name, integer=True, **known) if name else sympy.Dummy(integer=True, **known)


def normal(expression, ranges):
    """Bring every sum and product of symbolic length in an expression to one form.

    Parameters
    ----------
    expression : sympy.Expr
    ranges : dict
        By index symbol: the least and the greatest value of each index that stands free.
    """
    if not expression.has(Sum, Product):
        return expression
    if isinstance(expression, Sum):
        return _normal_sum(expression, ranges)
    if isinstance(expression, Product):
        return _normal_product(expression, ranges)
    return expression.func(
        *[normal(argument, ranges) if isinstance(argument, sympy.Expr) else argument for argument in expression.args]
    )


def never_negative(number, ranges):
    """Whether a whole number built from sizes and indices is at least zero, wherever its indices are in range."""
    for index, (low, high) in reversed(ranges.items()):
        if number.has(index) and (slope := number.diff(index)).is_Rational:  # not that of w[k], a pick, by k
            number = number.xreplace({index: low if slope.is_positive else high})
    return bool(sympy.expand(number).is_nonnegative)


def apart(a, b, ranges):
    """Whether two whole numbers differ, wherever their indices are in range."""
    return never_negative(a - b - 1, ranges) or never_negative(b - a - 1, ranges)


def masked(expression, ranges):
    """Replace the sums and products in an expression, outermost first, by symbols of the same sign.

    An empty sum is 0 whatever its terms are, so a sum is positive only where its range is known to hold something.

    Returns
    -------
    sympy.Expr, dict
        The expression, and by symbol what it stands for.
    """
    symbols = {}

    def sign(series):
        filled = all(never_negative(high - low, ranges) for _, low, high in series.limits)
        if series.function.is_positive and (filled or isinstance(series, Product)):
            return {"positive": True}
        return {"nonnegative": True} if series.function.is_nonnegative else {"real": True}

    def walk(e):
        if isinstance(e, (Sum, Product)):
            if e not in symbols:
                symbols[e] = sympy.Dummy(**sign(e))
            return symbols[e]
        return e.func(*map(walk, e.args)) if e.args and e.has(Sum, Product) else e

    return walk(expression), {symbol: series for series, symbol in symbols.items()}


def bound_indices(expression):
    """The indices over which sums and products in an expression run."""
    return {limit[0] for series in expression.atoms(Sum, Product) for limit in series.limits}


def _normal_product(product, ranges):
    factor, limits = _renewed(product)
    factor = normal(factor, {**ranges, **_ranges_of(limits)})
    if factor.is_positive:
        return sympy.exp(_normal_sum(Sum(sympy.expand_log(sympy.log(factor)), *limits), ranges))
    return _canonical(limits, [factor], Product) if len(limits) == 1 else Product(factor, *limits)


def _normal_sum(series, ranges):
    """Sum over one index after the other, from the inside: the range of one may depend on those further out."""
    body, limits = _renewed(series)
    body = normal(body, {**ranges, **_ranges_of(limits)})
    for depth, limit in enumerate(limits):
        known = {**ranges, **_ranges_of(limits[depth + 1 :])}
        # SymPy would write the exponential of a sum as a product when it multiplies out: it does not get to see sums.
        body, hidden = masked(body, {**known, **_ranges_of([limit])})
        terms = Add.make_args(sympy.expand(sympy.expand_log(body)))
        body = Add(*[_sum_of_product(term.xreplace(hidden), [limit], known) for term in terms])
    return body


def _renewed(series):
    """The body and the limits of a sum under fresh index names."""
    fresh = {index: index_symbol(low) for index, low, _ in series.limits}
    limits = [(fresh[index], low.xreplace(fresh), high.xreplace(fresh)) for index, low, high in series.limits]
    return series.function.xreplace(fresh), limits


def _ranges_of(limits):
    """By index: its range. SymPy has the innermost limit first; here what a range depends on goes before it."""
    return {index: (low, high) for index, low, high in reversed(limits)}


def _sum_of_product(term, limits, ranges):
    """Sum one product over its indices, all rules applied."""
    factors, limits = _merged(Mul.make_args(term), limits)
    while (found := _collapsible(factors, limits, ranges)) is not None:
        delta, index, other = found
        factors.remove(delta)
        factors = [factor.xreplace({index: other}) for factor in factors]
        limits = [limit for limit in limits if limit[0] != index]
    factors = Mul.make_args(Mul(*factors))  # equal factors become one power
    indices = [limit[0] for limit in limits]
    outside = [factor for factor in factors if not factor.has(*indices)] if indices else factors
    known = {**ranges, **_ranges_of(limits)}
    if not all(never_negative(high - low, known) for _, low, high in limits):
        # An empty sum is 0 even where its terms have no value; outside of it, such a factor could cancel.
        outside = [factor for factor in outside if _has_value(factor, ranges)]
    inside = [factor for factor in factors if factor not in outside]
    return Mul(*outside, *[_grouped_sum(*group, ranges) for group in _connected(inside, limits)])


def _has_value(expression, ranges):
    """Whether an expression is known to have a value wherever the sums in it have one."""
    plain, _ = masked(expression, ranges)
    for node in sympy.preorder_traversal(plain):
        if isinstance(node, Pow):
            base, power = node.args
            if not (base.is_positive or (power.is_integer and (power.is_nonnegative or base.is_nonzero))):
                return False
        elif isinstance(node, sympy.log) and not node.args[0].is_positive:
            return False
    return True


def _grouped_sum(limits, factors, ranges):
    """A sum over indices that hang together; without factors there is one index, and the sum is its length."""
    if not factors:
        ((_, low, high),) = limits
        if never_negative(high - low + 1, ranges):
            return high - low + 1
    return _canonical(limits, factors, Sum)


def _merged(factors, limits):
    """Pull sums that stand as factors inside the sum into it; powers count as repeated factors.

    A sum whose own range depends on an index of the outer one stays where it is.
    """
    indices, limits, flat = {limit[0] for limit in limits}, list(limits), []
    queue = list(factors)
    while queue:
        factor = queue.pop()
        base, power = factor.as_base_exp() if isinstance(factor, Pow) else (factor, sympy.S.One)
        if (
            isinstance(base, Sum)
            and base.has(*indices)
            and power.is_Integer
            and 1 <= power <= MAX_MERGED
            and not any(bound.has(*indices) for limit in base.limits for bound in limit[1:])
        ):
            for _ in range(power):
                body, own = _renewed(base)
                limits += own
                indices |= {limit[0] for limit in own}
                queue += Mul.make_args(body)
        else:
            flat.append(factor)
    return flat, limits


def _collapsible(factors, limits, ranges):
    """A delta factor that fixes one of the indices, with that index and what it becomes."""
    known = {**ranges, **_ranges_of(limits)}
    for delta in [factor for factor in factors if isinstance(factor, KroneckerDelta)]:
        for index, low, high in limits:
            if index in delta.args:
                other = delta.args[1] if index == delta.args[0] else delta.args[0]
                if not other.has(index) and never_negative(other - low, known) and never_negative(high - other, known):
                    return delta, index, other
    return None


def _connected(factors, limits):
    """Group factors that share summed indices: sums over separate indices are a product of sums."""
    merged = []
    for limit in limits:
        own_limits, own_factors = [limit], [factor for factor in factors if factor.has(limit[0])]
        for other in [group for group in merged if any(factor in group[1] for factor in own_factors)]:
            merged.remove(other)
            own_limits = other[0] + own_limits
            own_factors = other[1] + [factor for factor in own_factors if factor not in other[1]]
        merged.append((own_limits, own_factors))
    return merged


def _canonical(limits, factors, kind):
    """One sum or product whose indices are named in the order that gives the smallest text."""
    body = Mul(*factors)
    if len(limits) > MAX_MERGED:
        return kind(body, *limits)
    return min((_named(body, order, kind) for order in permutations(limits)), key=sympy.default_sort_key)


def _named(body, limits, kind):
    # No letter of the language holds a #, and every such name in here, bound or free, has a smaller number: nothing
    # is captured.
    depth = 1 + max(_depth_in(symbol) for part in (body, *limits) for symbol in sympy.Tuple(part).atoms(sympy.Symbol))
    names = {index: index_symbol(low, f"#{depth}.{n}") for n, (index, low, _) in enumerate(limits)}
    return kind(body.xreplace(names), *[(names[index], low, high) for index, low, high in limits])


def _depth_in(index):
    """The number in the name that `_named` gave an index."""
    return int(index.name[1:].partition(".")[0]) if index.name.startswith("#") else -1
