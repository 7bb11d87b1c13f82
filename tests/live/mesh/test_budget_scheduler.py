"""The budget is true: what it says still fits is what the real scheduler accepts, pod for pod."""

from collections.abc import Callable

import pytest

from lab.cluster.environment import variables
from lab.cluster.names import CONTEXT
from pi_mesh.budget.fit import fitting
from pi_mesh.budget.mesh import of
from pi_mesh.checks.capacity import rooms
from pi_mesh.cluster import snapshot
from pi_mesh.quantities import Resources
from tests.support.factories import make_mesh
from tests.support.nodes import cordoned
from tests.support.probes import accepted

TOO_MANY = 2
"""Pods beyond the prediction: they must stay Pending, and no other."""


SIDECAR = of(make_mesh()).sidecar.requests
TRADING = of(make_mesh()).trading.requests
BUSY = Resources(700, 2**24)
"""Pods that run out of CPU first, where sidecars run out of memory."""


@pytest.fixture
def predicted(monkeypatch) -> Callable[[Resources], int]:
    """Return a function that gives the budget's number of pods on the live nodes."""
    for name, value in variables().items():
        monkeypatch.setenv(name, value)

    def count(one: Resources) -> int:
        seen = snapshot.read(CONTEXT)
        return fitting(rooms(seen.nodes, seen.pods), one)

    return count


@pytest.mark.parametrize("one", [SIDECAR, BUSY, TRADING], ids=["sidecars", "busy pods", "trading workloads"])
def test_as_many_pods_fit_as_the_budget_says(one, predicted, figure):
    count = predicted(one)
    assert count > 0
    assert accepted(one, count + TOO_MANY) == count
    figure(f"{count} of {one} predicted and accepted, {TOO_MANY} more left Pending")


def test_a_cordoned_node_counts_no_more(predicted, figure):
    before = predicted(SIDECAR)
    with cordoned("pi-2"):
        count = predicted(SIDECAR)
        assert 0 < count < before
        assert accepted(SIDECAR, count + TOO_MANY) == count
    figure(f"{before} sidecars on three nodes; {count} predicted and accepted on two, {TOO_MANY} more left Pending")
