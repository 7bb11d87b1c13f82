"""Placement of the mesh's own pods, and the mesh as its addons see it."""

from collections.abc import Mapping

from pi_mesh.addons import MeshContext
from pi_mesh.facts import duration
from pi_mesh.settings import Settings


def node_selector(settings: Settings) -> dict[str, object]:
    """Return the selector of nodes of the stack's architecture; others fail an image with an exec format error."""
    return {"kubernetes.io/arch": settings.cluster.architecture}


def spread(labels: Mapping[str, str]) -> dict[str, object]:
    """Return the wish that pods with these labels run on different nodes; where one node is left, both run there."""
    return {
        "maxSkew": 1,
        "topologyKey": "kubernetes.io/hostname",
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(labels)},
    }


def mesh_context(settings: Settings) -> MeshContext:
    """Return the mesh as its addons see it."""
    return MeshContext(
        settings.istio.namespace,
        settings.istio.version,
        node_selector(settings),
        settings.images.pull_policy,
        settings.observability.enabled(),
        settings.releases.names.ingress,
        settings.ingress_namespace,
        int(duration(settings.mtls.certificate_lifetime).total_seconds()),
    )
