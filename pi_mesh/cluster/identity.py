"""The identity of a cluster: a UID, since context names are ambiguous (every k3s calls its own `default`)."""

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import WrongCluster
from pi_mesh.settings.cluster import ClusterSettings

SYSTEM = "kube-system"
"""Namespace whose UID identifies the cluster: Kubernetes creates it first, and it lives as long as the cluster."""


def read(client: Client) -> str:
    """Return the UID of the cluster that answers."""
    return (client.get(f"/api/v1/namespaces/{SYSTEM}") or {}).get("metadata", {}).get("uid", "")


def require(settings: ClusterSettings, recorded: str, live: str) -> None:
    """Raise WrongCluster unless the cluster has the UID in `cluster.uid` or else the one that the stack recorded."""
    if settings.uid:
        compare(settings.context, settings.uid, live, f"cluster.uid is {settings.uid}")
    else:
        compare(settings.context, recorded, live, f"this stack was last applied to {recorded}")


def is_other(expected: str, live: str) -> bool:
    """Return True if both UIDs are known and differ."""
    return bool(expected and live) and expected != live


def compare(context: str, expected: str, live: str, source: str) -> None:
    """Raise WrongCluster if both UIDs are known and differ; `source` says where the expected one comes from."""
    if is_other(expected, live):
        raise WrongCluster(
            f"cluster.context '{context}' leads to another cluster: its UID (that of namespace {SYSTEM}) is {live}, "
            f"but {source}; nothing was touched. Let KUBECONFIG name the stack's cluster; "
            f"only if that cluster was rebuilt, set cluster.uid: {live}"
        )
