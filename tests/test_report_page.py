"""The examples on the page about reporting errors print what the page says they print."""

import io
import re
from contextlib import redirect_stdout

import pytest

from book_builder.execution import ROOT
from rnnlib.claims import ClaimError

PAGE = ROOT / "book" / "report_an_error.md"
EXAMPLE = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)\n```", re.DOTALL)


@pytest.fixture(scope="module")
def names():
    """The examples share their names, as the cells of a notebook do."""
    return {}


@pytest.mark.parametrize(("code", "printed"), EXAMPLE.findall(PAGE.read_text()))
def test_example_prints_what_the_page_says(code, printed, names):
    output = io.StringIO()
    with redirect_stdout(output):
        try:
            exec(code, names)
        except ClaimError as error:
            print(f"{type(error).__name__}: {error}")
    assert output.getvalue().strip() == printed


def test_every_code_block_is_an_example():
    assert PAGE.read_text().count("```python") == len(EXAMPLE.findall(PAGE.read_text())) >= 4
