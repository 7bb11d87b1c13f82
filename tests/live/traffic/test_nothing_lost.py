"""Nothing lost while the mesh changes."""

import time
from collections.abc import Callable, Iterator

import pytest

from lab.calls import settled, status
from lab.workloads import apply, delete, wait_for
from tests.live.traffic import cast
from tests.live.traffic.changes import CHANGES
from tests.live.traffic.load import Tally, streams
from tests.live.traffic.rules import rules
from tests.live.traffic.shop import ALL, OBJECTS, SERVICE, VISITOR, WAYS
from tests.support.project import Project

AFTERMATH = 25
"""Seconds: pods that were told to stop drain on when the change is done."""
pytestmark = [pytest.mark.long, pytest.mark.usefixtures("shop")]


@pytest.fixture(scope="module")
def shop(mesh: None) -> Iterator[None]:  # noqa: ARG001
    """The shop, open behind the ingress gateway."""
    apply(OBJECTS)
    try:
        with rules(**cast.front_door(SERVICE)):
            wait_for(*ALL)
            assert settled(lambda: status(VISITOR, cast.INGRESS_URL), 200) == 200
            yield
    finally:
        delete(OBJECTS)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.replace("_", " "))
def test_no_request_is_lost_while(change: Callable[[Project], None], project, figure):
    with streams(**WAYS) as tallies:
        change(project)
        time.sleep(AFTERMATH)
    figure(_shown(tallies))
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}


def _shown(tallies: dict[str, Tally]) -> str:
    return "; ".join(f"{name}: {tally}" for name, tally in tallies.items())
