"""Workloads whose pods a rollout can replace, their PodDisruptionBudgets, and workloads that belong to others."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pi_mesh.cluster import pods
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.conditions import is_true
from pi_mesh.cluster.objects import release_of
from pi_mesh.cluster.pods import Pod
from pi_mesh.names import SHORT_LIVED_LABEL
from pi_mesh.selectors import label_selector_matches

CONTROLLERS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
}
"""Paths of the controllers that a person makes."""
PATHS = {kind: f"{CONTROLLERS[kind]}/{{}}" for kind in ("Deployment", "StatefulSet", "DaemonSet")}
"""Paths of one of those whose pods a rollout replaces."""
REPLICA_SET = "/apis/apps/v1/namespaces/{}/replicasets/{}"
TEMPLATES = {"ReplicaSet": REPLICA_SET, "StatefulSet": PATHS["StatefulSet"], "DaemonSet": PATHS["DaemonSet"]}
"""Paths of one of those that create pods from their template."""


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


def owning_workload(client: Client, pod: Pod) -> Workload | str:
    """Return the workload that owns a pod, or the reason why a rollout cannot replace the pod."""
    kind, _, name = pod.owner.partition("/")
    if kind == "ReplicaSet":
        replica_set = client.get(REPLICA_SET.format(pod.namespace, name)) or {}
        references = replica_set.get("metadata", {}).get("ownerReferences", [])
        owners = [entry for entry in references if entry.get("controller")]
        if not owners:
            return f"belongs to ReplicaSet {name}, which has no rollout"
        kind, name = owners[0]["kind"], owners[0]["name"]
    if not kind:
        return "has no controller, so nothing would replace it"
    if kind not in PATHS:
        return f"belongs to {kind} {name}, which has no rollout"
    return read_workload(client, kind, pod.namespace, name) or f"belongs to {kind} {name}, which does not exist"


def read_workload(client: Client, kind: str, namespace: str, name: str) -> Workload | None:
    """Return the workload as it is now; None if it does not exist."""
    item = client.get(PATHS[kind].format(namespace, name))
    if not item:
        return None
    status, generation = item.get("status") or {}, item["metadata"].get("generation", 0)
    return Workload(kind, namespace, name, item["spec"], status, generation)


def _amount(value: int | str, of: int, *, up: bool) -> int:
    """Return a number or a percentage of pods, rounded as Kubernetes does."""
    if isinstance(value, int):
        return value
    percent = int(value.rstrip("%")) * of
    return -(-percent // 100) if up else percent // 100


DISRUPTION_BUDGETS = "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"


@dataclass(frozen=True)
class DisruptionBudget:
    name: str
    allowed: int
    """Number of pods that may be evicted now."""
    most: int
    """Number of pods that may be evicted if all are healthy."""


def disruption_budgets(client: Client, workload: Workload) -> list[DisruptionBudget]:
    """Return the budgets that apply to a workload's pods."""
    items = client.items(DISRUPTION_BUDGETS.format(workload.namespace))
    return [_budget(item) for item in items if label_selector_matches(item["spec"].get("selector"), workload.labels)]


def _budget(item: Mapping[str, Any]) -> DisruptionBudget:
    status = item.get("status") or {}
    most = status.get("expectedPods", 0) - status.get("desiredHealthy", 0)
    return DisruptionBudget(item["metadata"]["name"], status.get("disruptionsAllowed", 0), most)


PODS, VOLUMES = "/api/v1/namespaces/{}/pods", "/api/v1/namespaces/{}/persistentvolumeclaims"


def foreign_workloads(client: Client, namespace: str, releases: Collection[str]) -> list[str]:
    """Return such as "Deployment shop"; `releases`, as NAMESPACE/NAME, are the stack's own.

    A pod or a Job is left out if its controller is listed, if it has finished, or if an operation made it for seconds.
    """
    items = [(kind, item) for kind, path in CONTROLLERS.items() for item in client.items(path.format(namespace))]
    listed = {f"{kind}/{item['metadata']['name']}" for kind, item in items}
    shown = [f"{kind} {item['metadata']['name']}" for kind, item in items if _is_foreign(item, releases, listed)]
    shown += [f"Pod {name}" for name in _foreign_pods(client, namespace, listed)]
    volumes = (item["metadata"]["name"] for item in client.items(VOLUMES.format(namespace)))
    return [*shown, *(f"PersistentVolumeClaim {name}" for name in volumes)]


def _is_foreign(item: dict, releases: Collection[str], listed: Collection[str]) -> bool:
    metadata, finished = item["metadata"], is_true(item, "Complete", "Failed")
    owners = {f"{owner['kind']}/{owner['name']}" for owner in metadata.get("ownerReferences") or ()}
    short_lived = SHORT_LIVED_LABEL in (metadata.get("labels") or {})
    return not (finished or short_lived or release_of(metadata) in releases or owners & {*listed})


def _foreign_pods(client: Client, namespace: str, listed: Collection[str]) -> Iterator[str]:
    for pod in map(pods.parse, client.items(PODS.format(namespace))):
        kind, _, name = pod.owner.partition("/")
        owner = f"Deployment/{name.rpartition('-')[0]}" if kind == "ReplicaSet" else pod.owner
        if not (pod.finished or pod.ending or SHORT_LIVED_LABEL in pod.labels or owner in listed):
            yield pod.name
