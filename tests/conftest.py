"""The options of pytest's command line, and the table of faults, for all tests."""

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.reliability.plugin import PROPERTY, ReliabilityTable


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", action="store_true", help="write what the live tests see into docs/live.md")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "row(number): the row of the table of faults that the test stands for")
    config.pluginmanager.register(ReliabilityTable())


class OneHasTheCluster(LoadScopeScheduling):
    """The distribution of tests to processes side by side: one process gets all that need the local cluster."""

    def _split_scope(self, nodeid: str) -> str:
        """Return what goes to one process as a whole: the tests of the local cluster, or those of a file."""
        file = nodeid.partition("::")[0]
        return "the local cluster" if file.startswith("tests/live/") and "/alone/" not in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneHasTheCluster:
    return OneHasTheCluster(config, log)


@pytest.fixture
def told(record_property):
    """Return `told(status, line, recovery)`, which records a fault's message and its remedy for docs/reliability.md."""

    def note(status: int, line: str, recovery: str = "") -> None:
        helps = f" Helps: {recovery}." if recovery else ""
        record_property(PROPERTY, f"Status {status}: {line.strip()}{helps}")

    return note
