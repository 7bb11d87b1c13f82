"""Outputs: all that a stack exports."""

from collections.abc import Iterable

import pulumi

from components.istio import Gateway
from components.release import ReleaseComponent
from pi_mesh.budget import mesh as mesh_budget
from pi_mesh.budget import table
from pi_mesh.cluster import exposure
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.stack_state import CLUSTER
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings

AUTHORITY = "certificateAuthority"
"""The secret output of a CA's own stack: the chain and its key."""


def export(mesh: Inventory, releases: Iterable[ReleaseComponent], gateways: Iterable[Gateway]) -> None:
    """Export what is installed, how it is reached, and what it takes of the Pis; `releases` are all of the stack's."""
    settings = mesh.settings
    pulumi.export("istioVersion", settings.istio.version)
    pulumi.export("mutualTls", settings.mtls.mode)
    pulumi.export("tradingNamespace", settings.trading.namespace)
    pulumi.export("releases", {one.release_name: one.status for one in releases})
    homes = {release.name: release.namespace for release in mesh.releases}
    exposed = {one.release_name: _exposure(settings, homes[one.release_name], one) for one in gateways}
    pulumi.export("gateways", exposed)
    pulumi.export("budget", table.summary(mesh_budget.of(mesh)))


def export_cluster(context: str, uid: str) -> None:
    """Export which cluster this is: the next run, and every operation, refuses one with another UID."""
    pulumi.export(CLUSTER, {"context": context, "uid": uid})


def export_authority(chain: pulumi.Output[str], key: pulumi.Output[str]) -> None:
    """Export a CA for the mesh's stack."""
    pulumi.export(AUTHORITY, pulumi.Output.secret({"chain": chain, "key": key}))


def export_request(request: pulumi.Output[str]) -> None:
    """Export the signing request for a CA outside of Vault."""
    pulumi.export("certificateRequest", request)


def _exposure(settings: Settings, namespace: str, gateway: Gateway) -> pulumi.Output:
    """Return how a gateway is reached, read when its release is done; unknown in a preview without a cluster."""
    context = settings.cluster.context

    def read(_status: str) -> object:
        try:
            return exposure.read(context, namespace, gateway.release_name)
        except ClusterUnreachable as problem:
            return f"not known: {problem}"

    return gateway.status.apply(read)
