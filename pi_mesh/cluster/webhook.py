"""istiod's webhook, which every Istio object passes on its way into the cluster."""

import time
import uuid

from pi_mesh.cluster.client import Client, Refused
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.names import ISTIOD

SECONDS, PAUSE = 120, 1.0
"""Seconds of the wait: a deleted pod of istiod has 30 s to end; a connection to a pod that no longer exists fails after
10 s, and the API server gives it up within 45 s."""
NO_ANSWER = "failed calling webhook"


def wait(client: Client, namespace: str, seconds: float = SECONDS, pause: float = PAUSE) -> str:
    """Wait until ending pods of istiod in `namespace` are gone and the webhook answers; return the problem, or nothing.

    An ending pod still answers, and the API server's connection dies with it. The next changed object would then wait
    for an answer in vain, and fail.
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
            return f"pod {namespace}/{ending[0]} is still terminating"
        _try(client, namespace)
    except Refused as refusal:
        # Any other refusal, such as a policy engine's, comes after the webhook or beside it.
        return refusal.reason if NO_ANSWER in refusal.reason else ""
    except ClusterUnreachable as problem:
        return str(problem)
    return ""


def _try(client: Client, namespace: str) -> None:
    """Send an object through the webhook as a dry run, which stores nothing."""
    name = f"pi-mesh-webhook-{uuid.uuid4().hex[:8]}"
    metadata = {"name": name, "namespace": namespace}
    # Every Istio version from 1.20 on serves this API version.
    sidecar = {"apiVersion": "networking.istio.io/v1beta1", "kind": "Sidecar", "metadata": metadata}
    body = {**sidecar, "spec": {"workloadSelector": {"labels": {"app": name}}, "egress": [{"hosts": ["./*"]}]}}
    client.ask(f"/apis/networking.istio.io/v1beta1/namespaces/{namespace}/sidecars", body, dryRun="All")
