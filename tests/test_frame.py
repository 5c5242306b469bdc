"""The frame of a page, its one style sheet, and the corrections of its markup."""

import re
import shutil
from pathlib import Path

import pytest
import tinycss2
from bs4 import BeautifulSoup
from samples import code
from test_extension import Book

from benchmarks import pages
from book_extension import frame, stylesheet


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path)


def parsed(book, name):
    return BeautifulSoup(book.html(name), "html.parser")


def kept(css, *used):
    return stylesheet.kept(tinycss2.parse_stylesheet(css, True, True), set(used))


@pytest.mark.parametrize(("css", "left"), [
    (".a{x:1}.b{x:2}", ".a{x:1}"),
    (".b,p.a:hover{x:1}", "p.a:hover{x:1}"),
    (".a .b{x:1}", ""),
    ("p:not(.b){x:1}", "p:not(.b){x:1}"),
    (":is(.a,.b) p{x:1}", ":is(.a,.b) p{x:1}"),
    ('a[href=".b"]{x:1}', 'a[href=".b"]{x:1}'),
    ("@media print{.a{x:1}.b{x:2}}", "@media print{.a{x:1}}"),
    ("@media print{.b{x:2}}", ""),
    ("@font-face{font-family:Mine;src:url(a.woff2)}", "@font-face{font-family:Mine;src:url(a.woff2)}"),
    (r"@font-face{font-family:Font Awesome\ 6 Free;src:url(a.woff2)}", ""),
    ('@import "other.css";', ""),
])  # fmt: skip
def test_a_sheet_keeps_what_can_apply_to_the_classes_of_the_pages(css, left):
    assert kept(css, "a") == left


def test_addresses_follow_a_sheet_to_its_new_place():
    css = "url(fonts/a.woff2) url('../b.svg') url(data:image/png;base64,x) url(https://c.org/d) url(#e)"
    moved = "url(maths/fonts/a.woff2) url(b.svg) url(data:image/png;base64,x) url(https://c.org/d) url(#e)"
    assert stylesheet.relocated(css, "maths") == moved


def test_a_page_loads_one_sheet_and_one_script(book):
    book.markdown(
        "a", "# One title\n\nA sentence that is long enough to tell what the page is about.\n\n## Begin\n\nText."
    )
    assert not book.build()
    page = parsed(book, "a")
    assert [link["href"] for link in page.select("link[rel=stylesheet]")] == ["_static/all.css"]
    assert [script["src"] for script in page.select("script[src]")] == ["_static/frame.js"]
    assert "frame-header" in (book.output / "_static/all.css").read_text()
    assert page.title.text.startswith("One title — ")
    assert page.select_one("meta[name=description]")["content"].startswith("A sentence that is long enough")
    assert [link.text for link in page.select("#contents li ul a")] == ["Begin"]
    assert {"searchindex.js", "_static/searchtools.js"} < {
        s["src"] for s in parsed(book, "search").select("script[src]")
    }


def test_the_front_page_is_not_named_twice(book):
    book.markdown("a", "# A")
    book.build(project="Book", html_title="Book")
    assert parsed(book, "index").title.text == "Book"


def test_a_description_ends_at_a_word_and_has_no_formula(book):
    book.markdown(
        "a", "# A\n\nWith $x$ in it, and therefore nothing for a machine that shows links.\n\n" + "word " * 60
    )
    book.build()
    description = parsed(book, "a").select_one("meta[name=description]")["content"]
    assert re.fullmatch(r"(word )+…", description) and 150 < len(description) <= 160


def test_folded_cells_have_names_of_their_own(book):
    cells = [code("x", "x = 1"), code("y", 'Claim("y", id="a.y")')]
    for cell in cells:
        cell.metadata["tags"] = ["hide-input"]
    book.page("a", *cells)
    book.build()
    hidden = [summary.select_one(".unseen").text for summary in parsed(book, "a").select("details.hide summary")]
    assert hidden == [": x = 1", ": a.y"]


def test_an_empty_corner_of_a_table_is_no_header(book):
    book.markdown("a", "# A\n\n|   | b |\n|---|---|\n| c | d |\n")
    book.build()
    head = parsed(book, "a").select_one("thead tr")
    assert [cell.name for cell in head.find_all(["th", "td"])] == ["td", "th"]


def test_a_change_of_a_sheet_alone_is_noticed(tmp_path, monkeypatch):
    before = frame.state()
    monkeypatch.setattr(frame, "HERE", Path(shutil.copytree(frame.HERE, tmp_path / "copy")))
    assert frame.state() == before
    (tmp_path / "copy/static/book.css").write_text("p { color: red }")
    assert frame.state() != before


@pytest.mark.parametrize(("arguments", "words"), [
    (["--json", "."], "expected a file in a folder that can be written to, given ."),
    (["no such page"], "PAGE expected a part of one of"),
])  # fmt: skip
def test_the_benchmark_of_pages_refuses_bad_arguments(arguments, words, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pages, "SITE", tmp_path)
    monkeypatch.setattr(pages.shutil, "which", lambda name: name)
    monkeypatch.setattr("sys.argv", ["benchmarks.pages", *arguments])
    with pytest.raises(SystemExit):
        pages.main()
    assert words in " ".join(capsys.readouterr().err.split())
