"""The options of pytest's command line, a lab for each process, and the table of faults, for all tests."""

import os

import pytest

if (worker := os.environ.get("PYTEST_XDIST_WORKER", "gw0")) != "gw0":
    os.environ["PI_MESH_LAB"] = f".lab-{worker}"  # before anything imports the lab's names

from tests.support.reliability.plugin import PROPERTY, ReliabilityTable


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", action="store_true", help="write what the live tests see into docs/figures/live.md")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "row(number): the row of the table of faults that the test stands for")
    config.pluginmanager.register(ReliabilityTable())


@pytest.fixture
def told(record_property):
    """Return `told(status, line, recovery)`, which records a fault's message and remedy for the page reliability.md."""

    def note(status: int, line: str, recovery: str = "") -> None:
        helps = f" Helps: {recovery}." if recovery else ""
        record_property(PROPERTY, f"Status {status}: {line.strip()}{helps}")

    return note
