"""The records of a deployment: the stack's outputs, and the ConfigMap with what `up` applied."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pulumi
from pulumi import Output, ResourceOptions

from components.manifest import KubernetesObject
from components.release import ReleaseComponent
from pi_mesh.budget import table
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.catalog import cert_manager
from pi_mesh.cluster import helm_releases, live_objects, load_balancers
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.stack_state import CLUSTER
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.settings import Settings
from pi_mesh.tree_diff import value_at


def of_mesh(
    mesh: Inventory, cluster_uid: str, releases: Iterable[ReleaseComponent], gateways: Iterable[ReleaseComponent]
) -> dict[str, Any]:
    """Return the outputs; docs/own-program.md says what each is for. `releases` are all releases of the stack.

    By the cluster's UID later runs and operations refuse another cluster.
    """
    settings = mesh.settings
    homes = {release.name: release.namespace for release in mesh.releases}
    return {
        "istioVersion": settings.istio.version,
        "trustDomain": value_at(mesh.the(Kind.ISTIOD).values, "meshConfig.trustDomain") or "cluster.local",
        "tradingNamespace": settings.trading.namespace,
        "namespaces": {item.name: value_at(item.manifest, "metadata.labels") or {} for item in mesh.namespaces},
        "listeners": {
            name: {"hosts": [*listener.hosts], "ports": [server.port_name for server in listener.servers]}
            for name, listener in settings.traffic.gateways.items()
        },
        "releases": {release.release_name: release.status for release in releases},
        "gateways": {gateway.release_name: _exposure(settings, homes, gateway) for gateway in gateways},
        # Without the Gateways of others, which would change an output that nobody deployed.
        "budget": table.totals(mesh_budget(replace(mesh, api_gateways=()))),
        CLUSTER: {"context": settings.cluster.context, "uid": cluster_uid},
    }


def _exposure(settings: Settings, homes: Mapping[str, str], gateway: ReleaseComponent) -> Output:
    """Return how to reach a gateway, read after its release is installed; unknown in a preview without a cluster."""
    context, namespace = settings.cluster.context, homes[gateway.release_name]

    def read(_status: str) -> object:
        try:
            return load_balancers.read_exposure(context, namespace, gateway.release_name)
        except ClusterError as problem:
            return f"not known: {problem}"

    return gateway.status.apply(read)


PREVIEWED = "not known before `up`"
"""Content, in a preview, of the entry of a release that is about to change."""


def register_record(mesh: Inventory, releases: Iterable[ReleaseComponent], opts: ResourceOptions) -> Output[str]:
    """Register the ConfigMap of what Helm's records say after the installation; return the roots (PEM) of the mesh.

    Each entry waits for its own release, so that `pulumi preview --diff` shows those of the changed releases alone.
    """
    settings, revisions = mesh.settings, {release.release_name: release.revision for release in releases}
    entries = {
        helm_releases.config_map_key(release.id): revisions[release.name].apply(partial(_entry, settings, release))
        for release in mesh.releases
        if release.name in revisions
    }
    metadata = {"name": helm_releases.CONFIG_MAP, "namespace": settings.istio.namespace}
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": entries}
    KubernetesObject("applied", manifest, opts)
    name = cert_manager.ROOT if settings.vault.external_signer else "istio-ca-root-cert"
    path = f"/api/v1/namespaces/{settings.istio.namespace}/configmaps/{name}"

    def read_roots(client: Client) -> str:
        return ((client.get(path) or {}).get("data") or {}).get("root-cert.pem", "")

    return Output.all(*revisions.values()).apply(lambda _: _read(settings, read_roots))


def _entry(settings: Settings, release: Release, revision: int) -> str:
    """Return the ConfigMap's entry of a release; that of an unchanged revision is kept."""

    def read(client: Client) -> str:
        left = live_objects.texts_recorded_by_up(client, settings.istio.namespace).get(release.id, "")
        known = helm_releases.parse_entry(release.id, left)
        if left and known and known.revision == revision:
            return left
        if pulumi.runtime.is_dry_run():
            return PREVIEWED
        applied = helm_releases.read(client, ReleaseRecord(release.namespace, release.name, revision))
        return helm_releases.config_map_entry(applied, release.typed, release.extra) if applied else PREVIEWED

    return _read(settings, read)


def _read(settings: Settings, read: Callable[[Client], str]) -> str:
    """Return what is read, or why it is not known: the mesh is installed by now, so nothing missing fails `up`."""
    try:
        with Client(settings.cluster.context) as client:
            return read(client)
    except ClusterError as problem:
        return f"not known: {problem}"
