"""The cluster must have no other Istio and no webhooks of a removed one; this stack's own Istio must not move."""

from collections.abc import Iterator
from itertools import groupby

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.objects import Deployment, Webhook
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.names import ISTIOD


def is_installed(mesh: Inventory, snapshot: Snapshot) -> bool:
    """Return True if the stack's control plane exists, in whatever state."""
    istiod = mesh.the(Kind.ISTIOD)
    (workload,) = istiod.workloads
    return any(entry.release == istiod.id and entry.name == workload.name for entry in snapshot.deployments)


CONTROL_PLANE, WEBHOOKS = "foreign istio", "istio webhooks"
NEEDED = ("deployments", "releases", "services", "validating webhooks", "mutating webhooks")
"""Kinds that show whether another Istio runs."""
BESIDE = (
    "workloads may depend on it: leave it alone and install this stack on another cluster, "
    "or move its workloads away first and have its owner uninstall it"
)
ADOPT = "where it is the only one, `python -m operations adopt -s STACK` takes it over under its own name"
MOVE = (
    "to move the mesh, which is an outage, run `pulumi destroy -s STACK` (it deletes the stack's namespaces, but for "
    "adopted ones), then `python -m operations repair -s STACK --yes` for the CRDs, then `up`"
)


def may_be_alive(mesh: Inventory, snapshot: Snapshot) -> bool:
    """Return True unless it is certain that no other Istio runs in the cluster or serves its webhooks."""
    unknown = any(kind in snapshot.unreadable for kind in NEEDED)
    hooks = _configurations(mesh, snapshot)
    return unknown or bool(_istiods(mesh, snapshot)) or not all(_is_stale(entry, snapshot) for entry in hooks)


def check(observation: Observation) -> Iterator[Finding]:
    home = observation.settings.istio.namespace
    istiods, own = _istiods(observation.mesh, observation.snapshot), observation.state.releases
    # A second control plane that this `up` removes is judged as a revision.
    foreign = [entry for entry in istiods if entry.namespace != home or entry.release not in own]
    for entry in foreign:
        subject = Subject("deployment", entry.id)
        if entry.release in own:
            message = f"is this stack's own istiod, and istio.namespace asks for it in {home}, where no sidecar looks"
            yield error(CONTROL_PLANE, subject, message, f"set istio.namespace back to {entry.namespace}; {MOVE}")
        else:
            by = f"of release {entry.release}" if entry.release else "of no Helm release"
            message = f"is another istiod, {by}; two control planes fight over webhooks and certificates"
            may_adopt = entry.release and entry.namespace == home
            yield error(CONTROL_PLANE, subject, message, f"{ADOPT}; else {BESIDE}" if may_adopt else BESIDE)
    if not foreign:
        yield ok(CONTROL_PLANE, CLUSTER, "no other control plane")
    yield from _webhooks(observation)


def _webhooks(observation: Observation) -> Iterator[Finding]:
    """Yield an error for each foreign webhook: without its Service it blocks writes; a live one serves a mesh."""
    foreign = _configurations(observation.mesh, observation.snapshot, observation.state)
    for hooks in foreign:
        first, *_ = hooks
        subject = Subject(f"{first.kind.lower()}webhookconfiguration", first.configuration)
        message = f"belongs to {first.release or 'no Helm release'}, not to this stack"
        fix = "it serves an Istio that may be alive: leave it to its owner, and see the row foreign istio"
        if _is_stale(hooks, observation.snapshot):
            fix = f"`kubectl delete {subject}`"
            message += f", which calls {first.service}, a service that is gone"
        yield error(WEBHOOKS, subject, message, fix)
    if not foreign:
        yield ok(WEBHOOKS, CLUSTER, "none but this stack's own")


def _istiods(mesh: Inventory, snapshot: Snapshot) -> list[Deployment]:
    istiods = (entry for entry in snapshot.deployments if ISTIOD in (entry.name, entry.labels.get("app")))
    return [entry for entry in istiods if not mesh.owns(entry.release)]


def _configurations(mesh: Inventory, snapshot: Snapshot, state: StackState = NEVER_RUN) -> list[list[Webhook]]:
    """Return Istio's webhooks that do not belong to this stack, grouped by configuration."""
    foreign = [
        hook
        for hook in snapshot.webhooks
        if (hook.name.endswith("istio.io") or ISTIOD in hook.service.partition("/")[2])
        and not (mesh.owns(hook.release) or hook.stack == mesh.owner or hook.release in state.releases)
    ]
    return [list(hooks) for _, hooks in groupby(foreign, key=lambda hook: (hook.kind, hook.configuration))]


def _is_stale(hooks: list[Webhook], snapshot: Snapshot) -> bool:
    """Return True if every webhook calls a Service that certainly does not exist; one that calls a URL may be alive."""
    services = {service.id for service in snapshot.services}
    readable = "services" not in snapshot.unreadable
    return readable and all(hook.service and hook.service not in services for hook in hooks)
