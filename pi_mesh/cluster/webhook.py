"""istiod's webhook, which every object of Istio passes on its way into the cluster."""

import time
import uuid

from pi_mesh.cluster.client import Client, Refused
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.names import ISTIOD

SECONDS, PAUSE = 120, 1.0
"""A pod of istiod that is deleted has 30 s to end; a connection to one that is gone fails after 10 s and is given up
by the API server within 45 s."""
NO_ANSWER = "failed calling webhook"


def wait(client: Client, namespace: str, seconds: float = SECONDS, pause: float = PAUSE) -> str:
    """Wait until old pods of istiod in `namespace` are gone and the webhook answers; return why not, or nothing.

    An old pod that is ending still answers, and the API server's connection to it dies with it: the first object that
    is changed after that waits for an answer in vain, and fails.
    """
    end = time.monotonic() + seconds
    while problem := _problem(client, namespace):
        if time.monotonic() > end:
            return problem
        time.sleep(pause)
    return ""


def _problem(client: Client, namespace: str) -> str:
    try:
        pods = client.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector=f"app={ISTIOD}")
        ending = [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" in pod["metadata"]]
        if ending:
            return f"pod {namespace}/{ending[0]} is still ending"
        _try(client, namespace)
    except Refused as refusal:
        # Whoever else refuses it, such as a policy engine, does so after the webhook or beside it.
        return refusal.reason if NO_ANSWER in refusal.reason else ""
    except ClusterUnreachable as problem:
        return str(problem)
    return ""


def _try(client: Client, namespace: str) -> None:
    """Send an object that changes nothing through the webhook: the API server keeps nothing of a dry run."""
    name = f"pi-mesh-webhook-{uuid.uuid4().hex[:8]}"
    metadata = {"name": name, "namespace": namespace}
    # All versions of Istio from 1.20 on serve this one.
    sidecar = {"apiVersion": "networking.istio.io/v1beta1", "kind": "Sidecar", "metadata": metadata}
    body = {**sidecar, "spec": {"workloadSelector": {"labels": {"app": name}}, "egress": [{"hosts": ["./*"]}]}}
    client.ask(f"/apis/networking.istio.io/v1beta1/namespaces/{namespace}/sidecars", body, dryRun="All")
