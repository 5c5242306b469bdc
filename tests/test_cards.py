"""Exercises on the page: one card each, with what a student needs in sight and the solution folded; and numbers."""

import re

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_output
from samples import code, payload, shown, text, write
from test_extension import Book

STATEMENT = """### Exercise 5.1 · Three steps of $x$
●●○ · 15 minutes

Say how *many*.

<details><summary>First hint</summary>

Count the *steps* & $x$.

- one

</details>

<details><summary>Second hint</summary>

Again.

</details>"""
CHECK = 'from exercises import check\n\ncheck("a.solved", "...")'


@pytest.fixture
def book(tmp_path):
    book = Book(tmp_path)
    book.markdown("how", "# How\n\n(how-to-run-it)=\n## How to run it\n\nSo.\n")
    return book


def chapter(book, statement=STATEMENT, words="The answer is 42.", **changes):
    """A chapter with one exercise, whose solution shows a claim."""
    verdict = new_output("execute_result", data={"text/plain": "… No answer yet: write a formula."}, execution_count=1)
    answer = code("check-x", CHECK, [verdict])
    end = text("end", "## Further reading\n\nBooks.")
    own = shown("own", payload("a.own"))
    book.page("05_one", text("title", "# One"), own, text("list", "## Exercises"), text("ex-x", statement), answer, end)
    title = re.match(r"### Exercise 5.1 · (.*)", statement)[1]
    solved = shown("solved", payload("a.solved", title="Seven apples", **changes))
    write(
        book.source / "05_one_solutions.ipynb", text("head", "# Solutions"), code("run", "%run 05_one.ipynb"),
        text("solution-x", f"## Solution 5.1 · {title}\n\n{words}"), solved,
    )  # fmt: skip


def card(book):
    [found] = BeautifulSoup(book.html("05_one"), "html.parser").select("section.exercise")
    return found


def test_an_exercise_is_one_card(book):
    chapter(book)
    assert book.build() == ""
    found = card(book)
    assert found["id"] == "ex-x"
    assert found.h3.get_text().startswith("Exercise 5.1 · Three steps of")
    facts = found.select_one(".exercise-facts")
    assert facts.get_text() == "●●○ medium · 15 minutes"
    assert facts.select_one("[aria-hidden=true]").get_text() == "●●○"
    names = [summary.get_text().strip() for summary in found.select("details:not(.claim *) > summary")]
    assert names == [
        "First hint for exercise 5.1", "Second hint for exercise 5.1", "Solution of exercise 5.1",
    ]  # fmt: skip
    hint = found.select_one("details.fold")
    assert hint.em.get_text() == "steps" and "&amp; " in str(hint) and hint.li.get_text().strip() == "one"
    solution = found.select_one("details.exercise-solution")
    assert "The answer is 42." in solution.get_text() and solution.select_one(".claim")["id"] == "a.solved"
    page = BeautifulSoup(book.html("05_one"), "html.parser")
    page.select_one("details.exercise-solution").extract()
    assert "42" not in str(page)
    assert "Books." not in found.get_text()


def test_the_answer_is_given_in_jupyter(book):
    chapter(book)
    book.build()
    answer = card(book).select_one(".exercise-answer")
    assert answer.pre.get_text() == 'check("a.solved", "...")\n'
    assert answer.a["href"] == "how.html#how-to-run-it" and answer.a.get_text() == "in Jupyter"
    assert "No answer yet" not in book.html("05_one")


def test_links_lead_to_the_card_by_its_label(book):
    chapter(book)
    book.markdown("two", "# Two\n\n[Exercise 5.1](#ex-x), [](#ex-x), {ref}`ex-x`\n")
    assert book.build() == ""
    assert book.html("two").count('href="05_one.html#ex-x"') == 3


def test_the_ledger_names_the_claim_of_a_solution_without_what_it_says(book):
    chapter(book)
    book.markdown("list", "# List\n\n```{ledger}\n```\n")
    book.markdown("two", "# Two\n\n[](#a.solved)\n")
    assert book.build() == ""
    row = BeautifulSoup(book.html("list"), "html.parser").find(id="ledger-a.solved")
    assert row.a["href"] == "05_one.html#ex-x" and row.a.get_text() == "solution of exercise 5.1"
    assert "proved for every K" in row.get_text() and "14 mutants" in row.get_text() and "a.solved" in row.get_text()
    assert "Seven apples" not in book.html("list") and "Seven apples" not in book.html("two")
    assert "Title of a.own" in book.html("list")
    back = card(book).select_one(".in-ledger a")
    assert back["href"] == "list.html#ledger-a.solved" and back.get_text() == "a.solved"


def test_sources_and_errata_do_not_tell_an_answer(book):
    rows = 'S2-05 = { chapter = 5, kind = "statement", verdict = "wrong", text = "a derivative" }\n'
    asked = 'S2-06 = { chapter = 5, kind = "q", verdict = "question", text = "a task", answered_by = ["ex-x"] }\n'
    (book.source / "rows.toml").write_text(f'[chapters]\n5 = "One"\n[rows]\n{rows}{asked}')
    book.markdown("sources", "# Sources\n\n```{sources} rows.toml\n:source: S2\n```\n")
    book.markdown("errata", "# Errata\n\n```{errata} false\n:rows: rows.toml\n```\n")
    chapter(book, answers=[], lines=[{"latex": "q = 7", "reason": ""}])
    book.build()
    entries = BeautifulSoup(book.html("errata"), "html.parser").select(".erratum")
    [entry] = [one for one in entries if "a.solved" in one.get_text()]
    assert "is the solution of exercise 5.1." in entry.get_text() and "q = 7" not in entry.get_text()
    assert "-p_i" in entry.get_text(), "what is stated is told"
    assert [link["href"] for link in entry.select(".erratum-evidence a")] == ["05_one.html#ex-x"]
    row = BeautifulSoup(book.html("sources"), "html.parser").find(id="S2-05")
    assert "solution of exercise 5.1" in row.get_text() and "Seven apples" not in row.get_text()
    row = BeautifulSoup(book.html("sources"), "html.parser").find(id="S2-06")
    assert row.find("a", href="05_one.html#ex-x")


def test_formulas_of_hints_and_solutions_are_compared_as_all_others(book):
    chapter(book, STATEMENT.replace("Again.", "Again, $a = b + 1$."), words="So $c = d + 1$.")
    warnings = book.build()
    assert warnings.count("a formula in running text that nothing checks") == 2
    assert "in cell 'ex-x': a = b + 1" in warnings and "in cell 'solution-x': c = d + 1" in warnings


def test_a_page_is_read_again_when_its_solutions_changed(book):
    chapter(book)
    book.build()
    solutions = book.source / "05_one_solutions.ipynb"
    solutions.write_text(solutions.read_text().replace("is 42", "is 43"))
    assert book.build() == "" and "is 43" in book.html("05_one")


def test_what_the_page_offers_for_download_holds_no_solution(book):
    chapter(book)
    book.build()
    kept = [path for path in book.output.rglob("*.ipynb*") if ".doctrees" not in path.parts]
    assert [path.name for path in kept] == ["05_one.ipynb.txt"]
    assert "Exercise 5.1" in kept[0].read_text() and "42" not in kept[0].read_text()
    assert not (book.output / "05_one_solutions.html").exists()


@pytest.mark.parametrize("broken", ["</details>\n\n<details><summary>Second", "<details><summary>Second"])
def test_a_fold_that_does_not_end_is_refused(book, broken):
    chapter(book, STATEMENT.replace("</details>\n\n<details><summary>Second", "<details><summary>Second"))
    assert "a fold that does not end: expected </details> in a line of its own" in book.build()


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("[Exercise 5.2](#ex-x)", "'Exercise 5.2' leads to ex-x (exercise 5.1)"),
        ("[see exercise 5.2 there](#ex-x)", "leads to ex-x (exercise 5.1)"),
        ("[Figure 5.1](#ex-x)", "leads to ex-x (exercise 5.1)"),
        ("[Exercise 5.1](#a.own)", "leads to a.own (chapter 5)"),
        ("[Exercise 5.1](how.md)", "leads to how (no number)"),
        ("[chapter 6](#a.own)", "leads to a.own (chapter 5)"),
        ("[chapter 6](05_one.ipynb)", "leads to 05_one (chapter 5)"),
        ("[Exercise 5.1](#ex-x), [task](#ex-x), [chapter 5](05_one.ipynb)", None),
        ("[chapter 5](#a.own), [what chapter 9 adds](#a.own)", None),
    ],
)
def test_a_number_in_a_link_is_that_of_what_it_leads_to(book, link, problem):
    chapter(book)
    book.markdown("two", f"# Two\n\n{link}\n")
    warnings = book.build()
    if problem is None:
        assert warnings == ""
    else:
        [warning] = warnings.splitlines()
        assert "two.md:3: WARNING: a number that is another one: the link" in warning and problem in warning
    assert bool(book.build()) == bool(problem), "the next build, which reads no page again, finds it too"


def test_a_number_that_changes_is_found_on_pages_that_did_not(book):
    chapter(book)
    book.markdown("two", "# Two\n\n[Exercise 5.1](#ex-x)\n")
    assert book.build() == ""
    chapter(book, STATEMENT.replace("ex-x", "ex-y"))
    for name in ("05_one", "05_one_solutions"):
        path = book.source / f"{name}.ipynb"
        path.rename(book.source / path.name.replace("05", "06"))
        path = book.source / path.name.replace("05", "06")
        path.write_text(path.read_text().replace("05_one", "06_one").replace(" 5.1", " 6.1"))
    assert "leads to ex-x (exercise 6.1)" in book.build()


UNCOMPARED = [
    "[Ex. 5.1](#ex-x)", "[Exercises 5.1 and 5.2](#ex-x)", "exercise 5.9", "see Fig. 9.9", "Figure 5.1",
    "chapters 4 and 5", "Exercise-5.1", "ch. 4", "a *figure* and **Exercise 5.1**",
]  # fmt: skip


def test_a_number_that_nothing_compares_is_refused(book):
    chapter(book)
    cells = [text(f"n{place}", words) for place, words in enumerate(UNCOMPARED)]
    book.page("06_six", text("title", "# Six"), *cells)
    named = re.findall(r"a number that nothing compares in cell '(\w+)'", book.build())
    assert named == [cell.id for cell in cells]


def test_other_numbers_are_nobodys(book):
    chapter(book)
    words = "`Exercise 9.9`, figure skating, chapter 4, an exercise in 5.2 parts, [Exercise 5.1](#ex-x), 3 figs."
    book.page("06_six", text("title", "# Six"), text("words", words))
    assert book.build() == ""
