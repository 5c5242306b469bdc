r"""Reads LaTeX as far as comparing formulas needs: their symbols, their relations, and what pure arithmetic amounts to.

Two formulas are the same when they print the same symbols in the same places. So spaces, the sizes of brackets, braces
that group nothing and `\displaystyle` don't count, and `a / b` is `\frac{a}{b}` where a and b are single symbols.
"""

import re
from itertools import accumulate
from operator import ge, gt, le, lt, ne

import mpmath


def commands(names):
    return {rf"\{name}" for name in names.split()}


TOKEN = re.compile(r"\\(?:left|right)\.|\\(?:begin|end)\{\w+\*?\}|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\.\d+|:=|\S")
IGNORED = {"&", "~", r"\ "} | commands(", ; : ! quad qquad displaystyle textstyle limits left right left. right.")
IGNORED |= {rf"\{size}{side}" for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")}
SAME = {
    r"\leq": r"\le", r"\geq": r"\ge", r"\neq": r"\ne", "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx",
    r"\lt": "<", r"\gt": ">", r"\coloneqq": ":=", r"\dfrac": r"\frac", r"\tfrac": r"\frac", r"\ldots": r"\dots",
    r"\cdots": r"\dots",
}  # fmt: skip
# Every sign that KaTeX sets as a relation, but for arrows (`\to`), bars and colons; a test compares.
RELATIONS = {"=", ":=", "<", ">"} | commands(
    "le ge ne approx equiv propto sim simeq cong ll gg leqslant geqslant lesssim gtrsim doteq triangleq asymp "
    "in notin ni owns subset subseteq supset supseteq iff implies impliedby prec succ Rightarrow Leftarrow "
    "Leftrightarrow Longrightarrow Longleftarrow Longleftrightarrow perp parallel nparallel preceq succeq models "
    "vdash dashv vDash Vdash Vvdash nvdash nvDash nVdash nVDash leqq geqq lll ggg llless gggtr lessapprox gtrapprox "
    "lessgtr gtrless lesseqgtr gtreqless lesseqqgtr gtreqqless eqslantless eqslantgtr nless ngtr nleq ngeq nleqq "
    "ngeqq nleqslant ngeqslant lneq gneq lneqq gneqq lvertneqq gvertneqq lnsim gnsim lnapprox gnapprox nsim ncong "
    "nprec nsucc npreceq nsucceq precsim succsim precapprox succapprox precnsim succnsim precnapprox succnapprox "
    "precneqq succneqq preccurlyeq succcurlyeq curlyeqprec curlyeqsucc approxeq eqsim backsim backsimeq thicksim "
    "thickapprox doteqdot Doteq risingdotseq fallingdotseq bumpeq Bumpeq eqcirc circeq varpropto sqsubset sqsupset "
    "sqsubseteq sqsupseteq Subset Supset subseteqq supseteqq nsubseteq nsupseteq nsubseteqq nsupseteqq subsetneq "
    "supsetneq subsetneqq supsetneqq varsubsetneq varsupsetneq varsubsetneqq varsupsetneqq trianglelefteq "
    "trianglerighteq ntriangleleft ntriangleright ntrianglelefteq ntrianglerighteq vartriangleleft vartriangleright "
    "therefore because coloneq Coloneq Coloneqq colonequals eqcolon eqqcolon Eqqcolon equalscolon"
) | set("≡∝∼≃≅∈∉∋⊂⊃⊆⊇⇒⇐⇔⟹⟸⟺≺≻⪯⪰≪≫≍⊏⊐⊑⊒⊢⊣⊨⊩⊪⊥∥≮≯≰≱⩽⩾⪕⪖≦≧≨≩⪇⪈≲≳⪅⪆⋘⋙≶≷⋚⋛⪋⪌≊⋍∽≂≏≎≐≑≒≓≖≗≜⊴⊵∴∵")  # fmt: skip
ACCENTS = commands("bar hat tilde vec dot overline operatorname mathbb mathrm mathbf boldsymbol text")
ARGUMENTS = {r"\frac": 2, r"\sqrt": 1} | dict.fromkeys(ACCENTS, 1)
INDICATOR = (r"\mathbf", "{", "1", "}")  # with a condition below it: 1 where it holds, else 0
GREEK = commands(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi varphi chi "
    "psi omega ell Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
BRACKETS = dict.fromkeys(("{", "(", "[", r"\{", r"\langle"), 1) | dict.fromkeys(("}", ")", "]", r"\}", r"\rangle"), -1)
RANGED = {"|"} | commands("sum prod bigodot int max min lim")  # a relation below these is a range or a place
FUNCTIONS = {
    r"\ln": mpmath.log, r"\log": mpmath.log, r"\exp": mpmath.exp, r"\tanh": mpmath.tanh, r"\sqrt": mpmath.sqrt,
    r"\sigma": lambda x: 1 / (1 + mpmath.exp(-x)),
}  # fmt: skip
HOLDS = {"<": lt, ">": gt, r"\le": le, r"\ge": ge, r"\ne": ne}
DIGITS = 40


def canonical(latex):
    """The tokens of a formula, the same however it was typed; braces stand around scripts and arguments alone."""
    joined = re.sub(r"(?<=\d)\\,(?=\d{3})", "", latex)  # the thousands of a number
    tokens = [SAME.get(token, token) for token in TOKEN.findall(joined)]
    return tuple(_group([token for token in tokens if token not in IGNORED]))


def _group(tokens):
    """Read tokens, a list used up from the left, to its end or to the brace that closes."""
    units = []
    while tokens and tokens[0] != "}":
        unit = _unit(tokens)
        if unit == ["/"] and units and tokens and tokens[0] != "}":
            above, below = units.pop(), _unit(tokens)
            letters = is_symbol(above) or is_symbol(below)
            slash = letters and is_single(above) and is_single(below)
            unit = [r"\frac", "{", *above, "}", "{", *below, "}"] if slash else [*above, "/", *below]
        units.append(unit)
    return [token for unit in units for token in unit]


def _unit(tokens):
    r"""Read one symbol or group with its scripts, the lower before the upper; `\partial x` is one."""
    unit, scripts = [] if tokens[0] in ("_", "^", "'") else _atom(tokens), {}
    while tokens and tokens[0] in ("_", "^", "'"):
        mark = tokens.pop(0)
        scripts.setdefault("^" if mark == "'" else mark, []).extend([mark] if mark == "'" else _argument(tokens))
    unit += [token for mark in sorted(scripts, reverse=True) for token in (mark, "{", *scripts[mark], "}")]
    return unit + (_unit(tokens) if unit[:1] == [r"\partial"] and tokens and tokens[0] not in ("}", "/") else [])


def _atom(tokens):
    token = tokens.pop(0)
    if token == "{":
        inner = _group(tokens)
        del tokens[:1]
        return inner
    return [token, *(part for _ in range(ARGUMENTS.get(token, 0)) for part in ("{", *_argument(tokens), "}"))]


def _argument(tokens):
    """Read what a command or a script applies to: a group, or one letter, digit or command."""
    if tokens and re.fullmatch(r"\d{2,}", tokens[0]):
        tokens[:1] = tokens[0][:1], tokens[0][1:]
    return _atom(tokens) if tokens else []


def is_symbol(tokens):
    r"""Whether tokens are one letter with its accents and scripts, or a derivative sign before such."""
    rest = list(tokens)
    if not rest:
        return False
    first = rest.pop(0)
    if first == r"\partial":
        while rest and rest[0] in ("_", "^"):
            rest = _after_group(rest[1:])
        return is_symbol(rest)
    for _ in range(ARGUMENTS.get(first, 0)):
        rest = _after_group(rest)
    while rest and rest[0] in ("_", "^"):
        rest = _after_group(rest[1:])
    return not rest and (first.isalpha() or first in GREEK or first in ACCENTS)


def is_name(tokens):
    """Whether a definition may give tokens a meaning: a symbol, one with arguments in brackets, or angles with two."""
    opens = next((place for place, token in enumerate(tokens) if token in ("(", r"\langle")), len(tokens))
    depths = [*accumulate(BRACKETS.get(token, 0) for token in tokens[opens:])]
    enclosed = 0 in depths and depths.index(0) == len(depths) - 1
    return is_symbol(tokens) or (enclosed and (is_symbol(tokens[:opens]) or tokens[0] == r"\langle"))


def is_single(tokens):
    return is_symbol(tokens) or (len(tokens) == 1 and tokens[0][-1].isdigit())


def _after_group(tokens):
    depth = 0
    for place, token in enumerate(tokens):
        depth += (token == "{") - (token == "}")
        if depth == 0:
            return tokens[place + 1 :]
    return []


def split(tokens, at):
    """Split tokens at those of `at` that no bracket encloses: the parts, and what stood between them."""
    parts, between, depth = [[]], [], 0
    for token in tokens:
        depth += BRACKETS.get(token, 0) + token.startswith(r"\begin") - token.startswith(r"\end")
        if depth == 0 and token in at:
            parts.append([])
            between.append(token)
        else:
            parts[-1].append(token)
    return [tuple(part) for part in parts], between


def relations(tokens):
    """The relations in a formula, also those within brackets; not those of a range, as below a sum over k ≤ s."""
    found, ranges = [], []
    for place, token in enumerate(tokens):
        if token == "{":
            below = place > 1 and tokens[place - 1] == "_"
            ranges.append(below and (tokens[place - 2] in RANGED or tokens[place - 5 : place - 1] == INDICATOR))
        elif token == "}":
            ranges.pop()
        elif token in RELATIONS and not any(ranges):
            found.append(token)
    return found


def value(tokens):
    """What pure arithmetic amounts to, a number or a tuple of numbers; None where there is a letter in it."""
    rest = list(tokens)
    try:
        with mpmath.workdps(DIGITS):
            found = _sum(rest)
    except (ValueError, TypeError, IndexError, ArithmeticError):
        return None
    return None if rest or isinstance(found, mpmath.mpc) else found


def _sum(rest):
    total = None
    while total is None or rest[:1] in (["+"], ["-"]):
        sign = rest.pop(0) if rest[0] in ("+", "-") else "+"
        term = _product(rest)
        term = _each(lambda x: -x, term) if sign == "-" else term
        total = term if total is None else _each(lambda x, y: x + y, total, term)
    return total


def _product(rest):
    found = _power(rest)
    while rest and rest[0] not in ("+", "-", ",", ")", "}"):
        sign = rest.pop(0) if rest[0] in ("/", r"\cdot", r"\times") else ""
        factor = _power(rest)
        found = found / factor if sign == "/" else found * factor
    return found


def _power(rest):
    token = rest.pop(0)
    if token in FUNCTIONS:
        base = 1
        if token == r"\log" and rest[0] == "_":
            rest.pop(0)
            base = mpmath.log(_braced(rest))
        return FUNCTIONS[token](_braced(rest) if rest[0] == "{" else _power(rest)) / base
    found = _number(token, rest)
    if rest[:1] == ["^"]:
        rest.pop(0)
        return found ** _braced(rest)
    return found


def _number(token, rest):
    if token[-1].isdigit():
        return mpmath.mpf(token)
    if token == "(":
        entries = [_sum(rest)]
        while rest.pop(0) == ",":
            entries.append(_sum(rest))
        return tuple(entries) if len(entries) > 1 else entries[0]
    if token == r"\frac":
        return _braced(rest) / _braced(rest)
    if token in ("e", r"\pi"):
        return +mpmath.e if token == "e" else +mpmath.pi
    raise ValueError(f"{token} is not a number")


def _braced(rest):
    rest.pop(0)
    found = _sum(rest)
    rest.pop(0)
    return found


def _each(function, *values):
    """Apply a function to numbers, or to tuples of numbers entry by entry."""
    if any(isinstance(one, tuple) for one in values):
        return tuple(_each(function, *entries) for entries in zip(*values, strict=True))
    return function(*values)


def holds(left, relation, right):
    """Whether arithmetic bears out `left relation right`, as far as the digits go that are typed.

    A number with decimals stands for all that round to it; where both sides have decimals, for those too that are
    off by one in the last digit.
    """
    with mpmath.workdps(DIGITS):
        sides = value(left), value(right)
        if None in sides:
            return False
        if relation in HOLDS:
            return not any(isinstance(side, tuple) for side in sides) and bool(HOLDS[relation](*sides))
        slack = _slack(left, right)
        try:
            near = _each(lambda x, y: abs(x - y) <= slack + mpmath.mpf(10) ** -30 * abs(x), *sides)
        except (ValueError, TypeError):
            return False
        return relation in ("=", r"\approx") and (all(near) if isinstance(near, tuple) else near)


def _slack(left, right):
    """How far two sides may be apart that agree to the digits of the side, or sides, that are mere numbers."""
    typed = [side for side in (left, right) if all(token[-1].isdigit() or token in "+-(,)" for token in side)]
    last = [mpmath.mpf(10) ** -places for side in typed if (places := decimals(side))]
    return max(last, default=0) / (1 if decimals(left) and decimals(right) else 2)


def decimals(tokens):
    """The most decimals that a number among the tokens has."""
    return max((len(token.partition(".")[2]) for token in tokens), default=0)
