"""Workloads and volumes in a namespace that belong to others than a stack's releases."""

from collections.abc import Collection, Iterator

from pi_mesh.cluster import pods
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.objects import release_of
from pi_mesh.names import SHORT_LIVED_LABEL

CONTROLLERS = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{}/daemonsets",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
}
PODS, VOLUMES = "/api/v1/namespaces/{}/pods", "/api/v1/namespaces/{}/persistentvolumeclaims"


def read(client: Client, namespace: str, releases: Collection[str]) -> list[str]:
    """Return such as "Deployment shop"; `releases`, as NAMESPACE/NAME, are the stack's own.

    A pod or a Job is left out if its controller is listed, if it has finished, or if an operation made it for seconds.
    """
    items = [(kind, item) for kind, path in CONTROLLERS.items() for item in client.items(path.format(namespace))]
    listed = {f"{kind}/{item['metadata']['name']}" for kind, item in items}
    shown = [f"{kind} {item['metadata']['name']}" for kind, item in items if _is_tenant(item, releases, listed)]
    shown += [f"Pod {name}" for name in _pods(client, namespace, listed)]
    volumes = (item["metadata"]["name"] for item in client.items(VOLUMES.format(namespace)))
    return [*shown, *(f"PersistentVolumeClaim {name}" for name in volumes)]


def _is_tenant(item: dict, releases: Collection[str], listed: Collection[str]) -> bool:
    metadata, conditions = item["metadata"], (item.get("status") or {}).get("conditions") or ()
    finished = any(one["type"] in ("Complete", "Failed") and one["status"] == "True" for one in conditions)
    owners = {f"{owner['kind']}/{owner['name']}" for owner in metadata.get("ownerReferences") or ()}
    short_lived = SHORT_LIVED_LABEL in (metadata.get("labels") or {})
    return not (finished or short_lived or release_of(metadata) in releases or owners & {*listed})


def _pods(client: Client, namespace: str, listed: Collection[str]) -> Iterator[str]:
    for pod in map(pods.parse, client.items(PODS.format(namespace))):
        kind, _, name = pod.owner.partition("/")
        owner = f"Deployment/{name.rpartition('-')[0]}" if kind == "ReplicaSet" else pod.owner
        if not (pod.finished or pod.ending or SHORT_LIVED_LABEL in pod.labels or owner in listed):
            yield pod.name
