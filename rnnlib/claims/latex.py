"""Typeset a tree of the language, in the order in which its author wrote it."""

import ast
import re

from .forms import FORMS
from .language import RELATIONS, form_of, indices_of, parse, runs, written

GREEK = frozenset(
    [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "pi",
        "rho",
        "sigma",
        "tau",
        "phi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Phi",
        "Psi",
        "Omega",
    ]
)
_RELATIONS = dict(zip(RELATIONS, ["=", r"\le", r"\ge", "<", ">", r"\approx"], strict=True))
# How tightly each operation binds; an operand that binds less tightly than its place asks for gets brackets.
_ADD, _MULTIPLY, _UNARY, _POWER, _ATOM = range(5)


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
    return f"{write(statement.left)} {_RELATIONS[statement.relation]} {write(statement.right)}"


def latex_name(name):
    """LaTeX of a name: ``W_hh`` with its index, Greek by name, several letters upright, digits, hats and bars set."""
    if name.endswith("]"):
        return latex(parse(name))  # an entry that is a symbol of its own, such as h[0]
    stem, _, index = name.partition("_")
    if not index and (match := re.fullmatch(r"([A-Za-z]+?)(\d+)", stem)):
        stem, index = match.groups()
    if stem.endswith(("hat", "bar")) and len(stem) > 3:
        letter = rf"\{stem[-3:]} {latex_name(stem[:-3])}"
    elif stem in GREEK:
        letter = rf"\{stem}"
    else:
        letter = stem if len(stem) == 1 or not stem.isascii() else rf"\mathrm{{{stem}}}"
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

    def write(self, tree, place=_ADD):
        match tree:
            case ast.Constant():
                return written(tree)
            case ast.Name(id=name):
                return latex_name(name)
            case ast.Subscript():
                return self._entry(tree)
            case ast.Attribute():
                return self.write(tree.value, _POWER) + r"^{\top}"
            case ast.UnaryOp():
                negated = f"-{self.write(tree.operand, _MULTIPLY)}"
                return self._bracket(negated, _UNARY if place <= _ADD else _ADD, place)
            case ast.BinOp():
                return self._operation(tree, place)
            case ast.Call():
                return FORMS[form_of(tree)].latex(self, tree, place)
        raise TypeError(f"no LaTeX for {ast.dump(tree)}")

    @staticmethod
    def _bracket(text, binds, place):
        return text if binds >= place else rf"\left({text}\right)"

    def _entry(self, tree):
        if not isinstance(tree.value, ast.Name):
            return rf"\left({self.write(tree.value)}\right)_{{{','.join(map(self.write, indices_of(tree)))}}}"
        name = latex_name(tree.value.id)
        indices = [self.write(index).replace(" + ", "+").replace(" - ", "-") for index in indices_of(tree)]
        separator = "" if all(len(index) == 1 or index.startswith("\\") for index in indices) else ","
        subscript = separator.join(indices) if separator else " ".join(indices)
        return rf"({name})_{{{subscript}}}" if "_" in name else rf"{name}_{{{subscript}}}"

    def _operation(self, tree, place):
        if (positive := _without_sign(tree)) is not None:  # (-a) * b is set with the sign in front
            return self._bracket(f"-{self._operation(positive, _MULTIPLY)}", _UNARY if place <= _ADD else _ADD, place)
        left, right = tree.left, tree.right
        match tree.op:
            case ast.Add():
                after = self.write(right)
                after = rf"\left({after}\right)" if after.startswith("-") else after
                return self._bracket(f"{self.write(left)} + {after}", _ADD, place)
            case ast.Sub():
                return self._bracket(f"{self.write(left)} - {self.write(right, _MULTIPLY)}", _ADD, place)
            case ast.Div():
                return self._bracket(rf"\frac{{{self.write(left)}}}{{{self.write(right)}}}", _POWER, place)
            case ast.Pow():
                return self._power(left, right)
        # A sum reaches as far to the right as it can: brackets where a factor follows it, none where it comes last.
        before = self.write(left, _UNARY if _ends_in_series(left) or self._mixes(tree, left) else _MULTIPLY)
        after = self.write(right, _MULTIPLY if _ends_in_series(right) else _UNARY)
        return self._bracket(f"{before} {self._times(tree)} {after}", _MULTIPLY, place)

    def _mixes(self, tree, left):
        """Whether a matrix product and an elementwise one meet: then the order matters, and brackets show it."""
        if not isinstance(left, ast.BinOp) or {type(tree.op), type(left.op)} != {ast.Mult, ast.MatMult}:
            return False
        return r"\odot" in (self._times(tree), self._times(left))

    def _times(self, tree):
        if isinstance(tree.op, ast.MatMult):
            return r"\,"
        if self.given and self.given.shape(tree.left, self.bound) and self.given.shape(tree.right, self.bound):
            return r"\odot"
        last = tree.left
        while isinstance(last, ast.BinOp):
            last = last.right
        first = tree.right
        while isinstance(first, ast.BinOp) and not isinstance(first.op, ast.Div):
            first = first.left
        return r"\cdot" if isinstance(first, ast.Constant) or (_is_tall(last) and _is_tall(first)) else r"\,"

    def _power(self, base, exponent):
        raised = self.write(exponent)
        name = form_of(base)
        if name and FORMS[name].sign:
            return self.applied(FORMS[name].sign, *base.args, power=raised)
        return f"{self.write(base, _ATOM if not name or name == 'exp' else _ATOM + 1)}^{{{raised}}}"

    # What the rows of `FORMS` ask for.

    def applied(self, sign, *arguments, power=""):
        """A function's sign, its exponent, and its arguments in brackets."""
        raised = f"^{{{power}}}" if power else ""
        inner = ", ".join(map(self.write, arguments))
        return rf"{sign}{raised}\left({inner}\right)" if any(map(_is_tall, arguments)) else f"{sign}{raised}({inner})"

    def exponential(self, x):
        """e to the power of x, or exp(x) where x is too tall to stand up there."""
        return self.applied(r"\exp", x) if _is_tall(x) else rf"e^{{{self.write(x)}}}"

    def outer(self, a, b):
        """The outer product of two rows."""
        return rf"{self.write(a, _POWER)}^{{\top}} {self.write(b, _POWER)}"

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


def _ends_in_series(tree):
    while isinstance(tree, ast.BinOp) and isinstance(tree.op, (ast.Mult, ast.MatMult)):
        tree = tree.right
    return runs(tree)


def _is_tall(tree):
    """Whether a formula stands higher than one line, so that brackets must grow."""
    return any(
        (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)) or runs(node) or form_of(node) == "d"
        for node in ast.walk(tree)
    )
