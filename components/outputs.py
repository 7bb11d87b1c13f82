"""The records of a deployment: the stack's outputs, and the ConfigMap with what `up` applied."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pulumi

from components.manifest import KubernetesObject
from components.release import ReleaseComponent
from pi_mesh.budget import table
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.cluster import helm_releases, live_objects, load_balancers
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.stack_state import CLUSTER
from pi_mesh.inventory import Inventory, Release
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
    # Without the Gateways of others, which would change an output that nobody deployed.
    pulumi.export("budget", table.totals(mesh_budget(replace(mesh, api_gateways=()))))
    pulumi.export(CLUSTER, {"context": settings.cluster.context, "uid": cluster_uid})


def _exposure(settings: Settings, namespace: str, gateway: ReleaseComponent) -> pulumi.Output:
    """Return how to reach a gateway, read after its release is installed; unknown in a preview without a cluster."""
    context = settings.cluster.context

    def read(_status: str) -> object:
        try:
            return load_balancers.read_exposure(context, namespace, gateway.release_name)
        except ClusterError as problem:
            return f"not known: {problem}"

    return gateway.status.apply(read)


PREVIEWED = "not known before `up`"
"""Content, in a preview, of the entry of a release that is about to change."""


def register_record(mesh: Inventory, releases: Iterable[ReleaseComponent], opts: pulumi.ResourceOptions) -> None:
    """Register the ConfigMap, whose content is read from Helm's records once the releases are installed."""
    revisions = {release.release_name: release.revision for release in releases}
    data = pulumi.Output.all(**revisions).apply(lambda known: _data(mesh, known))
    metadata = {"name": helm_releases.CONFIG_MAP, "namespace": mesh.settings.istio.namespace}
    KubernetesObject("applied", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}, opts)


def _data(mesh: Inventory, revisions: Mapping[str, int]) -> dict[str, str]:
    """Return the ConfigMap's content, by the key of each release.

    An entry of an unchanged revision is kept. If the cluster cannot be read the entry says so: the mesh is installed by
    now, and a missing entry is no reason to fail `up`.
    """
    settings = mesh.settings
    try:
        with Client(settings.cluster.context) as client:
            left = live_objects.texts_recorded_by_up(client, settings.istio.namespace)
            return {
                helm_releases.config_map_key(release.id): _text(client, release, revisions[release.name], left)
                for release in mesh.releases
                if release.name in revisions
            }
    except ClusterError as problem:
        return {helm_releases.config_map_key(release.id): f"not known: {problem}" for release in mesh.releases}


def _text(client: Client, release: Release, revision: int, recorded: Mapping[str, str]) -> str:
    left = recorded.get(release.id, "")
    known = helm_releases.parse_entry(release.id, left)
    if left and known and known.revision == revision:
        return left
    if pulumi.runtime.is_dry_run():
        return PREVIEWED
    applied = helm_releases.read(client, ReleaseRecord(release.namespace, release.name, revision))
    return helm_releases.config_map_entry(applied, release.typed, release.extra) if applied else PREVIEWED
