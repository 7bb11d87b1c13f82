"""Workloads whose pods a rollout can replace."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.pods import Pod

PATHS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments/{}",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets/{}",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets/{}",
}
REPLICA_SET = "/apis/apps/v1/namespaces/{}/replicasets/{}"


@dataclass(frozen=True)
class Workload:
    """A Deployment, StatefulSet or DaemonSet from the API."""

    kind: str
    namespace: str
    name: str
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    generation: int = 0

    @property
    def path(self) -> str:
        return PATHS[self.kind].format(self.namespace, self.name)

    @property
    def replicas(self) -> int:
        """Return the wanted number of pods."""
        if self.kind == "DaemonSet":
            return self.status.get("desiredNumberScheduled", 0)
        return self.spec.get("replicas", 1)

    @property
    def labels(self) -> Mapping[str, str]:
        """Return the labels of the workload's pods."""
        return self.spec["template"].get("metadata", {}).get("labels") or {}

    @property
    def is_rolled_out(self) -> bool:
        """Return True if all pods come from the current template and are ready, as `kubectl rollout status` judges."""
        status = self.status
        if status.get("observedGeneration", 0) < self.generation:
            return False
        if self.kind == "DaemonSet":
            counts = (status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0))
        else:
            counts = (status.get("updatedReplicas", 0), status.get("availableReplicas", 0), status.get("replicas", 0))
        return all(count == self.replicas for count in counts)

    @property
    def unavailable(self) -> int:
        """Return how many pods a rollout removes at once before their successors are ready."""
        strategy = self.spec.get("strategy" if self.kind == "Deployment" else "updateStrategy") or {}
        if strategy.get("type") == "Recreate":
            return self.replicas
        rolling = strategy.get("rollingUpdate") or {}
        default = "25%" if self.kind == "Deployment" else 1
        most = _amount(rolling.get("maxUnavailable", default), self.replicas, up=self.kind != "Deployment")
        surge = _amount(rolling.get("maxSurge", "25%" if self.kind == "Deployment" else 0), self.replicas, up=True)
        # Kubernetes removes one pod if both round to zero, because no rollout would begin otherwise.
        return most if most or surge else min(1, self.replicas)

    @property
    def refusal(self) -> str:
        """Return the reason why a rollout would not replace the pods; empty if it would."""
        if self.spec.get("paused"):
            return "is paused (spec.paused)"
        if (self.spec.get("updateStrategy") or {}).get("type") == "OnDelete":
            return "has the update strategy OnDelete: its pods are replaced only when someone deletes them"
        return ""


def of_pod(client: Client, pod: Pod) -> Workload | str:
    """Return the workload that owns a pod, or the reason why a rollout cannot replace the pod."""
    kind, _, name = pod.owner.partition("/")
    if kind == "ReplicaSet":
        found = client.get(REPLICA_SET.format(pod.namespace, name)) or {}
        owners = [entry for entry in found.get("metadata", {}).get("ownerReferences", []) if entry.get("controller")]
        if not owners:
            return f"belongs to ReplicaSet {name}, which has no rollout"
        kind, name = owners[0]["kind"], owners[0]["name"]
    if not kind:
        return "has no controller, so nothing would replace it"
    if kind not in PATHS:
        return f"belongs to {kind} {name}, which has no rollout"
    return read(client, kind, pod.namespace, name) or f"belongs to {kind} {name}, which does not exist"


def read(client: Client, kind: str, namespace: str, name: str) -> Workload | None:
    """Return the workload as it is now; None if it does not exist."""
    found = client.get(PATHS[kind].format(namespace, name))
    if not found:
        return None
    status, generation = found.get("status") or {}, found["metadata"].get("generation", 0)
    return Workload(kind, namespace, name, found["spec"], status, generation)


def _amount(value: int | str, of: int, *, up: bool) -> int:
    """Return a number or a percentage of pods, rounded as Kubernetes does."""
    if isinstance(value, int):
        return value
    percent = int(value.rstrip("%")) * of
    return -(-percent // 100) if up else percent // 100
