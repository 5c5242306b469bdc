"""Prove a closed form at every step, such as that of a moving average, by induction over the step.

The statement has a free index, such as t: 1..T. It is proved at the index's first value (the base), and at t from what
it says at t - 1 (the step). So it holds at every step up to which both sides are defined.

- where the left side is an entry of a recursion, ``m[t] = ...``, its definition is written out once, and ``m[t-1]`` is
  what the statement says there;
- where it is a sum, such as ``sum(beta^(t-k), k, 1, t)``, its last term is split off, and a factor is looked for by
  which the difference of both sides at t is that at t - 1.
"""

import ast

import sympy
from sympy import Add, Mul, Product, Sum

from .errors import NoProof
from .language import indices_of
from .recursion import Unrolled, overlaps, recurs
from .sums import masked, never_negative, normal
from .symbolic import UNCERTAIN, Form, bounds, by_cases, has_sign, is_zero

INDUCTION = "induction over the step"


def proves_by_induction(statement, given, sizes):
    """Whether a base and a step prove both sides equal for every value of one of the free indices.

    Parameters and result are those of `rnnlib.claims.symbolic.proves`.
    """
    trees = [statement.left, statement.right]
    if statement.relation != "=" or any(overlaps(name, given) for name in given.needed(trees)):
        return False
    # What is assumed of an index may leave out a step from which the next one follows.
    assumed = given.free_indices([side for c in given.conditions for side in (c.left, c.right)])
    firsts = {name: given.domains[name].axes[0] for name in given.free_indices(trees) if name not in assumed}
    whole = {name: sympy.Integer(low.value) for name, low in firsts.items() if isinstance(low, ast.Constant)}
    try:
        return any(_holds(statement, given, sizes, *start) for start in whole.items())
    except (NotImplementedError, RecursionError, sympy.PolynomialError):
        return False


def _holds(statement, given, sizes, over, first):
    try:
        base, step = Form(given, sizes), _Step(given, sizes, statement, over)
        at, others = _one_entry(base, statement, over)
        if not has_sign(Add(*_difference(base, statement, at, {**others, over: first})), "=", base):
            return False
        at, others = _one_entry(step, statement, over)
        step.now = step.index(first + 1, step.entry(given.domains[over].axes[1]))
        return step.follows(at, others)
    except NoProof:
        return False


def _one_entry(form, statement, over):
    """Fresh indices that stand for any entry of an array and any values of the other free indices."""
    given, trees = form.given, [statement.left, statement.right]
    axes = given.shape(statement.left) or given.shape(statement.right)
    if any(domain.kind == "onehot" and name in given.needed(trees) for name, domain in given.domains.items()):
        raise NoProof("a one-hot vector is no part of an induction")
    free = [name for name in given.free_indices(trees) if name != over]
    others = {name: form.index(*map(form.entry, given.domains[name].axes)) for name in free}
    return tuple(form.index(*map(form.entry, bounds(axis))) for axis in axes), others


def _difference(form, statement, at, bound):
    left, right = Form.sides(form, statement, at, bound)
    return left, -right


class _Step(Unrolled):
    """The SymPy form of a statement at one step, in which what it says of the step before is used."""

    def __init__(self, given, sizes, statement, over):
        super().__init__(given, sizes, opaque=set(), backwards=True, eager=False)
        self.statement, self.over, self.now = statement, over, None

    def follows(self, at, others):
        """Whether the statement at this step follows from the one at the step before."""
        here = Add(*_difference(self, self.statement, at, {**others, self.over: self.now}))
        here = normal(self._without_last(here), self.ranges)
        if self._vanishes(here):
            return True
        before = normal(Add(*_difference(self, self.statement, at, {**others, self.over: self.now - 1})), self.ranges)
        return any(self._vanishes(here - factor * before) for factor in self._factors(here, before))

    def _derivative(self, f, x, at, bound, kept):
        raise NoProof("a derivative is no part of an induction")

    def _defined(self, name, at, bound, kept):
        if not recurs(name, self.given):
            return super()._defined(name, at, bound, kept)
        step = at[: len(self.given.clauses[name][0].pattern)]
        if self.now in step or not any(k.has(self.now) for k in step):
            return super()._defined(name, at, bound, kept)
        said = self._said_before(name, at)
        return self._independent(name, at) if said is None else said

    def _said_before(self, name, at):
        """What the statement says of an entry at the step before, None where it says nothing."""
        left = self.statement.left
        whole, indices = (left.value, indices_of(left)) if isinstance(left, ast.Subscript) else (left, [])
        if not isinstance(whole, ast.Name) or whole.id != name:
            return None
        bound = dict(zip([i.id if isinstance(i, ast.Name) else None for i in indices], at, strict=False))
        if bound.get(self.over) != self.now - 1 or len(bound) < len(indices) or None in bound:
            return None
        for index in bound.keys() - {self.over}:
            if self._lies_in(bound[index], *map(self.entry, self.given.domains[index].axes)) is not True:
                return None
        return self.entry(self.statement.right, at[len(indices) :], bound)

    def _without_last(self, expression):
        """Split the last term off every sum and product that ends at this step."""
        if not expression.has(Sum, Product):
            return expression
        expression = expression.func(*map(self._without_last, expression.args)) if expression.args else expression
        if not isinstance(expression, (Sum, Product)) or len(expression.limits) != 1:
            return expression
        ((index, low, high),) = expression.limits
        if high != self.now or not never_negative(high - low, self.ranges):
            return expression
        last = expression.function.xreplace({index: high})
        rest = expression.func(expression.function, (index, low, high - 1))
        return rest + last if isinstance(expression, Sum) else rest * last

    def _factors(self, here, before):
        """By what a sum at the step before is multiplied at this one: what its terms are multiplied by.

        A factor such as (t-1)/(t-2) proves nothing at step 2, where it does not exist; a polynomial always exists.
        """
        now, then = self._gathered(here), self._gathered(before)
        for limits in [limits for limits in now if limits and limits in then]:
            factor = sympy.powsimp(sympy.simplify(now[limits] / then[limits]))
            if not factor.has(*[index for index, *_ in limits]) and factor.is_polynomial(self.now):
                yield factor

    def _gathered(self, expression):
        """The terms of an expression as one sum for each range; what is no sum stands under ()."""
        hidden, symbols = masked(expression, self.ranges)
        found = {}
        for term in Add.make_args(sympy.expand(hidden)):
            factors = Mul.make_args(term)
            sums = [factor for factor in factors if isinstance(symbols.get(factor), Sum)]
            limits, body = (symbols[sums[0]].limits, symbols[sums[0]].function) if len(sums) == 1 else ((), 1)
            rest = Mul(*[factor for factor in factors if not (limits and factor == sums[0])])
            found[limits] = found.get(limits, 0) + body * rest.xreplace(symbols)
        return found

    def _vanishes(self, expression):
        cases = by_cases(normal(expression, self.ranges), self.ranges)
        bodies = [masked(body, self.ranges)[0] for case in cases for body in self._gathered(case).values()]
        return all(not body.has(*UNCERTAIN) and is_zero(body) for body in bodies)
