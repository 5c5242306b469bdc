"""The small expression language in which the book and its readers write mathematics.

A text is read into one tree, a restricted Python `ast`, and everything else is drawn from that tree:
the typeset formula (`latex`), the SymPy form (`symbolic`) and the numbers (`numeric`). The text never
reaches `eval`, `sympify` or any parser that ends in one of them.

What can be written:

==========================  ====================================================
names and indices           ``p``, ``W_hh``, ``beta``, ``p[i]``, ``W[i, j]``, ``h[t-1]``
numbers                     ``2``, ``0.5`` (exactly one half)
arithmetic                  ``+ - * /``, ``**`` or ``^`` or ``²``; on arrays, element by element
matrices                    ``A @ B``, ``A.T``, ``outer(a, b)``, ``diag(v)``
functions                   those of `FUNCTIONS`, and ``softmax(v)``
sums and products           ``sum(f, k)`` over the range of ``k``, ``sum(f, k, 1, t)``; ``prod`` likewise
derivatives                 ``d(f, x)``, total: all that is computed from ``x`` follows
Kronecker's delta           ``delta(i, j)``
==========================  ====================================================
"""
import ast
import re
from typing import NamedTuple

from .errors import Unreadable
from .functions import FUNCTIONS

# Bounds on what is read: a formula of the book stays far below them, a hostile text does not get past them.
MAX_CHARACTERS, MAX_NODES, MAX_DEPTH, MAX_NUMBER, MAX_EXPONENT = 2000, 500, 60, 10**12, 64

FORMS = {"sum": (2, 4), "prod": (2, 4), "d": (2,), "delta": (2,), "softmax": (1,), "outer": (2,), "diag": (1,)}
RELATIONS = ("=", "<=", ">=", "<", ">", "≈")
_RELATION = re.compile(r":=|<=|>=|==|!=|=|≈|<|>")
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.MatMult)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SPELLINGS = {"^": "**", "−": "-", "·": "*", "×": "*", "≤": "<=", "≥": ">="}


class Statement(NamedTuple):
    """Two sides and the relation between them."""

    left: ast.expr
    relation: str
    right: ast.expr


def respell(text):
    """Rewrite ``^``, ``²`` and typographic signs as the operators they stand for.

    Python reads ``1 - h^2`` as ``(1 - h) ^ 2``; as ``**`` the power binds as a reader expects.
    """
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: "**" + m[0].translate(_SUPERSCRIPTS), text)
    for written, meant in _SPELLINGS.items():
        text = text.replace(written, meant)
    return text.strip()


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
        raise Unreadable(f"expected a formula as text, found {text!r}")
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"the formula has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    spelled = respell(text)
    try:
        tree = ast.parse(spelled, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise Unreadable(f"cannot read `{text.strip()}`: {_hint(spelled, error)}") from None
    try:
        _admit(tree, text.strip(), MAX_DEPTH)
    except RecursionError:
        raise Unreadable(f"the formula nests deeper than {MAX_DEPTH} levels") from None
    if (nodes := sum(isinstance(node, ast.expr) for node in ast.walk(tree))) > MAX_NODES:
        raise Unreadable(f"the formula has {nodes} parts; at most {MAX_NODES} are read")
    return tree


def parse_statement(text):
    """Read ``left relation right`` with exactly one of the `RELATIONS`.

    Returns
    -------
    Statement

    Raises
    ------
    Unreadable
    """
    if not isinstance(text, str):
        raise Unreadable(f"expected a statement as text, found {text!r}")
    spelled = respell(text)
    found = list(_RELATION.finditer(spelled))
    if len(found) != 1 or found[0][0] not in RELATIONS:
        seen = ", ".join(f"`{m[0]}`" for m in found) or "none"
        raise Unreadable(f"a statement has exactly one of {' '.join(RELATIONS)}; `{text.strip()}` has {seen}")
    start, end = found[0].span()
    return Statement(parse(spelled[:start]), found[0][0], parse(spelled[end:]))


def has_relation(text):
    """Whether a text is a statement rather than an expression."""
    return _RELATION.search(respell(text)) is not None


def text_of(tree):
    """The text that reads back as this tree."""
    return ast.unparse(tree)


def indices_of(node):
    """The index expressions of a subscript, as a list."""
    return list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]


def names_in(tree):
    """Every name that the tree mentions, function names left out."""
    called = {id(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and id(n) not in called}


def form_of(node):
    """The function name of a call, or ``""`` for any other node."""
    return node.func.id if isinstance(node, ast.Call) else ""


def _hint(text, error):
    if re.search(r"\d\s*[A-Za-z_(]|\)\s*[\w(]", text):
        return "write every product with `*`"
    if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
        return "a bracket is not closed"
    return f"{getattr(error, 'msg', 'not an expression')}"


def _admit(node, text, depth):
    """Walk the tree and refuse whatever is not on the list."""
    if depth == 0:
        raise Unreadable(f"the formula nests deeper than {MAX_DEPTH} levels")
    match node:
        case ast.Constant(value=value):
            _admit_number(value)
            return
        case ast.Name():
            return
        case ast.BinOp(op=op) if isinstance(op, _OPERATORS):
            if isinstance(op, ast.Pow):
                _admit_power(node.right)
            children = [node.left, node.right]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
            children = [node.operand]
        case ast.Subscript(value=ast.Name()):
            children = [node.value, *indices_of(node)]
        case ast.Attribute(attr="T"):
            children = [node.value]
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            _admit_call(name, node.args)
            children = node.args
        case _:
            raise Unreadable(f"`{_source(node)}` in `{text}` is not part of the language: names, indices, numbers, "
                             f"+ - * / ** @ .T and the functions {', '.join([*FUNCTIONS, *FORMS])}")
    for child in children:
        _admit(child, text, depth - 1)


def _source(node):
    try:
        return ast.unparse(node)
    except Exception:
        return type(node).__name__


def _admit_number(value):
    if type(value) not in (int, float) or not abs(value) <= MAX_NUMBER:
        raise Unreadable(f"`{value!r}` is no number of the language: expected at most {MAX_NUMBER:,} in size")


def _admit_power(exponent):
    numbers = [n.value for n in ast.walk(exponent) if isinstance(n, ast.Constant)]
    if any(isinstance(n.op, ast.Pow) for n in ast.walk(exponent) if isinstance(n, ast.BinOp)):
        raise Unreadable("a power whose exponent is itself a power is not read")
    if any(abs(number) > MAX_EXPONENT for number in numbers if type(number) in (int, float)):
        raise Unreadable(f"an exponent is at most {MAX_EXPONENT}")


def _admit_call(name, arguments):
    arities = FORMS.get(name) or ((1,) if name in FUNCTIONS else None)
    if arities is None:
        raise Unreadable(f"`{name}` is no function of the language; a product is written with `*`, and the functions "
                         f"are {', '.join([*FUNCTIONS, *FORMS])}")
    if len(arguments) not in arities:
        wanted = " or ".join(map(str, arities))
        raise Unreadable(f"`{name}` takes {wanted} argument{'s' * (wanted != '1')}, found {len(arguments)}")
    if name in ("sum", "prod") and not isinstance(arguments[1], ast.Name):
        raise Unreadable(f"the second argument of `{name}` is the index that runs, found `{_source(arguments[1])}`")
    if name == "d" and not isinstance(arguments[1], (ast.Name, ast.Subscript)):
        raise Unreadable(f"`d(f, x)` differentiates by a symbol or an entry of one, found `{_source(arguments[1])}`")
