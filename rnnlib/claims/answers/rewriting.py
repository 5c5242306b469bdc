"""The second half of reading a student's formula: a tree of Python's grammar is turned into forms of the language.

Here the setting is asked for shapes, so that ``W^T`` is a transpose where ``W`` is an array, and matrix products are
written in the book's row vectors, whichever way the student's vectors stand.
"""

import ast

from ..domains import INDEX
from ..errors import ClaimError, IllFormed, Unreadable
from ..forms import FORMS, shape_text
from ..language import admit_call, names_in, short, text_of

_LIBRARIES = {"np", "numpy", "torch", "math", "F", "nn", "jnp", "functional"}
# Functions of other languages: what they are called here, or what they are made of.
_FUNCTIONS = {
    "maximum": "max", "minimum": "min", "expit": "sigmoid", "logistic": "sigmoid", "absolute": "abs", "fabs": "abs",
    "identity": "eye", "remainder": "mod", "fmod": "mod", "concatenate": "concat",
}  # fmt: skip
_WRITTEN_OUT = {
    "cosh": "(exp({0}) + exp(-({0}))) / 2",
    "sinh": "(exp({0}) - exp(-({0}))) / 2",
    "square": "({0})**2",
    "relu": "max({0}, 0)",
    "dot": "({0}) @ ({1})",
    "matmul": "({0}) @ ({1})",
    "inner": "({0}) @ ({1})",
    "multiply": "({0}) * ({1})",
    "add": "({0}) + ({1})",
    "subtract": "({0}) - ({1})",
    "divide": "({0}) / ({1})",
    "power": "({0}) ** ({1})",
    "pow": "({0}) ** ({1})",
}


class Rewriter:
    """Turns what Python's grammar has read into forms of the language."""

    def __init__(self, given, names, columns=False):
        self.given, self.names, self.columns = given, names, columns
        self.known = {*given.domains, *given.clauses}

    def whole(self, tree):
        """The tree of the whole answer."""
        return self._row(self.rewritten(tree, ()), ())

    def rewritten(self, tree, bound):
        match tree:
            case ast.Call():
                return self._call(tree, bound)
            case ast.BinOp():
                return self._operation(tree, bound)
            case ast.Attribute(value=ast.Name(id=library), attr=name) if library in _LIBRARIES - self.known:
                return self.rewritten(ast.Name(name), bound)
            case ast.Attribute(attr="T" | "mT"):
                value = self.rewritten(tree.value, bound)
                if self._shape(self._row(value, bound), bound) == ():
                    told = f"`{text_of(value)}` is a number, which has no transpose"
                    raise IllFormed(f"{told}; a derivative is written `d(f, x)`")
                return ast.Attribute(value, "T")
            case ast.Attribute() if tree.attr in self.known:
                raise Unreadable(f"write `{tree.attr}` alone, without what stands before the point")
            case ast.Attribute():
                raise Unreadable(f"`.{tree.attr}` is not read here; write functions as in `exp(x)`")
            case ast.Subscript(value=ast.Name(id=name)) if name in {*FORMS} - {*self.known, *bound}:
                if name != "delta":
                    raise IllFormed(f"`{name}` is a function; write `{name}(...)`, with round brackets")
                if isinstance(tree.slice, ast.Tuple) and len(tree.slice.elts) == 2:
                    return self.rewritten(ast.Call(tree.value, tree.slice.elts, []), bound)
                raise IllFormed(self._unknown(name))
            case ast.Subscript():
                self._require_indices(tree.slice, bound)
                return ast.Subscript(self.rewritten(tree.value, bound), tree.slice)
            case ast.UnaryOp():
                return ast.UnaryOp(tree.op, self.rewritten(tree.operand, bound))
            case ast.Tuple(elts=[]):
                raise Unreadable("nothing stands between two of the brackets")
            case ast.Tuple():
                raise Unreadable("a comma stands between arguments only; a decimal number has a point, as in `0.5`")
            case ast.List() | ast.Set() | ast.Dict():
                raise Unreadable("a formula holds no list; write sums and products of the letters themselves")
            case ast.Compare():
                raise Unreadable("a comparison is no number; write `delta(i, j)` for 1 where i = j and 0 elsewhere")
            case ast.Name(id="d") if "d" not in {*self.known, *bound}:
                raise Unreadable("a derivative is written `d(f, x)`")
            case ast.Name(id=name) if name in {*FORMS} - {*self.known, *bound}:
                raise Unreadable(f"`{name}` is a function; write `{name}(...)`, with round brackets")
            case ast.Name(id=name) if name not in {*self.known, *bound, "pi"}:
                raise IllFormed(self._unknown(name))
        return tree

    def _require_indices(self, tree, bound):
        for name in sorted(names_in(tree) - {*self.known, *bound}):
            indices = ", ".join(self._indices())
            raise IllFormed(f"`{name}` is no index of this exercise" + (f"; it has {indices}" if indices else ""))

    def _indices(self):
        return [name for name, domain in self.given.domains.items() if domain.kind == INDEX]

    def _unknown(self, name):
        letters, name = list(name), short(name)
        if 1 < len(letters) <= 6 and set(letters) <= self.known:
            return f"`{name}` is no symbol of this exercise; write `*` between the letters: `{'*'.join(letters)}`"
        if name == "e":
            return "`e` is no symbol of this exercise; write `exp(x)` for e to the x"
        return f"`{name}` is no symbol of this exercise; its answers are written with {', '.join(self.names)}"

    def _call(self, tree, bound):
        function, arguments = tree.func, tree.args
        if isinstance(function, ast.Attribute):
            owner = function.value
            while isinstance(owner, ast.Attribute):
                owner = owner.value
            if not (isinstance(owner, ast.Name) and owner.id in _LIBRARIES - self.known):
                arguments = [function.value, *arguments]  # x.dot(y) is dot(x, y)
            function = ast.Name(function.attr)
        if not isinstance(function, ast.Name):
            raise Unreadable("write every product with `*`")
        name = _FUNCTIONS.get(function.id, function.id)
        axes = [ast.keyword("axis", axis) for axis in arguments[1:2] if isinstance(axis, ast.Constant)]
        keywords = [*tree.keywords, *axes]
        if name in ("sum", "prod", "mean") and (len(arguments) < 2 or keywords or name == "mean"):
            raise Unreadable(self._about_sum(name, arguments, keywords))
        if tree.keywords:
            raise Unreadable(f"`{tree.keywords[0].arg or '**'}=` is not read here; write functions as in `exp(x)`")
        if name in FORMS and FORMS[name].runs:
            return self._series(name, arguments, bound)
        if name == "cases" and arguments and isinstance(arguments[0], ast.Compare):
            condition = arguments[0]
            pair = [self.rewritten(side, bound) for side in (condition.left, *condition.comparators)]
            condition = ast.Compare(pair[0], condition.ops, pair[1:])
            arguments = [condition, *(self.rewritten(argument, bound) for argument in arguments[1:])]
        else:
            arguments = [self._row(self.rewritten(argument, bound), bound) for argument in arguments]
        if (name, len(arguments)) in (("transpose", 1), ("t", 1), ("transpose", 3)):
            return ast.Attribute(arguments[0], "T")
        if name in _WRITTEN_OUT and name not in self.known:
            pattern = _WRITTEN_OUT[name]
            if len(arguments) != 1 + ("{1}" in pattern):
                raise Unreadable(f"`{name}` takes {1 + ('{1}' in pattern)} arguments, found {len(arguments)}")
            written = ast.parse(pattern.format(*map(ast.unparse, arguments)), mode="eval").body
            return self.rewritten(written, bound) if "@" in pattern else written
        if name not in FORMS:
            raise Unreadable(self._no_function(name))
        if len(arguments) > max(FORMS[name].arity) and any(isinstance(a, ast.Constant) for a in arguments[:-1]):
            raise Unreadable(f"`{name}` has an argument too many; a decimal number has a point, as in `0.5`")
        if name in self.known and len(arguments) not in FORMS[name].arity:
            raise Unreadable(self._no_function(name))
        admit_call(name, arguments)
        return ast.Call(ast.Name(name), arguments, [])

    def _no_function(self, name):
        if name in self.known:
            return (
                f"for an entry write `{name}[...]`, with square brackets; for a product write `*`, or `@` of matrices, "
                "before the bracket"
            )
        return f"`{name}` is no function of the language; it has {', '.join(FORMS)}"

    def _series(self, name, arguments, bound):
        admit_call(name, arguments)
        index = arguments[1].id
        if len(arguments) == 2 and index not in self._indices():
            letters = f"one of {', '.join(self._indices())}, or " if self._indices() else ""
            running = "k" if index in self.known else index
            raise IllFormed(
                f"the letter {index} has no range here: write {letters}the range, as in "
                f"`{name}(f, {running}, 1, {(self.given.sizes_declared() or ['3'])[0]})`"
            )
        term = self.rewritten(arguments[0], (*bound, index) if len(arguments) == 4 else bound)
        axes = self._shape(term, bound)
        if len(arguments) == 2 and axes and index not in names_in(term) and axes[0] == self._range(index):
            raise Unreadable(f"the letter {index} counts nothing in `{text_of(term)}`: write it as an index there")
        return ast.Call(ast.Name(name), [term, *arguments[1:]], [])

    def _range(self, index):
        return text_of(self.given.domains[index].axes[1])

    def _about_sum(self, name, arguments, keywords):
        """A sum without its letter: which letters could be meant."""
        text = ast.unparse(arguments[0]) if arguments else "f"
        indices = self._indices()
        inside = [n for n in indices if arguments and n in names_in(arguments[0])]
        letter = " or ".join(inside) or self._letter_of_axis(arguments, keywords, indices)
        what = "what is added up" if name != "prod" else "what is multiplied"
        if name == "mean":
            sizes = [self._range(n) for n in inside]
            of = f"sum({text}, {letter}) / {sizes[0]}" if len(inside) == 1 else "sum(f, t) / T"
            return f"write a mean out, as a sum over its letter divided by their number: `{of}`"
        if not inside:
            return f"write `{name}(f, {letter})`: {what}, with the index {letter} at its letters, then the letter"
        return f"`{name}` needs the letter that runs: write `{name}({text}, {letter})`"

    def _letter_of_axis(self, arguments, keywords, indices):
        """The index that runs over the axis of a sum as NumPy takes it: the one that is named, or the first."""
        axis = next((word.value.value for word in keywords if isinstance(word.value, ast.Constant)), 0)
        shape = arguments and self._shape(arguments[0], ())
        axis = shape[axis] if shape and axis in range(-len(shape), len(shape)) else ""
        fitting = [n for n in indices if self._range(n) == axis]
        return (fitting or indices or ["k"])[-1]

    # Shapes.

    def _shape(self, tree, bound):
        try:
            return self.given.shape(tree, bound)
        except (ClaimError, AttributeError, KeyError, TypeError, ValueError):
            return None

    def _operation(self, tree, bound):
        if isinstance(tree.op, ast.Pow) and _is_e(tree.left) and "e" not in self.known:
            return ast.Call(ast.Name("exp"), [self.rewritten(tree.right, bound)], [])
        left, right = self.rewritten(tree.left, bound), tree.right
        if isinstance(tree.op, ast.Pow) and _is_name(right, "T") and self._array(left, bound):
            return ast.Attribute(left, "T")
        right = self.rewritten(right, bound)
        if isinstance(tree.op, ast.MatMult):
            return self._product(left, right, bound)
        left, right = self._row(left, bound), self._row(right, bound)
        if isinstance(tree.op, (ast.FloorDiv, ast.Mult)):
            return self._scaled(tree.op, left, right, bound)
        return ast.BinOp(left, tree.op, right)

    def _array(self, tree, bound):
        return bool(self._shape(self._row(tree, bound), bound)) or isinstance(tree, ast.Attribute)

    def _is_column(self, tree, bound):
        return isinstance(tree, ast.Attribute) and len(self._shape(tree.value, bound) or ()) == 1

    def _row(self, tree, bound):
        """A transposed vector stands for the vector itself; which way it lies shows in matrix products only."""
        return tree.value if self._is_column(tree, bound) else tree

    def _product(self, left, right, bound):
        """Matrix products in the book's row vectors: ``a^T b`` of rows is an outer product, ``W v`` is ``v @ W.T``."""
        columns = self._is_column(left, bound), self._is_column(right, bound)
        left, right = typed = self._row(left, bound), self._row(right, bound)
        axes = [len(self._shape(side, bound) or ()) for side in (left, right)]
        if axes == [1, 1] and columns == ((False, True) if self.columns else (True, False)):
            return ast.Call(ast.Name("outer"), [left, right], [])
        if axes == [2, 1]:
            transposed = left.value if isinstance(left, ast.Attribute) else ast.Attribute(left, "T")
            left, right = right, transposed
        shapes = [self._shape(side, bound) for side in (left, right)]
        if None not in shapes and all(shapes) and shapes[0][-1] != shapes[1][-2:][0]:
            raise IllFormed(self._misfit(*typed, bound))
        if None not in shapes and not all(shapes):
            raise IllFormed(f"`@` multiplies arrays; write `*` between `{text_of(left)}` and `{text_of(right)}`")
        return ast.BinOp(left, ast.MatMult(), right)

    def _misfit(self, left, right, bound):
        """That two arrays can't be multiplied, and which transpose would help."""
        shapes = [self._shape(side, bound) for side in (left, right)]
        told = f"`{text_of(left)}` of shape {shape_text(shapes[0])} and `{text_of(right)}` of shape"
        told = f"`@` can't multiply {told} {shape_text(shapes[1])}"
        for side, other in ((1, 0), (0, 1)):
            axes = shapes[side][::-1]
            fits = axes and len(axes) == 2 and (axes[0] if side else axes[1]) == shapes[other][0 if other else -1]
            if fits and isinstance((left, right)[side], ast.Attribute):
                return f"{told}; a transpose is too many at `{text_of((left, right)[side])}`"
            if fits:
                return f"{told}; a transpose is missing at `{text_of((left, right)[side])}`"
        return told

    def _scaled(self, op, left, right, bound):
        shapes = [self._shape(side, bound) for side in (left, right)]
        if all(shapes):
            pair = f"`{text_of(left)}` and `{text_of(right)}`"
            if shapes[0] != shapes[1]:
                told = " and ".join(map(shape_text, shapes))
                raise IllFormed(
                    f"write `@` for a matrix product, or `outer(a, b)`: the entries of {pair}, of shapes {told}, can't "
                    "be multiplied one by one"
                )
            if isinstance(op, ast.FloorDiv):
                raise Unreadable(f"write `*` between {pair} for the product of entries, or `@` for a matrix product")
        return ast.BinOp(left, ast.Mult(), right)


def _is_name(node, name):
    return isinstance(node, ast.Name) and node.id == name


def _is_e(node):
    return _is_name(node, "e") or (
        isinstance(node, ast.Attribute) and node.attr == "e" and isinstance(node.value, ast.Name)
    )
