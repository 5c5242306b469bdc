"""The lines of a chain, cut before their relation signs, so that these can stand one under another."""

import re

_RELATION = re.compile(r":?=|\\(?:le|ge|leq|geq|approx|iff|equiv|propto|Rightarrow|Leftrightarrow|to)(?![A-Za-z])|<|>")
_TOKEN = re.compile(r"\\(?:begin|end)\{\w+\*?\}|\\[{}|]|\\[A-Za-z]+|:=|[{}()\[\]&=<>]")


def steps(lines):
    """The lines of a payload as `(left side, relation and right side, reason)`.

    A chain may begin with a line that is a left side alone; it shares the row of the line after it.
    """
    rows = [(*split_at_relation(line["latex"]), line.get("reason", "")) for line in lines]
    if len(rows) > 1 and not _starts_with_relation(rows[0][1]) and not rows[1][0]:
        start, first = rows[0], rows[1]
        rows[:2] = [(start[1], first[1], "; ".join(filter(None, (start[2], first[2]))))]
    return rows


def _starts_with_relation(latex):
    token = _TOKEN.match(latex)
    return bool(token and _RELATION.fullmatch(token.group()))


def split_at_relation(latex):
    """Split a step before its first relation sign that no bracket encloses: `("a", "= b")`.

    An explicit `&` decides where there is one. A step without relation stands on the right.
    """
    depth = 0
    relation = None
    for match in _TOKEN.finditer(latex):
        token = match.group()
        if token == "&" and depth == 0:
            return latex[: match.start()].strip(), latex[match.end() :].strip()
        if token[0] in "{([" or token.startswith(r"\begin{"):
            depth += 1
        elif token[0] in "})]" or token.startswith(r"\end{"):
            depth -= 1
        elif depth == 0 and relation is None and _RELATION.fullmatch(token):
            relation = match.start()
    if relation is None:
        return "", latex
    return latex[:relation].strip(), latex[relation:].strip()
