r"""Read typeset mathematics as a person reads it, and compute what it means.

This is no inverse of the engine's typesetting: it knows the conventions of mathematics with row vectors, and nothing
of the language in which the book's formulas are written. Where a formula is ambiguous it takes the reading that a
person would (``\tanh^{-1}(x)`` is the inverse function, ``A^{-1}`` the inverse matrix, ``\ln 2 a`` is ln(2a)), and
where a person would stop and ask it raises `Unclear`. The conventions that are the book's own stand on its notation
page: vectors are rows; a function of an array is taken entry by entry, and so are $\odot$, $\oslash$, ``^{\odot n}``
and a whole power of a row; a number added to an array is added to each entry.
"""

import re
from functools import reduce
from itertools import pairwise
from typing import NamedTuple

import numpy as np

_TOKEN = re.compile(
    r"\\(?:left|right)\s*(?:[()\[\]|.]|\\[{a-zA-Z]+)|\\(?:operatorname|mathrm|mathbf|text|begin|end)\s*\{[\w ]+\}"
    r"|\\[A-Za-z]+|\\,|\\\\|\d+(?:\.\d+)?|[^\W\d_]|[-+=<>&,^_{}()]"
)
_FUNCTIONS = {
    r"\tanh": np.tanh,
    r"\exp": np.exp,
    r"\ln": np.log,
    r"\log_2": np.log2,
    r"\sigma": lambda x: 1 / (1 + np.exp(-x)),
    r"\operatorname{abs}": np.abs,
}
_INVERSES = {r"\tanh": np.arctanh, r"\sigma": lambda x: np.log(x / (1 - x)), r"\exp": np.log, r"\ln": np.exp}
_OF_ROWS = {r"\operatorname{softmax}": lambda v: np.exp(v) / np.exp(v).sum(), r"\operatorname{diag}": np.diag}
_OF_TWO = {r"\max": np.maximum, r"\min": np.minimum, r"\operatorname{mod}": np.mod}
_RELATIONS = {
    "=": np.equal,
    r"\ne": np.not_equal,
    "<": np.less,
    ">": np.greater,
    r"\le": np.less_equal,
    r"\ge": np.greater_equal,
}
_BETWEEN = {
    r"\left|": (r"\right|", lambda x: abs(_number(x))),
    r"\lfloor": (r"\rfloor", lambda x: np.floor(_plain(x))),
    r"\lVert": (r"\rVert", lambda x: np.linalg.norm(_plain(x), 2)),
}
_TIMES = (r"\,", r"\cdot", r"\odot", r"\oslash")
_SERIES = (r"\sum", r"\prod", r"\bigodot")
_OPENING = ("(", r"\left(")
_GREEK = re.compile(r"\\(?:alpha|beta|gamma|delta|epsilon|eta|theta|kappa|lambda|mu|pi|rho|tau|phi|omega|Delta|Omega)")


class Unclear(ValueError):
    """A person would not know what this formula means."""


class Column(NamedTuple):
    """A row that was transposed."""

    entries: np.ndarray


class Page:
    """What a reader of a formula knows: the symbols, their values, and how some are computed from others.

    Parameters
    ----------
    legend : dict
        The printed symbol, such as ``W_{hh}``, of each name.
    free : dict
        The values of what is not computed: numbers, and arrays whose entries are counted from 1.
    computed : dict, optional
        What is computed, in this order: functions of the dictionary of all values so far.
    ranges : dict, optional
        The last value of each index that runs from 1 where a sum names no bounds.
    first : dict, optional
        Where an array's first axis is counted from, if not from 1.
    """

    def __init__(self, legend, free, computed=(), ranges=(), first=()):
        self.legend, self.free, self.computed = legend, free, dict(computed)
        self.ranges, self.first = dict(ranges), dict(first)

    def values(self, moved=()):
        """Every name's value where some names, free or computed, are moved from theirs."""
        values = {**self.free, **dict(moved)}
        for name, compute in self.computed.items():
            if name not in values:
                values[name] = compute(values)
        return values

    def slope(self, f, name, at, moved=()):
        """The total derivative of ``f(moved)`` by a name, or by one entry of it: five points on a line."""
        start = np.array(self.values(moved)[name], dtype=float)

        def step(place, size):
            x = start.copy()
            x[place] += size
            return np.asarray(f({**dict(moved), name: x if x.ndim else x[()]}))

        def by(place, h=2e-3):
            return (step(place, -2 * h) - 8 * step(place, -h) + 8 * step(place, h) - step(place, 2 * h)) / (12 * h)

        places = [(*at, *rest) for rest in np.ndindex(start.shape[len(at) :])]
        slopes = np.stack([by(place) for place in places], axis=-1)
        return slopes.reshape((*slopes.shape[:-1], *start.shape[len(at) :]))


class _Scene(NamedTuple):
    """Where a formula is evaluated: the values, what was moved, and the running indices."""

    page: Page
    values: dict
    moved: dict
    running: dict


class _Node(NamedTuple):
    """A piece of formula: what it looks like, and its value in a scene."""

    looks: str
    value: object
    name: str = ""
    at: object = None


def read(latex, page, running=()):
    """The value of a formula, a number or an array; `Unclear` where a person would not know."""
    parser = _Parser(tokens(latex), page)
    node = parser.expression()
    parser.end()
    value = node.value(_Scene(page, page.values(), {}, dict(running)))
    if isinstance(value, Column):
        raise Unclear(f"a column is left over: {latex}")
    return value


def tokens(latex):
    """The signs of a formula; spaces mean nothing in mathematics."""
    found, end = [], 0
    for match in _TOKEN.finditer(latex):
        if latex[end : match.start()].strip():
            raise Unclear(f"what is `{latex[end : match.start()]}`?")
        # Bars that grow mean the same as bars that do not.
        found.append(re.sub(r"\s|\\left(?=\\l)|\\right(?=\\r)", "", match[0]))
        end = match.end()
    if latex[end:].strip():
        raise Unclear(f"what is `{latex[end:]}`?")
    return found


class _Parser:
    def __init__(self, found, page):
        self.tokens, self.place, self.page = found, 0, page

    # Signs, one after the other.

    @property
    def next(self):
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, *wanted):
        token = self.next
        if not token or (wanted and token not in wanted):
            raise Unclear(f"expected {wanted or 'more'}, found `{token}` in {''.join(self.tokens)}")
        self.place += 1
        return token

    def end(self):
        if self.next:
            raise Unclear(f"`{self.next}` is left over in {''.join(self.tokens)}")

    def group(self):
        """The signs between a pair of braces."""
        self.take("{")
        start, depth = self.place, 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.take(), 0)
        return self.tokens[start : self.place - 1]

    def inside(self, found):
        """The formula that these signs make."""
        parser = _Parser(found, self.page)
        node = parser.expression()
        parser.end()
        return node

    # Sums and products.

    def expression(self):
        signs = [-1 if self.next in ("-", "+") and self.take() == "-" else 1]
        terms = [self.term()]
        while self.next in ("+", "-"):
            signs.append(1 if self.take() == "+" else -1)
            terms.append(self.term())
        if len(terms) == 1 and signs == [1]:
            return terms[0]

        def value(scene):
            total = None
            for sign, term in zip(signs, terms, strict=True):
                found = term.value(scene)
                if isinstance(found, Column):
                    raise Unclear("a column in a sum")
                if total is not None and np.ndim(total) and np.ndim(found) and np.shape(total) != np.shape(found):
                    raise Unclear("a sum of arrays of different shapes")
                total = sign * found if total is None else total + sign * found
            return total

        return _Node("sum", value)

    def term(self):
        factors, signs = [self.factor()], []
        while self.next in _TIMES or self.starts():
            sign = self.take() if self.next in _TIMES else ""
            if sign in ("", r"\,"):
                self.beside(factors[-1], sign)
            factors.append(self.factor())
            signs.append(sign)
        if not signs:
            return factors[0]
        return _Node("product", lambda scene: _product(factors, signs, scene))

    def starts(self):
        ends = ("", "+", "-", ",", "^", "_", "}", ")", "&", r"\\", *_RELATIONS)
        return self.next not in ends and not self.next.startswith((r"\right", r"\end", r"\rfloor", r"\rVert"))

    def beside(self, left, space):
        """What can't stand beside one another without a sign."""
        if self.next[0].isdigit():
            raise Unclear(f"the number {self.next} directly after a factor")
        if self.next in _OPENING and left.looks in ("symbol", "entry") and not space:
            raise Unclear(f"{left.name}(...) reads as a function")
        ahead = "".join(self.tokens[self.place : self.place + 7])
        if left.looks == "number" and re.match(r"\\frac\{\d+\}\{\d+\}", ahead):
            raise Unclear("a whole number before a fraction of numbers reads as a mixed number")

    def factor(self):
        node = self.atom()
        if self.next == "_" and node.looks == "bracket":
            self.take()
            node = self.entry_of(node, self.group())
        if self.next != "^":
            return node
        if node.looks in ("fraction", "call", "series", "derivative"):
            raise Unclear(f"a power behind a {node.looks} without brackets")
        self.take()
        raised = self.group() if self.next == "{" else [self.take()]
        if self.next in ("^", "_"):
            raise Unclear("two exponents, or an index behind one")
        if raised == [r"\top"]:
            return _Node("power", lambda scene: _transposed(node.value(scene)))
        if node.looks == "euler":
            exponent = self.inside(raised)
            return _Node("power", lambda scene: np.exp(_number(exponent.value(scene))))
        by_entry = raised[0] == r"\odot"
        exponent = self.inside(raised[by_entry:])
        return _Node("power", lambda scene: _power(node.value(scene), exponent, scene, by_entry, raised))

    # Atoms.

    def atom(self):
        token = self.next
        if re.fullmatch(r"\d+(\.\d+)?", token):
            self.take()
            return _Node("number", lambda scene: float(token))
        if token in _OPENING:
            self.take()
            node = self.expression()
            self.take(")" if token == "(" else r"\right)")
            return _Node("bracket", node.value, node.name if node.looks == "symbol" else "")
        if token in _BETWEEN:
            closing, f = _BETWEEN[self.take()]
            node = self.expression()
            self.take(closing)
            return _Node("between", lambda scene: f(node.value(scene)))
        if token == r"\left[":
            return self.joined()
        if token == r"\left\{":
            return self.cases()
        if token == r"\frac":
            return self.fraction()
        if token == r"\sqrt":
            self.take()
            node = self.inside(self.group())
            return _Node("root", lambda scene: np.sqrt(_plain(node.value(scene))))
        if token in _SERIES:
            return self.series()
        if token == r"\mathbf{1}":
            return self.indicator()
        if token == r"\log" or token in _FUNCTIONS or token in _OF_ROWS:
            return self.call()
        if token in _OF_TWO:
            return self.call_of_two()
        return self.symbol()

    def letter(self):
        token = self.take()
        if token in (r"\hat", r"\bar"):
            inner = "".join(self.group()) if self.next == "{" else self.take()
            return f"{token}{{{inner}}}"
        if re.fullmatch(r"[^\W\d_]", token) or _GREEK.fullmatch(token) or token.startswith(r"\mathrm{"):
            return token
        raise Unclear(f"`{token}` is no symbol")

    def symbol(self):
        spelled, below = self.letter(), None
        if self.next == "_":
            self.take()
            below = self.group() if self.next == "{" else [self.take()]
        whole = spelled if below is None else f"{spelled}_{{{''.join(below)}}}"
        names = {printed: name for name, printed in self.page.legend.items()}
        is_symbol, has_entries = whole in names, below is not None and spelled in names
        if is_symbol and has_entries and np.ndim(self.page.values()[names[spelled]]):
            raise Unclear(f"{whole} may be a symbol of its own or an entry of {spelled}")
        if is_symbol:
            return self.named(whole, names[whole])
        if below is None:
            if spelled == "e":
                return _Node("euler", lambda scene: np.e)
            return self.named(spelled, r"\pi" if spelled == r"\pi" else "")
        if spelled == r"\delta" and len(self.indices(below)) == 2:
            if has_entries:
                raise Unclear(f"{whole} may be Kronecker's delta or an entry")
            i, j = self.indices(below)
            return _Node("entry", lambda scene: float(i.value(scene) == j.value(scene)))
        if spelled == "I" and not has_entries:
            size = self.inside(below)
            return _Node("identity", lambda scene: np.eye(round(float(size.value(scene)))))
        if not has_entries:
            raise Unclear(f"{whole} is not in the legend")
        return self.entry_of(self.named(spelled, names[spelled]), below)

    @staticmethod
    def named(spelled, name):
        def value(scene):
            if spelled in scene.running:
                return scene.running[spelled]
            if name == r"\pi":
                return np.pi
            if name not in scene.values:
                raise Unclear(f"{spelled} is not in the legend")
            if name in scene.page.first:
                raise Unclear(f"{spelled} without an index")
            return scene.values[name]

        return _Node("symbol", value, name, lambda scene: ())

    def entry_of(self, node, below):
        indices = self.indices(below)

        def at(scene):
            return tuple(
                round(float(index.value(scene))) - (scene.page.first.get(node.name, 1) if axis == 0 else 1)
                for axis, index in enumerate(indices)
            )

        def value(scene):
            array = scene.values[node.name] if node.name in scene.values else _plain(node.value(scene))
            places = at(scene)
            if len(places) > np.ndim(array):
                raise Unclear(f"{node.name or 'an expression'} has {np.ndim(array)} indices, found {len(places)}")
            if not all(0 <= place < length for place, length in zip(places, np.shape(array), strict=False)):
                raise Unclear(f"an index of {node.name} is out of range")
            return array[places]

        return _Node("entry", value, node.name, at)

    def indices(self, below):
        """The indices of a subscript: between commas, or single letters one after the other."""
        parts, depth = [[]], 0
        for token in below:
            depth += {"{": 1, "}": -1}.get(token, 0)
            if token == "," and not depth:
                parts.append([])
            else:
                parts[-1].append(token)
        if len(parts) == 1 and len(below) > 1 and all(map(_is_letter, below)):
            parts = [[token] for token in below]
        for part in parts:
            if any((_is_index_atom(a) or a == "}") and (_is_index_atom(b) or b == "(") for a, b in pairwise(part)):
                raise Unclear(f"the indices {''.join(below)} need commas")
            if r"\," in part:
                raise Unclear(f"the index {''.join(part)} may be one or two")
        return [self.inside(part) for part in parts]

    def indicator(self):
        self.take()
        self.take("_")
        below = self.group()
        middle = below.index("=")
        i, j = self.inside(below[:middle]), self.inside(below[middle + 1 :])
        return _Node("indicator", lambda scene: float(i.value(scene) == j.value(scene)))

    def fraction(self):
        self.take()
        above, below = self.group(), self.group()
        if r"\partial" in (above + below)[:1] or below[:1] == [r"\partial"]:
            return self.derivative(above, below)
        numerator, denominator = self.inside(above), self.inside(below)
        return _Node("fraction", lambda scene: _plain(numerator.value(scene)) / _number(denominator.value(scene)))

    def derivative(self, above, below):
        if above[:1] != [r"\partial"] or below[:1] != [r"\partial"]:
            raise Unclear("a derivative has a ∂ above and below")
        x = self.inside(below[1:])
        if above[1:]:
            f = self.inside(above[1:])
            if f.looks not in ("symbol", "entry"):
                raise Unclear("∂ before more than a symbol, without brackets")
        else:
            self.take(r"\left[")
            f = self.expression()
            self.take(r"\right]")
        if x.looks not in ("symbol", "entry"):
            raise Unclear("a derivative by what is no symbol")

        def value(scene):
            def moved(values):
                return _plain(f.value(scene._replace(values=scene.page.values(values), moved=values)))

            return scene.page.slope(moved, x.name, x.at(scene), scene.moved)

        return _Node("derivative", value)

    def series(self):
        sign = self.take()
        self.take("_")
        below = self.group()
        letter, low, high = below[0], None, None
        if "=" in below:
            middle = below.index("=")
            letter, low = "".join(below[:middle]), self.inside(below[middle + 1 :])
            self.take("^")
            high = self.inside(self.group() if self.next == "{" else [self.take()])
        if self.next in ("-", "+"):
            raise Unclear("a sum of what begins with a sign, without brackets")
        body = self.term()

        def value(scene):
            if low is None and letter not in scene.page.ranges:
                raise Unclear(f"the sum over {letter} has no bounds")
            first, last = (1, scene.page.ranges[letter]) if low is None else (low.value(scene), high.value(scene))
            found = [
                _plain(body.value(scene._replace(running={**scene.running, letter: k})))
                for k in range(round(float(first)), round(float(last)) + 1)
            ]
            if sign == r"\sum":
                return sum(found)
            if sign == r"\prod" and found and np.ndim(found[0]):
                return reduce(_times, found)
            return np.prod(found, axis=0)

        return _Node("series", value)

    def joined(self):
        self.take()
        parts = [self.expression()]
        while self.next == "," and self.take():
            if self.next == r"\,":
                self.take()
            parts.append(self.expression())
        self.take(r"\right]")
        return _Node("joined", lambda scene: np.concatenate([np.atleast_1d(p.value(scene)) for p in parts]))

    def cases(self):
        for token in (r"\left\{", r"\begin{array}", "{", "l", "l", "}"):
            self.take(token)
        then = self.expression()
        self.take("&")
        self.take(r"\text{if}")
        left, relation, right = self.expression(), self.take(*_RELATIONS), self.expression()
        self.take(r"\\")
        otherwise = self.expression()
        for token in ("&", r"\text{otherwise}", r"\end{array}", r"\right."):
            self.take(token)
        if self.next in ("+", "-", "^", "_", ",", "&", "\\\\", *_TIMES) or self.starts():
            raise Unclear("what stands behind a brace of cases may belong to the last one")

        def value(scene):
            holds = _RELATIONS[relation](_number(left.value(scene)), _number(right.value(scene)))
            return _plain(then.value(scene) if holds else otherwise.value(scene))

        return _Node("cases", value)

    def call_of_two(self):
        f, opening = _OF_TWO[self.take()], self.take(*_OPENING)
        a = self.expression()
        self.take(",")
        b = self.expression()
        self.take(")" if opening == "(" else r"\right)")
        return _Node("call", lambda scene: f(_plain(a.value(scene)), _plain(b.value(scene))))

    def call(self):
        name = self.take()
        if name == r"\log":
            self.take("_")
            name = rf"\log_{''.join(self.group()) if self.next == '{' else self.take()}"
        raised = []
        if self.next == "^":
            self.take()
            raised = self.group() if self.next == "{" else [self.take()]
        f = _OF_ROWS.get(name) or _FUNCTIONS[name]
        if raised == ["-", "1"]:
            f, raised = _INVERSES[name], []
        if raised and not (len(raised) == 1 and raised[0].isdigit()):
            raise Unclear(f"{name} with the exponent {''.join(raised)}")
        power = int(raised[0]) if raised else 1
        if raised and power < 2:
            raise Unclear(f"{name} with the exponent {power}")
        if self.next in _OPENING:
            argument, looks = self.atom(), "call"
        else:
            argument, looks = self.bare_argument(), "bare"

        def value(scene):
            x = _plain(argument.value(scene))
            if name in _OF_ROWS and np.ndim(x) != 1:
                raise Unclear(f"{name} of what is no row")
            if power > 1 and np.ndim(x) > 1:
                raise Unclear(f"a power of {name} of a matrix")
            return f(x) ** power

        return _Node(looks, value)

    def bare_argument(self):
        """What a function without brackets is applied to: the product that follows, up to the next function."""
        factors, signs = [self.factor()], []
        if factors[0].looks in ("call", "bare", "series"):
            raise Unclear("a function of a function without brackets")
        while (self.next == r"\," or self.starts()) and self.next not in _TIMES[1:]:
            ahead = self.tokens[self.place + 1] if self.next == r"\," else self.next
            if ahead in _FUNCTIONS or ahead in _OF_ROWS or ahead in (*_SERIES, r"\log"):
                break
            sign = self.take() if self.next == r"\," else ""
            self.beside(factors[-1], sign)
            factors.append(self.factor())
            signs.append(sign)
        if self.next in _TIMES[1:]:
            raise Unclear("a function without brackets before a sign of multiplication")
        return _Node("product", lambda scene: _product(factors, signs, scene)) if signs else factors[0]


def _is_letter(token):
    return re.fullmatch(r"[^\W\d_]", token) is not None or _GREEK.fullmatch(token) is not None


def _is_index_atom(token):
    return _is_letter(token) or token[0].isdigit() or token.startswith(r"\mathrm")


def _plain(value):
    if isinstance(value, Column):
        raise Unclear("a column where a row or a number belongs")
    return value


def _number(value):
    if isinstance(value, Column) or np.ndim(value):
        raise Unclear("an array where a number belongs")
    return value


def _transposed(value):
    if isinstance(value, Column):
        return value.entries
    if np.ndim(value) == 1:
        return Column(value)
    if np.ndim(value) == 2:
        return value.T
    raise Unclear("a transpose of what is no row and no matrix")


def _power(base, exponent, scene, by_entry, raised):
    x = _plain(exponent.value(scene))
    if by_entry:
        return np.power(np.asarray(_plain(base), dtype=float), x)
    x = _number(x)
    if isinstance(base, Column) or np.ndim(base) not in (0, 1, 2):
        raise Unclear("a power of a column, or of an array with more than two axes")
    if np.ndim(base) == 0:
        return np.power(float(base), x)
    if raised == ["T"]:
        raise Unclear("an array with the exponent T reads as a transpose")
    if x != round(float(x)) or (np.ndim(base) == 1 and x < 1) or (np.ndim(base) == 1 and exponent.looks != "number"):
        raise Unclear("a power of an array that is no whole number")
    if np.ndim(base) == 1:
        return base ** round(float(x))
    if base.shape[0] != base.shape[1]:
        raise Unclear("a power of a matrix that is not square")
    return np.linalg.matrix_power(base, round(float(x)))


def _product(factors, signs, scene):
    values = [factor.value(scene) for factor in factors]
    for number, sign in enumerate(signs):
        left, right = factors[number], factors[number + 1]
        arrays = _is_array(values[number]) and _is_array(values[number + 1])
        if sign == r"\," and left.looks == "symbol" and right.looks == "bracket" and not arrays:
            raise Unclear(f"{left.name}(...) reads as a function")
        if sign == r"\cdot" and arrays:
            raise Unclear("a dot between arrays")
    if r"\odot" not in signs and r"\oslash" not in signs:
        return _juxtaposed(values)
    segments = [[values[0]]]
    for sign, value in zip(signs, values[1:], strict=True):
        if sign in (r"\odot", r"\oslash"):
            segments.append([])
        segments[-1].append(value)
    if any(sum(map(_is_array, segment)) > 1 for segment in segments):
        raise Unclear("a matrix product and an elementwise one without brackets")
    if r"\oslash" in signs and (signs.count(r"\oslash") > 1 or r"\odot" in signs or len(segments[-1]) > 1):
        raise Unclear("a division sign beside other products without brackets")
    found = [_plain(_juxtaposed(segment)) for segment in segments]
    if r"\oslash" in signs:
        return found[0] / found[1]
    total = found[0]
    for value in found[1:]:
        if np.shape(total) != np.shape(value):
            raise Unclear("an elementwise product of different shapes")
        total = total * value
    return total


def _is_array(value):
    return isinstance(value, Column) or np.ndim(value) > 0


def _juxtaposed(values):
    """The product of matrix algebra, in which a row is a matrix of one row."""
    total = values[0]
    for value in values[1:]:
        total = _times(total, value)
    return total


def _times(a, b):
    if isinstance(a, Column) and not _is_array(b):
        return Column(a.entries * b)
    if isinstance(b, Column) and not _is_array(a):
        return Column(a * b.entries)
    if not _is_array(a) or not _is_array(b):
        return a * b
    if isinstance(a, Column):
        if isinstance(b, Column) or np.ndim(b) != 1:
            raise Unclear("a column before what is no row")
        return np.outer(a.entries, b)
    if isinstance(b, Column):
        if np.shape(a)[-1] != len(b.entries) or np.ndim(a) > 2:
            raise Unclear("shapes that can't be multiplied")
        return a @ b.entries if np.ndim(a) == 1 else Column(a @ b.entries)
    if np.ndim(b) != 2 or np.ndim(a) > 2 or np.shape(a)[-1] != len(b):
        raise Unclear("a product that no shapes allow, such as a matrix before a row")
    return a @ b
