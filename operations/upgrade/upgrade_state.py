"""The progress of an upgrade, as the stack file, the stack's state and the cluster show it: nothing else is stored."""

from collections.abc import Iterator
from dataclasses import dataclass

from operations import stacks
from operations.failures import Exit, OperationError, UsageError
from operations.repair import observed_state, plan
from operations.repair.observed_state import Situation
from pi_mesh.checks import upgrade_path, upgrade_steps, version_step
from pi_mesh.checks.finding import error, setting
from pi_mesh.checks.preflight.upgrade import EXACT, STEP
from pi_mesh.checks.upgrade_steps import UpgradeStep
from pi_mesh.cluster import istiods
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.settings import CaSettings

KEY = "istio.version"


class NoUpgradeError(OperationError):
    """The requested version cannot be reached from the running one."""

    status = Exit.PROBLEMS


@dataclass(frozen=True)
class UpgradeState:
    """The open steps of an upgrade."""

    now: Situation
    running: str
    """Version of the running istiod."""
    versions: tuple[str, ...]
    """Versions of the steps."""
    begun: bool
    """True where the stack file has the version of the first step, and not yet every release."""

    def steps(self) -> Iterator[UpgradeStep]:
        """Yield the steps, judged now."""
        mended = {step.id for step in plan.steps(self.now)}
        state = stacks.of_export(self.now.state)
        yield from upgrade_steps.judge_all(self.running, self.versions, self.mesh_of, self.now.snapshot, state, mended)

    def mesh_of(self, version: str) -> Inventory:
        """Return the mesh of the stack at another version of Istio."""
        return mesh_of(self.now, version)


def mesh_of(now: Situation, version: str) -> Inventory:
    """Return the mesh of a stack at another version of Istio, on the present cluster."""
    settings = stacks.load_changed(now.stack, {KEY: version})
    return stacks.mesh_on(settings, now.stack, now.snapshot)


def read(stack: str, wanted: str) -> UpgradeState:
    """Return the open steps. Raises NoUpgradeError, UsageError, and as `observed_state.read` does."""
    settings = stacks.load_any(stack)
    if isinstance(settings, CaSettings):
        raise UsageError(stack, "it makes the CA and nothing else", "name the mesh's stack")
    stacks.load_changed(stack, {KEY: wanted})  # refuses what is no version
    now = observed_state.read(stack, settings)
    running = istiods.control_plane(now.snapshot.deployments, settings.istio.namespace)
    if not EXACT.fullmatch(running):
        message = f"no istiod of an exact version runs in namespace {settings.istio.namespace}"
        raise UsageError(stack, message, f"install the mesh: `pulumi up -s {stack}`")
    problem = version_step.judged(running, wanted)
    if problem and problem.goes_back:
        raise NoUpgradeError(error(STEP, setting(KEY), problem.message, problem.fix))
    written = settings.istio.version
    begun = _is_begun(now, running, wanted)
    later = upgrade_path.path(written if begun else running, wanted, settings)
    return UpgradeState(now, running, (written, *later) if begun else later, begun)


def unfinished_releases(now: Situation) -> list[str]:
    """Return Istio's releases, as NAMESPACE/NAME, that have another version in the state than in the stack file."""
    recorded = stacks.of_export(now.state).recorded
    mine = [one for one in now.mesh.releases if one.kind in (Kind.BASE, Kind.ISTIOD, Kind.GATEWAY)]
    return [one.id for one in mine if one.id in recorded and recorded[one.id].version != one.version]


def _is_begun(now: Situation, running: str, wanted: str) -> bool:
    """Return True where a run was stopped in the middle of a step, or where its owner began it by hand."""
    written = now.mesh_settings.istio.version
    if written == running:
        return bool(unfinished_releases(now))
    beyond = version_step.judged(written, wanted)
    return version_step.judged(running, written) is None and not (beyond and beyond.goes_back)
