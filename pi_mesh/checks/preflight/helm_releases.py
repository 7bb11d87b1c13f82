"""Helm releases must not be stuck in an operation that a killed run began, and must be known to the stack's state."""

from collections.abc import Iterator

from pi_mesh import addons
from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.inventory import Kind

ID = "helm releases"
REPAIR = "when no other run is going on: `python -m operations repair -s STACK`"


def check_stuck(observation: Observation) -> Iterator[Finding]:
    mine = [entry for entry in observation.snapshot.releases if observation.mesh.owns(entry.id)]
    for entry in mine:
        if entry.pending:
            message, fix = f"is {entry.status}: another run is changing it, or a run was killed", REPAIR
            if seconds := entry.under_way(observation.settings.release.timeout, observation.now):
                fix = f"wait: Helm may still be running for {seconds} s (release.timeout); {REPAIR}"
            yield error(ID, Subject("release", entry.id), message, fix)
        elif entry.status != "deployed":
            yield warning(ID, Subject("release", entry.id), f"is {entry.status}", "this `pulumi up` tries again")
    if not any(entry.pending for entry in mine):
        yield ok(ID, CLUSTER, "no release of this stack is stuck", number=len(mine))


# Releases in the cluster must be in the stack's state, and releases of the state must keep their names.
# Helm would refuse to install the former a second time, and would uninstall the latter before it installs them again.

KNOWN = "releases in the state"
GONE = "uninstalled"
"""Status of a release of which Helm kept only the history."""
REPAIR_AFTER_KILL = "if a run was killed: `python -m operations repair -s STACK`"
FIX = "import the state that installed it (`pulumi stack import`), or adopt it: `python -m operations adopt -s STACK`"
OF_ISTIO = (Kind.BASE, Kind.ISTIOD, Kind.GATEWAY)


def check_known(observation: Observation) -> Iterator[Finding]:
    problems = list(_renamed(observation))
    beside_the_state = (entry for entry in observation.mesh.releases if entry.id not in observation.state.releases)
    live = (observation.snapshot.release(release.namespace, release.name) for release in beside_the_state)
    # `check_stuck` reports pending releases.
    unknown = [entry for entry in live if entry and not entry.pending and entry.status != GONE]
    state = f"the state of stack {observation.mesh.stack}"
    message = f"is installed, but not in {state}, and Helm installs no name twice"
    fix = f"{REPAIR_AFTER_KILL}; else {FIX}" if observation.state.has_provider else FIX
    problems += [error(KNOWN, Subject("release", entry.id), message, fix) for entry in unknown]
    yield from problems or [ok(KNOWN, CLUSTER, "has no release of this mesh that the state does not know")]


def _renamed(observation: Observation) -> Iterator[Finding]:
    """Yield an error for each changed name whose release the state has under another name."""
    home, recorded = observation.settings.istio.namespace, observation.state.recorded.items()
    # A second control plane is a release of its own, which may come and go.
    lasting = observation.state.releases - {release for release, entry in recorded if entry.values.get("revision")}
    foreign = (release.partition("/") for release in lasting if not observation.mesh.owns(release))
    others = sorted(name for namespace, _, name in foreign if namespace == home and name not in addons.ALL)
    for release in observation.mesh.releases:
        if others and release.kind in OF_ISTIO and release.id not in observation.state.releases:
            key = release.kind.value if release.kind is not Kind.GATEWAY else release.setting
            held = f"the state holds {', '.join(others)}"
            message = f"is {release.name}, and {held}: `up` would uninstall the running release"
            fix = "set it to the name that the release has; a release can't be renamed"
            yield error(KNOWN, setting(f"releases.names.{key}"), message, fix)
