"""A pytest plugin that collects the results of the table's rows, and writes the document with `--figures`."""

import re
from pathlib import Path

import pytest

from tests.support.reliability import table
from tests.support.reliability.table import Result

DOCUMENT = Path(__file__).parents[3] / "docs" / "figures" / "reliability.md"
PROPERTY = "seen"


class ReliabilityTable:
    """The table of reliability, as a pytest plugin."""

    def __init__(self) -> None:
        self._results: list[Result] = []
        self._known: list[Result] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Hand each test's rows to its report, and note every test of a row before any is deselected."""
        for item in items:
            rows = [marker.args[0] for marker in item.iter_markers("row")]
            item.user_properties += [("row", row) for row in rows]
            self._known += [Result(row, _name(item.nodeid), "unrecorded", "") for row in rows]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            seen = " ".join(str(value) for name, value in report.user_properties if name == PROPERTY)
            rows = [str(value) for name, value in report.user_properties if name == "row"]
            self._results += [Result(int(row), _name(report.nodeid), report.outcome, _plain(seen)) for row in rows]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if session.config.getoption("--figures") and self._results:
            recorded = table.merged([*self._known, *table.read(DOCUMENT)], _worst_first(self._results))
            table.write(DOCUMENT, recorded)


def _name(nodeid: str) -> str:
    """Return file and function below tests/; the parameters of a test share a line."""
    return nodeid.partition("[")[0].removeprefix("tests/")


def _worst_first(results: list[Result]) -> list[Result]:
    """Sort passed results first: of a test with parameters the last result counts, so that all of them must pass."""
    return sorted(results, key=lambda result: result.outcome == "failed")


def _plain(text: str) -> str:
    """Return a text on one line, without this machine's paths, addresses and momentary numbers."""
    text = re.sub(r"(file://)?(/[\w.+-]+){2,}/?", "...", text.replace("|", "/"))
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    return re.sub(r"\s+", " ", text).strip()
