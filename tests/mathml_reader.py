"""Two readers of one formula, from its LaTeX and from its MathML: both say which sign stands where, in the same words.

Neither knows how the one is made from the other, so that what gets lost or moved on the way is seen.
"""

import re

_TOKEN = re.compile(
    r"\\(?:operatorname|mathrm|mathbb|mathbf|text|begin|end)\s*\{[^{}]*\}|\\(?:left|right)\s*(?:\\[{}]|\\[A-Za-z]+|.)"
    r"|\\[A-Za-z]+|\\\\|\\.|\d+(?:\.\d+)?|:=|\S"
)
_SPACES = {r"\,", r"\;", r"\:", r"\!", r"\ ", r"\quad", r"\qquad", "~", r"\displaystyle"}
_SIGNS = {
    r"\cdot": "⋅", r"\times": "×", r"\odot": "⊙", r"\oslash": "⊘", r"\partial": "∂", r"\top": "⊤", r"\le": "≤",
    r"\ge": "≥", r"\ne": "≠", r"\approx": "≈", r"\in": "∈", r"\dots": "…", r"\sum": "∑", r"\prod": "∏",
    r"\bigodot": "⨀", r"\lVert": "‖", r"\rVert": "‖", r"\lfloor": "⌊", r"\rfloor": "⌋", r"\{": "{", r"\}": "}",
    "-": "−", r"\leq": "≤", r"\geq": "≥", r"\infty": "∞", r"\to": "→", "'": "′", "*": "∗",
}  # fmt: skip
_GREEK_NAMES = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
"""
_GREEK = dict(zip(_GREEK_NAMES.split(), "αβγδϵζηθικλμνξπρστυϕχψωΓΔΘΛΞΠΣΦΨΩ", strict=True))
_ACCENTS = {r"\hat": "^", r"\bar": "¯"}
_BOLD = dict(zip("𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗", "0123456789", strict=True))
_DOUBLE = {"ℝ": "R", "ℕ": "N", "ℤ": "Z"}
_SAME = {"·": "⋅", "∙": "⋅", "φ": "ϕ", "ε": "ϵ", "*": "∗", "|": "|", "∣": "|", "ˆ": "^", "‾": "¯"}


def from_latex(latex):
    """What a formula's LaTeX says."""
    found = [token for token in _TOKEN.findall(latex) if token not in _SPACES]
    items, rest = _row(found, ())
    assert not rest, f"left over in {latex}: {rest}"
    return items


def _row(tokens, closing):
    items = []
    while tokens and tokens[0] not in closing:
        item, tokens = _atom(tokens)
        low = high = None
        while tokens and tokens[0] in ("_", "^"):
            script, after = _atom(tokens[1:])
            low, high = (script, high) if tokens[0] == "_" else (low, script)
            tokens = after
        items += [*item, *(("_", *low, "/") if low else ()), *(("^", *high, "/") if high else ())]
    return items, tokens


def _atom(tokens):
    token, rest = tokens[0], tokens[1:]
    if token == "{":
        inner, rest = _row(rest, ("}",))
        return inner, rest[1:]
    if token in (r"\frac", r"\tfrac", r"\dfrac"):
        top, rest = _atom(rest)
        bottom, rest = _atom(rest)
        return ["frac", *top, "over", *bottom, "/"], rest
    if token == r"\sqrt":
        inner, rest = _atom(rest)
        return ["sqrt", *inner, "/"], rest
    if token in _ACCENTS:
        inner, rest = _atom(rest)
        return [*inner, _ACCENTS[token]], rest
    if token.startswith(r"\begin"):
        if rest[0] == "{":  # the columns of an array
            rest = rest[rest.index("}") + 1 :]
        rows = [[[]]]
        while not rest[0].startswith(r"\end"):
            cell, rest = _row(rest, ("&", r"\\", *(t for t in rest if t.startswith(r"\end"))))
            rows[-1][-1] = cell
            if rest[0] == "&":
                rows[-1].append([])
            elif rest[0] == r"\\":
                rows.append([[]])
            rest = rest[1:] if rest[0] in ("&", r"\\") else rest
        return [part for row in rows for part in ["row", *(x for cell in row for x in ["cell", *cell])]], rest[1:]
    if match := re.fullmatch(r"\\(?:left|right)\s*(.*)", token):
        return ([] if match[1] == "." else [_SIGNS.get(match[1], match[1])]), rest
    if match := re.fullmatch(r"\\(\w+)\s*\{(.*)\}", token):
        letters = match[2] if match[1] == "text" else match[2].replace(" ", "")
        return list(letters.replace(" ", "")), rest
    if token[0] == "\\" and token[1:] in _GREEK:
        return [_GREEK[token[1:]]], rest
    if token in _SIGNS:
        return [_SIGNS[token]], rest
    return list(token[1:] if token[0] == "\\" else token), rest


def from_mathml(node):
    """What a formula's MathML says."""
    parts = [from_mathml(child) for child in node if child.tag != "annotation"]
    match node.tag:
        case "mfrac":
            return ["frac", *parts[0], "over", *parts[1], "/"]
        case "msub" | "munder":
            return [*parts[0], "_", *parts[1], "/"]
        case "msup":
            return [*parts[0], "^", *parts[1], "/"]
        case "mover":
            accent = node.get("accent") or parts[1] in (["^"], ["¯"])
            return [*parts[0], *parts[1]] if accent else [*parts[0], "^", *parts[1], "/"]
        case "msubsup" | "munderover":
            return [*parts[0], "_", *parts[1], "/", "^", *parts[2], "/"]
        case "msqrt":
            return ["sqrt", *(x for part in parts for x in part), "/"]
        case "mtr":
            return ["row", *(x for cell in parts for x in ["cell", *cell])]
        case "mi" | "mn" | "mo" | "mtext":
            signs = re.sub(r"[\s\u2061]", "", node.text or "")
            return [_DOUBLE.get(s, _BOLD.get(s, _SAME.get(s, s))) for s in signs]
        case "math" | "semantics" | "mrow" | "mtable" | "mtd" | "mstyle":
            return [x for part in parts for x in part]
        case "mspace":
            return []
    raise AssertionError(f"MathML of an unknown kind: {node.tag}")
