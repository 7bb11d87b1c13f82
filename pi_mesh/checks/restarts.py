"""The restart forecast: which pods a change of the settings makes anew, and which running proxies keep the old ones.

It compares Helm values with those in the stack's state, which costs a preview nothing. A value that is not known to
leave the pods alone counts as one that changes them. The comment of a pull request renders the charts instead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pi_mesh.catalog.istio import facts_of
from pi_mesh.cluster.gateway_version import as_recorded
from pi_mesh.cluster.stack_state import RecordedRelease, StackState
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.inventory.istio import gateway_namespace, gateways
from pi_mesh.values.differing import unequal

ISTIODS = (Kind.ISTIOD, Kind.CANARY)
QUIET: Mapping[Kind, tuple[str, ...]] = {
    Kind.GATEWAY: ("replicaCount", "autoscaling", "service", "rbac", "podDisruptionBudget"),
    **dict.fromkeys(
        ISTIODS,
        (
            "pilot.replicaCount",
            "pilot.autoscale",
            "pilot.cpu",
            "pilot.rollingMax",
            "global.proxy",
            "global.defaultPodDisruptionBudget",
            "meshConfig",
            "telemetry",
            "sidecarInjectorWebhook",
        ),
    ),
}
"""Beginnings of the paths of values that leave the pods of a release alone."""
INJECTED = ("global.", "meshConfig.defaultConfig", "meshConfig.enableTracing", "sidecarInjectorWebhook")
"""Beginnings of the paths of istiod's values that a pod gets when it is made, and keeps until it is made anew."""


@dataclass(frozen=True)
class Forecast:
    """Workloads as KIND NAMESPACE/NAME, as the comment of a pull request names them."""

    restarts: tuple[str, ...] = ()
    """Those whose pods a change makes anew."""
    removed: tuple[str, ...] = ()
    """Those of releases that are switched off, and namespaces of the stack that get another name."""
    keep: tuple[str, ...] = ()
    """Config paths of istiod's values that running proxies keep until their pods are made anew."""

    @property
    def of_traffic(self) -> tuple[str, ...]:
        """Return what the mesh's traffic would notice: istiod and the gateways, not the addons."""
        return self.restarts + self.removed


def of(mesh: Inventory, state: StackState) -> Forecast:
    """Return the forecast of an `up` with these settings on a mesh that is as the state says."""
    mesh = as_recorded(mesh, state)
    restarts, keep = [], []
    for release in mesh.releases:
        recorded = state.recorded.get(release.id)
        if recorded is None or release.kind not in QUIET:
            continue
        paths = [path for path, _, _ in unequal(_plain(release.values), _plain(recorded.values))]
        if _has_new_pods(release, recorded, paths):
            restarts += [f"Deployment {entry.namespace}/{entry.name}" for entry in release.workloads]
        if release.kind in ISTIODS:
            keep += [path for path in paths if path.startswith(INJECTED)]
    return Forecast(tuple(restarts), tuple(_removed(mesh, state)), tuple(dict.fromkeys(keep)))


def _has_new_pods(release: Release, recorded: RecordedRelease, paths: list[str]) -> bool:
    if recorded.version != release.version:
        carried = release.kind in ISTIODS or any(
            facts_of(version).gateways_carry_their_version for version in (recorded.version, release.version) if version
        )
        if carried:
            return True
    return any(not path.startswith(QUIET[release.kind]) for path in paths)


def _removed(mesh: Inventory, state: StackState) -> Iterator[str]:
    """Yield the gateways that the state has and the settings switch off, and the namespaces that they rename."""
    wanted = {release.id for release in mesh.releases}
    for setting, (name, _) in gateways(mesh.settings).items():
        release = f"{gateway_namespace(mesh.settings, setting)}/{name}"
        if release in state.recorded and release not in wanted:
            yield f"Deployment {release}"
    for name in sorted(state.owned - {item.name for item in mesh.namespaces}):
        yield f"Namespace {name}"


def _plain(values: Mapping[str, object]) -> Mapping[str, object]:
    """Return the values without empty branches, which say nothing: the state may leave them out."""
    return {key: value for key, value in values.items() if value != {}}
