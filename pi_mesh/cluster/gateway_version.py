"""The version annotation of gateways; an unchanged version keeps the recorded one, so that no gateway restarts."""

from dataclasses import replace

from pi_mesh.cluster.stack_state import RecordedRelease, StackState
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.names import VERSION_ANNOTATION
from pi_mesh.values.extra import Values


def as_recorded(mesh: Inventory, state: StackState) -> Inventory:
    """Return the mesh with each gateway's annotation as in the state, if the gateway's version stays the same."""
    releases = tuple(_kept(release, state.recorded.get(release.id)) for release in mesh.releases)
    return replace(mesh, releases=releases)


def without_version(values: Values) -> Values:
    """Return a gateway's values without the annotation."""
    annotations = values.get("podAnnotations")
    if not isinstance(annotations, dict):
        return values
    kept = {name: text for name, text in annotations.items() if name != VERSION_ANNOTATION}
    return {**values, "podAnnotations": kept}


def _kept(release: Release, recorded: RecordedRelease | None) -> Release:
    if release.kind is not Kind.GATEWAY or recorded is None or recorded.version != release.image_version:
        return release
    if VERSION_ANNOTATION in (recorded.values.get("podAnnotations") or {}):
        return release
    return replace(release, typed=without_version(release.typed))
