"""An account that may get and list what `verify --read-only` reads, and nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.cluster.kubectl import kubectl

NAME, NAMESPACE = "mesh-reader", "default"
LISTED = {
    "": ["nodes", "pods", "services", "namespaces", "configmaps", "serviceaccounts", "limitranges", "resourcequotas"],
    "apps": ["deployments"],
    "autoscaling": ["horizontalpodautoscalers"],
    "policy": ["poddisruptionbudgets"],
    "apiextensions.k8s.io": ["customresourcedefinitions"],
    "admissionregistration.k8s.io": ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"],
    "rbac.authorization.k8s.io": ["roles", "rolebindings", "clusterroles", "clusterrolebindings"],
    "networking.istio.io": ["*"],
    "gateway.networking.k8s.io": ["httproutes", "grpcroutes"],
    "security.istio.io": ["*"],
    "telemetry.istio.io": ["*"],
}
"""Resources that the account may get and list, by API group: docs/operations.md."""


@contextmanager
def kubeconfig(folder: Path) -> Iterator[Path]:
    """Create such an account in the lab for the block, and write its kubeconfig into a folder."""
    rules = [{"apiGroups": [group], "resources": kinds, "verbs": ["get", "list"]} for group, kinds in LISTED.items()]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": rules}
    account = {"apiVersion": "v1", "kind": "ServiceAccount"}
    for made, namespace in ((role, {}), (account, {"namespace": NAMESPACE})):
        kubectl("apply", "-f", "-", stdin=json.dumps({**made, "metadata": {"name": NAME, **namespace}}))
    try:
        bound = (f"--clusterrole={NAME}", f"--serviceaccount={NAMESPACE}:{NAME}")
        kubectl("create", "clusterrolebinding", NAME, *bound)
        config = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
        token = kubectl("create", "token", NAME, f"--namespace={NAMESPACE}").strip()
        config["users"][0]["user"] = {"token": token}
        file = folder / "mesh-reader"
        file.write_text(json.dumps(config))
        yield file
    finally:
        kubectl("delete", "clusterrolebinding,clusterrole", NAME, "--ignore-not-found")
        kubectl("delete", "serviceaccount", NAME, f"--namespace={NAMESPACE}")
