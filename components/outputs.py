"""Outputs that a stack exports."""

from collections.abc import Iterable

import pulumi

from components.release import ReleaseComponent
from pi_mesh.budget import table
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.cluster import services
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.cluster.stack_state import CLUSTER
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings


def export(
    mesh: Inventory, cluster_uid: str, releases: Iterable[ReleaseComponent], gateways: Iterable[ReleaseComponent]
) -> None:
    """Export the installed releases, the gateways' addresses and the totals of the mesh's resource budget.

    `releases` are all releases of the stack. By the cluster's UID later runs and operations refuse another cluster.
    """
    settings = mesh.settings
    pulumi.export("istioVersion", settings.istio.version)
    pulumi.export("mutualTls", settings.mtls.mode)
    pulumi.export("tradingNamespace", settings.trading.namespace)
    pulumi.export("releases", {release.release_name: release.status for release in releases})
    homes = {release.name: release.namespace for release in mesh.releases}
    exposed = {gateway.release_name: _exposure(settings, homes[gateway.release_name], gateway) for gateway in gateways}
    pulumi.export("gateways", exposed)
    pulumi.export("budget", table.totals(mesh_budget(mesh)))
    pulumi.export(CLUSTER, {"context": settings.cluster.context, "uid": cluster_uid})


def _exposure(settings: Settings, namespace: str, gateway: ReleaseComponent) -> pulumi.Output:
    """Return how to reach a gateway, read after its release is installed; unknown in a preview without a cluster."""
    context = settings.cluster.context

    def read(_status: str) -> object:
        try:
            return services.read_exposure(context, namespace, gateway.release_name)
        except ClusterError as problem:
            return f"not known: {problem}"

    return gateway.status.apply(read)
