"""Every exercise that is judged: it stands on its chapter's page, and students' answers to it get what they deserve.

The answers, of every exercise and each kind, are in `student_answers.toml`.
"""

import ast
import re
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import pytest

from book_builder.execution import notebooks
from exercises import CHAPTERS, VALUES, check, claim, ids
from rnnlib.claims.answers.diagnosis import sight
from rnnlib.claims.answers.evasions import names_allowed
from rnnlib.claims.answers.slips import edits
from rnnlib.claims.claim import FALSE
from rnnlib.claims.language import names_in, parse, text_of

FILE = Path(__file__).parent / "student_answers.toml"
ANSWERS = tomllib.loads(FILE.read_text(encoding="utf-8"))
KINDS = ("right", "wrong", "diagnosed", "evasion")
# Sentences of Python, of the engine to authors, and signs that no message to a student may hold.
STRANGE = ("declare", "unterminated", "unexpected", "invalid syntax", "NoneType", "Traceback", "Σ Σ")


def exercises_of(chapter):
    """The ids of a chapter's exercises."""
    return [id for id in ids() if CHAPTERS[id.partition(".")[0]] == chapter]


@pytest.fixture(scope="module", params=dict.fromkeys(CHAPTERS[id.partition(".")[0]] for id in ids()))
def chapter(request):
    """The name of a module of exercises; all tests of one run together, so that its claims are made once."""
    return request.param


def verdicts(chapter, kind):
    """The answers of one kind to a chapter's exercises, each with what it is told."""
    found = [entry for entry in ANSWERS[kind] if entry["id"] in exercises_of(chapter)]
    return [(entry, check(entry["id"], entry["answer"])) for entry in found]


def told(found):
    return "\n".join(f"{entry['id']}: {entry['answer']} -> {verdict}" for entry, verdict in found)


def require_plain(found):
    for entry, verdict in found:
        assert "\n" not in verdict.message
        assert not verdict.message.endswith(("..", "?.", "!."))
        assert not any(word in verdict.message for word in STRANGE), told([(entry, verdict)])


def without_answers(known):
    """A sentence for each exercise and kind of which there is no answer to try."""
    tried = {(entry["id"], kind) for kind in KINDS for entry in ANSWERS[kind]}
    return [
        f"no [[{kind}]] answer to `{id}` is tried: add one to tests/{FILE.name}, whose head says what that is"
        for id in known for kind in KINDS if (id, kind) not in tried
    ]  # fmt: skip


def test_each_exercise_has_answers_of_each_kind_and_no_answer_lost_its_exercise():
    assert not (missing := without_answers(ids())), "\n".join(missing)
    gone = {entry["id"] for kind in ANSWERS for entry in ANSWERS[kind]} - set(ids())
    assert not gone, f"no exercise asks for {', '.join(sorted(gone))}: take its answers out of tests/{FILE.name}"
    assert set(ANSWERS) == set(KINDS)


def test_an_exercise_without_answers_is_told_where_to_add_them():
    found = without_answers(["bptt.bias", "gru.new"])
    assert len(found) == len(KINDS)
    assert found[0].startswith("no [[right]] answer to `gru.new` is tried: add one to tests/student_answers.toml, ")


def test_each_exercise_stands_on_the_page_of_its_chapter(chapter):
    """`check` asks for it; or `claim` shows it, where the page itself derives what readers may try as well."""
    [page] = [path for path in notebooks() if path.name.startswith(chapter.removeprefix("chapter") + "_")]
    on_page = set()
    for cell in nbformat.read(page, as_version=4).cells:
        if cell.cell_type == "code" and re.search(r"\b(check|claim)\(", cell.source):
            calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
            calls = [call for call in calls if getattr(call.func, "id", "") in ("check", "claim")]
            on_page |= {ast.literal_eval(call.args[0]) for call in calls}
    known = set(exercises_of(chapter))
    assert known, f"notebooks/exercises/{chapter}.py has no entry"
    assert not known - on_page, f"{page.name} asks for none of these: use `check`, or take the entry out"


def test_each_listed_mistake_gets_its_diagnosis(chapter):
    for id in exercises_of(chapter):
        # A mistake with a left side of its own says something else than the exercise asks for.
        wrong = [m.mistake for m in claim(id).mistakes if m.mistake.kind == FALSE and " = " not in m.mistake.statement]
        assert len(wrong) >= 2, f"{id}: name two mistakes at least"
        for mistake in wrong:
            verdict = check(id, mistake.statement)
            assert verdict.status == "wrong" and mistake.wrong in verdict.message, f"{id}: {mistake.statement}"


def test_right_answers_are_recognised_in_every_form(chapter, record_property):
    found = verdicts(chapter, "right")
    require_plain(found)
    refused = [(e, v) for e, v in found if v.status != "right"]
    record_property("right accepted", len(found) - len(refused))
    assert not [(e, v) for e, v in refused if e["readable"]], told(refused)
    assert all(v.status == "unreadable" for _, v in refused), told(refused)  # never called wrong


@pytest.mark.usefixtures("patient")
def test_wrong_answers_are_refused_and_most_slips_are_named(chapter, record_property):
    found = verdicts(chapter, "wrong")
    require_plain(found)
    assert not [v for _, v in found if v.status == "right"], told(f for f in found if f[1].status == "right")
    specific = [v for _, v in found if v.status == "wrong" and not v.message.startswith("Not right")]
    shapes = [v for _, v in found if v.status == "unreadable"]
    record_property("wrong refused", len(found))
    record_property("specific diagnoses", len(specific))
    record_property("told by their shape or a name", len(shapes))
    assert len(specific) >= 0.79 * len(found), f"{len(specific)} of {len(found)}"
    assert len(specific) + len(shapes) >= 0.9 * len(found), f"{len(specific)} and {len(shapes)} of {len(found)}"
    for _, verdict in found:
        if ": the right value is " in verdict.message:
            values = verdict.message.partition(": the right value is ")[2]
            right, _, yours = values.partition(" and your formula gives ")
            assert right != yours.removesuffix("."), verdict


@pytest.mark.usefixtures("patient")
def test_a_wrong_answer_gets_the_words_of_its_diagnosis(chapter):
    found = verdicts(chapter, "diagnosed")
    require_plain(found)
    others = [(e, v) for e, v in found if v.status == "right" or e["told"] not in v.message]
    assert not others, told(others)


def test_the_question_handed_back_is_no_answer(chapter, record_property):
    found = verdicts(chapter, "evasion")
    record_property("evasions refused", sum(v.status == "unreadable" for _, v in found))
    for entry, verdict in found:
        assert verdict.status == "unreadable", told([(entry, verdict)])
        assert "; work it out" in verdict.message or "quantity on the way" in verdict.message


@pytest.mark.usefixtures("patient")
def test_every_slip_of_the_right_formula_is_refused_and_most_are_named(chapter):
    for id in exercises_of(chapter):
        asked = claim(id)
        made = {text_of(edit.tree) for edit in edits(asked.statement.right, asked.given)}
        chosen = np.random.default_rng(3).choice(sorted(made), min(12, len(made)), replace=False)
        found = [(text, check(id, text)) for text in chosen]
        assert all(isinstance(v.message, str) and "\n" not in v.message for _, v in found)
        wrong = [v for _, v in found if v.status == "wrong"]
        assert sum(v.message.startswith("Not right") for v in wrong) <= 0.25 * len(wrong), f"{id}: {wrong}"
        look = sight(asked)
        for text, verdict in found:
            if verdict.status == "right":  # the edit changed nothing
                assert look.same(parse(text), look.truth), f"{id}: {text}"


def test_each_exercise_lists_names_that_its_answer_can_do_with(chapter):
    for id in exercises_of(chapter):
        asked = claim(id)
        missing = {n for n in names_in(asked.statement.right) if n in asked.given.clauses} - set(names_allowed(asked))
        assert missing <= {"L"}, f"{id}: {missing}"  # under a derivative that the right side has


def test_a_number_or_a_set_of_names_is_judged():
    check("word.mississippi-ceiling", ...)  # imports the module
    assert len(VALUES) >= 5
    for id, value in VALUES.items():
        assert check(id, ...).status == check(id, "...").status == "unanswered"
        assert check(id, value.right).status == "right"
        for wrong, words in value.known:
            verdict = check(id, wrong)
            assert (verdict.status, verdict.message) == ("wrong", words), f"{id}: {wrong}"
        other, odd = ({"b_q"}, 2.0) if isinstance(value.right, set) else (value.right * 77.7, "seven")
        assert check(id, other).message == "Not right yet."
        unreadable = check(id, odd)
        assert unreadable.status == "unreadable" and "; found " in unreadable.message
    assert check("word.mississippi-ceiling", 13.9).status == "right", "three digits are enough"
    assert (
        check("word.mississippi-ceiling", 13.7).status
        == check("word.mississippi-ceiling", float("nan")).status
        == "wrong"
    )
