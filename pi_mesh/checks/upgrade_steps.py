"""The steps of an upgrade as the preflight judges them: what each step restarts, and what blocks it."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pi_mesh.catalog.istio import facts_of, minor_of
from pi_mesh.checks import registry, restarts
from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import charts, istio_crds, kubernetes_version
from pi_mesh.checks.restarts import Forecast
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import SIDECAR, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import RecordedRelease, StackState
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.names import ISTIOD
from pi_mesh.tree_diff import value_at
from pi_mesh.values.extra_values import load_chart

Owner = TypeVar("Owner", Deployment, Pod)


@dataclass(frozen=True)
class UpgradeStep:
    """One step of an upgrade, judged on a cluster in which the earlier steps are done."""

    running: str
    mesh: Inventory
    """Inventory of the mesh after the step."""
    findings: tuple[Finding, ...]
    """Findings of the preflight for the step."""
    forecast: Forecast

    @property
    def version(self) -> str:
        return self.mesh.settings.istio.version

    @property
    def stops(self) -> list[Finding]:
        """Return the errors that block the step."""
        return errors(self.findings)

    @property
    def kubernetes(self) -> str:
        """Return the range of Kubernetes versions that Istio tests this version with."""
        first, last = facts_of(self.version).kubernetes
        return f"1.{first} to 1.{last}"

    @property
    def changed_defaults(self) -> list[str]:
        """Return the variables of istiod whose defaults change in the step, as its chart says, with the former ones."""
        chart = load_chart(self.mesh.the(Kind.ISTIOD).package)
        kept = chart.former.get(f"1.{minor_of(self.running)}") if chart else None
        return [f"{name} (was {value})" for name, value in (value_at(kept, "pilot.env") or {}).items()]

    @property
    def crds(self) -> str:
        """Return, in words, how the CRDs of the version are installed."""
        if not facts_of(self.mesh.the(Kind.BASE).version).crds_are_templates:
            return "upgraded before `up`"
        carried = facts_of(self.running).crds_are_templates
        return "by the base chart" if carried else f"handed over to {self.mesh.the(Kind.BASE).id}"


def upgrade_step(
    running: str,
    mesh: Inventory,
    cluster: Snapshot,
    state: StackState,
    mended: Collection[str] = (),
    later: Sequence[str] = (),
) -> UpgradeStep:
    """Return a step as the preflight judges it.

    `mended` has the checks whose errors the step itself fixes, `later` the versions of the further steps.
    """
    if istio_crds.abandoned(mesh, cluster):
        mended = {*mended, istio_crds.ID}
    preflight = registry.findings(registry.PREFLIGHT, Observation(mesh, cluster, state), calls=False)
    judged = (_of_charts(_of_kubernetes(finding, running, mesh), mesh, later) for finding in preflight)
    findings = (finding for finding in judged if finding.level is not Level.ERROR or finding.id not in mended)
    return UpgradeStep(running, mesh, tuple(findings), restarts.forecast(mesh, state))


def consecutive_steps(
    running: str,
    versions_: Sequence[str],
    mesh_of: Callable[[str], Inventory],
    cluster: Snapshot,
    state: StackState,
    mended: Collection[str] = (),
) -> Iterator[UpgradeStep]:
    """Yield the steps, each judged as if the earlier ones were done; `mended` applies to the first, as in `judge`."""
    for number, version in enumerate(versions_, 1):
        step = upgrade_step(running, mesh_of(version), cluster, state, mended, versions_[number:])
        yield step
        running, mended, cluster = version, (), _cluster_after(step.mesh, cluster)
        recorded = {release.id: RecordedRelease(release.version, release.values) for release in step.mesh.releases}
        state = replace(state, recorded={**state.recorded, **recorded})


def _of_kubernetes(finding: Finding, running: str, mesh: Inventory) -> Finding:
    """Return an error for a step to a version that Istio does not test with this Kubernetes."""
    version = mesh.settings.istio.version
    if finding.id != kubernetes_version.KUBERNETES or minor_of(running) == minor_of(version):
        return finding
    if finding.level is Level.ERROR:
        ranges = facts_of(running).kubernetes, facts_of(version).kubernetes
        first, last = max(low for low, _ in ranges), min(high for _, high in ranges)
        of_both = f"to 1.{first}" if first == last else f"to one from 1.{first} to 1.{last}"
        return replace(finding, fix=f"upgrade Kubernetes {of_both} first, then run this again")
    if finding.level is not Level.WARNING or mesh.settings.istio.untested_kubernetes:
        return finding
    fix = "`istio.untestedKubernetes: true` takes the step all the same; try it on another cluster first"
    return replace(finding, level=Level.ERROR, fix=fix)


def _of_charts(finding: Finding, mesh: Inventory, later: Iterable[str]) -> Finding:
    """Return a finding about a chart without a sum with one command that locks the charts of all further steps too."""
    if finding.id != charts.ID or not mesh.is_locked or finding.name not in charts.unlocked(mesh):
        return finding
    also = "".join(f" --also {version}" for version in (mesh.settings.istio.version, *later))
    lock = f"`python -m operations charts lock -s {mesh.stack}{also}`"
    return replace(finding, fix=f"{lock}, then review and commit what it adds, and run this again")


def _cluster_after(mesh: Inventory, cluster: Snapshot) -> Snapshot:
    """Return the cluster as it is after a step: istiod and all proxies have its version."""
    istio = mesh.settings.istio
    istiod = f"{istio.namespace}/{ISTIOD}"
    deployments = (_retagged(entry, istio.version) if entry.id == istiod else entry for entry in cluster.deployments)
    pods = (_retagged(pod, istio.version, SIDECAR) if pod.has_lasting_proxy else pod for pod in cluster.pods)
    return replace(cluster, deployments=tuple(deployments), pods=tuple(pods))


def _retagged(owner: Owner, version: str, name: str = "") -> Owner:
    """Return a Deployment or pod with an image of this version in all its containers, or in those of one name."""
    image = f"image:{version}"
    of_name = (replace(entry, image=image) if name in ("", entry.name) else entry for entry in owner.containers)
    return replace(owner, containers=tuple(of_name))
