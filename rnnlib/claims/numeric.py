"""Compute what a tree stands for at one point: concrete sizes, concrete numbers.

This is the second opinion on every claim and shares nothing with SymPy: derivatives are central differences.
"""

import ast
import math
from functools import cached_property, reduce
from itertools import product

import mpmath
import numpy as np

from .domains import MAX_TERMS, PICK
from .errors import Boundary, IllFormed, OutOfRange, Undecided, Undefined
from .forms import FORMS
from .language import form_of, indices_of, names_in, parse, text_of

_OPEN = object()  # stands for an entry while it is being computed


class Point:
    """Concrete sizes and concrete values for every symbol of a setting.

    Parameters
    ----------
    given : Given
    sizes : dict of str to int
    values : dict of str to nested lists of numbers
        One entry per real symbol; one-hot and distribution symbols included.
    indices : dict of str to int
        Values of the free indices, counted from 1.
    """

    def __init__(self, given, sizes, values, indices=()):
        self.given, self.sizes, self.values, self.indices = given, sizes, values, dict(indices)
        # What was computed here does not depend on the free indices: whoever asks next shares it.
        # Under each choice of arithmetic and nudges: what was computed. And on which entries each of it depends.
        self.found, self.needs, self.reading = {}, {}, []
        self.ranges = {}  # of indices, once asked for

    @cached_property
    def picks(self):
        """The arrays of whole numbers that pick entries of others."""
        return {name: np.asarray(value) for name, value in self.values.items() if self.given.domains[name].kind == PICK}

    def at(self, indices):
        """The same point with other values of the free indices."""
        point = Point(self.given, self.sizes, self.values, indices)
        point.found, point.needs, point.reading, point.ranges = self.found, self.needs, self.reading, self.ranges
        return point

    def forget_nudges(self):
        """Free what was computed beside the point, for derivatives."""
        for key in [key for key in self.found if key[1]]:
            del self.found[key]

    def length(self, axis):
        """The value of a size expression such as ``K`` or ``T - 1``."""
        return _integer(axis, self.sizes)


def evaluate(tree, point, arithmetic):
    """The value of a tree at a point.

    Returns
    -------
    number or numpy.ndarray
        Of the arithmetic's kind.

    Raises
    ------
    Undefined
        When there is no real value there.
    """
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            return _Evaluation(point, arithmetic).value(tree, point.indices)
    except (ZeroDivisionError, FloatingPointError, OverflowError, mpmath.libmp.ComplexResult):
        raise Undefined("a division by zero or an overflow") from None


def _integer(tree, known):
    match tree:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name) if name in known:
            return int(known[name])
        case ast.Subscript(value=ast.Name(id=name)):
            at = tuple(_integer(index, known) for index in indices_of(tree))
            if any(not 1 <= k <= n for k, n in zip(at, known[name].shape, strict=True)):
                raise OutOfRange(f"`{text_of(tree)}` is asked for at an index outside of its range")
            return int(known[name][tuple(k - 1 for k in at)])
        case ast.UnaryOp(op=op, operand=operand):
            return _integer(operand, known) * (-1 if isinstance(op, ast.USub) else 1)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _integer(left, known) + _integer(right, known)
        case ast.BinOp(left=left, op=ast.Sub(), right=right):
            return _integer(left, known) - _integer(right, known)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _integer(left, known) * _integer(right, known)
    raise IllFormed(f"`{text_of(tree)}` is no whole number here; an index is built from indices, sizes and + - *")


class _Evaluation:
    """One walk over a tree; each of the `nudges` is (name, entry, amount), there while a derivative is taken."""

    def __init__(self, point, arithmetic, nudges=()):
        self.point, self.arithmetic, self.nudges = point, arithmetic, nudges
        self.given, self.found = point.given, point.found.setdefault((arithmetic.key, nudges), {})

    def value(self, tree, index):
        value = self._value(tree, index)
        self.arithmetic.work.spend(getattr(value, "size", 1))
        return value

    def _value(self, tree, index):
        match tree:  # the most frequent first
            case ast.Subscript():
                return self._entry(tree, index)
            case ast.BinOp():
                return self._operation(tree.op, self.value(tree.left, index), self.value(tree.right, index))
            case ast.Name():
                return self._name(tree.id, index)
            case ast.Constant(value=value):
                return self.arithmetic.number(value)
            case ast.UnaryOp(op=op):
                operand = self.value(tree.operand, index)
                return -operand if isinstance(op, ast.USub) else operand
            case ast.Attribute():
                return np.transpose(self.value(tree.value, index))
        return FORMS[form_of(tree)].value(self, tree, index)

    def _operation(self, op, left, right):
        match op:
            case ast.Add():
                return left + right
            case ast.Sub():
                return left - right
            case ast.Mult():
                return left * right
            case ast.Div():
                return self.arithmetic.quotient(left, right)
            case ast.MatMult():
                return left @ right
        return self.arithmetic.power(left, right)

    def _name(self, name, index):
        if name in index:
            return self.arithmetic.number(index[name])
        if name in self.point.sizes:
            return self.arithmetic.number(self.point.sizes[name])
        if name == "pi":
            return self.arithmetic.pi
        return self._whole(name)

    def _whole(self, name):
        """The whole symbol or quantity, nudged where a derivative asks for it."""
        return self._once(name, "_symbol" if name in self.point.values else "_assembled", name)

    def _symbol(self, name):
        self._depends_on(name, ())
        return self._nudged(name, (), self.arithmetic.array(self.point.values[name]))

    def _once(self, key, method, *arguments):
        """What a method finds, computed once at a point: under those nudges alone that bear on it."""
        if key not in self.found:
            bearing = self._bearing(key, method, arguments)
            if bearing == self.nudges:
                self._find(key, method, arguments)
            else:
                other = _Evaluation(self.point, self.arithmetic, bearing)
                self.found[key] = other._once(key, method, *arguments)
        elif self.found[key] is _OPEN:
            raise IllFormed(f"`{arguments[0]}` is defined through itself at the same index")
        if not self.nudges and self.point.reading:
            self.point.reading[-1] |= self.point.needs[key]
        return self.found[key]

    def _find(self, key, method, arguments):
        """Compute something, and without nudges note on which entries it depends."""
        self.found[key] = _OPEN
        if not self.nudges:
            self.point.reading.append(set())
        try:
            self.found[key] = getattr(self, method)(*arguments)
            if not self.nudges:
                self.point.needs[key] = self.point.reading[-1]
        finally:
            if not self.nudges:
                self.point.reading.pop()
            if self.found[key] is _OPEN:
                del self.found[key]

    def _bearing(self, key, method, arguments):
        """Those nudges that fall on an entry on which something depends."""
        if not self.nudges:
            return ()
        if key not in self.point.needs:
            _Evaluation(self.point, self.arithmetic)._once(key, method, *arguments)
        needs = self.point.needs[key]
        return tuple(
            nudge for nudge in self.nudges if any((nudge[0], nudge[1][:k]) in needs for k in range(len(nudge[1]) + 1))
        )

    def _depends_on(self, name, at):
        if not self.nudges:
            self.point.reading[-1].add((name, at))

    def _assembled(self, name):
        pattern = self.given.general_clause(name).pattern
        if not pattern:
            return self._defined(name, ())
        ranges = [self._range(index.id) for index in pattern]
        if not all(ranges):
            raise Undefined(f"`{name}` is empty")
        self.arithmetic.work.spend(math.prod(map(len, ranges)))
        return self._stack([self._defined(name, at) for at in product(*ranges)], [len(r) for r in ranges])

    def _stack(self, entries, axes):
        return np.array(entries, dtype=self.arithmetic.dtype).reshape([*axes, *np.shape(entries[0])])

    def _defined(self, name, at):
        """One entry of a defined quantity."""
        return self._once((name, at), "_by_clause", name, at)

    def _by_clause(self, name, at):
        """One entry of a defined quantity, by its first clause whose pattern fits."""
        self._depends_on(name, at)
        for clause in self.given.clauses[name]:
            pairs = list(zip(clause.pattern, at, strict=True))
            if all(isinstance(p, ast.Name) or p.value == k for p, k in pairs):
                bound = {p.id: k for p, k in pairs if isinstance(p, ast.Name)}
                self._require_in_range(name, bound)
                return self._nudged(name, at, self.value(clause.body, bound))
        raise OutOfRange(f"`{name}` has no entry {at[0] if len(at) == 1 else at}")

    def _nudged(self, name, at, value):
        """The value with every nudge added that falls on it or into it."""
        for nudged, entry, amount in self.nudges:
            if nudged != name or entry[: len(at)] != at:
                continue
            inner = tuple(k - 1 for k in entry[len(at) :])
            if inner:
                value = np.array(value)
                value[inner] = value[inner] + amount
            else:
                value = value + amount
        return value

    def _require_in_range(self, name, bound):
        for index, k in bound.items():
            if k not in self._range(index):
                raise OutOfRange(f"`{name}` has no entry {k}")

    def _range(self, index):
        if index not in self.point.ranges:
            low, high = self.given.domains[index].axes
            self.point.ranges[index] = range(self.point.length(low), self.point.length(high) + 1)
        return self.point.ranges[index]

    def _entry(self, tree, index):
        at = tuple(self.integer(part, index) for part in indices_of(tree))
        if not isinstance(tree.value, ast.Name):
            return self._pick(self.value(tree.value, index), at, tree)
        name = tree.value.id
        if name in self.given.clauses and self.given.clauses[name][0].pattern:
            arity = len(self.given.clauses[name][0].pattern)
            if len(at) >= arity:
                inner = self._defined(name, at[:arity])
                return self._pick(inner, at[arity:], tree)
        return self._pick(self._whole(name), at, tree)

    @staticmethod
    def _pick(array, at, tree):
        if not at:
            return array
        if any(not 1 <= k <= n for k, n in zip(at, np.shape(array), strict=False)):
            raise OutOfRange(f"`{text_of(tree)}` is asked for at an index outside of its range")
        return array[tuple(k - 1 for k in at)]

    # What the rows of `FORMS` ask for.

    def integer(self, tree, index):
        """The whole number that an index expression stands for."""
        if isinstance(tree, ast.Name) and tree.id in index:  # by far the most frequent
            return index[tree.id]
        return _integer(tree, {**self.point.sizes, **self.point.picks, **index})

    def series(self, call, index, add, empty):
        """The sum or product of the first argument's values as an index runs; `empty` where it has no value to take."""
        term, running = call.args[0], call.args[1].id
        if len(call.args) == 4:
            steps = range(self.integer(call.args[2], index), self.integer(call.args[3], index) + 1)
        else:
            steps = self._range(running)
        if len(steps) > MAX_TERMS:
            raise Undecided(f"a sum has {len(steps)} terms; at most {MAX_TERMS} are added up")
        if not steps:
            return self.empty(term, (*index, running), empty)
        return reduce(add, (self.value(term, {**index, running: k}) for k in steps))

    def identity(self, n):
        """The identity matrix; where n is negative there is none."""
        if n < 0:
            raise Undefined("a matrix with a negative number of rows")
        self.arithmetic.work.spend(n * n)
        return self.arithmetic.array(np.eye(n, dtype=int))

    def empty(self, tree, bound, empty):
        """What an empty sum or product of such trees is: a number for each entry, or the array that `empty` makes."""
        shape = [self.point.length(parse(axis)) for axis in self.given.shape(tree, bound)]
        if callable(empty):
            return self.arithmetic.array(empty(shape[0], dtype=int))
        return np.full(shape, self.arithmetic.number(empty))[()]

    def derivative(self, f, x, index):
        """The total derivative of `f` by the symbol or entry `x`, by central differences."""
        used = names_in(f) | names_in(x)
        key = text_of(f), text_of(x), *((name, k) for name, k in index.items() if name in used)
        return self._once(key, "_derivative", f, x, index)

    def _derivative(self, f, x, index):
        name, at = (x.value.id, indices_of(x)) if isinstance(x, ast.Subscript) else (x.id, [])
        at = tuple(self.integer(part, index) for part in at)
        inner = np.shape(self.value(x, index))
        here = self.value(f, index)
        entries = [self._slope(f, here, name, at + tuple(k + 1 for k in extra), index) for extra in np.ndindex(inner)]
        if not inner:
            return entries[0]
        if not entries:
            return np.zeros((*np.shape(here), *inner), dtype=self.arithmetic.dtype)
        # The axes of f come first, those of x last, as in a Jacobian.
        return np.moveaxis(self._stack(entries, inner), range(len(inner)), range(-len(inner), 0))

    def _slope(self, f, here, name, at, index):
        # A derivative inside a derivative keeps the outer nudge, so nudges add up.
        h = self.arithmetic.step
        try:
            up, down = (
                _Evaluation(self.point, self.arithmetic, (*self.nudges, (name, at, amount))).value(f, index)
                for amount in (h, -h)
            )
        except Undefined:
            raise Boundary("a derivative where there is no value to both sides") from None
        # The slopes to both sides differ by about h where there is a derivative, by more at a kink or a jump. (In
        # float64 rounding may look like one; whoever meets it there looks again in exact arithmetic.)
        bend = np.abs(up - 2 * here + down)
        if np.any((bend > h**1.5 * (1 + np.abs(here))) & (bend > h**0.5 * np.abs(up - down))):
            raise Boundary("there is no derivative where the slopes to both sides differ")
        return (up - down) / (2 * h)
