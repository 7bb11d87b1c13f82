"""The pods that come up while a command runs: how long each waits for a node, its containers and its probes."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from lab.bench.timeline.spans import Span
from pi_mesh.cluster.client import Client

LOOK = 0.05
"""Seconds between two looks: the API's own times of conditions are whole seconds."""
CREATED, PLACED, RUNNING, READY = "created", "PodScheduled", "running", "Ready"
PHASES = ((CREATED, PLACED, "no node"), (PLACED, RUNNING, "sandbox, images, start"), (RUNNING, READY, "probes"))
"""Moments between which a pod is in a phase, and the phase's name."""

Moments = dict[str, float]


class Pods:
    """A look at all pods, again and again, in a thread of its own; a context manager."""

    def __init__(self, context: str) -> None:
        self._client = Client(context)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._before = {_key(pod) for pod in self._list()}
        self._moments: dict[str, Moments] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def spans(self) -> list[Span]:
        """Return the phases of each pod that was created since the first look."""
        return [span for name, moments in self._moments.items() for span in phases(name, moments)]

    def _look(self) -> None:
        while not self._ended.wait(LOOK):
            note(self._moments, (pod for pod in self._list() if _key(pod) not in self._before), time.time())

    def _list(self) -> list[dict[str, Any]]:
        return self._client.items("/api/v1/pods")


def note(moments: dict[str, Moments], pods: Iterable[Mapping[str, Any]], now: float) -> None:
    """Note which moments of which pods are past for the first time."""
    for pod in pods:
        past = moments.setdefault(f"pod {pod['metadata']['name']}", {})
        for moment in _past(pod):
            past.setdefault(moment, now)


def _past(pod: Mapping[str, Any]) -> Iterator[str]:
    yield CREATED
    status = pod.get("status", {})
    true = {one["type"] for one in status.get("conditions", ()) if one["status"] == "True"}
    yield from {PLACED, READY} & true
    states = [container.get("state", {}) for container in status.get("containerStatuses", ())]
    if states and all("running" in state for state in states):
        yield RUNNING


def phases(name: str, moments: Moments) -> Iterator[Span]:
    """Yield a pod's phases; those that had not ended are left out."""
    for begin, end, phase in PHASES:
        if begin in moments and end in moments:
            yield Span(name, phase, moments[begin], moments[end])


def _key(pod: Mapping[str, Any]) -> str:
    return pod["metadata"]["uid"]
