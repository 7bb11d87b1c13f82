"""The registration of the ConfigMap in which `up` records what it applied."""

from collections.abc import Iterable, Mapping

import pulumi

from components.manifest import KubernetesObject
from components.release import ReleaseComponent
from pi_mesh.cluster import helm_releases, live_objects
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.inventory import Inventory, Release

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
