"""Callers that STRICT or a default deny refuses must be known before either is turned on; an audit names them."""

from collections.abc import Iterable, Iterator

from pi_mesh.checks.access_changes import DENY, STRICT, Beginning, Change, beginnings
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.audit_log import HOURS, AuditedCall, AuditLog
from pi_mesh.selectors import matches
from pi_mesh.settings import Settings
from pi_mesh.words import listed

ID = "cut callers"
SHOWN = 5


def check(observation: Observation) -> Iterator[Finding]:
    """Judge an `up` that turns STRICT or a default deny on."""
    for beginning in beginnings(observation.settings, observation.state):
        namespaces = {pod.namespace for pod in observation.snapshot.pods if pod.has_lasting_proxy} & {
            *beginning.namespaces
        }
        unknown_ones = sorted(
            namespaces - observation.state.access.audited if observation.snapshot.audit else namespaces
        )
        if unknown_ones:
            message = f"begins to refuse callers of {', '.join(unknown_ones)}, and no audit has shown who they are"
            fix = f"set {beginning.branch}.audit: true first; `operations verify` names them after a day of trading"
            yield warning(ID, setting(beginning.key), message, fix)
        if observation.snapshot.audit and namespaces & observation.state.access.audited:
            yield from _audit_findings(observation.settings, observation.snapshot.audit, beginning)


def _audit_findings(settings: Settings, log: AuditLog, beginning: Beginning) -> Iterator[Finding]:
    subject, names = setting(beginning.key), beginning.namespaces
    calls = [call for name in names for call in refused_calls(settings, log.calls, beginning.change, name)]
    yield from unread_logs(log.unread)
    if not calls:
        yield ok(ID, subject, f"the audit of the last {HOURS} hours shows no caller that it refuses")
        return
    message = f"refuses callers that the audit saw in the last {HOURS} hours: {calls_in_words(calls)}"
    if beginning.allowed:
        yield warning(ID, subject, message, f"{beginning.branch}.allowCutOff allows it", number=len(calls))
    else:
        fix = f"{beginning.change.cure}; {beginning.branch}.allowCutOff: true refuses them all the same"
        yield error(ID, subject, message, fix, number=len(calls))


def refused_calls(
    settings: Settings, calls: Iterable[AuditedCall], change: Change, namespace: str | None
) -> Iterator[AuditedCall]:
    """Yield the audited calls that a change refuses, to one namespace or to all of them.

    Legacy workloads keep accepting plain text under STRICT.
    """
    legacy = [(settings.namespace_of(workload), workload.selector) for workload in settings.traffic.legacy.values()]
    for call in calls:
        home, plain = call.callee.partition("/")[0], call.plain_text
        exempt = any(home == place and matches(selector, call.labels) for place, selector in legacy)
        if namespace in (None, home) and (call.denied if change is DENY else plain and not exempt):
            yield call


def calls_in_words(calls: Iterable[AuditedCall]) -> str:
    """Return the first callers with their callees."""
    lines = [f"{call.caller} to {call.callee} port {call.port} ({call.count}x)" for call in calls]
    return listed(lines, SHOWN)


def unread_logs(pods: Iterable[str]) -> Iterator[Finding]:
    """Yield an unknown for each proxy whose log could not be read."""
    for pod in pods:
        name, _, reason = pod.partition(" ")
        yield unknown(ID, Subject("pod", name), f"its audit log was not read {reason}")


AUDIT = "audit"


def check_audit(observation: Observation) -> Iterator[Finding]:
    settings, log = observation.settings, observation.snapshot.audit
    audits: list[tuple[Change, str, str | None]] = []
    if settings.mtls.audit:
        audits.append((STRICT, "mtls.audit", None))
    for namespace in settings.workload_namespaces:
        if namespace.default_deny.audit:
            audits.append((DENY, f"{namespace.deny_setting}.audit", namespace.name))
    if not audits:
        return
    if log is None:
        (_, key, _), *_ = audits
        yield unknown(AUDIT, setting(key), "the proxies' logs were not read")
        return
    yield from unread_logs(log.unread)
    for change, key, namespace in audits:
        refused = list(refused_calls(settings, log.calls, change, namespace))
        for call in refused:
            message = (
                f"was called {call.count}x on port {call.port} by {call.caller}, which {change.refuser} would refuse"
            )
            yield warning(AUDIT, Subject("workload", call.callee), message, change.cure, number=call.count)
        if not refused and not log.unread:
            yield ok(
                AUDIT, setting(key), f"in the last {HOURS} hours no call that {change.refuser} would refuse", number=0
            )
