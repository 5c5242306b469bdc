"""What can be written, how it is typeset, and what is refused with which sentence."""

import ast
from fractions import Fraction

import pytest

from rnnlib.claims import Claim, Given, IllFormed, Undecided, Unreadable
from rnnlib.claims.language import has_relation, names_in, parse, parse_statement, respell, text_of, written
from rnnlib.claims.latex import latex, latex_name, latex_statement

SETTING = Given("""
    K, T: size
    p, v: real[K]
    A, B: real[K, K]
    x, y, z, h1: real
    i, j, k: 1..K
    t: 1..T
""")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("1 - h^2", "1 - h ** 2"),
        ("h²", "h ** 2"),
        ("h¹²", "h ** 12"),
        ("a − b", "a - b"),
        ("a · b × c", "a * b * c"),
        ("-h^2", "-h ** 2"),
        ("A @ B.T", "A @ B.T"),
        ("p[i]", "p[i]"),
        ("W[i, j]", "W[i, j]"),
        ("ｐ[j]", "p[j]"),
    ],
)
def test_spellings(text, meant):
    assert text_of(parse(text)) == meant


def test_a_power_binds_as_a_reader_expects():
    tree = parse("1 - h^2")
    assert isinstance(tree.op, ast.Sub)
    assert isinstance(tree.right.op, ast.Pow)


def test_numbers_keep_their_digits():
    assert written(parse("7.60")) == "7.60"
    assert latex(parse("7.60")) == "7.60"
    assert latex(ast.Constant(3)) == "3"


def test_names_leave_functions_out():
    assert names_in(parse("exp(x) + sum(p[k], k, 1, K)")) == {"x", "p", "k", "K"}


def test_statements():
    statement = parse_statement("a + b <= c")
    assert (text_of(statement.left), statement.relation, text_of(statement.right)) == ("a + b", "<=", "c")
    assert has_relation("a ≤ b")
    assert not has_relation("a - b")
    assert respell("a ≥ b") == "a >= b"
    for text in ("a", "a = b = c", "a == b", "a != b", "a := b"):
        with pytest.raises(Unreadable, match="exactly one of"):
            parse_statement(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2x", r"write every product with `\*`"),
        ("p[i]p[j]", r"with `\*`"),
        (")(", r"with `\*`"),
        ("(a + b)(c)", r"with `\*`"),
        ("x y", r"with `\*`"),
        ("p[i](x)", r"with `\*`"),
        ("x(1 - x)", r"no function.*`\*`"),
        ("(a", r"1 `\(` and 0 `\)`"),
        ("p[i", r"1 `\[` and 0 `\]`"),
        ("lambda * x", "reserved word"),
        ("a +", "an operand is missing"),
        ("a + * b", "an operand is missing"),
        ("x.real", "not part of the language"),
        ("a if b else c", "not part"),
        ("[a]", "not part"),
        ("p[1:2]", "not part"),
        ("p[()]", "not part"),
        ("a % b", "not part"),
        ("a // b", "not part"),
        ("f'{a}'", "not part"),
        ("*a", "missing"),
        ("'a'", "no number"),
        ("True", "no number"),
        ("1j", "no number"),
        ("1e999", "between"),
        ("1e13", "1e\\+12"),
        ("1e-30", "between"),
        ("x ** 65", "exponent is at most 64"),
        ("x ** 2 ** 2", "itself a power"),
        ("foo(x)", "no function"),
        ("exp(x, y)", "takes 1 argument, found 2"),
        ("sum(x)", "takes 2 or 4"),
        ("exp(x=1)", "not part"),
        ("sum(x, 2)", "the index that runs"),
        ("d(x, 2)", "differentiates by a symbol"),
        ("x # note", "no comment"),
        ("a" * 41, "at most 40"),
        ("x + " * 600 + "x", "characters"),
        ("\x00", "cannot read"),
        ("-" * 100 + "x", "deeper than"),
        ("(" * 300 + "x" + ")" * 300, "cannot read"),
        ("\ud800", "cannot read"),
        ("+".join(["(a+a+a+a+a+a+a+a+a+a)"] * 30), "599 parts"),
        ("", "an empty text"),
        (None, "type NoneType"),
        (3, "type int"),
        ([], "type list"),
    ],
)
def test_refused_with_one_sentence(text, told):
    with pytest.raises(Unreadable, match=told) as caught:
        parse(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "typeset"),
    [
        ("x*y - y*x", r"x\, y - y\, x"),
        ("(x - y) - (z - x)", r"x - y - \left(z - x\right)"),
        ("x - (y + z)", r"x - \left(y + z\right)"),
        ("-(x + y)", r"-\left(x + y\right)"),
        ("x * -y", r"x \cdot \left(-y\right)"),
        ("-x * y", r"-x\, y"),
        ("(-x) * y", r"-x\, y"),
        ("x + -y", r"x + \left(-y\right)"),
        ("x - -y * z", r"x - \left(-y\, z\right)"),
        ("-x / y", r"-\frac{x}{y}"),
        ("(x + y) * z", r"\left(x + y\right)\, z"),
        ("(x + y)^2", r"\left(x + y\right)^{2}"),
        ("x / (y * z)", r"\frac{x}{y\, z}"),
        ("tanh(x)^2", r"\tanh^{2}(x)"),
        ("exp(x)", r"e^{x}"),
        ("h1 * x", r"h_{1}\, x"),
        ("p @ A", r"p\, A"),
        ("(A @ B).T", r"\left(A\, B\right)^{\top}"),
        ("B.T @ A.T", r"B^{\top}\, A^{\top}"),
        ("p * v", r"p\odot v"),
        ("x * v", r"x\, v"),
        ("outer(p, v)", r"p^{\top} v"),
        ("delta(i, j)", r"\delta_{i j}"),
        ("A[i, j]", r"A_{i j}"),
        ("v[i - 1]", r"v_{i-1}"),
        ("d(x, y)", r"\frac{\partial x}{\partial y}"),
        ("d(x * y, y)", r"\frac{\partial}{\partial y} \left[x\, y\right]"),
        ("x * sum(p[k], k)", r"x\, \sum_{k=1}^{K} p_{k}"),
        ("sum(p[k], k) * x", r"\left(\sum_{k=1}^{K} p_{k}\right)\, x"),
        ("sum(p[k] + v[k], k)", r"\sum_{k=1}^{K} \left(p_{k} + v_{k}\right)"),
        ("sum(p[k], k, 1, t)", r"\sum_{k=1}^{t} p_{k}"),
    ],
)
def test_latex_keeps_the_authors_order(text, typeset):
    assert (
        latex(parse(text), SETTING).replace(" \\,", "\\,").replace(" \\odot", "\\odot").replace("\\odot ", "\\odot ")
        == typeset
    )


def test_latex_of_statements_and_names():
    assert latex_statement(parse_statement("x <= y"), SETTING) == r"x \le y"
    assert latex_statement(parse_statement("x ≈ 7.60"), SETTING) == r"x \approx 7.60"
    assert latex_name("W_hh") == "W_{hh}"
    assert latex_name("beta") == r"\beta"
    assert latex_name("delta1") == r"\delta_{1}"
    assert latex_name("yhat") == r"\hat y"
    assert latex_name("mean") == r"\mathrm{mean}"


def test_no_latex_without_a_tree():
    with pytest.raises(TypeError):
        latex(parse_statement("x = y"))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("x real", "expected `names: domain`"),
        ("x: complex", "expected the domain"),
        ("x: real\nx: real", "declared already"),
        ("lambda: real", "can't be the name"),
        ("2x: real", "can't be the name"),
        ("exp: real", "word of the language"),
        ("pi: real", "word of the language"),
        ("K: size >= 0", "at least 1"),
        ("v: real[K]", "`K` has no domain"),
        ("x: real\nv: real[x]", "is no index"),
        ("i: 1..K", "`K` has no domain"),
        ("K: size\nt: 1..K\nk: 1..t", "is no index"),
        ("v: real[0]", "at least 1"),
        ("v: real[2, 2, 2, 2, 2]", "at most 4 axes"),
        ("y: onehot", "needs"),
        ("q := q + 1", "defined through itself"),
        ("a := b\nb := a", "defined through itself"),
        ("K: size\nt: 1..K\nh[t] := h[t-1]", "defined through itself.*first case"),
        ("x: real\nq := x\nq := 2*x", "defined already"),
        ("K: size\ni, j: 1..K\nq[i] := i\nq[j] := 2*j", "defined already"),
        ("K: size\ni: 1..K\nq[i] := i\nq := 2", "another number of indices"),
        ("q[i] := 1", "declare the index"),
        ("K: size\nv: real[K]\ni: 1..K\nq := v[i]", "i stands free"),
        ("q := r", "`r` has no domain"),
        ("K: size\nA: real[K, K]\ni: 1..K\nq[i, i] := A[i, i]", "letter of its own"),
        ("q[0.5] := 1", "whole number"),
        ("K: size\nv: real[K]\nq[1] := v\nq[2] := 3", "different shapes"),
        ("f(x) := 2", "no function"),
        ("x: real\nq := exp + x", "is a function; write"),
        (7, "as text"),
    ],
)
def test_settings_refused(setting, told):
    with pytest.raises((Unreadable, IllFormed), match=told):
        Given(setting)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("p[i, j]", "has 2 indices"),
        ("p[v]", "is no index"),
        ("p[x]", "is no index"),
        ("p[t]", "runs to T, the axis has K"),
        ("p + A", "do not fit"),
        ("p @ x", "can't be multiplied"),
        ("softmax(x)", "takes a vector"),
        ("diag(A)", "takes a vector"),
        ("sum(p[m], m)", "has no range"),
        ("sum(p[k], K, 1, 2)", "means something else"),
        ("sum(x, x, 1, 2)", "means something"),
        ("sum(k, k, 1, 100000)", "too many terms"),
        ("sum(k, k, 1, x)", "is no index"),
        ("delta(i, x)", "is no index"),
        ("d(x, i)", "can vary"),
        ("d(x, K)", "can vary"),
        ("d(x, pi)", "can vary"),
        ("q", "no domain"),
        ("exp", "is a function"),
        ("outer(p, A)", "takes two rows"),
        ("d(d(A, A), p)", "axes"),
        ("A @ p", r"`p` is a row; write `p @ A.T`"),
        ("A.T @ p", r"write `p @ A`"),
        ("p.T", "a row has no .T"),
        ("x.T", "only a matrix"),
        ("d(d(d(d(x, y), y), y), y)", "4 deep"),
    ],
)
def test_trees_refused(text, told):
    with pytest.raises(IllFormed, match=told):
        SETTING.check_statement(parse_statement(f"{text} = 0"))


def test_shapes():
    shapes = {
        "p @ A": ("K",),
        "p @ p": (),
        "outer(p, v)": ("K", "K"),
        "d(p, A)": ("K", "K", "K"),
        "A.T": ("K", "K"),
        "A[i]": ("K",),
        "sum(A[k], k)": ("K",),
        "diag(p)": ("K", "K"),
        "2 * p": ("K",),
    }
    assert {text: SETTING.shape(parse(text)) for text in shapes} == shapes


def test_a_one_hot_or_a_distribution_can_not_vary_entry_by_entry():
    given = Given("K: size\ny: onehot[K]\nq: distribution[K]\ni: 1..K")
    for text in ("d(y[i], y[i])", "d(q[i], q[i])"):
        with pytest.raises(IllFormed, match="sum to one"):
            given.check_statement(parse_statement(f"{text} = 1"))


def test_a_special_case_goes_before_the_general_one():
    given = Given("T: size\nt: 1..T\nw: real\nh[t] := w * h[t-1]\nh[0] := 1")
    assert next(clause.pattern[0] for clause in given.clauses["h"]).value == 0


def test_needed_sizes_and_free_indices():
    given = Given("K, T: size\nv: real[K]\nu: real[T]\nk: 1..K\nt: 1..T\nq := sum(v[k], k)")
    assert given.sizes([parse("q")]) == ["K"]
    assert given.free_indices([parse("v[k] + sum(v[k], k) + sum(u[t], t)")]) == ["k"]
    assert given.nesting([parse("d(d(q, v[1]), v[2])")]) == 2


def test_a_recursion_that_differentiates_itself_nests_too_deep():
    given = Given("T: size\nt: 1..T\nx: real\ng[0] := x^3\ng[t] := d(g[t-1], x)")
    with pytest.raises(IllFormed, match="deep"):
        given.check_statement(parse_statement("g[1] = 0"))


@pytest.mark.parametrize("text", ["1.00000000000000001", "0.1", "12.050", ".5", "1e-3", "2.5e2"])
def test_literals_are_exact(text):
    """What is written is what is meant, to the last digit: nothing passes through float."""
    read = parse(text).value
    assert read == Fraction(text)
    assert parse(text_of(parse(text))).value == read


@pytest.mark.parametrize("text", ["0x10", "0b1", "1_000", "2j", "True", "'1'", "None", "..."])
def test_other_literals_are_no_numbers(text):
    with pytest.raises(Unreadable, match="no number of the language"):
        parse(text)


def test_a_setting_that_continues_another_defines_nothing_anew():
    setting = Given("K: size\ns: real[K]\ni: 1..K\np[i] := s[i]")
    with pytest.raises(IllFormed, match="defined already, where this setting begins"):
        setting + "p[1] := 7"


def test_a_derivative_is_by_a_symbol_or_an_entry():
    with pytest.raises(Unreadable, match="differentiates by a symbol"):
        parse("d(x, x.T)")


def test_a_size_that_is_missing_is_asked_for_as_a_size():
    with pytest.raises(IllFormed, match="`V: size`"):
        Given("w: 1..V")


def test_an_entry_may_be_free():
    setting = Given("T: size\nh[0]: real\nt: 1..T\nw: real\nh[t] := w * h[t-1]")
    assert setting.shape(parse("h[T]")) == ()
    assert latex(parse("w * h[0]"), setting) == r"w \, h_{0}"
    assert Claim("a", "d(h[1], h[0]) = w", setting)
    with pytest.raises(IllFormed, match="declared already"):
        setting + "h[0]: real"
    with pytest.raises(IllFormed, match="defined already"):
        setting + "h[0] := 1"


@pytest.mark.parametrize(
    ("statement", "setting"),
    [
        ("d(abs(z), z) = 0", "z := 0"),
        ("d(sqrt(x^2), x) = x", "x := 0"),
        ("d(d(abs(x)*x, x), x) = 0", "x := 0"),
    ],
)
def test_a_kink_has_no_derivative(statement, setting):
    with pytest.raises((IllFormed, Undecided)):
        Claim("a", statement, setting)
