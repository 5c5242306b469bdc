"""Maths in sentences: what the book compares, computes, lets pass as no result, and refuses."""

import re

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_output
from samples import MISTAKE, code, payload, shown, text
from sphinx.errors import ExtensionError
from test_extension import Book

from book_builder import packages
from book_builder.execution import ROOT, notebooks, payloads
from book_extension.formulas import RELATIONS, canonical, holds, relations, split
from book_extension.refusals import only_defines
from book_extension.running_text import says, sorted_by
from rnnlib.claims import Chain, Claim
from rnnlib.claims.display import bundle
from rnnlib.claims.display import payload as claim_payload
from rnnlib.claims.seal import MIME, is_sealed, sealed

JACOBIAN = (
    r"\partial p_i / \partial s_j = p_i\,(\delta_{ij} - p_j)"  # as a sentence has it; the claim prints a fraction
)
CHAIN = payload(
    "a.chain", kind="chain", lines=[{"latex": line, "reason": ""} for line in ("a", "= b", r"\le c", "= d")]
)
DEFINITION = payload(
    "a.setting", kind="definition", verdict="", evidence="", level="", mistakes=[], how=[],
    lines=[{"latex": r"S := \sum_{k=1}^{K} e^{s_k}", "reason": "the total"}],
)  # fmt: skip


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (r"\partial L/\partial W_{hy}", r"\frac{\partial L}{\partial W_{hy}}"),
        (r"\partial^+ L / \partial h_t", r"\dfrac{\partial^{+} L}{\partial h_{t}}"),
        (r"1/\theta", r"\tfrac1\theta"),
        (r"W_{hy}^\top", r"W^{\top}_{hy}"),
        (r"h_t^\top (p_t-y_t)", r"h_{t}^{\top} \, \left(p_{t} - y_{t}\right)"),
        (r"e^{\bar L}", r"\displaystyle e^{\bar {L}}"),
        (r"y' \leq 10\,000", r"y' \le 10000"),
        (r"\big(\sum_k p_k\big)^2", r"(\sum_{k} p_{k})^{2}"),
    ],
)
def test_one_formula_typed_in_two_ways_is_one(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("W_{hy}", "W_h y"), (r"h^\top W", "h W"), ("p_{ij}", "p_{ji}"), ("x^{ab}", "x^a b"), ("h_{t-1}", "h_t - 1"),
        (r"(a + b) / c", r"\frac{a + b}{c}"), (r"\hat y", "y"), (r"\sum_k p_k^2", r"(\sum_k p_k)^2"),
        ("a_12", "a_{12}"),
        (r"\partial^+ L/\partial h", r"\partial L/\partial h"), ("-1/4", "1/4"), (r"\delta", "d"),
        (r"a \odot b", "a b"),
    ],
)  # fmt: skip
def test_formulas_that_print_other_symbols_differ(one, other):
    assert canonical(one) != canonical(other)


def test_one_changed_symbol_in_a_link_of_the_book_is_found(record_property):
    """Every link of the book says what its claim prints, and no longer does with one letter, digit or sign changed."""
    claims = {payload["id"]: payload for payload in payloads()}
    pages = [*notebooks(), *(ROOT / "book").glob("*.md")]
    changed = 0
    for page in pages:
        cells = (
            nbformat.read(page, as_version=4).cells
            if page.suffix == ".ipynb"
            else [text("all", page.read_text("utf-8"))]
        )
        for latex, id in re.findall(r"\[\$([^$]+)\$\]\(#([\w.-]+)\)", "\n".join(cell.source for cell in cells)):
            assert says(claims[id], latex), f"{page.name}: {latex} is not what {id} prints"
            for place in re.finditer(
                r"(?<![\\A-Za-z])[A-Za-z](?![A-Za-z])|\d|[+\-=]|\\(?:delta|alpha|partial|sum)\b", latex
            ):
                other = "q" if place[0] != "q" else "z"
                mutant = f"{latex[: place.start()]}{other} {latex[place.end() :]}"
                assert not says(claims[id], mutant), f"{page.name}: {mutant} passes for {id}"
                changed += 1
    record_property("changed symbols found", changed)
    assert changed > 100


def test_what_the_engine_prints_is_found_in_it():
    scores = "K: size\ns: real[K]\ni, j, k: 1..K\np := softmax(s)"
    jacobian = claim_payload(Claim("t.t", "d(p[i], s[j]) = p[i] * (delta(i, j) - p[j])", scores))
    assert says(jacobian, jacobian["lines"][0]["latex"]) and says(jacobian, JACOBIAN)
    total = claim_payload(Claim("t.s", "sum(p[k], k) = 1", scores))
    assert (
        says(total, r"\sum_k p_k = 1")
        and not says(total, r"\sum_i p_k = 1")
        and not says(total, r"\sum_{k=2}^K p_k = 1")
    )
    assert not says(jacobian, JACOBIAN.replace("- p_j", "- p_i")) and not says(
        jacobian, JACOBIAN.replace("- p_j", "+ p_j")
    )
    chain = claim_payload(Chain("t.c", "sum(p[k], k)\n= 1\n<= 2\n< 3", scores))
    assert (
        says(chain, r"\sum_{k=1}^K p_k = 1") and says(chain, r"\sum_{k=1}^K p_k \le 2") and says(chain, r"1 \le 2 < 3")
    )
    assert not says(chain, r"\sum_{k=1}^K p_k = 2") and not says(chain, r"2 \le 1")


@pytest.mark.parametrize(
    ("formula", "printed"),
    [
        ("a", True), ("d", True), ("a = b", True), (r"a \le d", True), (r"b \leq c", True), (r"a = b \le c = d", True),
        ("c = d", True), ("b = a", False), ("a = d", False), (r"a \ge d", False), ("a < d", False), ("e", False),
        (r"a \le e", False), ("= b", False), ("", False), (r"a \le b", False),
    ],
)  # fmt: skip
def test_a_chain_says_what_follows_from_its_lines(formula, printed):
    assert says(CHAIN, formula) == printed


def test_a_definition_may_be_quoted_with_either_sign():
    assert says(DEFINITION, r"S := \sum_{k=1}^K e^{s_k}") and says(DEFINITION, r"S = \sum_{k=1}^K e^{s_k}")
    assert not says(DEFINITION, r"S = \sum_{k=1}^K e^{s_i}")


@pytest.mark.parametrize(
    "formula",
    [
        r"10 \ln 4 = 13.863", r"-2 \ln \tfrac23 - \ln \tfrac13 = 1.910", r"e^{5.1229} = 167.8", r"\log_2 65 = 6.022",
        r"50 \cdot 100 + 100^2 + 100 = 15\,100", r"(0.5, -1) + (0.5, 0) = (1, -1)", r"\sigma(2.404) = 0.917", "8 = 2^3",
        r"(\tanh 1, \tanh(-1)) = (0.762, -0.762)", r"-0.353 + 0.256 + 0.5 = 0.402", r"\ln 2 < 1", r"\frac12 = 1/2",
        r"\sqrt{2} \approx 1.41", r"e^{3 \ln 2} = 8", r"3 \ge 3", r"0.925 = 1 - 0.1 + 0.1/4",
    ],
)  # fmt: skip
def test_arithmetic_is_computed(formula):
    assert sorted_by(canonical(formula), "It costs ") == "computed"


@pytest.mark.parametrize(
    "formula",
    [
        r"10 \ln 4 = 13.864", "8 = 8.4", "1 = 2", r"\ln 2 = 0.694", r"(1, 2) = (1, 3)", "2 < 1", r"e^{-2000} = 0",
        "(1, 2) = 1",
        r"\sigma(2.404) = 0.919", r"2^{-3} = 1/4", r"x = 2 \cdot 3 = 5", r"3 \ne 3", r"(1, 2) \le (3, 4)", "1 = 1 = 2",
    ],
)  # fmt: skip
def test_wrong_arithmetic_is_found(formula):
    assert sorted_by(canonical(formula), "It costs ") == "wrong"


@settings(max_examples=200)
@given(st.integers(-99, 99), st.integers(1, 99), st.integers(-99, 99), st.integers(0, 3))
def test_arithmetic_agrees_with_python(a, b, c, places):
    exact = a / b - c
    rounded = f"{exact:.{places}f}"
    left = canonical(rf"\frac{{{a}}}{{{b}}} - ({c})")
    assert holds(left, "=", canonical(rounded)) == (places > 0 or a % b == 0)
    assert not holds(left, "=", canonical(f"{exact + 2 * 10**-places:.{places}f}"))


@pytest.mark.parametrize(
    ("words", "formula", "kind"),
    [
        ("Write ", r"\delta_t := \partial L/\partial a_t", "defined"), ("With ", r"a := b \le c", "unchecked"),
        ("so ", r"\sigma(x) := 1", "defined"), ("so ", r"\langle A, B \rangle := a + b", "defined"),
        ("so ", r"\partial L/\partial b := p - y", "unchecked"), ("so ", "a + b := c", "unchecked"),
        ("In this case ", "p = y", "unchecked"), ("while ", "p = y", "unchecked"), ("the set ", "p = y", "unchecked"),
        ("so ", r"\underbrace{a + b}_{= 0}", "unchecked"), ("so ", r"a \mathrel{=} b", "unchecked"),
        ("so ", r"a \stackrel{!}{=} b", "unchecked"), ("so ", r"p_{x = 1}", "unchecked"),
        ("There are ", "T = 14", "chosen"), ("and ", r"D = V = 10\,000", "chosen"),
        ("five seeds ", "V = 2, 10, 100", "chosen"),
        ("an index ", r"t = 1, \dots, T", "chosen"), ("the target ", "y' = (0.925, 0.025)", "unprinted"),
        ("so ", r"\delta_t = \delta_{t+1}", "unchecked"), ("so ", "p = y", "unchecked"),
        ("so ", r"h \ge 2", "unchecked"),
        ("holds for ", r"T \ge 3", "supposed"), ("1 if ", "i = j", "supposed"), ("With ", r"h_0 \ne 0", "supposed"),
        ("with ", r"\partial L/\partial b = p - y", "unchecked"), ("if ", "p + q = 1", "unchecked"),
        ("Show that ", r"\partial L/\partial b = p - y", "supposed"), ("we show what ", "p = y", "unchecked"),
        ("the therefore", "p = y", "unchecked"), ("forthwith ", "p = y", "unchecked"),
        ("with the result ", "p = y", "unchecked"),
        ("so ", "f(x = 1)", "unchecked"), ("so ", r"\frac{a = b}{c}", "unchecked"),
        ("so ", r"x = \text{false}", "unchecked"),
        ("so ", r"p \propto e^s", "unchecked"), ("so ", r"p \in (0, 1)", "unchecked"),
        ("so ", r"\sim H^2", "unchecked"),
    ],
)  # fmt: skip
def test_what_a_formula_is_shows_in_its_symbols_and_the_word_before_it(words, formula, kind):
    assert sorted_by(canonical(formula), words) == kind


@pytest.mark.parametrize(
    ("formula", "printed", "kind"),
    [
        ("h = 0.762", [0.7616], "chosen"), ("h = 0.762", [0.7626], "unprinted"), ("h = 0.762", [-0.762], "unprinted"),
        ("h = (0.5, -1)", [0.5], "chosen"), ("h = (0.5, -0.25)", [0.5], "unprinted"), ("h = 1/3", [], "chosen"),
        (r"l = -\ln 0.917 = 0.087", [0.0868], "chosen"), ("h = 0.5, 0.25", [0.5], "unprinted"),
        ("w = 0.5", [], "unprinted"),
    ],
)  # fmt: skip
def test_a_decimal_number_that_a_letter_is_said_to_be_is_printed_by_a_cell(formula, printed, kind):
    assert sorted_by(canonical(formula), "so ", printed) == kind


def test_the_numbers_of_a_worked_example_are_those_that_its_page_prints(book):
    output = new_output("stream", text="h = [0.7616 -0.25]\n")
    example = text("example", "So $h_1 = (\\tanh 1, 0)$ $= (0.762, 0)$, and $h_2 = 0.763$.")
    book.page("one", text("title", "# One"), code("prints", outputs=[output]), example, shown("claim", payload()))
    [warning] = book.build().splitlines()
    assert "no cell of the page prints in cell 'example': h_2 = 0.763. Let a cell print it" in warning


def test_a_condition_goes_on_after_and(book):
    sentences = "For $T \\ge 3$ and $h \\ne 0$ all is well. If $i = j$ or $k = i$, so it is."
    book.page("one", text("title", "# One"), text("fine", sentences), shown("claim", payload()))
    assert book.build() == ""


def test_a_range_below_a_sum_is_no_relation_of_the_formula():
    assert relations(canonical(r"\sum_{k \le s} c_s w^{s - k}")) == relations(canonical(r"p_i \mathbf 1_{i=j}")) == []
    assert split(canonical(r"f(x = 1) = \sum_{k=1}^K x_k"), RELATIONS)[1] == ["="]


def test_every_sign_that_is_set_as_a_relation_is_one():
    """KaTeX's own table decides; what it sets so without being a relation has a list here."""
    source = (packages.installed() / "katex" / "src" / "symbols.ts").read_text()
    known = {name.replace("\\\\", "\\") for name in re.findall(r'math, \w+, rel, [^,]+, "(\\\\[A-Za-z]+)"', source)}
    assert len(known) > 150
    others = r"""mid nmid shortmid shortparallel bowtie Join smile frown smallsmile smallfrown between pitchfork
        multimap origof imageof restriction backepsilon blacktriangleleft blacktriangleright vartriangle leadsto
        Lsh Rsh gets to mapsto longmapsto"""
    arrows = {name for name in known if re.search("arrow|harpoon", name)}
    missing = {name for name in known - arrows if not relations(canonical(f"a {name} b"))}
    assert missing - {f"\\{name}" for name in others.split()} == set()


@pytest.mark.parametrize(
    "sign", ["⩽", "⟹", "≪", "⊥", r"\eqqcolon", r"\coloneq", r"\ngeqq", r"\not<", r"\Longleftrightarrow"]
)
def test_an_unusual_relation_is_a_relation(sign):
    assert sorted_by(canonical(f"a {sign} b"), "so ") == "unchecked"


@pytest.mark.parametrize(
    ("latex", "defines"),
    [
        ("p := q", True), (r"\begin{aligned} p &:= q \\ r &:= s \end{aligned}", True),
        ("p := q \\qquad r := s", True), ("p := q := r", False), ("p = q", False), ("p := q = r", False),
        (r"p := q \le 1", False), (r"p := q \qquad 1 = 2", False), ("p", False),
        (r"\begin{aligned} p &:= q \\ 1 &= 2 \end{aligned}", False),
        (r"p := \begin{cases} 1 & x > 0 \\ 0 & x \le 0 \end{cases}", True), (r"p := q \text{, so } 1 = 2", False),
        (r"p := \begin{pmatrix} a & b \\ c & d \end{pmatrix}", True), (r"p := \sum_{k \le s} x_k", True),
        (r"p \equiv q", False),
    ],
)  # fmt: skip
def test_a_definition_defines_and_claims_nothing(latex, defines):
    assert only_defines(latex) == defines


def test_a_definition_that_claims_is_refused_with_cell_and_formula(book):
    block = "$$\np := q = r\n$$"
    book.page("one", text("title", "# One"), text("defined", block), shown("claim", payload()))
    [warning] = book.build().splitlines()
    assert "in cell 'defined': p := q = r." in warning and "no other relation" in warning


def test_large_maths_in_a_line_is_display_maths(book):
    book.page("one", text("title", "# One"), text("careless", r"So $\displaystyle s := t$."), shown("claim", payload()))
    [warning] = book.build().splitlines()
    assert "display maths that nothing checks in cell 'careless'" in warning


def test_a_link_that_says_what_its_claim_prints_is_counted_and_drawn(book):
    link = f"As [${JACOBIAN}$](#softmax.jacobian) says, and [$b$](#a.chain)"
    book.page("one", text("title", f"# One\n\n{link}."), shown("claim", payload()), shown("chain", CHAIN))
    book.markdown(
        "two", f"# Two\n\n{link}, with $T = 3$; $x := y$. Of these $2 + 2 = 4$.\n\n```{{formula-count}}\n```\n"
    )
    assert book.build() == ""
    title = "Title of softmax.jacobian"
    assert re.search(rf'"one.html#softmax.jacobian" title="{title}"><span[^>]*><span class="math', book.html("two"))
    rows = re.findall(r"<tr.*?</tr>", book.html("two"), re.DOTALL)
    cells = [re.findall(r"<p>(.*?)</p>", row) for row in rows]
    assert cells[0] == [
        "Page",
        "linked and compared",
        "computed",
        "define",
        "give a value",
        "suppose",
        "quoted as mistaken",
    ]
    assert [line[1:] for line in cells[1:]] == [["2", "0", "0", "0", "0", "0"], ["2", "1", "1", "0", "1", "0"]]


def test_a_link_that_says_something_else_is_refused(book):
    book.page("one", text("title", "# One"), shown("claim", payload()))
    changes = ("p_j)", "p_i)"), ("-", "+"), ("=", r"\approx"), ("s_j", "s_k"), (" = ", " = 2 ")
    links = [f"As [${JACOBIAN.replace(*change)}$](#softmax.jacobian) says." for change in changes]
    book.markdown("two", "# Two\n\n" + "\n\n".join(links))
    warnings = book.build().splitlines()
    assert len(warnings) == len(changes)
    for number, warning in enumerate(warnings):
        place = f"two.md:{3 + 2 * number}: WARNING: a formula that its claim doesn't print: "
        assert place + "the link to softmax.jacobian says" in warning and payload()["lines"][0]["latex"] in warning


def test_a_link_follows_its_claim_on_pages_that_did_not_change(book):
    book.page("one", text("title", "# One"), shown("claim", payload()))
    book.markdown("two", f"# Two\n\n[${JACOBIAN}$](#softmax.jacobian)\n\n```{{formula-count}}\n```\n")
    assert book.build() == "" and book.build() == ""
    changed = [{"latex": r"\frac{\partial p_i}{\partial s_j} = p_i (\delta_{ij} - p_i)", "reason": ""}]
    book.page("one", text("title", "# One"), shown("claim", payload(lines=changed)))
    assert "two.md:3: WARNING: a formula that its claim doesn't print" in book.build()
    assert "doesn't print" in book.build(), "it stays refused until it is mended"
    book.page("one", text("title", "# One"), shown("claim", payload("a.renamed")))
    assert "a formula in running text that nothing checks" in book.build()
    book.page("one", text("title", "# One"), shown("claim", payload()))
    book.markdown("two", "# Two\n\nNothing.\n\n```{formula-count}\n```\n")
    assert book.build() == "" and "No formulas yet." in book.html("two")


def test_pages_read_in_several_processes_are_compared(book):
    for number in range(12):
        cells = (
            shown("claim", payload(f"{number}.claim")),
            text("says", f"So [${JACOBIAN}$](#{(number + 5) % 12}.claim)."),
        )
        book.page(f"p{number}", text("title", f"# {number}"), *cells)
    book.page("wrong", text("title", "# Wrong"), text("says", "So [$a = b$](#3.claim)."))
    [warning] = book.build(jobs=2).splitlines()
    assert "in cell 'says': the link to 3.claim says a = b" in warning


PLACES = {
    "paragraph": "So $a = b$.",
    "list": "- so $a = b$",
    "table": "| so |\n|---|\n| $a = b$ |",
    "heading": "## So $a = b$",
    "hint": "```{hint}\nSo $a = b$.\n```",
    "caption": "```{figure} x.png\nSo $a = b$.\n```",
    "definition list": "so\n: $a = b$",
    "link elsewhere": "[so $a = b$](https://example.org)",
    "emphasis": "so *then $a = b$*",
    "parted": "so $a$ $= b$",
    "after a condition": "For $t = 1$, $a = b$.",
    "after if and then": "If $t = 1$, then $a = b$.",
}


def test_a_result_that_nothing_checks_is_refused_wherever_it_stands(book):
    (book.source / "x.png").write_bytes(b"")
    cells = [text(place.replace(" ", "-"), content) for place, content in PLACES.items()]
    book.page("one", text("title", "# One"), *cells, shown("claim", payload()))
    warnings = [
        line for line in book.build(myst_enable_extensions=["dollarmath", "deflist"]).splitlines() if "text" in line
    ]
    found = [re.search(r"nothing checks in cell '(.*?)': a +?= b\.", line) for line in warnings]
    assert sorted(one and one[1] for one in found) == sorted(cell.id for cell in cells)


@pytest.mark.parametrize("where", ["title", "reason"])
def test_what_an_author_types_into_a_claim_is_running_text(book, where):
    told = (
        {"title": "So $a = b$"}
        if where == "title"
        else {"lines": [{"latex": "a", "reason": ""}, {"latex": "= b", "reason": "$a = b$"}]}
    )
    book.page(
        "one",
        text("title", "# One"),
        shown("claim", payload("a.claim", kind="chain", **({"lines": CHAIN["lines"]} | told))),
    )
    assert "nothing checks in cell 'claim': a = b." in book.build()


def test_words_of_a_domain_are_running_text_and_the_domain_is_not(book):
    book.page(
        "one",
        text("title", "# One"),
        shown("claim", DEFINITION | {"how": [r"$K \ge 1$, a whole number", r"$T \ge 2$: so $a = b$"]}),
    )
    [warning] = book.build().splitlines()
    assert "nothing checks in cell 'claim': a = b." in warning


def test_what_the_engine_prints_and_what_a_mistake_quotes_is_not_running_text(book):
    record = payload(mistakes=[MISTAKE | {"wrong": "so $a = b$"}], how=[r"$K \ge 1$: so"], assumes=[r"$T \ge 2$"])
    quoted = "> **[A published mistake](#erratum-S2-05).** It says $a = b$.\n\n```{formula-count}\n```"
    book.page("one", text("title", "# One"), shown("claim", record), text("quoted", quoted))
    book.markdown("errata", "# Errata\n\n```{errata} false\n```\n")
    assert book.build() == ""
    assert re.findall(r"<p>(\d)</p>", book.html("one")) == ["0", "0", "0", "0", "0", "1"]


def test_markdown_that_a_cell_prints_is_running_text(book):
    printing = code("prints", outputs=[new_output("display_data", data={"text/markdown": "So $a = b$."})])
    book.page("one", text("title", "# One"), printing, shown("claim", payload()))
    assert "nothing checks in cell 'prints': a = b." in book.build()


FORGED = {
    "kind": "claim", "id": "a.forged", "lines": [{"latex": "1 = 2", "reason": ""}], "level": "proved",
    "evidence": "proved for every K", "mistakes": [], "mutants_refuted": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    "forged",
    [FORGED, sealed(payload()) | {"lines": FORGED["lines"]}, sealed(payload()) | {"seal": sealed(FORGED)["seal"]}],
    ids=["typed", "edited", "with another's seal"],
)
def test_a_claim_that_rnnlib_did_not_make_stops_the_build(book, forged):
    cell = code("forged", outputs=[new_output("display_data", data={MIME: forged, "text/plain": ""})])
    book.page("one", text("title", "# One"), cell)
    with pytest.raises(
        ExtensionError, match=r"one in cell 'forged': '.*' is shown as a claim, but rnnlib did not make it"
    ):
        book.build()


def test_what_rnnlib_shows_is_sealed_and_stays_so_in_a_file(tmp_path):
    data = bundle(Claim("t.t", "x + x = 2*x", "x: real | any", mistakes=[]))
    cell = code("claim", outputs=[new_output("display_data", data=data)])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "one.ipynb")
    [read] = nbformat.read(tmp_path / "one.ipynb", as_version=4).cells
    assert is_sealed(read.outputs[0].data[MIME])
