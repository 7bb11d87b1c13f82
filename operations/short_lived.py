"""Workloads that an operation runs in the cluster for some seconds.

Each is a Job that the cluster itself stops after a deadline and then removes, even if this process dies:
`activeDeadlineSeconds` and `ttlSecondsAfterFinished`. A process that ends normally removes its Job at once, and the
next run removes Jobs that an older cluster, or a paused controller, has kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pi_mesh.cluster import pods
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import Pod
from pi_mesh.names import OWNER_ANNOTATION, SHORT_LIVED_LABEL, owner
from pi_mesh.waiting import until

DEADLINE, TTL, GRACE = 75, 5, 5
"""Seconds until the cluster stops a Job, until it removes the stopped Job, and for the pod to stop: 120 s at most."""
PAUSE = 0.3
JOBS = "/apis/batch/v1/{}jobs"


@dataclass(frozen=True)
class ShortLived:
    namespace: str
    purpose: str
    """Prefix of the Job's name, and value of its label."""
    stack: str
    containers: tuple[Mapping[str, Any], ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Labels and annotations of the Job's pod."""
    pod: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the pod's spec, such as its node."""

    def job(self) -> dict[str, Any]:
        labels = {SHORT_LIVED_LABEL: self.purpose}
        mark = {OWNER_ANNOTATION: owner(self.stack)}
        spec = {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": GRACE,
            "automountServiceAccountToken": False,
            "containers": [dict(container) for container in self.containers],
            **self.pod,
        }
        marks = {"labels": {**labels, **self.labels}, "annotations": {**mark, **self.annotations}}
        ends = {"backoffLimit": 0, "activeDeadlineSeconds": DEADLINE, "ttlSecondsAfterFinished": TTL}
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"generateName": f"{self.purpose}-", "labels": labels, "annotations": mark},
            "spec": {**ends, "template": {"metadata": marks, "spec": spec}},
        }


def rights_of(user: int, *capabilities: str, **further: bool) -> dict[str, Any]:
    """Return the rights of a container that runs as a user, with these capabilities of the kernel alone."""
    identity = {"runAsUser": user, "runAsGroup": user, "runAsNonRoot": user != 0, **further}
    added = {"add": [*capabilities]} if capabilities else {}
    return {**identity, "allowPrivilegeEscalation": False, "capabilities": {**added, "drop": ["ALL"]}}


class NotReadyError(Exception):
    """The pod did not become Ready in time; the text names what it waited for."""


def start(client: Client, workload: ShortLived) -> Mapping[str, Any]:
    """Create the Job and return its metadata. Raises as `Client` does."""
    return client.create(_jobs(workload.namespace), workload.job())["metadata"]


def ready(client: Client, namespace: str, job: str, seconds: float) -> Pod:
    """Return the pod of a Job when it is Ready. Raises NotReadyError where it is not within `seconds`."""
    path = f"/api/v1/namespaces/{namespace}/pods"
    reason = "its pod was not created: a quota may be full"

    def ready_pod() -> Pod | None:
        nonlocal reason
        for pod in map(pods.parse, client.items(path, labelSelector=f"job-name={job}")):
            if pod.ready:
                return pod
            reason = f"pod {pod.name} is {pod.phase}" + ("" if pod.node else ", no node has room for it")
        return None

    if pod := until(ready_pod, seconds, PAUSE):
        return pod
    raise NotReadyError(f"{reason} after {seconds:.0f} s")


def prolong(client: Client, namespace: str, job: str, lived: float) -> None:
    """Move the deadline of a Job that has lived for so many seconds to the usual time from now.

    The Job controller follows a changed deadline (kubernetes/kubernetes, pkg/controller/job: updateJob). A command that
    is killed no longer moves it.
    """
    client.patch(f"{_jobs(namespace)}/{job}", {"spec": {"activeDeadlineSeconds": int(lived) + DEADLINE}})


def stop(client: Client, namespace: str, job: str) -> None:
    """Remove a Job with its pod."""
    client.delete(f"{_jobs(namespace)}/{job}")


def sweep(client: Client) -> int:
    """Remove this program's Jobs that are past their deadline by the API server's clock, and return their number."""
    jobs = client.items(_jobs(""), labelSelector=SHORT_LIVED_LABEL)
    old = [job["metadata"] for job in jobs if _end(job) < client.now()]
    for meta in old:
        client.delete(f"{_jobs(meta['namespace'])}/{meta['name']}")
    return len(old)


def _end(job: Mapping[str, Any]) -> datetime:
    """Return the time at which the cluster should have removed a Job by itself."""
    created = datetime.fromisoformat(job["metadata"]["creationTimestamp"])
    return created + timedelta(seconds=job["spec"].get("activeDeadlineSeconds", DEADLINE) + TTL + GRACE)


def _jobs(namespace: str) -> str:
    return JOBS.format(f"namespaces/{namespace}/" if namespace else "")
