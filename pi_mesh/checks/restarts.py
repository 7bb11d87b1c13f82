"""The forecast of an `up`: pods that it replaces, connections that it closes, old values that running proxies keep.

It compares Helm values and objects with those in the stack's state, which costs a preview nothing. A value that is not
known to leave pods running counts as one that replaces them. The comment of a pull request renders the charts instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pi_mesh.catalog.istio import facts_of
from pi_mesh.checks.drains import Drain, changed_paths, drains, of_kinds
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.stack_state import RecordedRelease, StackState, with_recorded_versions
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.inventory.mesh_releases import gateway_namespace, gateways
from pi_mesh.tree_diff import unequal, value_at
from pi_mesh.values.setting_paths import helm_path, helm_values

ISTIODS = (Kind.ISTIOD, Kind.CANARY)
QUIET: Mapping[str, tuple[str, ...]] = {
    # Objects beside the Deployment: the HorizontalPodAutoscaler and the Service.
    "gateway": ("autoscaling", "service"),
    # The autoscaler and the rollout; ConfigMaps that istiod watches; what it injects into the pods of others.
    "istiod": (
        "pilot.autoscale",
        "pilot.rollingMax",
        "meshConfig",
        "telemetry",
        "global.proxy",
        "sidecarInjectorWebhook",
        "gatewayClasses",
    ),
}
"""Branches of each chart that do not change the release's pods, whatever is below them. Other values tell by their
setting (`Helm.restarts`)."""
REPLICAS = {"gateway": "replicas", "istiod": "pilotReplicas"}
"""Setting of each chart's replicas, in the release's branch."""
INJECTED = ("global.", "meshConfig.defaultConfig", "meshConfig.enableTracing", "sidecarInjectorWebhook")
"""Path prefixes of istiod's values that a pod gets when it is created, and keeps until it is replaced."""
OWN = ("global.priorityClassName", "global.defaultPodDisruptionBudget")
"""Path prefixes of values among them that istiod's own objects alone have."""


@dataclass(frozen=True)
class Forecast:
    """Workloads that a change affects, as KIND NAMESPACE/NAME, like in the comment of a pull request."""

    restarts: tuple[str, ...] = ()
    """Workloads whose pods a change replaces."""
    removed: tuple[str, ...] = ()
    """Workloads that get fewer replicas or that the settings disable, and namespaces of the stack that they rename."""
    keep: tuple[str, ...] = ()
    """Config paths of istiod's values that running proxies keep until their pods are replaced."""
    drains: tuple[Drain, ...] = ()
    """Open connections that a change closes without a restart."""

    def sentences(self, stack: str) -> Iterator[str]:
        """Yield a sentence for each kind of effect."""
        if self.restarts:
            yield f"Pods that `up` restarts: {', '.join(self.restarts)}"
        if self.removed:
            yield f"Pods that `up` deletes: {', '.join(self.removed)}"
        if self.drains:
            yield f"Open connections that `up` closes when they have drained: {'; '.join(map(str, self.drains))}"
        if self.keep:
            kept = ", ".join(self.keep)
            yield f"Running proxies keep the old {kept} until `python -m operations refresh -s {stack}`"

    @property
    def of_traffic(self) -> tuple[str, ...]:
        """Return the workloads whose restart affects the mesh's traffic: istiod and the gateways, not the addons."""
        return self.restarts + self.removed


def forecast(mesh: Inventory, state: StackState, pods: Sequence[Pod] | None = None) -> Forecast:
    """Return the forecast of an `up` on a mesh in the recorded state; with `pods`, without what drains no proxy."""
    mesh = with_recorded_versions(mesh, state)
    restarts, fewer, keep, changed = [], [], [], []
    for release in mesh.releases:
        recorded = state.recorded.get(release.id)
        if recorded is None or release.chart not in QUIET:
            continue
        paths = [path for path, _, _ in unequal(_plain(release.values), _plain(recorded.values))]
        workloads = [f"Deployment {entry.id}" for entry in release.workloads]
        if _has_new_pods(release, recorded, paths):
            restarts += workloads
        elif _has_fewer_pods(release, recorded):
            fewer += workloads
        # istiod writes the Deployments of Gateways again when its template changes (istio/istio,
        # pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go, injectionHandler).
        is_injected = any(path.startswith((*INJECTED, "gatewayClasses")) for path in paths)
        if release.kind is Kind.ISTIOD and (is_injected or release.version != recorded.version):
            restarts += [f"Deployment {entry.id}" for entry in mesh.api_gateways]
        if release.kind in ISTIODS:
            keep += [path for path in paths if path.startswith(INJECTED) and not path.startswith(OWN)]
            changed += changed_paths(recorded.values, release.values)
    return Forecast(
        tuple(restarts),
        (*fewer, *_removed(mesh, state)),
        tuple(dict.fromkeys(keep)),
        tuple(drain for drain in _drains(mesh, state, changed) if pods is None or drain.is_in(pods)),
    )


def _drains(mesh: Inventory, state: StackState, paths: list[str]) -> tuple[Drain, ...]:
    if mesh.the(Kind.ISTIOD).id not in state.recorded:
        return ()
    settings_objects = of_kinds(entry.manifest for entry in mesh.objects)
    drained = drains(of_kinds(state.objects), settings_objects, paths, mesh.settings.istio.namespace)
    empty = {entry.name for entry in mesh.namespaces if not entry.adopted} - state.namespaces.keys()
    return tuple(drain for drain in drained if drain.namespace not in empty)


def _has_new_pods(release: Release, recorded: RecordedRelease, paths: list[str]) -> bool:
    versions = {recorded.version, release.version}
    known = versions - {""}
    is_carried = release.kind in ISTIODS or any(facts_of(version).gateways_carry_their_version for version in known)
    if len(versions) > 1 and is_carried:
        return True
    quiet = (*QUIET[release.chart], *(value.path for value, _ in helm_values(release.chart) if not value.restarts))
    return any(not path.startswith(quiet) for path in paths)


def _has_fewer_pods(release: Release, recorded: RecordedRelease) -> bool:
    """Return True if a running pod may be deleted because the workload scales down."""
    settings = (REPLICAS[release.chart], "autoscaling.enabled", "autoscaling.maxReplicas")
    replicas, switch, most = (helm_path(release.chart, f"{release.setting}.{setting}") for setting in settings)
    # While the autoscaler is on, the chart leaves the number of replicas to it.
    before = _number(recorded.values, most if value_at(recorded.values, switch) else replicas)
    if not value_at(release.values, switch):
        return _number(release.values, replicas) < before
    # When it is switched on, Kubernetes first falls back to one replica.
    return (_number(release.values, most) if value_at(recorded.values, switch) else 1) < before


def _number(values: Mapping[str, Any], path: str) -> float:
    number = value_at(values, path)
    return number if isinstance(number, (int, float)) else 1


def _removed(mesh: Inventory, state: StackState) -> Iterator[str]:
    """Yield the gateways that the settings disable and the namespaces that they rename, both as in the state."""
    expected_releases = {release.id for release in mesh.releases}
    for setting, (name, _) in gateways(mesh.settings).items():
        release = f"{gateway_namespace(mesh.settings, setting)}/{name}"
        if release in state.recorded and release not in expected_releases:
            yield f"Deployment {release}"
    yield from (f"Namespace {name}" for name in sorted(state.owned - {item.name for item in mesh.namespaces}))


def _plain(values: Mapping[str, object]) -> Mapping[str, object]:
    """Return the values without empty branches, which mean nothing and which the state may omit."""
    return {key: value for key, value in values.items() if value != {}}
