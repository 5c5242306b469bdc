"""Shared by all tests: what they count stands in the summary of every run; and time for what is searched for."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

# The same examples at every run, and no example may fail by taking long: on a busy machine each of them can.
settings.register_profile("book", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")


@pytest.fixture
def patient(monkeypatch):
    """What is found does not hang on how fast this machine is: tests of what is told give the search its time."""
    from rnnlib.claims.answers import diagnosis

    monkeypatch.setattr(diagnosis, "SECONDS", 20 * diagnosis.SECONDS)


def pytest_terminal_summary(terminalreporter):
    """Add up, over the cases of each test, what it recorded with `record_property`, and print one line a test."""
    totals = {}
    for report in terminalreporter.getreports("passed"):
        if report.when == "call" and report.user_properties:
            test = report.nodeid.rpartition("::")[2].partition("[")[0]
            totals.setdefault(test, Counter()).update(dict(report.user_properties))
    for test, counts in totals.items():
        terminalreporter.write_line(f"{test}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
