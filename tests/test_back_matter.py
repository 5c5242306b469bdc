"""The directives of the back matter, on books of a few pages: what the errata and the sources draw from the claims."""

import pytest
from bs4 import BeautifulSoup
from samples import MISTAKE, payload, shown, text
from test_extension import Book

from book_extension.errata import sentence

ROWS = """
[chapters]
1 = "One"
77 = "Far ahead"

[rows]
S2-05 = { chapter = 1, kind = "identity", verdict = "wrong", text = 'is the square in $s^2$ there?' }
S2-06 = { chapter = 1, kind = "identity", verdict = "correct", text = 'the same, mended' }
S2-07 = { chapter = 1, kind = "question", verdict = "question", text = 'asks for $x$', answered_by = ["ask"] }
S2-08 = { chapter = 77, kind = "figure", verdict = "underspecified", text = 'a plot', answered_by = ["to-come"] }
S0-08 = { chapter = 1, kind = "identity", verdict = "imprecise", text = 'letters' }
"""
SOURCES = """# Sources

```{source-counts} data/sources.toml
```

```{sources} data/sources.toml
:source: S2
```
"""
ERRATA = "# Errata\n" + "".join(
    f"\n## About {kind}\n\n```{{errata}} {kind}\n:rows: data/sources.toml\n```\n"
    for kind in ("false", "ill-formed", "wording", "book")
)
WORDING = MISTAKE | {"kind": "wording", "latex": "", "counterexample": "", "wrong": "one letter, *two* jobs; see "
                     "[here](#softmax.jacobian)", "rows": ["S0-08"], "damage": False, "refuted": False}  # fmt: skip


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path)
    (book.source / "data").mkdir()
    (book.source / "data" / "sources.toml").write_text(ROWS)
    book.page("01_one", text("title", "# One"), shown("claim", payload()))
    book.markdown("asking", "# Asking\n\n(ask)=\n## A question\n\nWhy?\n")
    book.markdown("sources", SOURCES)
    book.markdown("errata", ERRATA)
    return book


def section(html, kind):
    """The part of the errata that one directive filled."""
    return html.split(f'id="errata-{kind}"')[1].split("<section")[0]


def test_an_erratum_tells_what_was_stated_what_is_wrong_and_what_is_right(book):
    assert book.build() == ""
    entry = section(book.html("errata"), "false")
    assert 'id="erratum-S2-05"' in entry and "1 entry; 1 of them may be damage in the copy." in entry
    assert r"\frac{\partial p_i}{\partial s_j} = -p_i" in entry and "claim-false" in entry
    assert "The denominator is not squared." in entry and "The quotient rule is recited." in entry
    assert r"At <span class=" in entry and ">s = (0, 0)</annotation>" in entry, "texts have maths"
    assert r"= p_i (\delta_{ij} - p_j)" in entry and "✓ proved for every K" in entry
    assert 'href="01_one.html#softmax.jacobian"' in entry and 'href="sources.html#S2-05"' in entry
    assert "may be damaged here" in entry
    assert "copy-tex" in book.html("errata"), "the page loads what formulas need"


def test_kinds_are_told_apart(book):
    mistakes = [MISTAKE, WORDING, MISTAKE | {"rows": []}, MISTAKE | {"kind": "ill-formed", "latex": "", "text": "p[i"},
                MISTAKE | {"rows": ["B-01"], "wrong": "our own slip"}]  # fmt: skip
    book.page("01_one", text("title", "# One"), shown("claim", payload(mistakes=mistakes)))
    assert book.build() == ""
    html = book.html("errata")
    assert section(html, "false").count("<dl") == 1, "neither one without rows nor our own"
    wording = section(html, "wording")
    assert "One letter, <em>two</em> jobs" in wording and 'href="01_one.html#softmax.jacobian"' in wording
    assert "Letters." in wording, "what the row is about stands in for a formula"
    assert "Why it means nothing" in section(html, "ill-formed") and "p[i" in section(html, "ill-formed")
    assert "Our own slip." in section(html, "book") and "B-01" in section(html, "book")


def test_errata_without_entries_say_so(book):
    book.page("01_one", text("title", "# One"), shown("claim", payload(mistakes=[])))
    assert book.build() == ""
    assert book.html("errata").count("None so far.") == 4


def test_sources_link_to_what_answers_each_row(book):
    assert book.build() == ""
    rows = dict(zip(("S2-05", "S2-06", "S2-07", "S2-08"), book.html("sources").split('<tr class="')[-4:], strict=True))
    assert ">s^2</annotation>" in rows["S2-05"] and 'href="01_one.html#softmax.jacobian"' in rows["S2-05"], (
        "named by a mistake"
    )
    assert 'href="errata.html#erratum-S2-05"' in rows["S2-05"]
    assert 'href="01_one.html#softmax.jacobian"' in rows["S2-06"] and "erratum" not in rows["S2-06"]
    assert 'href="asking.html#ask"' in rows["S2-07"] and "A question" in rows["S2-07"]
    assert "open" in rows["S2-08"] and "chapter 77" in rows["S2-08"]
    assert "<strong>4 of 5</strong>" in book.html("sources") and "0 of 1" in book.html("sources")


def test_rows_are_labels(book):
    book.markdown("other", "# Other\n\n[that row](#S2-05) and {ref}`S2-05`\n")
    assert book.build() == ""
    assert book.html("other").count('href="sources.html#S2-05"') == 2


WAYS_BACK = """# Claims

```{ledger}
```
"""


def links(html):
    return [(link["href"], link.get_text()) for link in html.select("a[href]")]


def parsed(book, name):
    return BeautifulSoup(book.html(name), "html.parser")


def test_a_box_links_its_rows_its_errata_and_the_ledger(book):
    book.markdown("claims", WAYS_BACK)
    mistakes = [MISTAKE, MISTAKE | {"rows": []}]
    book.page("01_one", text("title", "# 1 One"), shown("claim", payload(mistakes=mistakes, answers=["S2-06", "B-01"])))
    assert "B-01" not in book.build()
    foot = parsed(book, "01_one").select_one(".claim-foot")
    assert [fact.get_text() for fact in foot.select("li .claim-facts")] == [
        "Stated by S2-05 of the sources. Its erratum"
    ]
    assert links(foot) == [
        ("sources.html#S2-05", "S2-05"), ("errata.html#erratum-S2-05", "Its erratum"),
        ("sources.html#S2-06", "S2-06"), ("claims.html#ledger-softmax.jacobian", "In the ledger"),
    ]  # fmt: skip
    assert "Answers S2-06, B-01 of the sources." in foot.get_text(), "what the book does not list stays a word"
    assert not foot.select("summary a"), "what unfolds holds nothing else to click"
    ledger = parsed(book, "claims").find(id="ledger-softmax.jacobian")
    assert links(ledger) == [
        ("01_one.html#softmax.jacobian", "Title of softmax.jacobian"),
        ("sources.html#S2-06", "S2-06"),
    ]
    erratum = parsed(book, "errata").find(id="erratum-S2-05")
    assert ("sources.html#S2-05", "S2-05") in links(erratum)


def test_what_a_book_does_not_list_is_not_linked(tmp_path):
    book = Book(tmp_path)
    book.page("01_one", text("title", "# 1 One"), shown("claim", payload()))
    assert book.build() == ""
    page = parsed(book, "01_one")
    assert not page.select(".claim-foot a") and "In the ledger" not in page.get_text()
    assert "Stated by S2-05 of the sources." in page.get_text() and not page.select(".of-this-chapter")


def test_a_chapter_ends_with_links_to_its_parts_of_the_lists(book):
    book.markdown("claims", WAYS_BACK)
    book.page("01_one", text("title", "# 1 One"), shown("claim", payload(mistakes=[MISTAKE, WORDING])),
              shown("given", payload("given", kind="definition", how=[], mistakes=[])))  # fmt: skip
    assert book.build() == ""
    [line] = parsed(book, "01_one").select(".of-this-chapter")
    assert line.get_text() == (
        "Of this chapter: 1 claim in the ledger · errata: 1 false, 1 imprecise · 3 statements of the sources"
    )
    for address, _ in links(line):
        page, anchor = address.split(".html#")
        assert parsed(book, page).find(id=anchor), address
    assert not parsed(book, "asking").select(".of-this-chapter"), "it is no chapter"


def test_what_the_inventory_names_says_which_rows_it_answers(book):
    assert book.build() == ""
    [named] = parsed(book, "asking").select(".answers-rows")
    assert named.get_text() == "Answers S2-07 of the sources." and links(named) == [("sources.html#S2-07", "S2-07")]


def test_ways_back_follow_the_inventory_on_pages_that_did_not_change(book):
    assert book.build() == ""
    rows = ROWS.replace('answered_by = ["to-come"]', 'answered_by = ["ask"]').replace(
        "chapter = 77, kind", "chapter = 1, kind"
    )
    (book.source / "data" / "sources.toml").write_text(rows)
    assert book.build() == ""
    assert "Answers S2-07, S2-08 of the sources." in parsed(book, "asking").get_text()
    assert "4 statements of the sources" in parsed(book, "01_one").get_text()
    (book.source / "sources.md").unlink()
    assert book.build() == ""
    assert (
        not parsed(book, "asking").select(".answers-rows")
        and "of the sources" not in parsed(book, "01_one").select_one(".of-this-chapter").get_text()
    )


def test_errata_and_sources_follow_the_claims(book):
    assert book.build() == ""
    changed = payload(mistakes=[MISTAKE | {"wrong": "something else"}], answers=["S2-08"])
    book.page("01_one", text("title", "# One"), shown("claim", changed))
    assert book.build() == ""
    assert "Something else." in book.html("errata") and "The denominator" not in book.html("errata")
    assert "<strong>3 of 5</strong>" in book.html("sources")

    (book.source / "01_one.ipynb").unlink()
    assert book.build() == ""
    assert book.html("errata").count("None so far.") == 4 and "<strong>1 of 5</strong>" in book.html("sources")


def test_sources_follow_their_file_and_the_labels(book):
    assert book.build() == ""
    book.markdown("asking", "# Asking\n\n(ask)=\n## Another question\n\nWhy?\n")
    assert book.build() == ""
    assert "Another question" in book.html("sources")
    (book.source / "data" / "sources.toml").write_text(ROWS.replace("a plot", "a sketch"))
    assert book.build() == ""
    assert "a sketch" in book.html("sources")


def test_pages_read_in_several_processes_are_joined(book):
    for number in range(2, 12):
        mistakes = [MISTAKE | {"rows": ["S2-06"], "wrong": f"slip {number}"}]
        record = payload(f"claim.{number}", mistakes=mistakes, answers=["S2-08"])
        book.page(f"{number:02}_more", text("title", "# More"), shown("claim", record))
    assert book.build(jobs=2) == ""
    assert section(book.html("errata"), "false").count("<dl") == 11
    assert book.html("sources").count("#claim.5") == 2


def test_a_label_or_a_row_that_is_not_there_is_refused(book):
    book.markdown("asking", "# Asking\n")
    book.page("01_one", text("title", "# One"), shown("claim", payload(answers=["S2-99", "B-01"])))
    warnings = book.build()
    assert "row S2-07 is answered by the label 'ask', which no page has" in warnings
    assert "the claim 'softmax.jacobian' names the row S2-99, which the inventory does not have" in warnings
    assert "B-01" not in warnings


@pytest.mark.parametrize(
    ("words", "told"),
    [("a sign is lost", "A sign is lost."), ("b_h is lost", "b_h is lost."), ("$x$ is lost.", "$x$ is lost."),
     ("at a = 0", "At a = 0."), ("is it?", "Is it?"),
     ("pre-activation", "Pre-activation."), ("k-th of all", "k-th of all.")],
)  # fmt: skip
def test_words_become_sentences(words, told):
    assert sentence(words) == told
