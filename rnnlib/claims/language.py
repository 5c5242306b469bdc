"""The small expression language in which the book and its readers write mathematics.

A text is read into one tree, a restricted Python `ast`, and everything else is drawn from that tree:
the typeset formula (`latex`), the SymPy form (`symbolic`) and the numbers (`numeric`). The text never
reaches `eval`, `sympify` or any parser that ends in one of them.

What can be written:

==========================  ====================================================
names and indices           ``p``, ``W_hh``, ``beta``, ``p[i]``, ``W[i, j]``, ``h[t-1]``, ``softmax(s)[j]``
numbers                     ``2``, ``0.5`` (exactly one half)
arithmetic                  ``+ - * /``, ``**`` or ``^`` or ``²``; on arrays, element by element
matrices                    ``A @ B``, ``A.T``, ``outer(a, b)``, ``diag(v)``, ``eye(K)``, ``concat(a, b)``;
                            vectors are rows: ``v @ A``, never ``A @ v``
functions                   those of `FORMS`: ``exp(x)``, ``floor(x)``, ``softmax(v)``, ``norm(v)``, ...
sums and products           ``sum(f, k)`` over the range of ``k``, ``sum(f, k, 1, t)``; ``prod`` likewise;
                            ``matprod`` multiplies matrices, those of smaller ``k`` to the left
derivatives                 ``d(f, x)``, see below
Kronecker's delta           ``delta(i, j)``
cases                       ``cases(x > 0, x, 0)``, ``max(x, y)``, ``min(x, y)``
==========================  ====================================================

**What a derivative holds fixed.** ``d(f, x)`` cuts the definition of ``x``: ``x`` itself moves, freely, and nothing
that it is computed from moves with it; whatever is computed from ``x`` follows (the derivative is total). So with
``p := softmax(s)``, ``d(s[i], p[j])`` is 0, and ``d(sum(p[k], k), p[j])`` is 1: under ``d``, an entry of ``p`` moves
by itself, off the surface on which the entries of a softmax sum to one. At a kink or a jump there is no derivative.
"""

import ast
import copy
import keyword
import re
import warnings
from fractions import Fraction
from itertools import count
from typing import NamedTuple

from .errors import Unreadable
from .forms import FORMS

# Bounds on what is read: a formula of the book stays far below them, a hostile text does not get past them.
MAX_CHARACTERS, MAX_NODES, MAX_DEPTH, MAX_EXPONENT, MAX_NAME = 2000, 500, 60, 64, 40
MAX_NUMBER, MIN_NUMBER = 10**12, 1e-12

RELATIONS = ("=", "<=", ">=", "<", ">", "≈")
_RELATION_OR_BRACKET = re.compile(r":=|<=|>=|==|!=|=|≈|<|>|[][(){}]")
_CONDITIONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
# What a setting may assume: an equality would be a definition.
ASSUMED = ("<=", ">=", "<", ">", "!=")
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SPELLINGS = {"^": "**", "−": "-", "–": "-", "·": "*", "×": "*", "≤": "<=", "≥": ">=", "≠": "!="}
# Letters that name a function where a bracket follows; without one, they may name a symbol.
_LETTERS = {"σ": "sigmoid", "δ": "delta", "sigma": "sigmoid"}
_PRODUCT = "write every product with `*`"


class Decimal(Fraction):
    """A number that is written with a point, such as 0.1, exactly: one tenth.

    It is shown as a decimal again, so that a tree's text reads back as the same tree.
    """

    def __repr__(self):
        places = next(n for n in count(1) if (self * 10**n).denominator == 1)
        whole, digits = divmod(int(abs(self) * 10**places), 10**places)
        return f"{'-' * (self < 0)}{whole}.{digits:0{places}}"


class Statement(NamedTuple):
    """Two sides and the relation between them."""

    left: ast.expr
    relation: str
    right: ast.expr


def respell(text):
    """Rewrite ``^``, ``²``, ``σ(`` and typographic signs as what they stand for.

    Python reads ``1 - h^2`` as ``(1 - h) ^ 2``; as ``**`` the power binds as a reader expects.
    """
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "**" + m[0].translate(_SUPERSCRIPTS), text)
    for written, meant in _SPELLINGS.items():
        text = text.replace(written, meant)
    for letter, function in _LETTERS.items():
        text = re.sub(rf"\b{letter}\s*\(", f"{function}(", text)
    return " ".join(text.split())  # a formula may go on over several lines


def parse(text):
    """Read one expression.

    Returns
    -------
    ast.expr
        A tree that holds nothing but what the module's table lists.

    Raises
    ------
    Unreadable
        With one sentence: what was expected, what was found.
    """
    if not isinstance(text, str) or not text.strip():
        raise Unreadable(f"expected a formula as text, found {_kind_of(text)}")
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"the formula has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    spelled = respell(text)
    try:
        with warnings.catch_warnings(action="ignore"):  # Python warns of `2and`, which is refused below anyway
            tree = ast.parse(spelled, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise Unreadable(f"cannot read `{short(text)}`: {hint(spelled)}") from None
    if "#" in text:
        raise Unreadable(f"cannot read `{short(text)}`: a formula holds no comment; leave `#` out")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            _read_number(node, spelled)
    _admit(tree, short(text), MAX_DEPTH)
    if (nodes := sum(isinstance(node, ast.expr) for node in ast.walk(tree))) > MAX_NODES:
        raise Unreadable(f"the formula has {nodes} parts; at most {MAX_NODES} are read")
    for node in ast.walk(tree):
        while isinstance(node, ast.Subscript) and isinstance(node.value, ast.Subscript):  # h[t][i] is h[t, i]
            node.slice = ast.Tuple([*indices_of(node.value), *indices_of(node)], ast.Load())
            node.value = node.value.value
    return tree


def parse_statement(text, relations=RELATIONS):
    """Read ``left relation right`` with exactly one relation, one of those that are named.

    Returns
    -------
    Statement

    Raises
    ------
    Unreadable
    """
    if not isinstance(text, str):
        raise Unreadable(f"expected a statement as text, found {_kind_of(text)}")
    if len(text) > 2 * MAX_CHARACTERS:
        raise Unreadable(f"the statement has {len(text)} characters; at most {2 * MAX_CHARACTERS} are read")
    spelled = respell(text)
    found = _relations(spelled)
    if len(found) != 1 or found[0][0] not in relations:
        seen = ", ".join(f"`{m[0]}`" for m in found) or "none"
        raise Unreadable(f"expected exactly one of {' '.join(relations)}; `{short(text)}` has {seen}")
    start, end = found[0].span()
    return Statement(parse(spelled[:start]), found[0][0], parse(spelled[end:]))


def has_relation(text):
    """Whether a text is a statement rather than an expression."""
    return bool(_relations(respell(text)))


def _relations(spelled):
    """The relation signs that stand outside of all brackets; a condition of `cases` stands inside."""
    found, depth = [], 0
    for match in _RELATION_OR_BRACKET.finditer(spelled):
        if match[0] in "([{)]}":
            depth += 1 if match[0] in "([{" else -1
        elif depth == 0:
            found.append(match)
    return found


def text_of(tree):
    """The text that reads back as this tree."""
    return ast.unparse(tree)


def indices_of(node):
    """The index expressions of a subscript, as a list."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def substituted(tree, name, part):
    """The tree with a part in the place of a name."""

    class Put(ast.NodeTransformer):
        def visit_Name(self, node):
            return part if node.id == name else node

    return Put().visit(copy.deepcopy(tree))


def names_in(tree):
    """Every name that the tree mentions, function names left out."""
    if isinstance(tree, ast.Name):
        return {tree.id}
    return {name for part in parts_of(tree) for name in names_in(part)}


def parts_of(tree):
    """The expressions directly inside of this one; the name of a function is none."""
    parts = tree.args if isinstance(tree, ast.Call) else ast.iter_child_nodes(tree)
    return [part for part in parts if isinstance(part, ast.expr)]


def written(number):
    """The text of a number as its author wrote it, ``7.60`` rather than ``7.6``."""
    return number.kind or str(number.value)


def form_of(node):
    """The function name of a call, or ``""`` for any other node."""
    return node.func.id if isinstance(node, ast.Call) else ""


def runs(node):
    """Whether a node is a sum or product over an index."""
    return isinstance(node, ast.Call) and FORMS[node.func.id].runs


def _kind_of(value):
    return "an empty text" if isinstance(value, str) else f"a value of type {type(value).__name__}"


def short(text):
    """A text on one line, cut off where it is long, to be quoted in a message."""
    text = " ".join(text.encode(errors="replace").decode().split()).replace("`", "'")
    return text if len(text) <= 80 else text[:77] + "..."


def hint(text):
    """What to do about a text that Python's grammar does not know."""
    for closing, opening in ("()", "[]"):
        if text.count(closing) != text.count(opening):
            return f"it has {text.count(closing)} `{closing}` and {text.count(opening)} `{opening}`"
    if reserved := next((word for word in re.findall(r"\w+", text) if keyword.iskeyword(word)), None):
        return f"`{reserved}` is a reserved word; choose another name"
    if re.search(r"[\d)\]]\s*[^\W\d]|[)\]]\s*[\w(]|\w\s+\w", text):
        return _PRODUCT
    if re.search(r"[-+*/@,(\[]\s*([)\]]|$)|^\s*[*/@]|[-+*/@]\s*[*/@]", text):
        return "an operand is missing beside an operator"
    if any(quote in text for quote in "\"'"):
        return "a formula holds no quotes"
    return "a part is missing, or a sign stands where none is expected"


def _admit(node, text, depth):
    """Walk the tree and refuse whatever is not on the list."""
    if depth == 0:
        raise Unreadable(f"the formula nests deeper than {MAX_DEPTH} levels")
    match node:
        case ast.Constant():
            return
        case ast.Name(id=name):
            if len(name) > MAX_NAME:
                raise Unreadable(f"the name `{name[:10]}...` has {len(name)} letters; at most {MAX_NAME} are read")
            return
        case ast.BinOp(op=op) if isinstance(op, _OPERATORS):
            if isinstance(op, ast.Pow):
                _admit_power(node.right)
            children = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            children = [node.operand]
        case ast.Subscript() if indices_of(node):
            children = [node.value, *indices_of(node)]
        case ast.Attribute(attr="T"):
            children = [node.value]
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            admit_call(name, node.args)
            children = [part for n, argument in enumerate(node.args) for part in _values_in(argument, name, n)]
        case ast.Call(func=func) if not isinstance(func, ast.Name):
            raise Unreadable(f"cannot read `{text}`: {_PRODUCT}")
        case _:
            raise Unreadable(
                f"`{_source(node)}` in `{text}` is not part of the language: names, indices, numbers, "
                f"+ - * / ** @ .T and the functions {', '.join(FORMS)}"
            )
    for child in children:
        _admit(child, text, depth - 1)


def _values_in(argument, name, n):
    """What of an argument is a value: itself, or both sides of a condition where the form expects one."""
    if n not in FORMS[name].conditions:
        return [argument]
    if not isinstance(argument, ast.Compare) or len(argument.ops) > 1 or not isinstance(argument.ops[0], _CONDITIONS):
        raise Unreadable(f"`{name}` begins with a condition such as `x > 0`, found `{_source(argument)}`")
    return [argument.left, argument.comparators[0]]


def _source(node):
    try:
        return short(ast.unparse(node))
    except (ValueError, RecursionError):
        return type(node).__name__


def _read_number(node, spelled):
    """Give a literal its exact value: what is written, never what float makes of it."""
    text = spelled.encode()[node.col_offset : node.end_col_offset].decode()
    if not _NUMBER.fullmatch(text):
        raise Unreadable(f"`{short(text)}` is no number of the language; write digits, such as 2 or 0.5")
    if not (MIN_NUMBER <= node.value <= MAX_NUMBER or re.fullmatch("[0.]+", text)):
        raise Unreadable(f"a number is 0 or between {MIN_NUMBER} and {MAX_NUMBER:.0e} in size, found `{short(text)}`")
    node.kind = text  # as it is written: 7.60 says more than 7.6
    if not isinstance(node.value, int):
        node.value = Decimal(text)


def _admit_power(exponent):
    numbers = [n.value for n in ast.walk(exponent) if isinstance(n, ast.Constant)]
    if any(isinstance(n.op, ast.Pow) for n in ast.walk(exponent) if isinstance(n, ast.BinOp)):
        raise Unreadable("a power whose exponent is itself a power is not read")
    if any(abs(number) > MAX_EXPONENT for number in numbers):
        raise Unreadable(f"an exponent is at most {MAX_EXPONENT}")


def admit_call(name, arguments):
    """Raise `Unreadable` unless a function of the language takes these arguments."""
    if name not in FORMS:
        raise Unreadable(
            f"`{name}` is no function of the language; a product is written with `*`, and the functions "
            f"are {', '.join(FORMS)}"
        )
    if len(arguments) not in FORMS[name].arity:
        wanted = " or ".join(map(str, FORMS[name].arity))
        raise Unreadable(f"`{name}` takes {wanted} argument{'s' * (wanted != '1')}, found {len(arguments)}")
    if FORMS[name].runs and not isinstance(arguments[1], ast.Name):
        raise Unreadable(f"the second argument of `{name}` is the index that runs, found `{_source(arguments[1])}`")
    if name == "d" and not isinstance(_entered(arguments[1]), ast.Name):
        raise Unreadable(f"`d(f, x)` differentiates by a symbol or an entry of one, found `{_source(arguments[1])}`")


def _entered(tree):
    """What an entry is an entry of; a tree that is no entry stands for itself."""
    return tree.value if isinstance(tree, ast.Subscript) else tree
