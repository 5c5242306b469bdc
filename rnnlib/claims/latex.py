"""Typeset a tree of the language, in the order in which its author wrote it."""

import ast
import re

from .functions import FUNCTIONS
from .language import RELATIONS, form_of, indices_of, written

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
                return self._call(tree, place)
        raise TypeError(f"no LaTeX for {ast.dump(tree)}")

    @staticmethod
    def _bracket(text, binds, place):
        return text if binds >= place else rf"\left({text}\right)"

    def _entry(self, tree):
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
        if name in FUNCTIONS and name not in ("exp", "sqrt", "abs"):
            return rf"{FUNCTIONS[name].latex}^{{{raised}}}{self._argument(base.args[0])}"
        return f"{self.write(base, _ATOM if not name or name == 'exp' else _ATOM + 1)}^{{{raised}}}"

    def _argument(self, tree):
        return rf"\left({self.write(tree)}\right)" if _is_tall(tree) else f"({self.write(tree)})"

    def _call(self, tree, place):
        name, arguments = form_of(tree), tree.args
        if name in ("sum", "prod"):
            return self._bracket(self._series(name, arguments), _MULTIPLY, place)
        if name == "d":
            return self._bracket(self._derivative(*arguments), _POWER, place)
        if name == "delta":
            return r"\delta_{" + "".join(self.write(a) for a in arguments) + "}"
        if name == "outer":
            return rf"{self.write(arguments[0], _POWER)}^{{\top}} {self.write(arguments[1], _POWER)}"
        if name == "sqrt":
            return rf"\sqrt{{{self.write(arguments[0])}}}"
        if name == "abs":
            return rf"\left|{self.write(arguments[0])}\right|"
        if name == "exp" and not _is_tall(arguments[0]):
            return rf"e^{{{self.write(arguments[0])}}}"
        symbol = FUNCTIONS[name].latex if name in FUNCTIONS else rf"\operatorname{{{name}}}"
        if symbol in (r"\ln", r"\log_2") and isinstance(arguments[0], (ast.Name, ast.Subscript, ast.Constant)):
            return f"{symbol} {self.write(arguments[0])}"
        return symbol + self._argument(arguments[0])

    def _series(self, name, arguments):
        symbol, index = (r"\sum" if name == "sum" else r"\prod"), arguments[1].id
        if len(arguments) == 4:
            bounds = arguments[2:]
        elif self.given is not None and index in self.given.domains:
            bounds = self.given.domains[index].axes
        else:
            bounds = ()
        limits = (
            rf"_{{{latex_name(index)}={self.write(bounds[0])}}}^{{{self.write(bounds[1])}}}"
            if bounds
            else rf"_{{{latex_name(index)}}}"
        )
        self.bound.append(index)
        body = self.write(arguments[0], _MULTIPLY)
        self.bound.pop()
        return f"{symbol}{limits} {body}"

    def _derivative(self, f, x):
        by = rf"\partial {self.write(x, _ATOM)}"
        if isinstance(f, (ast.Name, ast.Subscript)):
            return rf"\frac{{\partial {self.write(f)}}}{{{by}}}"
        return rf"\frac{{\partial}}{{{by}}} \left[{self.write(f)}\right]"


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
    return form_of(tree) in ("sum", "prod")


def _is_tall(tree):
    """Whether a formula stands higher than one line, so that brackets must grow."""
    return any(
        (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)) or form_of(node) in ("sum", "prod", "d")
        for node in ast.walk(tree)
    )
