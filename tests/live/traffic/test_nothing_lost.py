"""Changes of the mesh that lose no request."""

import time
from collections.abc import Callable, Iterator

import pytest

from tests.live.traffic.changes import CHANGES, the_ingress_gateway_gets_more_memory_and_less_again
from tests.live.traffic.load import Tally, streams
from tests.live.traffic.shop import WAYS, open_shop
from tests.support.project import Project

AFTERMATH = 25
"""Seconds in which stopping pods drain after the change."""
ACCEPTANCE = the_ingress_gateway_gets_more_memory_and_less_again
"""The change that `make test` tries too."""
pytestmark = pytest.mark.usefixtures("shop")


@pytest.fixture(scope="module")
def shop(mesh: Project) -> Iterator[None]:  # noqa: ARG001
    """Open the shop behind the ingress gateway."""
    with open_shop():
        yield


def _case(change: Callable[[Project], None]) -> object:
    marks = () if change is ACCEPTANCE else pytest.mark.long
    return pytest.param(change, marks=marks, id=change.__name__.replace("_", " "))


@pytest.mark.parametrize("change", [_case(change) for change in CHANGES])
def test_no_request_is_lost_while(change: Callable[[Project], None], mesh, figure):
    with streams(**WAYS) as tallies:
        change(mesh)
        time.sleep(AFTERMATH)
    figure(_shown(tallies))
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}


def _shown(tallies: dict[str, Tally]) -> str:
    return "; ".join(f"{name}: {tally}" for name, tally in tallies.items())
