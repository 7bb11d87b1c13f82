"""The reason why a pod is not Ready, read from the API's objects; the wait for pods that stop."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pi_mesh.cluster import pod_lifecycle
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table

PODS, EVENTS = "/api/v1/namespaces/mesh/pods", "/api/v1/namespaces/mesh/events"
LOG = f"{PODS}/istiod-x/log?container=discovery&tailLines=4&previous="
NO_NODE = "0/3 nodes are available: 3 Insufficient memory."
UNSCHEDULABLE = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": NO_NODE}


def read(status: dict[str, Any], *events: dict[str, Any], **log: tuple[int, str]) -> list[tuple]:
    """Return name, word and message, with image, tries and log of each pod that is not Ready."""
    pod = {"metadata": {"name": "istiod-x", "namespace": "mesh", "labels": {"app": "istiod"}}, "status": status}
    client = FakeClient({PODS: {"items": [pod]}, EVENTS: {"items": list(events)}})
    client.relayed = {f"{LOG}{previous}": log.get(previous, (404, "")) for previous in ("false", "true")}
    startups = pod_lifecycle.read_startups(client, "mesh", lambda *of: of == ("mesh", {"app": "istiod"}))  # pyright: ignore
    return [(pod.name, pod.word, pod.message, pod.image, pod.tries, pod.log) for pod in startups]


def event(reason: str, message: str, count: int = 1, second: int = 0) -> dict[str, Any]:
    at = {"lastTimestamp": f"2026-11-25T20:00:0{second}Z", "involvedObject": {"name": "istiod-x"}}
    return {"reason": reason, "message": message, "count": count, **at}


def container(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    status = {"name": "discovery", "image": "istio/pilot:1", "ready": False, "state": state, **more}
    return {"containerStatuses": [status]}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason, "message": message}}


def test_a_ready_pod_waits_for_nothing():
    assert read({"conditions": [{"type": "Ready", "status": "True"}]}) == []


PULLING = (event("Scheduled", "assigned"), event("Pulling", "Pulling image", second=1))
UNHEALTHY = event("Unhealthy", "Readiness probe failed: 503")


@table(
    case("no node", {"conditions": [UNSCHEDULABLE]}, (), "Unschedulable", NO_NODE),
    case("it pulls", container(waiting("ContainerCreating")), PULLING, "pulling", "Pulling image"),
    case("its probe fails", container({"running": {}}), (UNHEALTHY,), "not Ready", "Readiness probe failed: 503"),
)
def test_a_pod_that_is_not_ready_says_why(status, events, word, message):
    ((name, *why, image, _, _),) = read(status, *events)
    assert (name, why) == ("pod mesh/istiod-x", [word, message])
    assert image == ("istio/pilot:1" if events else "")


def test_failed_pulls_are_counted_and_their_reason_is_the_last_ones():
    failed = event("Failed", 'Failed to pull image "istio/pilot:1": not found', count=3)
    again = event("Failed", "Error: ImagePullBackOff", count=9)
    back_off = waiting("ImagePullBackOff", 'Back-off pulling image "istio/pilot:1"')
    ((_, _, message, _, tries, _),) = read(container(back_off), failed, again)
    assert (tries, message) == (3, failed["message"])


def test_a_container_that_died_is_quoted():
    status = container(waiting("CrashLoopBackOff"), lastState={"terminated": {"reason": "OOMKilled", "exitCode": 137}})
    ((_, word, message, *_, log),) = read(status, false=(400, ""), true=(200, "one\ntwo\n"))
    assert (word, message, log) == ("CrashLoopBackOff", "OOMKilled, exit code 137", ("one", "two"))


@table(("LoadBalancer", [], True), ("LoadBalancer", [{"ip": "1"}], False), ("NodePort", [], False))
def test_a_load_balancer_without_an_address_is_waited_for(kind, ingress, waits):
    service = {"spec": {"type": kind}, "status": {"loadBalancer": {"ingress": ingress}}}
    client = FakeClient({"/api/v1/namespaces/mesh/services/gateway": service})
    assert bool(pod_lifecycle.without_address(client, "mesh", "gateway")) is waits  # pyright: ignore


@table(
    case("it waits until the pods are gone", [[25.0], [25.0], []], 2),
    ([[15.0], []], 1),
    case("not for pods that have drained when Kubernetes first looks", [[13.0], []], 0),
    ([[-3.0], []], 0),
    case("a pod that runs on is not waited for", [[None]], 0),
)
def test_stopping_pods_are_waited_for(looks, pauses):
    def pod(left: float | None) -> dict:
        last = datetime.now(UTC) + timedelta(seconds=left or 0)
        return {"metadata": {"name": "x", **({} if left is None else {"deletionTimestamp": last.isoformat()})}}

    answers, slept = iter(looks), []
    client = FakeClient({PODS: lambda: {"items": [pod(left) for left in next(answers)]}})
    pod_lifecycle.wait_for_stopping_pods(client, "mesh", 10, slept.append)  # pyright: ignore
    assert len(slept) == pauses
