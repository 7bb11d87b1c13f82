"""Callers that STRICT or a default deny refuses must be known before either is turned on; an audit names them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pi_mesh.checks.admission import admits, policies_in
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.audit_log import HOURS, AuditedCall, AuditLog
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.selectors import matches
from pi_mesh.settings import Settings
from pi_mesh.words import listed

ID = "cut callers"
SHOWN = 5
LEARN = "run `operations learn remember -s STACK` every hour"
RHYTHM = timedelta(days=7)
"""Time that shows the callers of a week."""


@dataclass(frozen=True)
class Change:
    """A kind of change by which an `up` begins to refuse callers."""

    refuser: str
    cure: str
    """Change by which the refused callers can keep calling."""


STRICT = Change("STRICT", "give the caller a sidecar, or admit it by traffic.legacy")
DENY = Change("the default deny", "allow the caller by a policy of traffic.authorization.policies")


@dataclass(frozen=True)
class Beginning:
    """A change of this stack, and the settings about it."""

    change: Change
    key: str
    """Config key that the change turns on."""
    branch: str
    """Config key whose `audit` names the callers, and whose `allowCutOff` lets the change through."""
    allowed: bool
    namespaces: tuple[str, ...]
    """Namespaces whose workloads begin to refuse callers."""


def beginnings(settings: Settings, state: StackState) -> Iterator[Beginning]:
    """Yield the changes by which an `up` begins to refuse callers of a running mesh."""
    recorded, mtls = state.access, settings.mtls
    injected = [namespace for namespace in settings.workload_namespaces if namespace.own.injection]
    if mtls.mode == "STRICT" and recorded.mtls_mode == "PERMISSIVE":
        names = tuple(namespace.name for namespace in injected)
        yield Beginning(STRICT, "mtls.mode", "mtls", mtls.allow_cut_off, names)
    for namespace in injected:
        is_open = namespace.name in state.namespaces and namespace.name not in recorded.denies
        if namespace.default_deny.enabled and is_open:
            branch, allowed = namespace.deny_setting, namespace.default_deny.allow_cut_off
            yield Beginning(DENY, f"{branch}.enabled", branch, allowed, (namespace.name,))


def audited_namespaces(settings: Settings, state: StackState) -> set[str]:
    """Return the namespaces that begin to refuse callers, and whose audit log says whom."""
    return {name for begun in beginnings(settings, state) for name in begun.namespaces} & state.access.audited


def check(observation: Observation) -> Iterator[Finding]:
    """Judge an `up` that turns STRICT or a default deny on."""
    audited, log = observation.state.access.audited, observation.snapshot.audit
    meshed = {pod.namespace for pod in observation.snapshot.pods if pod.has_lasting_proxy}
    for beginning in beginnings(observation.settings, observation.state):
        namespaces = meshed & {*beginning.namespaces}
        if unaudited := sorted(namespaces - audited if log else namespaces):
            message = f"begins to refuse callers of {', '.join(unaudited)}, and no audit has shown who they are"
            fix = f"set {beginning.branch}.audit: true first; `operations verify` names them after a day of trading"
            yield warning(ID, setting(beginning.key), message, fix)
        if log and namespaces & audited:
            yield from _audit_findings(observation, log, beginning)


def _audit_findings(observation: Observation, log: AuditLog, beginning: Beginning) -> Iterator[Finding]:
    subject, names = setting(beginning.key), beginning.namespaces
    calls = [call for name in names for call in refused_calls(observation, beginning.change, name)]
    yield from unread_logs(log.unread)
    if calls:
        message = f"refuses callers that the audit saw {_window(log)}: {calls_in_words(calls)}"
        if beginning.allowed:
            yield warning(ID, subject, message, f"{beginning.branch}.allowCutOff allows it", number=len(calls))
        else:
            fix = f"{beginning.change.cure}; {beginning.branch}.allowCutOff: true refuses them all the same"
            yield error(ID, subject, message, fix, number=len(calls))
        return
    message = f"the audit saw no caller {_window(log)} that it refuses"
    if reason := unseen_rhythm(log, observation.now):
        yield warning(ID, subject, f"{message}, {reason}", LEARN)
    else:
        yield ok(ID, subject, message)


def _window(log: AuditLog) -> str:
    return f"since {log.memory.since}" if log.memory.since else f"in the last {HOURS} hours"


def unseen_rhythm(log: AuditLog, now: datetime) -> str:
    """Return why the audit may not have seen every caller; empty once it has a week, and a run of each CronJob."""
    if not log.memory.since:
        return "and nothing older is remembered, as of a caller once a week"
    if log.waiting:
        return f"and CronJob {listed(log.waiting, SHOWN)} has not run in that time"
    end = datetime.fromisoformat(log.memory.since) + RHYTHM
    return f"and has run for a week on {end:%Y-%m-%d %H:%M} UTC" if now < end else ""


def refused_calls(observation: Observation, change: Change, namespace: str | None) -> Iterator[AuditedCall]:
    """Yield the calls, logged or remembered, that a change refuses, to one namespace or to all, each caller once.

    Legacy workloads keep plain text. What a policy of the settings admits by now is no longer refused, nor a remembered
    caller without an identity that has a sidecar by now.
    """
    settings, log = observation.settings, observation.snapshot.audit or AuditLog()
    legacy = [(settings.namespace_of(workload), workload.selector) for workload in settings.traffic.legacy.values()]
    meshed = {f"workload {pod.workload}" for pods in observation.meshed_pods.values() for pod in pods}
    remembered = {call.key: call for call in log.memory.calls if call.caller not in meshed}
    every = (*remembered.values(), *(call for call in log.calls if call.key not in remembered))
    judged = [call for call in every if namespace in (None, call.namespace)]
    homes = {call.namespace for call in judged} if change is DENY else ()
    in_force = {home: policies_in(settings, home) for home in homes}
    refused: dict[tuple[str, str, int], AuditedCall] = {}
    for call in judged:
        if change is DENY:
            cut_off = call.denied and not admits(in_force[call.namespace], call)
        else:
            exempt = any(call.namespace == place and matches(selector, call.labels) for place, selector in legacy)
            cut_off = call.plain_text and not exempt
        if cut_off:
            key = call.caller, call.callee, call.port
            count = call.count + (refused[key].count if key in refused else 0)
            refused[key] = replace(call, count=count)
    yield from sorted(refused.values(), key=lambda call: -call.count)


def calls_in_words(calls: Iterable[AuditedCall]) -> str:
    """Return the first callers with their callees."""
    return listed((f"{call.caller} to {call.callee} port {call.port} ({call.count}x)" for call in calls), SHOWN)


def unread_logs(pods: Iterable[str]) -> Iterator[Finding]:
    """Yield an unknown for each proxy whose log could not be read."""
    for pod in pods:
        name, _, reason = pod.partition(" ")
        yield unknown(ID, Subject("pod", name), f"its audit log was not read {reason}")


AUDIT = "audit"


def check_audit(observation: Observation) -> Iterator[Finding]:
    settings, log = observation.settings, observation.snapshot.audit
    audits: list[tuple[Change, str, str | None]] = [(STRICT, "mtls.audit", None)] if settings.mtls.audit else []
    denying = (namespace for namespace in settings.workload_namespaces if namespace.default_deny.audit)
    audits += [(DENY, f"{namespace.deny_setting}.audit", namespace.name) for namespace in denying]
    if not audits:
        return
    if log is None:
        yield unknown(AUDIT, setting(audits[0][1]), "the proxies' logs were not read")
        return
    yield from unread_logs(log.unread)
    for change, key, namespace in audits:
        refused = list(refused_calls(observation, change, namespace))
        for call in refused:
            calls = f"{call.count}x on port {call.port} by {call.caller}"
            message = f"was called {calls}, which {change.refuser} would refuse"
            yield warning(AUDIT, Subject("workload", call.callee), message, change.cure, number=call.count)
        if not refused and not log.unread:
            message = f"{_window(log)} no call that {change.refuser} would refuse"
            yield ok(AUDIT, setting(key), message, number=0)
