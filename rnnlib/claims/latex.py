"""Typeset a tree of the language, in the order in which its author wrote it."""

import ast
import re
import unicodedata

from .forms import FORMS
from .language import RELATIONS, form_of, indices_of, parse, runs, written

_LETTERS = """
    alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
GREEK = frozenset(_LETTERS.split())
_GREEK_LETTERS = {
    unicodedata.lookup(f"GREEK {'SMALL' if name.islower() else 'CAPITAL'} LETTER {name.replace('mb', 'm')}"): name
    for name in GREEK
}
LETTERS = "A-Za-z" + "".join(_GREEK_LETTERS)
_RELATIONS = dict(zip(RELATIONS, ["=", r"\le", r"\ge", "<", ">", r"\approx"], strict=True)) | {"!=": r"\ne"}
# How tightly each operation binds; an operand that binds less tightly than its place asks for gets brackets.
_WHOLE, _ADD, _MULTIPLY, _UNARY, _POWER, _ATOM = range(6)
_SIGNS = {ast.USub: "-", ast.UAdd: "+"}


def latex(tree, given=None):
    """LaTeX of an expression.

    Parameters
    ----------
    tree : ast.expr
    given : Given, optional
        Tells arrays from scalars, so that an elementwise product of arrays shows as such, and the range of a sum.
    """
    return _Writer(given).write(tree)


def latex_statement(statement, given=None):
    """LaTeX of both sides and the relation."""
    write = _Writer(given).write
    return f"{write(statement.left, _ADD)} {_RELATIONS[statement.relation]} {write(statement.right)}"


def latex_name(name):
    """LaTeX of a name: ``W_hh`` with its index, Greek by name, several letters upright, digits, hats and bars set."""
    if name.endswith("]"):
        return latex(parse(name))  # an entry that is a symbol of its own, such as h[0]
    stem, _, index = name.partition("_")
    if not index and (match := re.fullmatch(r"([^\W\d_]+?)(\d+)", stem)):
        stem, index = match.groups()
    stem, index = _GREEK_LETTERS.get(stem, stem), _GREEK_LETTERS.get(index, index)
    if stem.endswith(("hat", "bar")) and len(stem) > 3:
        letter = rf"\{stem[-3:]} {latex_name(stem[:-3])}"
    elif stem in GREEK:
        letter = rf"\{stem}"
    else:
        letter = stem if len(stem) == 1 else rf"\mathrm{{{stem}}}"
    if not index:
        return letter
    if index in GREEK:
        index = latex_name(index)
    elif len(index) > 2 and index.isalpha():
        index = rf"\mathrm{{{index}}}"
    return f"{letter}_{{{index}}}"


class _Writer:
    def __init__(self, given):
        self.given, self.bound = given, []
        self._known = {}  # by a tree's id, the tree and the number of its axes
        self._closed = set()  # the arguments of functions that a factor follows: they need their brackets

    def write(self, tree, place=_WHOLE):
        match tree:
            case ast.Constant():
                return self._number(written(tree), place)
            case ast.Name(id=name):
                return latex_name(name)
            case ast.Subscript():
                return self._entry(tree)
            case ast.Attribute():
                return self._bracket(rf"{self.write(tree.value, _ATOM)}^{{\top}}", _POWER, place)
            case ast.UnaryOp():
                signed = f"{_SIGNS[type(tree.op)]}{self.write(tree.operand, _MULTIPLY)}"
                return self._bracket(signed, _UNARY if place <= _ADD else _ADD, place)
            case ast.BinOp():
                return self._operation(tree, place)
            case ast.Call():
                return FORMS[form_of(tree)].latex(self, tree, place)
        raise TypeError(f"no LaTeX for {ast.dump(tree)}")

    @staticmethod
    def _bracket(text, binds, place):
        return text if binds >= place else rf"\left({text}\right)"

    def _axes(self, tree):
        """How many axes a tree has; without a setting, everything is a number."""
        if self.given and id(tree) not in self._known:  # each product asks anew about all of its factors
            self._known[id(tree)] = tree, len(self.given.shape(tree, self.bound))
        return self._known[id(tree)][1] if self.given else 0

    def _number(self, text, place):
        """A number as it is written; 2.5e-3 as a power of ten."""
        mantissa, _, exponent = text.lower().partition("e")
        if not exponent:
            return self._bracket(text, _ADD if text.startswith("-") else _ATOM, place)
        power = f"10^{{{int(exponent)}}}"
        return self._bracket(
            *((power, _POWER) if mantissa == "1" else (rf"{mantissa} \cdot {power}", _MULTIPLY)), place
        )

    def _entry(self, tree):
        below = self.subscript(indices_of(tree))
        if not isinstance(tree.value, ast.Name):
            return rf"\left({self.write(tree.value)}\right)_{{{below}}}"
        name = latex_name(tree.value.id)
        return f"({name})_{{{below}}}" if "_" in name else f"{name}_{{{below}}}"

    def _operation(self, tree, place):
        if (positive := _without_sign(tree)) is not None:  # (-a) * b is set with the sign in front
            return self._bracket(f"-{self._operation(positive, _MULTIPLY)}", _UNARY if place <= _ADD else _ADD, place)
        left, right = tree.left, tree.right
        match tree.op:
            case ast.Add():
                after = self.write(right, _ADD)
                after = rf"\left({after}\right)" if after.startswith(tuple(_SIGNS.values())) else after
                return self._bracket(f"{self.write(left, _ADD)} + {after}", _ADD, place)
            case ast.Sub():
                return self._bracket(f"{self.write(left, _ADD)} - {self.write(right, _MULTIPLY)}", _ADD, place)
            case ast.Div():
                return self._quotient(left, right, place)
            case ast.Pow():
                return self._power(left, right, place)
        return self._product(tree, place)

    def _quotient(self, left, right, place):
        """A fraction; by an array, entry by entry, a sign of its own, so that nobody thinks of an inverse."""
        if not self._axes(right):
            return self._bracket(rf"\frac{{{self.write(left)}}}{{{self.write(right)}}}", _POWER, place)
        self._close(left)
        return self._bracket(rf"{self.write(left, _UNARY)} \oslash {self.write(right, _UNARY)}", _MULTIPLY, place)

    def _product(self, tree, place):
        left, right = tree.left, tree.right
        self._close(left)
        # A sum reaches as far to the right as it can: brackets where a factor follows it, none where it comes last.
        open_ended = runs(self._last_factor(left)) or self._mixes(tree)
        before = self.write(left, _UNARY if open_ended else _MULTIPLY)
        if isinstance(tree.op, ast.MatMult) and self._axes(right) == 1:  # a row times a row: the second stands upright
            after = rf"{self.write(right, _ATOM)}^{{\top}}"
        else:
            after = self.write(right, _MULTIPLY if runs(right) else _UNARY)
            if isinstance(tree.op, ast.MatMult):
                after = self._behind(after)
        return self._bracket(f"{before} {self._times(tree, after)} {after}", _MULTIPLY, place)

    def _join(self, tree):
        """The sign between the arrays of a product, as far as no brackets close it; None where there are not two."""
        if form_of(tree) == "outer":
            return r"\,"
        match tree:
            case ast.BinOp(op=ast.MatMult()):
                return r"\,"
            case ast.BinOp(op=ast.Div()):
                return r"\oslash" if self._axes(tree.right) else None
            case ast.BinOp(op=ast.Mult()):
                return r"\odot" if self._axes(tree.left) and self._axes(tree.right) else self._join(tree.left)
        return None

    def _mixes(self, tree):
        """Whether two ways of joining arrays meet in a product: then the order matters, and brackets show it."""
        inner, own = self._join(tree.left), self._join(tree)
        return inner == r"\oslash" or (inner is not None and inner != own)

    def _times(self, tree, after):
        """The sign of a product whose right side is set as `after`."""
        last, first = self._last_factor(tree.left), tree.right
        if isinstance(tree.op, ast.Mult) and self._axes(tree.left) and self._axes(tree.right):
            return r"\odot"
        # A letter before a bracket reads as a function, unless both are arrays.
        if isinstance(last, ast.Name) and after.startswith(("(", r"\left(")):
            return r"\," if self._axes(last) and self._axes(tree.right) else r"\cdot"
        if isinstance(tree.op, ast.MatMult):
            return r"\,"
        while isinstance(first, ast.BinOp) and not isinstance(first.op, ast.Div):
            first = first.left
        numbers = after[0].isdigit() or (isinstance(last, ast.Constant) and re.match(r"\\frac\{\d", after))
        fractions = _is_tall(last) and _is_tall(first) and self._join(tree.left) is None
        return r"\cdot" if numbers or fractions else r"\,"

    @staticmethod
    def _behind(text):
        """A factor without a sign before it: a number would join what stands there."""
        return rf"\left({text}\right)" if text[0].isdigit() else text

    def _last_factor(self, tree):
        """What stands last in a product; a product on its right side stands in brackets."""
        match tree:
            case ast.BinOp(op=ast.MatMult(), right=right) if self._axes(right) == 1:
                return ast.Attribute(right, "T")
            case ast.BinOp(op=ast.Mult() | ast.MatMult(), right=right):
                return right
            case ast.Call(args=[_, second]) if form_of(tree) == "outer":
                return second
        return tree

    def _close(self, left):
        """Give a function that stands before another factor its brackets."""
        if form_of(last := self._last_factor(left)):
            self._closed.add(id(last.args[0]))

    def _power(self, base, exponent, place):
        whole = isinstance(exponent, ast.Constant) and isinstance(exponent.value, int) and exponent.value > 1
        # A row has no other square than that of its entries; a matrix has.
        if self._axes(exponent) or self._axes(base) > (1 if whole else 0):
            raised = rf"\odot {self.write(exponent, _UNARY)}"
        elif whole and form_of(base) and FORMS[form_of(base)].sign and len(base.args) == 1:
            return self.applied(FORMS[form_of(base)].sign, base.args, place, self.write(exponent))
        else:
            raised = self.write(exponent)
        return self._bracket(f"{self.write(base, _ATOM)}^{{{raised}}}", _POWER, place)

    # What the rows of `FORMS` ask for.

    def applied(self, sign, arguments, place, power=""):
        """A function's sign, its exponent, and its arguments in brackets."""
        raised = f"^{{{power}}}" if power else ""
        inner = ", ".join(self.write(argument, _ADD) for argument in arguments)
        inner = rf"\left({inner}\right)" if any(map(_is_tall, arguments)) else f"({inner})"
        return self._bracket(f"{sign}{raised}{inner}", _UNARY, place)

    def logarithm(self, sign, x, place):
        """A logarithm, without brackets where its argument is plain to see."""
        bare = isinstance(x, (ast.Name, ast.Subscript, ast.Constant)) and id(x) not in self._closed
        if not bare or (inner := self.write(x, _ATOM)).startswith(("(", r"\left(")):
            return self.applied(sign, [x], place)
        return self._bracket(f"{sign} {inner}", _UNARY, place)

    def exponential(self, x, place):
        """e to the power of x; exp(x) where x is too tall to stand up there, or an array."""
        if _is_tall(x) or self._axes(x):
            return self.applied(r"\exp", [x], place)
        return self._bracket(rf"e^{{{self.write(x)}}}", _POWER, place)

    def absolute(self, x, place):
        """A number between bars; around an array they would mean its norm or determinant."""
        return self.applied(r"\operatorname{abs}", [x], place) if self._axes(x) else rf"\left|{self.write(x)}\right|"

    def between(self, opening, x, closing):
        """What stands between two signs, such as those of a norm."""
        inner = self.write(x)
        return rf"\left{opening} {inner} \right{closing}" if _is_tall(x) else f"{opening} {inner} {closing}"

    def concat(self, parts):
        """Rows joined end to end."""
        return r"\left[" + r",\, ".join(self.write(part, _ADD) for part in parts) + r"\right]"

    def cases(self, condition, then, otherwise, relation, place):
        """Two cases behind a brace; what follows them would read as part of the second."""
        holds = f"{self.write(condition.left, _ADD)} {relation} {self.write(condition.comparators[0], _ADD)}"
        first = rf"{self.write(then, _ADD)} & \text{{if }} {holds}"
        second = rf"{self.write(otherwise, _ADD)} & \text{{otherwise}}"
        text = rf"\left\{{ \begin{{array}}{{ll}} {first} \\ {second} \end{{array}} \right."
        return self._bracket(text, _WHOLE, place)

    def outer(self, a, b, place):
        """The outer product of two rows."""
        after = self._behind(self.write(b, _UNARY))
        return self._bracket(rf"{self.write(a, _ATOM)}^{{\top}} {after}", _MULTIPLY, place)

    def delta(self, i, j):
        """Kronecker's delta; an indicator where another delta stands in the setting."""
        names = [*self.given.domains, *self.given.clauses] if self.given else []
        if any(latex_name(name).startswith(r"\delta") for name in names):
            return rf"\mathbf{{1}}_{{{self.subscript([i])}={self.subscript([j])}}}"
        return rf"\delta_{{{self.subscript([i, j])}}}"

    def subscript(self, indices):
        """Indices side by side where each is one letter, else with commas."""
        texts = [self.write(index).replace(r" \, ", r" \cdot ") for index in indices]
        texts = [text.replace(" + ", "+").replace(" - ", "-") for text in texts]
        return (" " if all(re.fullmatch(r"[^\W\d_]|\\[A-Za-z]+", text) for text in texts) else ",").join(texts)

    def series(self, sign, call, place):
        """A sum or product with its range."""
        index, bounds = call.args[1].id, call.args[2:]
        if not bounds and self.given is not None and index in self.given.domains:
            bounds = self.given.domains[index].axes
        limits = rf"_{{{latex_name(index)}}}"
        if bounds:
            limits = rf"_{{{latex_name(index)}={self.write(bounds[0])}}}^{{{self.write(bounds[1])}}}"
        self.bound.append(index)
        body = self.write(call.args[0], _MULTIPLY)
        if form_of(call) == "prod" and self._axes(call.args[0]):
            sign = r"\bigodot"
        self.bound.pop()
        return self._bracket(f"{sign}{limits} {body}", _MULTIPLY, place)

    def derivative(self, f, x, place):
        """The derivative of f by x, as a fraction or an operator before f."""
        by = rf"\partial {self.write(x, _ATOM)}"
        if isinstance(f, (ast.Name, ast.Subscript)):
            return self._bracket(rf"\frac{{\partial {self.write(f)}}}{{{by}}}", _POWER, place)
        return self._bracket(rf"\frac{{\partial}}{{{by}}} \left[{self.write(f)}\right]", _POWER, place)


def _without_sign(tree):
    """A product or quotient without the minus sign of its first factor; None where it has none."""
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.MatMult, ast.Div))):
        return None
    if isinstance(tree.left, ast.UnaryOp) and isinstance(tree.left.op, ast.USub):
        return ast.BinOp(tree.left.operand, tree.op, tree.right)
    first = _without_sign(tree.left)
    return None if first is None else ast.BinOp(first, tree.op, tree.right)


def _is_tall(tree):
    """Whether a formula stands higher than one line, so that brackets must grow."""
    return any(
        (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)) or runs(node) or form_of(node) == "d"
        for node in ast.walk(tree)
    )
