"""The second control plane beside the first: one more release, and a base chart of the newer version."""

from dataclasses import replace

from pi_mesh import names
from pi_mesh.catalog.istio import numbers_of
from pi_mesh.inventory.release import Kind, Release
from pi_mesh.names import REVISION_LABEL
from pi_mesh.settings import Settings
from pi_mesh.settings.revisions import CanarySettings
from pi_mesh.values import istio


def newest(settings: Settings) -> str:
    """Return the version of the CRDs, which serve both control planes (istio.io/latest/docs/setup/upgrade/canary)."""
    versions = (settings.istio.version, *((settings.istio.canary.version,) if settings.istio.canary else ()))
    return max(versions, key=numbers_of)


def beside(first: Release, settings: Settings, canary: CanarySettings, root: str | None) -> Release:
    """Return the release of the second control plane, whose Deployment the chart names after the revision."""
    name = f"{names.ISTIOD}-{canary.revision}"
    labels = {"app": names.ISTIOD, REVISION_LABEL: canary.revision}
    return replace(
        first,
        kind=Kind.CANARY,
        name=f"{first.name}-{canary.revision}",
        component=name,
        version=canary.version,
        typed=istio.canary_values(settings, canary.revision, root),
        workloads=tuple(
            replace(one, name=name, title=f"istiod {canary.revision}", selector=labels) for one in first.workloads
        ),
    )
