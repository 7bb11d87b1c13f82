"""The wait for stopping pods before their namespace is deleted."""

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from pi_mesh.cluster import draining
from pi_mesh.cluster.client import Client
from tests.support.fake_client import FakeClient

PODS = "/api/v1/namespaces/istio-system/pods"


def pod(left: float | None) -> dict:
    """Return a pod with so many seconds of its grace period left; None: one that is not stopping."""
    last = datetime.now(UTC) + timedelta(seconds=left or 0)
    return {"metadata": {"name": "x", **({} if left is None else {"deletionTimestamp": last.isoformat()})}}


def pauses(*looks: list[dict]) -> int:
    """Return how often it waits when it sees these pods, one list at each look."""
    seen: list[float] = []
    answers = iter(looks)
    client = FakeClient({PODS: lambda: {"items": next(answers)}})
    draining.wait(cast(Client, client), "istio-system", 10, seen.append)
    return len(seen)


def test_it_waits_until_the_pods_are_gone():
    assert pauses([pod(25)], [pod(25)], []) == 2


@pytest.mark.parametrize(("left", "waits"), [(15.0, True), (13.0, False), (-3.0, False)])
def test_it_does_not_wait_for_pods_that_have_drained_when_kubernetes_first_looks(left, waits):
    assert pauses([pod(left)], []) == waits


def test_a_pod_that_runs_on_is_not_waited_for():
    assert pauses([pod(None)]) == 0
