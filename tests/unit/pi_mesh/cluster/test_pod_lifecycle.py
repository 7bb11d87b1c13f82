"""The reason why a pod is not Ready, read from the API's objects."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from pi_mesh.cluster import pod_lifecycle
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pod_lifecycle import Startup
from tests.support.fake_client import FakeClient

PODS, EVENTS = "/api/v1/namespaces/mesh/pods", "/api/v1/namespaces/mesh/events"
LOG = "/api/v1/namespaces/mesh/pods/istiod-x/log?container=discovery&tailLines=4&previous="


def read(
    status: dict[str, Any], *events: dict[str, Any], log: dict[str, tuple[int, str]] | None = None
) -> list[Startup]:
    pod = {"metadata": {"name": "istiod-x", "namespace": "mesh", "labels": {"app": "istiod"}}, "status": status}
    client = FakeClient({PODS: {"items": [pod]}, EVENTS: {"items": list(events)}})
    client.relayed = log or {f"{LOG}{previous}": (404, "") for previous in ("false", "true")}
    return pod_lifecycle.read_startups(client, "mesh", lambda *of: of == ("mesh", {"app": "istiod"}))  # pyright: ignore[reportArgumentType]


def event(reason: str, message: str, count: int = 1, at: str = "2026-11-25T20:00:00Z") -> dict[str, Any]:
    return {
        "reason": reason,
        "message": message,
        "count": count,
        "lastTimestamp": at,
        "involvedObject": {"name": "istiod-x"},
    }


def container(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "containerStatuses": [{"name": "discovery", "image": "istio/pilot:1", "ready": False, "state": state, **more}]
    }


WAITING = {"waiting": {"reason": "ContainerCreating"}}


def test_a_ready_pod_waits_for_nothing():
    assert read({"conditions": [{"type": "Ready", "status": "True"}]}) == []


def test_a_pod_without_a_node_says_what_the_scheduler_says():
    message = "0/3 nodes are available: 3 Insufficient memory."
    (one,) = read(
        {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]}
    )
    assert (one.name, one.word, one.message) == ("pod mesh/istiod-x", "Unschedulable", message)


def test_a_pod_that_pulls_says_so():
    (one,) = read(
        container(WAITING), event("Scheduled", "assigned"), event("Pulling", "Pulling image", at="2026-11-25T20:00:01Z")
    )
    assert (one.word, one.image) == ("pulling", "istio/pilot:1")


def test_failed_pulls_are_counted_and_their_reason_is_the_last_ones():
    back_off = {"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "istio/pilot:1"'}}
    failed = event("Failed", 'Failed to pull image "istio/pilot:1": not found', count=3)
    (one,) = read(container(back_off), failed, event("Failed", "Error: ImagePullBackOff", count=9))
    assert (one.tries, one.message) == (3, failed["message"])


def test_a_container_that_died_is_quoted():
    ended = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
    status = container({"waiting": {"reason": "CrashLoopBackOff"}}, lastState=ended)
    log = {f"{LOG}false": (400, ""), f"{LOG}true": (200, "one\ntwo\n")}
    (one,) = read(status, log=log)
    assert (one.word, one.message, one.log) == ("CrashLoopBackOff", "OOMKilled, exit code 137", ("one", "two"))


def test_a_running_pod_that_is_not_ready_says_what_its_probe_says():
    (one,) = read(container({"running": {}}), event("Unhealthy", "Readiness probe failed: 503"))
    assert (one.word, one.message) == ("not Ready", "Readiness probe failed: 503")


@pytest.mark.parametrize(
    ("kind", "ingress", "waits"),
    [("LoadBalancer", [], True), ("LoadBalancer", [{"ip": "1"}], False), ("NodePort", [], False)],
)
def test_a_load_balancer_without_an_address_is_waited_for(kind, ingress, waits):
    service = {"spec": {"type": kind}, "status": {"loadBalancer": {"ingress": ingress}}}
    client = FakeClient({"/api/v1/namespaces/mesh/services/gateway": service})
    found = pod_lifecycle.without_address(client, "mesh", "gateway")  # pyright: ignore[reportArgumentType]
    assert bool(found) is waits


PODS_OF_DRAINING = "/api/v1/namespaces/istio-system/pods"


def pod(left: float | None) -> dict:
    """Return a pod with so many seconds of its grace period left; None: one that is not stopping."""
    last = datetime.now(UTC) + timedelta(seconds=left or 0)
    return {"metadata": {"name": "x", **({} if left is None else {"deletionTimestamp": last.isoformat()})}}


def pauses(*looks: list[dict]) -> int:
    """Return how often it waits when it sees these pods, one list at each look."""
    seen: list[float] = []
    answers = iter(looks)
    client = FakeClient({PODS_OF_DRAINING: lambda: {"items": next(answers)}})
    pod_lifecycle.wait_for_stopping_pods(cast(Client, client), "istio-system", 10, seen.append)
    return len(seen)


def test_it_waits_until_the_pods_are_gone():
    assert pauses([pod(25)], [pod(25)], []) == 2


@pytest.mark.parametrize(("left", "waits"), [(15.0, True), (13.0, False), (-3.0, False)])
def test_it_does_not_wait_for_pods_that_have_drained_when_kubernetes_first_looks(left, waits):
    assert pauses([pod(left)], []) == waits


def test_a_pod_that_runs_on_is_not_waited_for():
    assert pauses([pod(None)]) == 0
