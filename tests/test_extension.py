"""The book's Sphinx extension, on books of a few pages: boxes, labels, ledger, and what the build refuses."""

import io
import re

import nbformat
import pytest
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbformat.v4 import new_output
from samples import code, payload, shown, text, write, write_file
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import docutils_namespace, patch_docutils

from book_builder.dependencies import digest
from book_extension.cells import only_claims
from rnnlib.agree import agree
from rnnlib.claims.steps import split_at_relation, steps


class Book:
    """A small Sphinx project of notebooks that hold their outputs."""

    def __init__(self, root):
        self.source, self.output = root / "source", root / "html"
        self.source.mkdir()

    def page(self, name, *cells):
        write(self.source / f"{name}.ipynb", *cells)

    def markdown(self, name, content):
        (self.source / f"{name}.md").write_text(content)

    def build(self, jobs=1, **settings):
        """Build what is out of date, and return the warnings."""
        names = sorted(
            path.stem for path in self.source.glob("*.[im]*") if not path.stem.endswith(("index", "_solutions"))
        )
        self.markdown("index", "# Index\n\n```{toctree}\n" + "\n".join(names) + "\n```\n")
        warnings = io.StringIO()
        settings = {
            "extensions": ["myst_nb", "book_extension"], "html_theme": "basic", "nb_execution_mode": "off",
            "nb_render_markdown_format": "myst", "myst_enable_extensions": ["dollarmath"], "nitpicky": True,
        } | settings  # fmt: skip
        with patch_docutils(), docutils_namespace():
            folders = self.source, None, self.output, self.output / ".doctrees"
            app = Sphinx(*folders, "html", settings, status=None, warning=warnings, parallel=jobs)
            app.build()
        return re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue())

    def html(self, name):
        return (self.output / f"{name}.html").read_text()

    def article(self, name):
        """The text of a page, without the frame around it."""
        return self.html(name).partition("<article")[2].partition("</article>")[0]


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def test_a_claim_is_a_box_with_mark_title_formula_and_folded_checks(book):
    book.page("one", text("title", "# One"), shown("claim", payload()))
    assert book.build() == ""
    html = book.html("one")
    assert 'id="softmax.jacobian"' in html and "claim-level-proved" in html
    assert "✓ proved for every K" in html and "Title of softmax.jacobian" in html
    assert r"\frac{\partial p_i}{\partial s_j} = p_i (\delta_{ij} - p_j)" in html
    (name,) = re.findall(r"<summary>\s*(How this was checked.*?)</summary>", html)
    told = re.sub("<.*?>", "", name)
    assert told == "How this was checked · 1 mistake refuted, softmax.jacobian", "each fold has a name of its own"
    assert "square forgotten" in html and "S2-05" in html and "The copy may be damaged" in html
    assert ">s = (0, 0)</annotation>" in html
    assert html.count("softmax.jacobian") >= 3, "the id stands in the box as a link to itself"


def test_a_definition_is_a_quieter_box_that_claims_nothing(book):
    record = payload("softmax", kind="definition", verdict="", evidence="", level="", mistakes=[], how=["$K \\ge 1$"])
    book.page("one", text("title", "# One"), shown("definition", record))
    book.markdown("list", "# List\n\n```{ledger}\n```\n\n```{claim-count}\n```\n")
    assert book.build() == ""
    html = book.html("one")
    assert "claim-kind-definition" in html and "How this was checked" not in html
    assert "No claims yet." in book.html("list") and "<strong>0</strong>" in book.html("list")


def board(*claims, title="What belongs together"):
    return {"kind": "board", "id": "", "title": title, "claims": list(claims)}


def test_a_board_is_one_box_whose_claims_count_one_by_one(book):
    first = payload("a.first", assumes=[r"$T \ge 2$"])
    second = payload("a.second", assumes=[r"$T \ge 2$", "$i = 1$"], mistakes=[])
    book.page("one", text("title", "# One\n\n[first](#a.first), [](#a.second)"), shown("both", board(first, second)))
    book.markdown("list", "# List\n\n```{ledger}\n```\n\n```{claim-count}\n```\n")
    assert book.build() == ""
    html = book.html("one")
    assert html.count("claim-kind-board") == 1 and html.count("How this was checked") == 1
    assert 'id="a.first"' in html and 'id="a.second"' in html and "What belongs together" in html
    assert html.count("✓ proved for every K") == 1, "what all have in common is told once"
    assert html.count("where") == 2 and html.count(r"T \ge 2") == 1
    ledger = book.html("list")
    assert 'href="one.html#a.first"' in ledger and 'href="one.html#a.second"' in ledger
    assert "<strong>2</strong>" in ledger


def test_a_board_tells_each_evidence_where_they_differ(book):
    claims = payload("a.first"), payload("a.second", evidence="tested at random points", level="tested")
    book.page("one", text("title", "# One"), shown("both", board(*claims)))
    assert book.build() == ""
    html = book.html("one")
    assert "2 claims" in html and "✓ proved for every K" in html and "≈ tested at random points" in html


def test_an_id_on_a_board_is_not_used_twice(book):
    book.page("one", text("title", "# One"), shown("both", board(payload("a.first"), payload("a.second"))))
    book.page("two", text("title", "# Two"), shown("again", payload("a.second")))
    with pytest.raises(ExtensionError, match=r"'a\.second' is used twice"):
        book.build()


def with_source(cell, source, **metadata):
    cell["source"] = source
    cell["metadata"].update(metadata)
    return cell


@pytest.mark.parametrize(
    "source",
    [
        'Claim("softmax.jacobian", "a = b")',
        "SCORES",
        'TEXT = Given("x: real".replace("x", "y"))\nClaim("a", "b", TEXT)',
    ],
)
@pytest.mark.parametrize("tags", [[], ["hide-input"]])
def test_the_code_of_a_box_stands_in_its_foot(book, source, tags):
    book.page("one", text("title", "# One"), with_source(shown("claim", payload()), source, tags=tags))
    assert book.build() == ""
    html = book.html("one")
    assert "cell_input" not in html and "Show code cell" not in html
    foot = html[html.index("claim-foot") :]
    assert 'Source<span class="unseen">, softmax.jacobian</span></summary>' in foot and "highlight" in foot


@pytest.mark.parametrize("source", ["x = solve(3)\nClaim(x)", "for x in y:\n    x\nSCORES", "%magic\nSCORES", "x = 1"])
def test_a_cell_that_does_more_than_show_a_box_keeps_its_code(book, source):
    book.page("one", text("title", "# One"), with_source(shown("claim", payload()), source))
    assert book.build() == ""
    assert "cell_input" in book.html("one") and ">\nSource<" not in book.html("one")


def test_a_cell_that_prints_beside_its_box_keeps_its_code(book):
    cell = with_source(shown("claim", payload()), "SCORES")
    cell["outputs"].append(new_output("stream", text="printed"))
    book.page("one", text("title", "# One"), cell)
    assert book.build() == ""
    assert "cell_input" in book.html("one")


def test_a_printed_sentence_is_wrapped_and_a_table_is_not(book):
    outputs = [new_output("stream", text=line + "\n") for line in ("a | b", "the left side is 1/2, " * 6)]
    for number, output in enumerate(outputs):
        book.page(f"page{number}", text("title", f"# {number}"), code("prints", f"print({number})", [output]))
    assert book.build() == ""
    for name, language in (("quoted", "text"), ("code", "python")):
        book.markdown(name, f"# {name}\n\n```{language}\n{'the_left_side(1/2) == 1 or ' * 5}x\n```\n")
    assert book.build() == ""
    assert ["wrapped" in book.article(name) for name in ("page0", "page1", "quoted", "code")] == [0, 1, 1, 0]


def test_a_table_of_agreement_is_folded_behind_its_line(book):
    table = "\n\n| pair | relative |\n| --- | --- |\n| one and two | 0 |"
    agreement = agree("L", one=[1.0], two=[1.0], three=[1.0])._repr_markdown_()
    for name, printed in (("one", agreement), ("two", "Some words" + table)):
        output = new_output("display_data", data={"text/markdown": printed, "text/plain": ""})
        book.page(name, text("title", f"# {name}"), code("agrees", f"agree({name!r})", [output]))
    assert book.build() == ""
    html = book.article("one")
    assert html.index("agreement") < html.index("3 ways agree") < html.index("</summary>") < html.index("<table")
    assert "agreement" not in book.html("two")


def definition(id, **changes):
    return payload(id, kind="definition", verdict="", evidence="", level="", mistakes=[], how=["$K = 1$"]) | changes


SYMBOLS = [{"text": "$s$: the scores", "setting": "a.network"}, {"text": "$m$: a shift", "setting": ""}]


def test_a_box_links_the_definitions_in_which_its_symbols_live(book):
    one = shown("claim", payload("a.claim", symbols=SYMBOLS, settings=["a.network"]))
    book.page("one", text("title", "# One"), one)
    book.page("two", text("title", "# Two"), shown("network", definition("a.network", title="The network")))
    assert book.build() == ""
    html = book.html("one")
    assert "Symbols as in <em>" in html and 'href="two.html#a.network"' in html and ">The network</a>" in html
    assert "the scores" not in html and "a shift" in html
    book.page("two", text("title", "# Two"))
    assert book.build() == ""
    html = book.html("one")
    assert "the scores" in html and "a shift" in html and "Symbols as in" not in html, "no page shows the setting now"


def test_a_chain_sets_each_line_with_its_reason(book):
    told = [("a", ""), ("= b + c", "as $b$ is"), ("= d", "collect")]
    lines = [{"latex": latex, "reason": reason} for latex, reason in told]
    book.page("one", text("title", "# One"), shown("chain", payload(kind="chain", lines=lines)))
    assert book.build() == ""
    html = book.html("one")
    assert html.count('class="claim-right') == 2
    assert r"\displaystyle a" in html and r"\displaystyle = d" in html and "collect" in html


@pytest.mark.parametrize(
    ("latex", "parts"),
    [
        ("a = b = c", ("a", "= b = c")),
        ("= b", ("", "= b")),
        (r"\sum_{k=1}^{K} x_k \le \left(y = z\right)", (r"\sum_{k=1}^{K} x_k", r"\le \left(y = z\right)")),
        (r"f(x = 1) \leftarrow g", ("", r"f(x = 1) \leftarrow g")),
        ("a &= b", ("a", "= b")),
        ("p_i := q", ("p_i", ":= q")),
        (r"\begin{cases} a & b = c \end{cases}", ("", r"\begin{cases} a & b = c \end{cases}")),
    ],
)
def test_a_step_is_split_before_its_first_relation(latex, parts):
    assert split_at_relation(latex) == parts


def test_the_first_line_of_a_chain_may_be_a_left_side_alone():
    lines = [{"latex": "a", "reason": "start"}, {"latex": "= b", "reason": "then"}, {"latex": "= c", "reason": ""}]
    assert steps(lines) == [("a", "= b", "start; then"), ("", "= c", "")]


def test_claims_are_labels_for_references_and_links(book):
    name = "softmax.jacobian"
    links = f"{{ref}}`{name}`, {{ref}}`that one <{name}>`, [mine](#{name}), [](#{name})"
    book.page("one", text("title", f"# One\n\n{links}"), shown("claim", payload()))
    book.markdown("two", f"# Two\n\n{links}\n")
    assert book.build() == ""
    for name, target in (("one", "#softmax.jacobian"), ("two", "one.html#softmax.jacobian")):
        assert book.html(name).count(f'href="{target}"') >= 4
    assert book.article("two").count("Title of softmax.jacobian") == 2


def test_ledger_and_count_follow_the_claims(book):
    book.page("one", text("title", "# One"), shown("claim", payload("a.claim")), shown("other", payload("b.claim")))
    book.page("two", text("title", "# Two"), shown("claim", payload("c.claim", level="tested", evidence="tested")))
    book.markdown("list", "# List\n\n```{ledger}\n```\n\n```{claim-count}\n```\n")
    assert book.build() == ""
    listed = book.html("list")
    assert all(f"#{name}" in listed for name in ("a.claim", "b.claim", "c.claim"))
    assert "<strong>3</strong> claims checked" in listed and "<strong>2</strong> proved" in listed

    book.page("one", text("title", "# One"), shown("claim", payload("a.renamed")))
    assert book.build() == ""
    listed = book.html("list")
    assert "a.renamed" in listed and "a.claim" not in listed and "b.claim" not in listed and "c.claim" in listed

    (book.source / "two.ipynb").unlink()
    assert book.build() == ""
    assert "c.claim" not in book.html("list")


def test_claims_of_pages_read_in_several_processes_are_joined(book):
    names = [f"p{number}" for number in range(12)]
    for name in names:
        book.page(name, text("title", f"# {name}"), shown("claim", payload(f"{name}.claim")))
    book.markdown("list", "# List\n\n```{ledger}\n```\n" + "".join(f"\n[](#{name}.claim)\n" for name in names))
    assert book.build(jobs=2) == ""
    assert all(f'href="{name}.html#{name}.claim"' in book.html("list") for name in names)


def test_an_id_used_twice_stops_the_build_and_names_both_pages(book):
    book.page("one", text("title", "# One"), shown("claim", payload()))
    book.page("two", text("title", "# Two"), shown("claim", payload()))
    with pytest.raises(ExtensionError, match=r"'softmax\.jacobian' is used twice: on page one and on page two"):
        book.build()


def test_display_maths_that_nothing_checks_is_refused(book):
    book.page(
        "one",
        text("title", "# One\n\nInline $a + b$ is text."),
        text("defined", "$$\np := q\n$$"),
        text("careless", "Surely\n\n$$a = b$$"),
        code("computed", outputs=[new_output("display_data", data={"text/latex": "$$c := d$$"})]),
        shown("claim", payload()),
    )
    book.markdown("two", "# Two\n\n```{math}\ne = f\n```\n")
    warnings = book.build().splitlines()
    assert len(warnings) == 3
    assert "one.ipynb" in warnings[0] and "more than define in cell 'careless': a = b." in warnings[0]
    assert "display maths that nothing checks in cell 'computed': c := d." in warnings[1]
    assert re.search(r"two\.md:3: WARNING: display maths that does more than define: e = f\.", warnings[2])
    assert re.search(
        r'<div class="[^"]*\bdefinition\b[^"]*\bmath\b|<div class="[^"]*\bmath\b[^"]*definition', book.html("one")
    )


def test_a_notebook_that_was_not_executed_stops_the_build(book, tmp_path):
    book.page("one", text("title", "# One"), code("cell", "1 + 1"))
    with pytest.raises(ExtensionError, match="not executed as they are now: one; build with"):
        book.build(nb_execution_mode="cache", nb_execution_cache_path=str(tmp_path / "cache"))


def keep(book, cache, name, record):
    """Put a page's notebook into the cache as executed now, with one claim shown in its last cell."""
    path = book.source / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[-1].outputs = shown("any", record).outputs
    bundle = CacheBundleIn(notebook, str(path), data={"digest": digest(path, book.source)})
    get_cache(cache).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def test_exactly_the_pages_whose_outputs_changed_are_read_again(book, tmp_path):
    cache = tmp_path / "cache"
    settings = {"nb_execution_mode": "cache", "nb_execution_cache_path": str(cache)}
    book.page("one", text("title", "# One"), code("claim", "import helper"))
    book.page("two", text("title", "# Two"), code("claim", "2"))
    write_file(book.source / "helper" / "__init__.py")
    keep(book, cache, "one", payload("a.claim"))
    keep(book, cache, "two", payload("b.claim"))
    assert book.build(**settings) == ""
    assert "proved for every K" in book.html("one") and "proved for every K" in book.html("two")

    write_file(book.source / "helper" / "__init__.py", "# changed")
    for name in ("one", "two"):
        write_file(book.output / f"{name}.html", "as it was")
    for evidence in ("proved at K = 3", "tested"):  # the second time alone the outputs are others, by another execution
        keep(book, cache, "one", payload("a.claim", evidence=evidence))
        assert book.build(**settings) == ""
        assert evidence in book.html("one") and book.html("two") == "as it was"

    write_file(book.source / "helper" / "__init__.py", "# changed again")
    with pytest.raises(ExtensionError, match="not executed as they are now: one; build with"):
        book.build(**settings)


def test_links_to_a_claim_follow_it_on_pages_that_did_not_change(book):
    book.page("one", text("title", "# One"), shown("claim", payload("a.claim")))
    book.markdown("two", "# Two\n\n{ref}`a.claim`\n")
    assert book.build() == ""
    book.page("one", text("title", "# One"), shown("claim", payload("a.claim", title="Another title")))
    assert book.build() == "" and "Another title" in book.html("two")
    book.page("one", text("title", "# One"), shown("claim", payload("a.renamed")))
    assert re.search(r"two\.md:3: WARNING: undefined label: 'a\.claim'", book.build())


def test_a_page_taken_out_of_the_book_leaves_the_built_folder_with_its_images(book):
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    for name in ("one", "two"):
        data = {"image/png": pixel if name == "one" else pixel.replace("WjR9", "WjR8")}
        image = code("image", outputs=[new_output("display_data", data=data)], mystnb={"image": {"alt": "A pixel."}})
        caption = text(f"fig-{name}", "**Figure 1.1.** A pixel.")
        book.page(f"01_{name}", text("title", f"# {name}"), shown("claim", payload(f"{name}.claim")), image, caption)
    assert book.build() == ""
    before = {path.relative_to(book.output).as_posix() for path in book.output.rglob("*") if path.is_file()}
    (book.source / "01_two.ipynb").unlink()
    assert book.build() == ""
    after = {path.relative_to(book.output).as_posix() for path in book.output.rglob("*") if path.is_file()}
    gone = {name for name in before - after if ".doctrees" not in name}
    [image] = [name for name in gone if name.startswith("_images/")]
    assert gone == {"01_two.html", "_sources/01_two.ipynb.txt", image}
    assert len(list((book.output / "_images").iterdir())) == 1


def test_a_formula_keeps_the_punctuation_after_it(book):
    book.markdown("one", "# One\n\nFirst $a$, then $b$ (or $c$). One is `d`. Two is $e$. Two is `f`.\n")
    assert book.build() == ""
    html = book.html("one")
    assert html.count('<span class="unbroken">') == 3
    assert re.search(r"d</span></code>\. Two is .*e.*</span>\.</span> Two is .*f</span></code>\.</p>", html)
    assert re.search(r'<span class="unbroken"><span class="math[^>]*>.*>c</span>.*</span>\)\.</span>', html)


HTML = {
    "block": "<div>\n$$a = b$$\n</div>",
    "inline": "So <b>1 = 2</b>.",
    "maths": "<math><mn>1</mn><mo>=</mo><mn>2</mn></math>",
    "box": '<div class="claim claim-level-proved">✓ proved</div>',
    "fold-of-one-block": "<details><summary>Hint</summary>\nso $a = b$\n</details>",
    "fold-named-by-a-formula": "<details><summary>so $a = b$</summary>\n\nSo.\n\n</details>",
    "fold-with-attributes": '<details class="claim"><summary>Hint</summary>\n\nSo.\n\n</details>',
    "end-without-a-fold": "So.\n\n</details>\n\nSo.",
    "directive": "```{raw} html\n<p>✓ proved</p>\n```",
}


def test_html_is_refused_by_its_cell(book):
    cells = [text(name, source) for name, source in HTML.items()]
    for kind, content in (("text/html", "<p>✓ proved</p>"), ("text/markdown", "<i>✓ proved</i>")):
        cells.append(code(kind.replace("/", "-"), outputs=[new_output("display_data", data={kind: content})]))
    book.page("one", text("title", "# One"), *cells)
    named = re.findall(r"WARNING: HTML in cell '(.*?)': .*Write Markdown", book.build())
    assert set(named) == {cell.id for cell in cells}


def test_only_a_claim_may_look_like_one(book):
    words = "[✓ proved for every K]{.claim-mark} so it is."
    book.page("one", text("title", "# One"), text("forged", words), shown("claim", payload()))
    [warning] = book.build(myst_enable_extensions=["dollarmath", "attrs_inline"]).splitlines()
    assert "a class of a claim's box in cell 'forged': ✓ proved for every K." in warning


def test_a_cell_that_trains_something_keeps_its_code_in_sight():
    assert only_claims('later = NETWORK.text.replace("T", "S")\nClaim("a.b", later)')
    assert not only_claims('runs = model.train(100)\nClaim("a.b", "x = x")')
