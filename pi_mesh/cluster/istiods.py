"""The istiods of a mesh: their versions by revision, the one that injects a pod, and their webhook.

Every Istio object passes the webhook on its way into the cluster.
"""

import uuid
from collections.abc import Iterable
from operator import not_

from pi_mesh.cluster.client import Client, Refused
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Pod, image_version
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.names import INJECTION_LABEL, ISTIOD, REVISION_LABEL, TAG_WEBHOOK
from pi_mesh.settings.istio import DEFAULT_REVISION
from pi_mesh.waiting import until


def control_plane(deployments: Iterable[Deployment], namespace: str) -> str:
    """Return the version of the running istiod, by its image; empty without one, or if its image has no version."""
    first = (entry for entry in deployments if entry.id == f"{namespace}/{ISTIOD}" and entry.containers)
    return next((image_version(entry.containers[0].image) for entry in first), "")


def by_revision(snapshot: Snapshot, namespace: str) -> dict[str, str]:
    """Return the version of each running istiod that has a revision."""
    near = (entry for entry in snapshot.deployments if entry.namespace == namespace and entry.containers)
    istiods = (entry for entry in near if entry.labels.get("app") == ISTIOD and entry.name != ISTIOD)
    return {entry.labels.get(REVISION_LABEL, ""): image_version(entry.containers[0].image) for entry in istiods}


def injector(snapshot: Snapshot, namespace: str, pod: Pod) -> str:
    """Return the name of the istiod (its Deployment and Service) that would inject a recreated pod."""
    home = snapshot.namespace(pod.namespace)
    own = "" if home and INJECTION_LABEL in home.labels else pod.labels.get(REVISION_LABEL, "")
    revision = (home.revision if home else "") or own
    tagged = {hook.service for hook in snapshot.webhooks if hook.configuration == f"{TAG_WEBHOOK}{revision}"}
    for service in tagged:
        return service.removeprefix(f"{namespace}/")
    return ISTIOD if revision in ("", DEFAULT_REVISION) else f"{ISTIOD}-{revision}"


def is_serving(pod: Pod) -> bool:
    """Return True for a Ready pod of an istiod."""
    return pod.labels.get("app") == ISTIOD and pod.ready and not pod.ending


WEBHOOK_SECONDS, PAUSE = 120, 1.0
"""Seconds of the wait: a deleted pod of istiod has 30 s to end; a connection to a pod that no longer exists fails after
10 s, and the API server gives it up within 45 s."""
NO_ANSWER = "failed calling webhook"


def wait_for_webhook(client: Client, namespace: str, seconds: float = WEBHOOK_SECONDS, pause: float = PAUSE) -> str:
    """Wait until ending pods of istiod in `namespace` are gone and the webhook answers; return the problem, or nothing.

    An ending pod still answers, and the API server's connection dies with it. The next changed object would then wait
    for an answer in vain, and fail.
    """
    return until(lambda: _webhook_problem(client, namespace), seconds, pause, done=not_)


def _webhook_problem(client: Client, namespace: str) -> str:
    try:
        pods = client.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector=f"app={ISTIOD}")
        ending = [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" in pod["metadata"]]
        if ending:
            return f"pod {namespace}/{ending[0]} is still terminating"
        _try_webhook(client, namespace)
    except Refused as refusal:
        # Any other refusal, such as a policy engine's, comes after the webhook or beside it.
        return refusal.reason if NO_ANSWER in refusal.reason else ""
    except ClusterUnreachable as problem:
        return str(problem)
    return ""


def _try_webhook(client: Client, namespace: str) -> None:
    """Send an object through the webhook as a dry run, which stores nothing."""
    name = f"pi-mesh-webhook-{uuid.uuid4().hex[:8]}"
    metadata = {"name": name, "namespace": namespace}
    # Every Istio version from 1.20 on serves this API version.
    sidecar = {"apiVersion": "networking.istio.io/v1beta1", "kind": "Sidecar", "metadata": metadata}
    body = {**sidecar, "spec": {"workloadSelector": {"labels": {"app": name}}, "egress": [{"hosts": ["./*"]}]}}
    client.ask(f"/apis/networking.istio.io/v1beta1/namespaces/{namespace}/sidecars", body, dryRun="All")
