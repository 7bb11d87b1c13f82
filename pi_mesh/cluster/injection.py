"""A test of sidecar injection: a server-side dry run creates a pod with all webhooks, and nothing is stored."""

from dataclasses import dataclass

from pi_mesh.cluster import pods
from pi_mesh.cluster.client import Client, Refused
from pi_mesh.cluster.pods import Pod


@dataclass(frozen=True)
class Injection:
    """The result of the dry run: the pod, or the reason of its refusal."""

    pod: Pod | None = None
    refusal: str = ""
    """Reason for which the API server refused the pod."""


def try_out(client: Client, namespace: str) -> Injection:
    """Send an ordinary pod as a server-side dry run: admission runs, nothing is stored."""
    container = {"name": "app", "image": "nginx"}
    meta = {"name": "injection-proof", "namespace": namespace, "labels": {"app": "test"}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}
    try:
        made = client.ask(f"/api/v1/namespaces/{namespace}/pods", pod, dryRun="All")
    except Refused as refused:
        return Injection(refusal=refused.reason)
    return Injection(pods.parse(made)) if made else Injection(refusal=f"there is no namespace {namespace}")
