"""MathML of a formula, for where nothing typesets LaTeX: VS Code shows TeX inside HTML as it stands.

`latex2mathml` translates; what browsers would set otherwise than the book does is mended in its tree.
"""

import xml.etree.ElementTree as ET
from functools import cache
from html import escape, unescape

# How many parts these elements have. With another number a browser drops the sign, a fraction's bar for instance.
_PARTS = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
_BESIDE = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
# Browsers on Linux know no font by the word `math` alone, and take letters and signs from several others.
_FONTS = "font-family: 'Latin Modern Math', 'STIX Two Math', 'Cambria Math', 'DejaVu Math TeX Gyre', math"
_SERIES = ("∑", "∏", "⨀")
_BRACKETS = ("(", "[", ")", "]", ",")
_BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")


@cache
def mathml(latex, displayed=False):
    """A formula as HTML: MathML that holds its LaTeX for whoever copies it, or the LaTeX alone as code.

    Parameters
    ----------
    latex : str
        The formula.
    displayed : bool
        Whether it stands alone, so that fractions and sums are set large.
    """
    # Jupyter alone asks for it: who makes claims or builds the book need not wait for this import.
    from latex2mathml.converter import convert_to_element

    try:
        (content,) = convert_to_element(latex, xmlns="")
    except Exception:  # no error of the package's may make a formula vanish
        return _code(latex)
    for node in content.iter():
        node.text = unescape(node.text or "")
    if not _is_whole(content):
        return _code(latex)
    _mend(content)
    large = {"style": f"{_FONTS}; font-size: 1.15em", "displaystyle": "true"}
    formula = ET.Element("math", large if displayed else {"style": _FONTS})
    both = ET.SubElement(formula, "semantics")
    both.append(content)
    # Where a sanitiser takes away the tags of MathML, this is what is left to read.
    ET.SubElement(both, "annotation", encoding="application/x-tex").text = f" ${latex}$ "
    return ET.tostring(formula, encoding="unicode")


def _code(latex):
    return f"<code>${escape(latex)}$</code>"


def _is_whole(content):
    """Whether every command was understood, every element has its parts, and none is a link."""
    return all(
        len(node) == _PARTS.get(node.tag, len(node))
        and "href" not in node.attrib
        and (node.tag == "mtext" or not set(node.text) & set("\\&"))
        for node in content.iter()
    )


def _mend(node):
    for child in node:
        _mend(child)
    if node.tag not in _PARTS:
        node[:] = _spaced(_joined(node))
    _sign(node)
    if node.tag in _BESIDE and node[0].text in _SERIES:
        node.tag = _BESIDE[node.tag]  # where there is no room for it, browsers set the range beside the sign
    if node.tag == "mtd" and node.attrib.pop("columnalign", "") == "left":
        node.set("style", "text-align: left")  # browsers know the attribute no more
    if node.tag in _PARTS and node.tag != "mfrac":
        for sign in (sign for script in node[1:] for sign in script.iter("mo")):
            sign.set("lspace", "0")  # in an index signs stand close, as in TeX
            sign.set("rspace", "0")


def _sign(node):
    """Tell letters, which have no space around them, from operators, which have."""
    if node.tag == "mo" and (node.text.isalpha() or node.text == "⊤"):
        node.tag = "mi"
    elif node.tag == "mi" and node.text in "⨀⌊⌋":
        node.tag = "mo"
    elif node.get("mathvariant") == "bold":
        del node.attrib["mathvariant"]  # browsers know it no more; bold letters come as signs of their own
        node.text = node.text.translate(_BOLD)


def _joined(nodes):
    """The letters of an upright word make one name; `:` and `=` one sign."""
    found = []
    for node in nodes:
        before = found[-1] if found else ET.Element("mrow")
        if before.get("mathvariant") == node.get("mathvariant") == "normal":
            before.text += node.text
        elif (before.text, node.text) == (":", "="):
            before.tag, before.text = "mo", ":="
        else:
            found.append(node)
    return found


def _spaced(nodes):
    """A function's name keeps a distance from an argument without brackets."""
    found = []
    for node in nodes:
        if found and _is_function(found[-1]) and node.tag != "mspace" and _first(node) not in _BRACKETS:
            found.append(ET.Element("mspace", width="0.167em"))
        found.append(node)
    return found


def _is_function(node):
    name = node[0] if node.tag in ("msub", "msup") else node
    return name.tag == "mi" and name.get("mathvariant") is None and len(name.text) > 1 and name.text.isalpha()


def _first(node):
    """The first sign of a formula."""
    return next((part.text for part in node.iter() if part.text), "")
