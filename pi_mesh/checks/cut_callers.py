"""Callers that STRICT or a default deny refuses must be known and named before either is turned on."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, unknown, warning
from pi_mesh.cluster import audit_log
from pi_mesh.cluster.audit_log import HOURS, AuditedCall
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings

ID = "cut callers"
STRICT, DENY = "mtls.mode", "traffic.authorization.defaultDeny.enabled"
SHOWN = 5


def changes(settings: Settings, state: StackState) -> tuple[str, ...]:
    """Return the keys of the settings by which an `up` begins to refuse callers of a running mesh."""
    recorded, namespace = state.access, settings.trading.namespace
    strict = settings.mtls.mode == "STRICT" and recorded.mtls_mode == "PERMISSIVE"
    deny = settings.traffic.authorization.default_deny.enabled
    denies = deny and namespace in state.namespaces and namespace not in recorded.denies
    return tuple(key for key, begins in ((STRICT, strict), (DENY, denies)) if begins)


def seen(snapshot: Snapshot, settings: Settings, state: StackState) -> Snapshot:
    """Return the snapshot with the audit log, if an `up` would begin to refuse callers that an audit has watched.

    Raises as `pi_mesh.cluster.client.Client` does.
    """
    namespace = settings.trading.namespace
    if namespace not in state.access.audited or not (changes(settings, state) or settings.audits):
        return snapshot
    return replace(snapshot, audit=audit_log.read(settings.cluster.context, snapshot.pods, namespace))


def check(mesh: Inventory, snapshot: Snapshot, state: StackState) -> Iterator[Finding]:
    """Judge an `up` that turns STRICT or the default deny on."""
    settings = mesh.settings
    namespace = settings.trading.namespace
    if not any(pod.namespace == namespace and pod.has_lasting_proxy for pod in snapshot.pods):
        return
    for key in changes(settings, state):
        if snapshot.audit is None or namespace not in state.access.audited:
            audit = "mtls.audit" if key == STRICT else "traffic.authorization.defaultDeny.audit"
            message = f"begins to refuse callers of {namespace}, and no audit has shown who they are"
            fix = f"set {audit}: true first, and `python -m operations verify` names them after a day of trading"
            yield warning(ID, setting(key), message, fix)
        else:
            yield from _judged(settings, snapshot, key)


def _judged(settings: Settings, snapshot: Snapshot, key: str) -> Iterator[Finding]:
    log = snapshot.audit
    assert log
    refused = list(of_change(settings, log.calls, key))
    yield from unread(log.unread)
    if not refused:
        yield ok(ID, setting(key), f"the audit of the last {HOURS} hours shows no caller that it refuses")
        return
    allowed = (
        settings.mtls.allow_cut_off if key == STRICT else settings.traffic.authorization.default_deny.allow_cut_off
    )
    allow = "mtls.allowCutOff" if key == STRICT else "traffic.authorization.defaultDeny.allowCutOff"
    message = f"refuses callers that the audit saw in the last {HOURS} hours: {in_words(refused)}"
    if allowed:
        yield warning(ID, setting(key), message, f"it is allowed by {allow}", number=len(refused))
    else:
        yield error(ID, setting(key), message, f"{cure(key)}; {allow}: true refuses them", number=len(refused))


def of_change(settings: Settings, calls: Iterable[AuditedCall], key: str) -> Iterator[AuditedCall]:
    """Yield the audited calls that a change refuses; legacy workloads keep accepting plain text under STRICT."""
    legacy = [one.selector.items() for one in settings.traffic.legacy.values()]
    for call in calls:
        if key == DENY and call.denied:
            yield call
        if key == STRICT and call.plain_text and not any(labels <= call.labels.items() for labels in legacy):
            yield call


def cure(key: str) -> str:
    """Return how the callers that a change refuses can keep calling."""
    if key == STRICT:
        return "give the caller a sidecar, or admit it by traffic.legacy"
    return "allow the caller by a policy of traffic.authorization.policies"


def in_words(calls: Iterable[AuditedCall]) -> str:
    """Return the first callers with their callees, the most frequent first."""
    lines = [f"{one.caller} to {one.callee} port {one.port} ({one.count}x)" for one in calls]
    more = f" and {len(lines) - SHOWN} more" if len(lines) > SHOWN else ""
    return f"{', '.join(lines[:SHOWN])}{more}"


def unread(pods: Iterable[str]) -> Iterator[Finding]:
    """Yield an unknown for each proxy whose log could not be read."""
    for pod in pods:
        name, _, reason = pod.partition(" ")
        yield unknown(ID, Subject("pod", name), f"its audit log was not read {reason}")
