"""False statements by the thousand: right ones with an error put in at random, and what plain NumPy says of them.

Nothing here uses the engine's arithmetic or its mutants. A statement is false where `refuting_point` finds sizes from
1 to 8, numbers and indices at which both sides are defined, every index lies in its range, and the sides differ in
float64. Derivatives are complex steps along the definitions: what is differentiated by is nudged where it is
computed, and all that follows from it follows. A derivative inside a derivative is a central difference.
"""

import ast
import copy
import operator
from functools import reduce
from itertools import product

import numpy as np

from rnnlib.claims.domains import PICK
from rnnlib.claims.errors import ClaimError
from rnnlib.claims.given import Given
from rnnlib.claims.language import Statement, indices_of, parse, parse_statement, text_of

SIZES = (3, 2, 4, 1, 5, 8, 6, 7)
STEP, DIFFERENCE = 1e-30, 1e-4
FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "abs": lambda x: x * np.sign(np.real(x)),
}
CONDITIONS = {ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Lt: operator.lt, ast.LtE: operator.le}
HOLDS = {
    "=": lambda gap, slack: abs(gap) <= slack,
    "<=": lambda gap, slack: gap <= slack,
    ">=": lambda gap, slack: gap >= -slack,
    "<": lambda gap, slack: gap < slack,
    ">": lambda gap, slack: gap > -slack,
}


class NoValue(Exception):
    """A side has no value at a point: an index out of its range, a logarithm of -1, a division by zero."""


class Plain:
    """Values of trees at one point: `numbers` holds sizes, arrays and free indices by name."""

    def __init__(self, given, numbers, nudges=()):
        self.given, self.numbers, self.nudges = given, numbers, nudges
        self.found, self.nearby = {}, {}

    def value(self, tree, at):
        match tree:
            case ast.Constant(value=value):
                return float(value)
            case ast.Name(id=name):
                return at[name] if name in at else self.whole(name)
            case ast.Subscript(value=ast.Name(id=name)):
                return self.entry(name, tuple(self.integer(part, at) for part in indices_of(tree)))
            case ast.Subscript(value=base):
                array, where = self.value(base, at), tuple(self.integer(part, at) for part in indices_of(tree))
                return self.picked(array, where)
            case ast.UnaryOp(op=op):
                return -self.value(tree.operand, at) if isinstance(op, ast.USub) else self.value(tree.operand, at)
            case ast.Attribute():
                return np.transpose(self.value(tree.value, at))
            case ast.BinOp():
                return self.operation(tree.op, self.value(tree.left, at), self.value(tree.right, at))
        return self.call(tree.func.id, tree.args, at)

    def integer(self, tree, at):
        return round(float(np.real(self.value(tree, at))))

    def operation(self, op, a, b):
        match op:
            case ast.Add():
                return a + b
            case ast.Sub():
                return a - b
            case ast.Mult():
                return a * b
            case ast.MatMult():
                return a @ b
            case ast.Div():
                if np.any(np.real(b) == 0):
                    raise NoValue
                return a / b
        return self.power(a, b)

    def power(self, a, b):
        if np.ndim(b) == 0 and np.imag(b) == 0 and float(np.real(b)).is_integer() and abs(b) <= 64:
            n = int(np.real(b))
            if n < 0 and np.any(np.real(a) == 0):
                raise NoValue
            whole = np.prod([a] * abs(n), axis=0) if n else np.ones(np.shape(a))
            return 1 / whole if n < 0 else whole
        if np.any(np.real(a) <= 0):
            raise NoValue
        return np.exp(b * np.log(a))

    def span(self, index):
        low, high = self.given.domains[index].axes
        return range(self.integer(low, {}), self.integer(high, {}) + 1)

    def whole(self, name):
        if name == "pi":
            return np.pi
        if name in self.numbers:
            return self.nudged(name, (), self.numbers[name])
        if name not in self.found:
            spans = [self.span(p.id) for p in self.given.general_clause(name).pattern]
            if spans and not all(spans):
                raise NoValue
            entries = np.array([self.defined(name, at) for at in product(*spans)])
            self.found[name] = entries.reshape([*map(len, spans), *entries.shape[1:]])
        return self.found[name]

    def entry(self, name, at):
        if name in self.numbers:
            array, first = self.whole(name), ()
        else:
            arity = len(self.given.clauses[name][0].pattern)
            first, at = at[:arity], at[arity:]
            array = self.defined(name, first) if len(first) == arity else self.whole(name)[tuple(k - 1 for k in first)]
        return self.picked(array, at) if at else array

    def picked(self, array, at):
        if not all(1 <= k <= n for k, n in zip(at, np.shape(array), strict=False)):
            raise NoValue
        return array[tuple(k - 1 for k in at)]

    def defined(self, name, at):
        if (name, at) not in self.found:
            if len(self.found) > 5000:
                raise NoValue
            self.found[name, at] = self.nudged(name, at, self.value(*self.body(name, at)))
        return self.found[name, at]

    def body(self, name, at):
        for clause in self.given.clauses[name]:
            pairs = list(zip(clause.pattern, at, strict=True))
            if all(k in self.span(p.id) if isinstance(p, ast.Name) else k == p.value for p, k in pairs):
                return clause.body, {p.id: k for p, k in pairs if isinstance(p, ast.Name)}
        raise NoValue

    def nudged(self, name, at, value):
        for nudged, entry, amount in self.nudges:
            if nudged == name and entry[: len(at)] == at:
                inner = tuple(k - 1 for k in entry[len(at) :])
                if inner:
                    value = np.array(value, dtype=complex)
                    value[inner] += amount
                else:
                    value = value + amount
        return value

    def call(self, name, args, at):
        if name in ("sum", "prod"):
            return self.series(name, args, at)
        if name == "d":
            return self.slopes(*args, at)
        if name == "cases":
            sides = [np.real(self.value(side, at)) for side in (args[0].left, args[0].comparators[0])]
            return self.value(args[1 if CONDITIONS[type(args[0].ops[0])](*sides) else 2], at)
        if name == "eye":
            return np.eye(self.integer(args[0], at))
        values = [self.value(argument, at) for argument in args]
        if name == "concat":
            return np.concatenate(values)
        if name in ("max", "min"):
            return np.where((np.real(values[0]) > np.real(values[1])) == (name == "max"), *values)[()]
        if name == "norm":
            return np.sqrt(np.sum(values[0] ** 2))
        if name == "delta":
            return float(values[0] == values[1])
        if name == "outer":
            return np.multiply.outer(*values)
        if name == "diag":
            return np.diag(values[0])
        if name == "softmax":
            return np.exp(values[0]) / np.sum(np.exp(values[0]))
        if name in ("log", "sqrt") and np.any(np.real(values[0]) <= 0):
            raise NoValue
        return FUNCTIONS[name](values[0])

    def series(self, name, args, at):
        index = args[1].id
        ends = [self.integer(end, at) for end in args[2:]]
        steps = range(ends[0], ends[1] + 1) if ends else self.span(index)
        if not steps:
            axes = [axis.rpartition("..") for axis in self.given.shape(args[0], (*at, index))]
            lengths = [
                self.integer(parse(h), {}) - (self.integer(parse(low), {}) if low else 1) + 1 for low, _, h in axes
            ]
            return np.full(lengths, float(name == "prod"))[()]
        terms = [self.value(args[0], {**at, index: k}) for k in steps]
        return np.sum(terms, axis=0) if name == "sum" else np.prod(terms, axis=0)

    def slopes(self, f, x, at):
        name = x.id if isinstance(x, ast.Name) else x.value.id
        first = () if isinstance(x, ast.Name) else tuple(self.integer(part, at) for part in indices_of(x))
        inner = np.shape(self.value(x, at))
        entries = [self.slope(f, name, (*first, *(k + 1 for k in rest)), at) for rest in np.ndindex(inner)]
        return np.moveaxis(
            np.reshape(entries, (*inner, *np.shape(entries[0]))), range(len(inner)), range(-len(inner), 0)
        )

    def slope(self, f, name, entry, at):
        def moved(amount):
            nudges = (*self.nudges, (name, entry, amount))
            return self.nearby.setdefault(nudges, Plain(self.given, self.numbers, nudges)).value(f, at)

        if self.nudges:
            return (moved(DIFFERENCE) - moved(-DIFFERENCE)) / (2 * DIFFERENCE)
        return np.imag(moved(STEP * 1j)) / STEP


def point(given, trees, sizes, random):
    """Random numbers for all that the trees depend on."""
    numbers = dict(sizes)
    for name in [n for n in given.domains if n in given.needed(trees)]:
        kind, axes = given.domains[name].kind, given.domains[name].axes
        if kind in ("size", "index"):
            continue
        shape = [Plain(given, numbers).integer(axis, {}) for axis in axes]
        if any(length < 0 for length in shape):
            raise NoValue
        if kind == PICK:
            low, high = (Plain(given, numbers).integer(bound, {}) for bound in given.domains[name].bounds)
            if low > high:
                raise NoValue
            numbers[name] = random.integers(low, high + 1, shape)
        elif kind == "onehot":
            numbers[name] = np.eye(*shape)[random.integers(shape[0])]
        elif kind == "distribution":
            weights = random.uniform(0.2, 2, shape)
            numbers[name] = weights / weights.sum(-1, keepdims=True)
        else:
            low, high = {"real": (-1.5, 1.5), "positive": (0.2, 2), "unit": (0.1, 0.9)}[kind]
            numbers[name] = random.uniform(low, high, shape)[()]
    return numbers


def refuting_point(statement, given, random, sizes=None):
    """Sizes, numbers and indices at which a statement is false; None where none was found."""
    trees = [statement.left, statement.right]
    names, free = given.sizes(trees), given.free_indices(trees)
    nested = given.nesting(trees) > 1
    for turn in range(len(SIZES)):
        chosen = sizes or {name: SIZES[(turn + 3 * n) % len(SIZES)] for n, name in enumerate(names)}
        chosen = {
            name: given.held(name) or (size if sizes else given.smallest(name) - 1 + size)
            for name, size in chosen.items()
        }
        try:
            numbers = point(given, trees, chosen, random)
        except NoValue:  # nothing can be picked at these sizes
            continue
        plain = Plain(given, numbers)
        for choice in product(*map(plain.span, free)):
            at = dict(zip(free, choice, strict=True))
            if not _agrees(statement, plain, at, 1e-4 if nested else 1e-7):
                return {**numbers, **at}
    return None


def _agrees(statement, plain, at, tolerance):
    try:
        with np.errstate(all="raise", under="ignore"):
            a, b = plain.value(statement.left, at), plain.value(statement.right, at)
            a, b = np.broadcast_arrays(np.real(a), np.real(b))
            slack = tolerance * (1 + np.abs(a) + np.abs(b))
            return bool(np.all(HOLDS[statement.relation](a - b, slack)))
    except (NoValue, FloatingPointError, OverflowError, RecursionError):
        return True


# Errors put in at random.


def false_statements(settings, seed):
    """Without end: a setting's text, a statement's and a point that refutes it, made from true statements.

    Parameters
    ----------
    settings : dict of str to list of str
        By setting: statements that are true in it.
    seed : int
    """
    random = np.random.default_rng(seed)
    texts = list(settings)
    while True:
        text = texts[random.integers(len(texts))]
        statements = settings[text]
        statement = _composed([parse_statement(s) for s in random.choice(statements, 2)], random)
        if random.random() < 0.25:
            text = _other_setting(text, random)
        else:
            statement = _other_statement(statement, text, random)
        try:
            given, told = Given(text), f"{text_of(statement.left)} {statement.relation} {text_of(statement.right)}"
            given.check_statement(statement := parse_statement(told))
            found = refuting_point(statement, given, random)
        except (ClaimError, RecursionError):
            continue
        if found:
            yield text, told, found


def _composed(statements, random):
    """One true statement, or two joined to one."""
    first, second = statements
    if random.random() < 0.85 or {first.relation, second.relation} != {"="}:
        return first
    op = [ast.Add, ast.Sub, ast.Mult][random.integers(3)]()
    return Statement(ast.BinOp(first.left, op, second.left), "=", ast.BinOp(first.right, op, second.right))


def _other_statement(statement, text, random):
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        side = "left" if random.random() < 0.25 else "right"
        pool = _pool([statement.left, statement.right], Given(text))
        statement = statement._replace(**{side: _other_tree(getattr(statement, side), pool, random)})
    return statement


def _other_setting(text, random):
    """A setting with an error in one of its lines: a definition, a range, a starting value."""
    lines = [line.strip() for line in text.strip().splitlines()]
    given = Given(text)
    n = random.integers(len(lines))
    name, _, rest = lines[n].partition(":")
    if rest.startswith("="):
        body = parse(rest[1:])
        lines[n] = f"{name}:= {text_of(_other_tree(body, _pool([body], given), random))}"
        if random.random() < 0.15 and "[t]" in name:  # a further starting value, such as h[2] := 0
            lines.append(f"{name.replace('[t]', f'[{random.integers(4)}]')}:= {random.integers(3)}")
    elif ".." in rest:
        high = rest.split("..")[1].split("-")[0]
        lines[n] = f"{name}: {random.integers(4)}..{high}{random.choice(['', '-1', '-2', '+1'])}"
    elif rest.strip().startswith("size"):
        lines[n] = f"{name}: size >= {random.integers(1, 5)}"
    return "\n".join(lines)


def _pool(trees, given):
    """What may stand in for something: the names of the setting, and the parts of the trees."""
    names = [*given.domains, *given.clauses]
    indices = [name for name, domain in given.domains.items() if domain.kind == "index"]
    sizes = [name for name, domain in given.domains.items() if domain.kind == "size"]
    parts = [node for tree in trees for _, node in _places(tree)]
    return {"names": names, "indices": indices, "sizes": sizes, "parts": parts}


def _places(tree, path=()):
    yield path, tree
    for field, value in ast.iter_fields(tree):
        if field in ("func", "ctx", "op", "kind") or (field == "value" and isinstance(tree, ast.Subscript)):
            continue
        for n, child in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(child, ast.Tuple):
                yield from ((p, c) for p, c in _places(child, (*path, (field, None))) if c is not child)
            elif isinstance(child, ast.expr):
                yield from _places(child, (*path, (field, n if isinstance(value, list) else None)))


def _other_tree(tree, pool, random):
    places = list(_places(tree))
    path, node = places[random.integers(len(places))]
    for _ in range(20):
        changes = list(_changes(node, pool, random))
        new = changes[random.integers(len(changes))]
        if ast.dump(new) != ast.dump(node):
            break
    tree = copy.deepcopy(tree)
    if not path:
        return new
    parent = tree
    for field, n in path[:-1]:
        parent = getattr(parent, field) if n is None else getattr(parent, field)[n]
    field, n = path[-1]
    if n is None:
        setattr(parent, field, new)
    else:
        getattr(parent, field)[n] = new
    return tree


def _changes(node, pool, random):
    """A few wrong versions of one node; those that mean nothing are sorted out later."""

    def one(of):
        return of[random.integers(len(of))]

    index = ast.Name(one(pool["indices"]) if pool["indices"] else "pi")
    match node:
        case ast.BinOp(left=left, op=op, right=right):
            yield from (left, right, ast.BinOp(right, op, left))
            if isinstance(op, ast.MatMult):
                yield ast.BinOp(ast.Attribute(left, "T"), op, right)
                yield ast.BinOp(left, op, ast.Attribute(right, "T"))
            elif not isinstance(op, ast.Pow):
                yield ast.BinOp(left, one([ast.Add, ast.Sub, ast.Mult, ast.Div])(), right)
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Attribute(value=value):
            yield value
        case ast.Constant(value=value):
            yield from (ast.Constant(value + 1), ast.Constant(2 * value), ast.Constant(max(value - 1, 0)))
        case ast.Name(id=name) if name in pool["indices"] or name in pool["sizes"]:
            yield index
            yield ast.BinOp(node, one([ast.Add, ast.Sub])(), ast.Constant(1))
            yield one([ast.Constant(1), ast.Constant(2), ast.Name(one(pool["sizes"] or ["pi"]))])
        case ast.Name():
            yield ast.Name(one(pool["names"]))
            yield ast.Attribute(node, "T")
        case ast.Subscript(value=value):
            indices = indices_of(node)
            yield ast.Subscript(ast.Name(one(pool["names"])), node.slice)
            if len(indices) > 1:
                yield ast.Subscript(value, ast.Tuple(indices[::-1]))
                yield ast.Subscript(value, indices[0])
            else:
                yield ast.Subscript(value, index)
                yield ast.Subscript(value, ast.BinOp(indices[0], one([ast.Add, ast.Sub])(), ast.Constant(1)))
        case ast.Call(func=ast.Name(id="sum" | "prod" as name), args=[body, running, *_]):
            yield body
            yield ast.Call(ast.Name(name), [body, index], [])
            yield ast.Call(ast.Name("prod" if name == "sum" else "sum"), node.args, [])
            low = one([ast.Constant(0), ast.Constant(1), ast.Constant(2), ast.Constant(3), index])
            size = ast.Name(one(pool["sizes"]))
            high = one(
                [size, index, ast.BinOp(size, ast.Sub(), ast.Constant(1)), ast.BinOp(index, ast.Sub(), ast.Constant(1))]
            )
            yield ast.Call(ast.Name(name), [body, running, low, high], [])
            yield ast.Call(ast.Name(name), [body, running, ast.Constant(1), high], [])
        case ast.Call(func=ast.Name(id="delta"), args=args):
            yield from (ast.Constant(1), ast.Constant(0), ast.Call(node.func, [args[0], index], []))
            yield ast.Call(node.func, [args[0], ast.BinOp(args[1], ast.Add(), ast.Constant(1))], [])
        case ast.Call(func=ast.Name(id="d"), args=[f, x]):
            yield f
            yield ast.Call(node.func, [ast.Name(one(pool["names"])), x], [])
            yield ast.Call(node.func, [f, ast.Name(one(pool["names"]))], [])
        case ast.Call(func=ast.Name(id="outer"), args=args):
            yield ast.Call(node.func, args[::-1], [])
        case ast.Call(args=args):
            yield args[0]
            if len(args) == 1:
                yield ast.Call(ast.Name(one(list(FUNCTIONS))), args, [])
    yield one(pool["parts"])
    extra = one([ast.Constant(2), ast.Name(one(pool["names"])), one(pool["parts"])])
    yield ast.BinOp(node, one([ast.Add, ast.Sub, ast.Mult, ast.Div])(), extra)
    yield ast.UnaryOp(ast.USub(), node)
    # Right at first, and wrong from the second or third value of an index or a size on.
    late = one([index, *map(ast.Name, pool["sizes"])])
    gaps = [ast.BinOp(late, ast.Sub(), ast.Constant(n)) for n in range(1, random.integers(2, 4))]
    yield ast.BinOp(node, ast.Add(), reduce(lambda a, b: ast.BinOp(a, ast.Mult(), b), gaps))
