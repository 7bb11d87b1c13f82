"""The start of a workload's pods until they are Ready, and the end of the pods that Kubernetes deletes."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pi_mesh.cluster.client import METADATA_ONLY, Client, Refused
from pi_mesh.cluster.conditions import conditions, is_true

LAST_LINES = 4
"""Lines of the log that are kept of a container that died."""
CREATING = ("ContainerCreating", "PodInitializing")
BACK_OFF, CRASHED = ("ErrImagePull", "ImagePullBackOff"), ("CrashLoopBackOff", "Error")
NO_ADDRESS, PULLING = "no address", "pulling"
Item = Mapping[str, Any]
Events = Mapping[str, list[Item]]
"""Events of a namespace's pods, by the pod's name, the newest last."""


@dataclass(frozen=True)
class Startup:
    """The reason why one pod, or the Service before it, is not ready."""

    name: str
    """Such as "pod istio-system/istiod-5d4f-x"."""
    word: str
    """The reason as Kubernetes names it: Unschedulable, ImagePullBackOff, CrashLoopBackOff; "pulling", "not Ready"."""
    message: str = ""
    """Kubernetes' own message."""
    image: str = ""
    tries: int = 0
    """Number of failed pulls of the image."""
    log: tuple[str, ...] = ()
    """Last lines of the container that died."""
    ending: bool = False
    """True for a deleted pod: Helm undoes the release."""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, ...]:
        """Return the fields whose change is worth a line of output."""
        return (self.name, self.word, str(self.tries), str(self.ending))


def read_startups(client: Client, namespace: str, is_watched: Callable[[str, dict[str, str]], bool]) -> list[Startup]:
    """Return the pods that are not Ready, if their namespace and labels are watched. Raises ClusterUnreachable."""
    pods = client.items(f"/api/v1/namespaces/{namespace}/pods")
    watched = (pod for pod in pods if is_watched(namespace, pod["metadata"].get("labels") or {}))
    return startups(client, namespace, watched)


def startups(client: Client, namespace: str, pods: Iterable[Item]) -> list[Startup]:
    """Return those that are not Ready, of pods from the API. Raises ClusterUnreachable."""
    unready = (pod for pod in pods if "deletionTimestamp" in pod["metadata"] or not is_true(pod, "Ready"))
    waiting = [pod for pod in unready if pod.get("status", {}).get("phase") != "Succeeded"]
    events = _events(client, namespace) if waiting else {}
    return [_startup(client, pod, events.get(pod["metadata"]["name"], [])) for pod in waiting]


def without_address(client: Client, namespace: str, name: str) -> list[Startup]:
    """Return the Service of a workload where it is a LoadBalancer and has no address. Raises ClusterUnreachable."""
    service = client.get(f"/api/v1/namespaces/{namespace}/services/{name}")
    if not service or service["spec"].get("type") != "LoadBalancer":
        return []
    served = (service.get("status", {}).get("loadBalancer") or {}).get("ingress")
    return [] if served else [Startup(f"Service {namespace}/{name}", NO_ADDRESS)]


def _events(client: Client, namespace: str) -> Events:
    by_pod: dict[str, list[Item]] = {}
    try:
        items = client.items(f"/api/v1/namespaces/{namespace}/events", fieldSelector="involvedObject.kind=Pod")
    except Refused:
        return by_pod  # events only make the words better
    for item in sorted(items, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or ""):
        by_pod.setdefault(item["involvedObject"]["name"], []).append(item)
    return by_pod


def _startup(client: Client, pod: Item, events: Iterable[Item]) -> Startup:
    meta, status = pod["metadata"], pod.get("status", {})
    events, container = list(events), _waiting(status)
    state = container.get("state", {})
    ended = {**container.get("lastState", {}), **state}.get("terminated") or {}
    reason = (state.get("waiting") or state.get("terminated") or {}).get("reason") or ""
    failed = [event for event in events if event["reason"] == "Failed" and "pull" in event.get("message", "")]
    message = (state.get("waiting") or {}).get("message") or ""
    if reason in BACK_OFF and failed:
        message = failed[-1]["message"]
    if not reason or reason in CREATING:
        reason, message = _before(pod, events)
    elif reason in CRASHED and ended:
        message = f"{ended.get('reason', 'Error')}, exit code {ended.get('exitCode', '?')} {ended.get('message', '')}"
    return Startup(
        f"pod {meta['namespace']}/{meta['name']}",
        reason,
        message.strip(),
        container.get("image", ""),
        sum(event.get("count") or 1 for event in failed),
        _log(client, meta, container["name"], ended) if reason in CRASHED else (),
        "deletionTimestamp" in meta,
        meta.get("labels") or {},
    )


def _waiting(status: Item) -> Item:
    """Return the status of the container that the others wait for."""
    every = [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]
    unready = (container for container in every if not container.get("ready"))
    stuck = [container for container in unready if container["state"].get("terminated", {}).get("exitCode") != 0]
    worst = (entry for entry in stuck if entry["state"].get("waiting", {}).get("reason") not in (None, *CREATING))
    return next(worst, next(iter(stuck), {}))


def _before(pod: Item, events: list[Item]) -> tuple[str, str]:
    """Return the state of a pod whose containers say nothing: it waits for a node, pulls, or is not Ready yet."""
    scheduled = conditions(pod).get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return scheduled.get("reason", "Unschedulable"), scheduled.get("message", "")
    last = events[-1] if events else {}
    if last.get("reason") == "Pulling":
        return PULLING, last.get("message", "")
    if last.get("reason", "").startswith("Failed"):
        return last["reason"], last.get("message", "")
    containers = pod.get("status", {}).get("containerStatuses", [])
    running = any("running" in container.get("state", {}) for container in containers)
    return ("not Ready", last.get("message", "")) if running else ("starting", "")


def _log(client: Client, meta: Item, container: str, ended: Item) -> tuple[str, ...]:
    """Return the last lines of a container that died; none where they are gone, or may not be read."""
    if not ended:
        return ()
    path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/log"
    for previous in ("false", "true"):
        status, text, _ = client.relay(f"{path}?container={container}&tailLines={LAST_LINES}&previous={previous}", 5)
        if status == 200 and text.strip():
            return tuple(line.strip() for line in text.splitlines() if line.strip())
    return ()


# Kubernetes' namespace controller looks 5 s after a deletion, once more 5 s later, and then pauses for half of the
# longest grace period of the pods that it saw (pkg/controller/namespace/namespace_controller.go): with gateways that
# drain for 20 s, a namespace that is deleted at once is gone after 26 s.
FIRST_LOOK = 5.0
"""Seconds from a namespace's deletion until the controller first looks (namespaceDeletionGracePeriod)."""
LOOK_MARGIN, LOOK_PAUSE = 1.0, 0.5


def wait_for_stopping_pods(
    client: Client, namespace: str, spare: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until the stopping pods are gone, or will be when the controller looks.

    `spare`: seconds of their grace period that pods have left when they have drained. It ends by itself: each pod has
    a last moment. A clock that differs from the API server's costs some seconds and nothing else.
    """
    soon = timedelta(seconds=spare + FIRST_LOOK - LOOK_MARGIN)
    while True:
        items = client.items(f"/api/v1/namespaces/{namespace}/pods", METADATA_ONLY)
        ends = filter(None, (item["metadata"].get("deletionTimestamp") for item in items))
        if all(datetime.fromisoformat(end) - datetime.now(UTC) <= soon for end in ends):
            return
        sleep(LOOK_PAUSE)
