"""The plain Markdown of chapters in the book: figures, asides, literature, folded machinery, the list of chapters."""

import re

import pytest
from nbformat.v4 import new_output
from pybtex.database import parse_string
from samples import code, payload, shown, text, write_file
from test_extension import Book

from book_extension.literature import forms
from book_extension.machinery import only_imports

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
BIB = """
@misc{one1990, author = {One, Ann}, title = {A}, year = {1990}}
@misc{two1991, author = {van Two, Bo and M{\\"u}ller, C.}, title = {B}, year = {1991}}
@misc{three1992, author = {Three, D. and Four, E. and Five, F.}, title = {C}, year = {1992}}
"""
CITING = {"extensions": ["myst_nb", "sphinxcontrib.bibtex", "book_extension"], "bibtex_bibfiles": ["data/all.bib"]}
TITLE = text("title", "# 5 Five")
ERRATA = "# Errata\n\n```{errata} false\n```\n"


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def image(id="drawing", alt="A pixel.", count=1):
    outputs = [new_output("display_data", data={"image/png": PIXEL, "text/plain": "<Figure>"}) for _ in range(count)]
    return code(id, "plt.show()", outputs=outputs, mystnb={"image": {"alt": alt}} if alt else {})


def test_the_cell_after_an_image_is_its_caption_and_its_id_the_label(book):
    after = text("after", "[Figure 5.1](#fig-pixel)")
    book.page("05_five", TITLE, image(), text("fig-pixel", "**Figure 5.1.** See $x$ there."), after)
    book.markdown("other", "# Other\n\n[](#fig-pixel)\n")
    assert book.build() == ""
    html = book.article("05_five")
    figure = re.search(r'<figure[^>]* id="fig-pixel".*?</figure>', html, re.DOTALL).group()
    assert 'alt="A pixel."' in figure and "<strong>Figure 5.1.</strong> See " in figure and 'class="katex"' in figure
    assert html.count("See") == 1, "the caption stands in the figure alone"
    assert 'href="#fig-pixel">Figure 5.1</a>' in html and "Code of figure 5.1</summary>" in html
    assert re.search(r'href="05_five.html#fig-pixel"><span[^>]*>Figure 5\.1</span>', book.html("other"))


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([image()], "an image without a caption in cell 'drawing'"),
        ([image(alt=""), text("fig-a", "**Figure 5.1.** A.")], "an image without alternative text in cell 'drawing'"),
        ([image(), text("fig-a", "**Figure 5.2.** A.")], "the caption of figure 5.2 in cell 'fig-a': this is 5.1"),
        ([image(), text("fig-a", "**Figure 4.1.** A.")], "the caption of figure 4.1 in cell 'fig-a': this is 5.1"),
        ([text("fig-a", "**Figure 5.1.** A.")], "a caption that follows no code cell with one image in cell 'fig-a'"),
        ([image(), text("so", "So."), text("fig-a", "**Figure 5.1.** A.")], "follows no code cell with one image"),
        ([image(count=2), text("fig-a", "**Figure 5.1.** A.")], "follows no code cell with one image in cell 'fig-a'"),
    ],
)
def test_a_figure_that_is_not_whole_is_refused(book, cells, told):
    book.page("05_five", TITLE, *cells)
    assert told in book.build()


def test_figures_of_an_appendix_have_its_letter(book):
    book.page("A_more", text("title", "# A More"), image(), text("fig-a", "**Figure A.1.** A."))
    assert book.build() == ""


def test_a_blockquote_is_an_aside_and_a_published_mistake_and_its_erratum_link_each_other(book):
    told = "> **[A published mistake](#erratum-S2-05).** They say $a = b$.\n>\n> It is not."
    book.page("05_five", TITLE, shown("claim", payload()), text("told", told), text("note", "> **Note.** *Mind* this."))
    book.markdown("errata", ERRATA)
    assert book.build() == ""
    html = book.html("05_five")
    aside = re.search(
        r'<div class="warning published-mistake admonition" id="told-S2-05">.*?</div>', html, re.DOTALL
    ).group()
    assert 'href="errata.html#erratum-S2-05"' in aside and "It is not." in aside and "They say" in aside
    assert re.search(r'class="note admonition">\s*<p class="admonition-title">Note</p>\s*<p><em>Mind</em> this\.', html)
    assert 'href="05_five.html#told-S2-05"' in book.html("errata") and "Told in" in book.html("errata")
    assert book.build() == "" and 'href="05_five.html#told-S2-05"' in book.html("errata")


def test_an_erratum_that_went_is_missed(book):
    book.page("05_five", TITLE, text("told", "> **[A published mistake](#erratum-S2-05).** So."))
    book.page("06_six", text("title", "# 6 Six"), shown("claim", payload()))
    book.markdown("errata", ERRATA)
    assert book.build() == ""
    book.page("06_six", text("title", "# 6 Six"), shown("claim", payload(mistakes=[])))
    assert "erratum-S2-05" in book.build()


@pytest.mark.parametrize(
    ("quote", "told"),
    [
        ("> **A published mistake.** So.", "a published mistake in cell 'aside' without its erratum"),
        ("> **[A published mistake](#erratum-S9-99).** So.", "erratum-S9-99"),
        ("> **A pubished mistake.** So.", "begins with **A pubished mistake.**: expected one of **Note.**"),
    ],
)
def test_an_aside_that_is_none_is_refused(book, quote, told):
    book.page("05_five", TITLE, text("aside", quote))
    assert told in book.build()


def test_links_to_literature_lead_to_its_entries_and_bring_them_into_the_list(book):
    write_file(book.source / "data" / "all.bib", BIB)
    words = "[One (1990)](#cite-one1990) said ([van Two and Müller, 1991](#cite-two1991))."
    book.page("05_five", TITLE, text("words", words))
    book.markdown("list", "# List\n\n```{bibliography}\n```\n")
    assert book.build(**CITING) == ""
    ids = re.findall(r'<div class="citation" id="(\w+)"', book.html("list"))
    assert re.findall(r'href="list\.html#(\w+)"', book.html("05_five")) == ids and len(ids) == 2


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("[One (1991)](#cite-one1990)", "'One (1991)', its entry in the bibliography: type One (1990) or One, 1990"),
        ("[One et al., 1990](#cite-one1990)", "in cell 'words' says 'One et al., 1990'"),
        ("[Three and Four (1992)](#cite-three1992)", "type Three et al. (1992) or Three et al., 1992"),
        ("[Six (1993)](#cite-six1993)", "literature that the bibliography does not have in cell 'words': no entry"),
    ],
)
def test_words_that_are_not_those_of_the_entry_are_refused(book, link, told):
    write_file(book.source / "data" / "all.bib", BIB)
    book.page("05_five", TITLE, text("words", link))
    book.markdown("list", "# List\n\n```{bibliography}\n```\n")
    assert told in book.build(**CITING)


def test_a_page_is_compared_again_when_the_bibliography_changes(book):
    write_file(book.source / "data" / "all.bib", BIB)
    book.page("05_five", TITLE, text("words", "[One (1990)](#cite-one1990)"))
    book.markdown("list", "# List\n\n```{bibliography}\n```\n")
    assert book.build(**CITING) == ""
    write_file(book.source / "data" / "all.bib", BIB.replace("1990}}", "1989}}"))
    assert "type One (1989)" in book.build(**CITING)


def test_names_are_those_of_the_entry():
    entries = parse_string(BIB, "bibtex").entries
    assert forms(entries["two1991"]) == ("van Two and Müller (1991)", "van Two and Müller, 1991")
    assert forms(entries["three1992"]) == ("Three et al. (1992)", "Three et al., 1992")


def test_imports_are_folded_and_stand_before_the_first_code_that_is_shown(book):
    cells = (
        code("imports", "import numpy as np\n\nstyle()"), text("question", "## Ask\n\nWhy?"), shown("claim", payload()),
        text("then", "Then."), code("program", "print(1)"),
    )  # fmt: skip
    book.page("05_five", TITLE, *cells)
    assert book.build() == ""
    html = book.html("05_five")
    order = [html.index(one) for one in ("Why?", 'id="softmax.jacobian"', "Then.", "Imports</summary>", "print")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("source", "told"),
    [("import a", True), ("from a import b\nstyle()\nRESULTS = Path('x')", True), ("style()", False),
     ("import a\na.run()", False), ("from exercises import check\n\ncheck('a', '...')", False), ("%run a", False),
     ("import a\nx = 1", False)],
)  # fmt: skip
def test_cells_of_imports_do_nothing_else(source, told):
    assert only_imports(source) == told


def test_the_chapters_that_exist_are_told_from_the_inventory(book):
    write_file(book.source / "data" / "all.toml", '[chapters]\n5 = "Five"\n6 = "Six"\n\n[rows]\n')
    book.page("05_five", TITLE)
    book.markdown("list", "# List\n\n```{chapter-list} data/all.toml\n```\n")
    assert book.build() == ""
    told = re.sub(r"<[^>]+>", "", book.html("list"))
    assert "1 of 2 chapters are written: 5 Five." in told and "Still to come: 6 Six." in told
    book.page("06_six", text("title", "# 6 Six"))
    assert book.build() == ""
    assert "2 of 2 chapters are written: 5 Five; 6 Six." in re.sub(r"<[^>]+>", "", book.html("list"))


@pytest.mark.parametrize("link", ["[A published mistake](https://example.org)", "[A published mistake](#fig-a)"])
def test_a_published_mistake_links_an_erratum(book, link):
    book.page(
        "05_five", TITLE, image(), text("fig-a", "**Figure 5.1.** A."), text("told", f"> **{link}.** So $a = b$.")
    )
    assert "a published mistake in cell 'told' without its erratum" in book.build()


def test_a_key_in_other_letters_is_no_entry(book):
    write_file(book.source / "data" / "all.bib", BIB)
    book.page("05_five", TITLE, text("cited", "[One (1990)](#cite-One1990)"))
    assert "literature that the bibliography does not have in cell 'cited': no entry 'One1990'" in book.build(**CITING)
