"""Shapes: which axes a tree has, and which trees mean nothing.

A shape is a tuple of axis texts, such as ``("T", "2 * D")``, so that axes can be compared before any size has a value.
"""

import ast

from .domains import INDEX, MAX_AXES, MAX_NESTING, MAX_TERMS, PICK, SIZE, Domain, axis_text, ends_within
from .errors import IllFormed
from .forms import FORMS, shape_text
from .language import form_of, indices_of, parse, text_of
from .names import is_name


class Shapes:
    """What a setting knows of shapes; `Given` has the domains, the clauses and the rest."""

    def shape(self, tree, bound=()):
        """The axes of what a tree stands for, as texts, for instance ``("K",)``; ``()`` for a scalar.

        Raises
        ------
        IllFormed
            When a symbol is unknown, an index is out of place or shapes do not fit.
        """
        match tree:
            case ast.Constant():
                return ()
            case ast.Name(id=name):
                if name not in bound:
                    self._require_one_based(name, 0)
                return self.shape_of_name(name, bound)
            case ast.Subscript():
                return self._shape_of_entry(tree, bound)
            case ast.UnaryOp():
                return self.shape(tree.operand, bound)
            case ast.Attribute():
                return self._shape_of_transpose(tree, bound)
            case ast.BinOp(op=ast.MatMult()):
                return self._shape_of_matmul(tree, bound)
            case ast.BinOp():
                return self._shape_of_arithmetic(tree, bound)
            case ast.Call():
                return _few(FORMS[form_of(tree)].shape(self, tree, bound), text_of(tree))
        raise IllFormed(f"`{text_of(tree)}` has no shape")

    def shape_of_name(self, name, bound=()):
        """The axes of a symbol or a quantity."""
        if name in bound or name == "pi":
            return ()
        if name in self._shapes:
            return self._shapes[name]
        if name in self.domains:
            domain = self.domains[name]
            return () if domain.kind in (INDEX, SIZE) else tuple(map(axis_text, domain.axes))
        self._require_known({name}, name)
        if name in self._open:
            raise IllFormed(
                f"`{name}` is defined through itself; a recursion needs a first case, such as `{name}[0] := ...`"
            )
        # A recursion meets itself on the way: then the first clause, its base, has told the shape already.
        self._open.add(name)
        try:
            self._shapes[name] = _few(self._axes_of(name) + self.shape(self.clauses[name][0].body), name)
        finally:
            self._open.discard(name)
        return self._shapes[name]

    def _axes_of(self, name):
        """The axes that the indices of a defined quantity run over."""
        return tuple(map(self._axis_of_index, self.general_clause(name).pattern))

    def _require_one_based(self, name, given_indices):
        """An array may be used whole only where its places are counted like its indices, from 1."""
        if name not in self.clauses or given_indices >= len(self.clauses[name][0].pattern):
            return
        for index in self.general_clause(name).pattern[given_indices:]:
            if isinstance(index, ast.Constant) or text_of(self.domains[index.id].axes[0]) != "1":
                raise IllFormed(
                    f"`{name}` can't be used whole, because its index {text_of(index)} does not run from "
                    f"1; write `{name}[...]` with its index"
                )

    def _axis_of_index(self, index):
        if isinstance(index, ast.Constant):
            return "1"
        low, high = map(axis_text, self.domains[index.id].axes)
        return high if low == "1" else f"{low}..{high}"

    def _shape_of_entry(self, tree, bound):
        indices = indices_of(tree)
        if not isinstance(tree.value, ast.Name):
            return self._axes_after(indices, self.shape(tree.value, bound), tree, bound)
        name = tree.value.id
        if name in bound:
            raise IllFormed(f"`{text_of(tree)}`: {name} is an index here and has no entries")
        self._require_one_based(name, len(indices))
        axes = self.shape_of_name(name, bound)
        return self._axes_after(indices, axes, tree, bound)

    def _axes_after(self, indices, axes, tree, bound):
        """The axes that are left when the first ones are given indices."""
        if len(indices) > len(axes):
            raise IllFormed(
                f"`{text_of(tree)}` has {len(indices)} indices, but `{text_of(tree.value)}` has {len(axes)} axes"
            )
        for axis, index in zip(axes, indices, strict=False):
            self._require_whole_number(index, text_of(tree), bound)
            if isinstance(index, ast.Name) and index.id not in bound:
                self._require_index(index.id, index, axis, tree)
            elif isinstance(index, ast.Subscript):
                self._require_index(index.value.id, index, axis, tree)
        return axes[len(indices) :]

    def _require_index(self, name, index, axis, tree):
        domain = self.domains[name]
        bounds = domain.bounds or domain.axes
        if domain.kind in (INDEX, PICK) and not ends_within(bounds[1], axis):
            raise IllFormed(
                f"`{text_of(tree)}`: the index {text_of(index)} runs to {axis_text(bounds[1])}, the axis has {axis}"
            )

    def _shape_of_transpose(self, tree, bound):
        shape = self.shape(tree.value, bound)
        if len(shape) == 1:
            raise IllFormed(
                f"`{text_of(tree)}`: a row has no .T here; aᵀ b of two rows is `outer(a, b)`, a bᵀ is `a @ b`"
            )
        if len(shape) != 2:
            raise IllFormed(f"`{text_of(tree)}`: only a matrix has a transpose, found shape {shape_text(shape)}")
        return shape[::-1]

    def _shape_of_matmul(self, tree, bound):
        left, right = self.shape(tree.left, bound), self.shape(tree.right, bound)
        if len(left) == 2 and len(right) == 1:
            turned = tree.left.value if isinstance(tree.left, ast.Attribute) else ast.Attribute(tree.left, "T")
            meant = text_of(ast.BinOp(tree.right, ast.MatMult(), turned))
            raise IllFormed(f"`{text_of(tree)}`: `{text_of(tree.right)}` is a row; write `{meant}`")
        if not 0 < len(left) <= 2 or not 0 < len(right) <= 2 or left[-1] != right[-2:][0]:
            raise IllFormed(f"`{text_of(tree)}`: shapes {shape_text(left)} and {shape_text(right)} can't be multiplied")
        return left[:-1] + right[:-2] + right[-1:] if len(right) > 1 else left[:-1]

    def _shape_of_arithmetic(self, tree, bound):
        return self.fitting_shape([tree.left, tree.right], tree, bound)

    # What the rows of `FORMS` ask for.

    def fitting_shape(self, parts, tree, bound):
        """The axes that all parts of a tree have; a scalar fits every shape."""
        shapes = [shape for part in parts if (shape := self.shape(part, bound))]
        if any(shape != shapes[0] for shape in shapes):
            raise IllFormed(f"`{text_of(tree)}`: shapes {' and '.join(map(shape_text, shapes))} do not fit")
        return shapes[0] if shapes else ()

    @staticmethod
    def axis(tree):
        """The text of an axis."""
        return axis_text(tree)

    @staticmethod
    def joined_axis(axes):
        """The axis of arrays joined end to end."""
        return axis_text(parse(" + ".join(axes)))

    def joined_shapes(self, call, bound):
        """The axes of all arguments, one after another."""
        return sum((self.shape(argument, bound) for argument in call.args), ())

    def require_whole_numbers(self, call, bound):
        """Raise unless all arguments can be indices."""
        for argument in call.args:
            self._require_whole_number(argument, text_of(call), bound)

    def shape_of_derivative(self, call, bound):
        """The axes of what is differentiated, then those of what it is differentiated by."""
        shape = self.joined_shapes(call, bound)
        self._require_variable(call.args[1], call, bound)
        return shape

    def shape_of_series(self, tree, bound):
        """The axes of one term of a sum or product."""
        name, index, bounds = form_of(tree), tree.args[1].id, tree.args[2:]
        kind = self.domains.get(index, Domain("")).kind
        if not bounds:
            if kind != INDEX:
                raise IllFormed(
                    f"`{text_of(tree)}`: the index {index} has no range; declare it, for instance "
                    f"`{index}: 1..K`, or write `{name}(f, {index}, 1, K)`"
                )
            # An index with a declared range keeps its check, unless an outer sum runs over the same letter.
            return self.shape(tree.args[0], tuple(b for b in bound if b != index))
        if kind not in (INDEX, "") or index in self.clauses or index in ("pi", *FORMS):
            raise IllFormed(f"`{text_of(tree)}`: `{index}` means something else already; sum over another letter")
        if not kind:
            if not is_name(index):
                raise IllFormed(f"`{text_of(tree)}`: `{index}` can't be the name of an index; choose another letter")
            self._require_apart(index, *bound)
        for end in bounds:
            self._require_whole_number(end, text_of(tree), bound)
        if all(isinstance(end, ast.Constant) for end in bounds) and bounds[1].value - bounds[0].value >= MAX_TERMS:
            raise IllFormed(f"`{text_of(tree)}` has too many terms; at most {MAX_TERMS} are added up")
        return self.shape(tree.args[0], (*bound, index))

    def _require_variable(self, x, tree, bound):
        name = x.value.id if isinstance(x, ast.Subscript) else x.id
        kind = self.domains.get(name, Domain("")).kind
        if name in bound or name == "pi" or kind in (SIZE, INDEX, PICK):
            raise IllFormed(f"`{text_of(tree)}`: `{name}` is no quantity that can vary")
        if kind in ("onehot", "distribution"):
            raise IllFormed(
                f"`{text_of(tree)}`: the entries of `{name}` sum to one and can't vary one by one; "
                f"declare `{name}: real[...]` to differentiate by it"
            )

    def check_statement(self, statement):
        """Raise `IllFormed` unless both sides mean something and have the same shape."""
        if (nested := self.nesting([statement.left, statement.right])) > MAX_NESTING:
            raise IllFormed(f"derivatives stand {nested} deep inside one another; at most {MAX_NESTING} are computed")
        left, right = self.shape(statement.left), self.shape(statement.right)
        if statement.relation == "≈" and (left or not _is_number(statement.right)):
            raise IllFormed(f"≈ compares a scalar with a number as it is written, found `{text_of(statement.right)}`")
        # Zero is every shape's zero; any other number is no array.
        if left != right and not any(
            isinstance(side, ast.Constant) and side.value == 0 for side in (statement.left, statement.right)
        ):
            raise IllFormed(f"the left side has shape {shape_text(left)}, the right side {shape_text(right)}")

    def same_range(self, index):
        """The other index symbols that run over the same range as this one; none where it is no index symbol."""
        domain = self.domains.get(index.id, Domain("")) if isinstance(index, ast.Name) else Domain("")
        bounds = [text_of(bound) for bound in domain.axes]
        return [
            name
            for name, other in self.domains.items()
            if other.kind == domain.kind == INDEX
            and name != index.id
            and [text_of(bound) for bound in other.axes] == bounds
        ]

    def general_clause(self, name):
        """The clause of a quantity with the most running indices: ``h[t] := ...`` rather than ``h[0] := ...``."""
        return max(self.clauses[name], key=lambda clause: sum(isinstance(p, ast.Name) for p in clause.pattern))


def _few(axes, what):
    if len(axes) > MAX_AXES:
        raise IllFormed(f"`{what}` has {len(axes)} axes; an array has at most {MAX_AXES}")
    return axes


def _is_number(tree):
    return isinstance(tree, ast.Constant) or (isinstance(tree, ast.UnaryOp) and isinstance(tree.operand, ast.Constant))
