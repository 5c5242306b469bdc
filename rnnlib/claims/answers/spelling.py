"""What students type, read as the book's language: Greek letters, LaTeX, NumPy, subscripts, products without a sign.

A text goes through two hands. Here its characters and words are rewritten, so that Python's grammar knows what is left;
`rewriting` then turns the tree of it into the language's forms. What can't be read is told in one sentence that says
what to write instead, in the letters of the exercise.
"""

import ast
import keyword
import re
import unicodedata
import warnings

from ..domains import INDEX
from ..errors import ClaimError, Unreadable
from ..forms import FORMS
from ..language import MAX_CHARACTERS, hint, parse, respell, short, text_of
from .rewriting import Rewriter

_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ϵ": "epsilon", "η": "eta", "θ": "theta",
    "κ": "kappa", "μ": "mu", "ν": "nu", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "ϕ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "∂": "d",
}  # fmt: skip
_SIGNS = dict.fromkeys("⋅∙•∗⊙∘×·", "*") | {
    "÷": "/", "∑": "sum", "Σ": "sum", "∏": "prod", "Π": "prod", "√": "sqrt", "ᵀ": ".T", "⊤": ".T", "′": "'", "’": "'",
    "−": "-", "–": "-", "⁻": "^-", ".^": "^", ".*": "*", "./": "/", "**": "^",
}  # fmt: skip
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₊₋", "0123456789aehijklmnoprstuvx+-")
_COMMANDS = dict.fromkeys(["cdot", "times", "odot", "circ", "ast", "bullet"], "*") | {
    "top": "T", "intercal": "T", "partial": "d", "varepsilon": "epsilon", "le": "<=", "ge": ">=", "exp": "exp",
    "log": "log", "ln": "ln", "tanh": "tanh", "cosh": "cosh", "sinh": "sinh", "sum": "sum", "prod": "prod",
    "sqrt": "sqrt", "frac": "frac", "dfrac": "frac", "tfrac": "frac", "max": "max", "min": "min",
}  # fmt: skip
_COMMANDS |= {name: name for name in _GREEK.values()}
_COMMANDS |= dict.fromkeys(
    ["left", "right", "big", "Big", "mathrm", "operatorname", "text", "mathbf", "boldsymbol", "quad"], " "
)
_WRAPPINGS = (
    r"`{1,3}([^`]*)`{1,3}",
    "[\"“”„«»'‘’]([^\"“”„«»'‘’]*)[\"“”„«»'‘’]",
    r"\$\$?([^$]*)\$\$?",
    r"\\\((.*)\\\)",
    r"\\\[(.*)\\\]",
)
_TOKEN = re.compile(r"\s*(\d+\.?\d*(?:[eE][+-]?\d+)?(?!\w)|\.\d+|\d+|\.T\b|[^\W\d]\w*|\*\*|.)", re.DOTALL)


def read(text, given, names, columns=False):
    """Read an answer.

    Parameters
    ----------
    text : str
        As a student types it.
    given : Given
        The setting of the exercise.
    names : list of str
        The names that its answers are written with, for the sentence about unknown ones.
    columns : bool
        Whether vectors are read as columns, so that ``a^T b`` is a number; as rows, it is an outer product.

    Returns
    -------
    ast.expr
        A tree of the language; which of its names may be used is not judged here.

    Raises
    ------
    Unreadable, IllFormed
        With one sentence that says what to write.
    """
    if not isinstance(text, str):
        raise Unreadable(f"expected a formula as text, found a value of type {type(text).__name__}")
    if len(text) > MAX_CHARACTERS:
        raise Unreadable(f"the formula has {len(text)} characters; at most {MAX_CHARACTERS} are read")
    try:
        spelled = _spelled(text, given, names)
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(spelled, mode="eval").body
        return parse(text_of(Rewriter(given, names, columns).whole(tree)))
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        if isinstance(error, ClaimError):
            raise
        raise Unreadable(f"cannot read `{short(text)}`: {_what_to_do(text, error)}") from None


def unwrapped(text):
    """A text without what it was pasted in: quotes, the signs of mathematics in Markdown, an environment of LaTeX."""
    text = re.sub(r"\\(begin|end)\{(aligned?|equation|gather|split)\*?\}", "", text).strip()
    for pattern in _WRAPPINGS:
        if match := re.fullmatch(pattern + "[.,;]?", text, re.DOTALL):
            text = match[1].strip()
    return text


def sides(text):
    """The two sides of an equation that a student typed, or None where there is no equals sign outside of brackets."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "=" and depth == 0:
            around = text[max(place - 1, 0) : place + 2]
            return None if "==" in around or set(around) & set("<>!:") else (text[:place], text[place + 1 :])
    return None


def _what_to_do(text, error):
    if isinstance(error, (MemoryError, RecursionError)) or "too many nested" in str(error):
        return "it nests too deep"
    return hint(respell(text))


# Characters and words.


def _spelled(text, given, names):
    known = {*given.domains, *given.clauses}
    text = "".join(map(_plain, unicodedata.normalize("NFC", text))).strip().rstrip(".;,").strip()
    if not text:
        raise Unreadable("expected a formula as text, found an empty text")
    _refuse_signs(text)
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹]*⁻[¹²³⁴⁵⁶⁷⁸⁹]+", lambda m: respell(m[0].replace("⁻", "")).replace("**", "^-"), text)
    text = re.sub(
        f"[{re.escape('₀₁₂₃₄₅₆₇₈₉ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ₊₋')}]+", lambda m: "_{" + m[0].translate(_SUBSCRIPTS) + "}", text
    )
    text = re.sub(r"\\(?:[,;:!]|\\)", " ", text)
    text = re.sub(r"[∑Σ](?=[^\W_])", "sum ", text)
    text = re.sub(r"(?<![_^])\\(?:mathrm|operatorname|text|mathbf|boldsymbol)\s*\{([^{}]*)\}", r" \1 ", text)
    text = re.sub(r"\\[dt]?frac\s*(\w)\s*(\w)", r"(\1/\2)", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda match: _command(match, names), text)
    for signs in (_SIGNS, _GREEK):
        for written, meant in signs.items():
            text = text.replace(written, meant)
    text = re.sub(r"\^\s*(\{\s*T\s*\}|\.T|\{\s*\.T\s*\})", ".T", text)
    text = re.sub(r"(?<=[\w)\]}])'", ".T", text)
    if match := re.search(r"\b(sum|prod)\s*_\s*\{?\s*([^\W\d])", text):
        told = "first what is taken together, then the letter that runs"
        raise Unreadable(f"write `{match[1]}(f, {match[2]})`: {told}")
    text = _without_braces(text)
    text = re.sub(r"\bd\s*(\w+)\s*/\s*d\s*(\w+(\[[^\]]*\])?)", _fraction(known), text)
    text = respell(text)
    if strange := set(re.findall(r"[^\x00-\x7f]", text)) - set("".join(known)):
        sign = min(strange, key=text.index)
        called = unicodedata.name(sign, "a sign without a name").lower()
        raise Unreadable(f"`{sign}` ({called}) is not read here: leave it out, or type it anew")
    return _with_products(text, given, known)


def _plain(sign):
    """A letter as an editor of formulas sets it, as the plain letter; nothing for a sign that can't be seen."""
    if sign == "ℎ" or "\U0001d400" <= sign <= "\U0001d7ff" or "！" <= sign <= "～":
        return unicodedata.normalize("NFKC", sign)
    return "" if unicodedata.category(sign) in ("Cf", "Cc") and not sign.isspace() else sign


def _refuse_signs(text):
    if re.match(r"\(?\d+[.):]\s+[^\W\d]", text):
        raise Unreadable(f"cannot read `{short(text)}`: leave the number before the formula out")
    if text.count("{") != text.count("}"):
        told = f"it has {text.count('{')} `{{` and {text.count('}')} `}}`"
        raise Unreadable(f"cannot read `{short(text)}`: {told}")
    if "#" in text:
        raise Unreadable(f"cannot read `{short(text)}`: a formula holds no comment; leave `#` out")
    if "//" in text:
        raise Unreadable(f"cannot read `{short(text)}`: a division is written with one `/`")
    if match := re.search(r"\b(tanh|sigmoid|softmax|exp|log|σ)\s*['′’]", text):
        raise Unreadable(f"`{match[1]}'` is not read here; write the slope itself, as in `1 - tanh(a)^2`")
    if ".." in text.replace("...", "") or re.search(r"[(,]\s*(?!axis|dim|keepdims)\w+\s*=[^=]", text):
        raise Unreadable("write the range of a sum after its letter, as in `sum(f, k, 1, K)`")
    if found := re.search("\"|'''|''|\\$|`|\\?|!|&|\\||~|%", text):
        sign = "a backtick" if found[0] == "`" else f"`{found[0]}`"
        raise Unreadable(f"cannot read `{short(text)}`: {sign} has no meaning in a formula; leave it out")


def _command(match, names):
    if match[1] not in _COMMANDS:
        raise Unreadable(
            f"`\\{match[1]}` is not read here; write the formula with + - * / ^ @ and names such as `{names[0]}`"
        )
    return f" {_COMMANDS[match[1]]}" if match[1] != "top" else "T"


def _fraction(known):
    def derivative(match):
        whole = f"d{match[1]}" in known or f"d{match[2].partition('[')[0]}" in known
        return match[0] if whole else f"d({match[1]}, {match[2]})"

    return derivative


_BRACES = (
    r"(?P<name>[^\W\d_]\w*?)_\{(?P<index>[^{}]*)\}",
    r"frac\s*\{(?P<top>[^{}]*)\}\s*\{(?P<bottom>[^{}]*)\}",
    r"(?<=\^)\s*\{(?P<inside>[^{}]*)\}",
    r"\{(?P<inside>[^{}]*)\}",
)


def _without_braces(text):
    """LaTeX's braces: of a subscript, a fraction, an exponent, or mere brackets; inner ones first."""
    while match := next(filter(None, (re.search(pattern, text) for pattern in _BRACES)), None):
        text = text[: match.start()] + _braced(**match.groupdict()) + text[match.end() :]
    return text


def _braced(name="", index="", top="", bottom="", inside=""):
    if name:
        joined = "".join(index.split())  # LaTeX's two indices may stand apart
        return f"{name}_{joined}" if re.fullmatch(r"\w+", joined) else f"{name}[{index}]"
    if re.fullmatch(r"\s*d\s*\w+\s*", top) and re.fullmatch(r"\s*d\s*\w+(\[[^\]]*\])?\s*", bottom):
        return f"({top}/{bottom})"
    return f"(({top})/({bottom}))" if top else f"({inside})"


def _with_products(text, given, known):
    """Names resolved one by one; ``//`` where a product's sign was left out: the language has no such division."""
    tokens, previous = [], ""
    arrays = {name for name in known if _is_array(name, given)}
    for token in _TOKEN.findall(text):
        if token == " ":
            continue
        name = token[0].isalpha() and token.isidentifier()
        if name and keyword.iskeyword(token):
            raise Unreadable(about_word(token, text))
        raised = previous == "T" and tokens[-2:-1] == ["**"]
        method = re.fullmatch(r"\.(?!T)\w+", previous)
        calls = not raised and (method or _calls(previous, known, arrays))
        begins = name or token[0].isdigit() or (token == "(" and not calls)
        if begins and _ends_a_factor(previous):
            tokens.append("*" if previous[0].isdigit() else "//")
        tokens.append(_resolved(token, given, known) if name and previous != "." else token)
        previous = "." + token if previous == "." else tokens[-1]
    text = "".join(f" {token} " if token.isidentifier() else token for token in tokens)
    return re.sub(r"(\w+) \[(\d+)\]", lambda m: m[1] + m[2] if _numbered(m, known) else m[0], text).strip()


def _is_array(name, given):
    if name not in given.domains and name not in given.clauses:
        return False
    defined = name in given.clauses and given.clauses[name][0].pattern
    return bool(defined or given.shape(ast.Name(name)))


def _is_index(name, given):
    return name in given.domains and given.domains[name].kind == INDEX


def _numbered(match, known):
    return match[1] not in known and match[1] + match[2] in known


def _ends_a_factor(token):
    return bool(token) and (token[0].isalnum() or token[0] in ")]" or token[1:].isidentifier())


def _calls(token, known, arrays):
    """Whether a name before a bracket is read as a function's: of an array it is told how an entry is written."""
    return token.isidentifier() and (token in FORMS or token not in known or token in arrays)


def about_word(word, text):
    """What to write instead of a word of Python."""
    if word in ("if", "else"):
        return (
            "write both cases as one formula: `delta(i, j)` is 1 where i = j and 0 elsewhere, and "
            "`cases(x > 0, a, b)` chooses by a condition"
        )
    return (
        f"cannot read `{short(text)}`: `{word}` is a word of Python; write one formula, or hand over a function that "
        "you have defined, without quotes"
    )


def _resolved(token, given, known):
    """A name as the exercise has it: ``p_j`` is p[j], ``f_4`` is f4, ``h0`` may be h[0], ``δ_ij`` is delta(i, j)."""
    if token in known or token in FORMS:
        return token
    base, _, index = token.partition("_")
    while index and base not in known and "_" in index:
        more, _, index = index.partition("_")
        base = f"{base}_{more}"
    if not index and (match := re.fullmatch(r"(\D+)(\d+)", token)) and _is_array(match[1], given):
        return f"{match[1]}[{match[2]}]"
    if index and base + index in known:
        return base + index
    indices = [index] if index.isdigit() or index in given.domains else list(index)
    if index and all(i.isdigit() or _is_index(i, given) for i in indices):
        if _is_array(base, given):
            return f"{base}[{', '.join(indices)}]"
        if base == "delta" and len(indices) == 2:
            return f"delta({', '.join(indices)})"
    return token
