"""Shared by all tests: what they count stands in the summary of every run."""

from collections import Counter


def pytest_terminal_summary(terminalreporter):
    """Add up, over the cases of each test, what it recorded with `record_property`, and print one line a test."""
    totals = {}
    for report in terminalreporter.getreports("passed"):
        if report.when == "call" and report.user_properties:
            test = report.nodeid.rpartition("::")[2].partition("[")[0]
            totals.setdefault(test, Counter()).update(dict(report.user_properties))
    for test, counts in totals.items():
        terminalreporter.write_line(f"{test}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
