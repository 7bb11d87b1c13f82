"""An audit names the callers that STRICT or the default deny would refuse."""

from collections.abc import Iterator

from pi_mesh.checks import cut_callers
from pi_mesh.checks.cut_callers import Change
from pi_mesh.checks.finding import Finding, Subject, ok, setting, unknown, warning
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.audit_log import HOURS

ID = "audit"


def check(seen: VerificationInput) -> Iterator[Finding]:
    settings, log = seen.settings, seen.snapshot.audit
    audits: list[tuple[Change, str, str | None]] = []
    if settings.mtls.audit:
        audits.append((cut_callers.STRICT, "mtls.audit", None))
    for namespace in settings.workload_namespaces:
        if namespace.default_deny.audit:
            audits.append((cut_callers.DENY, f"{namespace.deny_setting}.audit", namespace.name))
    if not audits:
        return
    if log is None:
        (_, key, _), *_ = audits
        yield unknown(ID, setting(key), "the proxies' logs were not read")
        return
    yield from cut_callers.unread(log.unread)
    for change, key, namespace in audits:
        refused = list(cut_callers.refused(settings, log.calls, change, namespace))
        for call in refused:
            message = (
                f"was called {call.count}x on port {call.port} by {call.caller}, which {change.refuser} would refuse"
            )
            yield warning(ID, Subject("workload", call.callee), message, change.cure, number=call.count)
        if not refused and not log.unread:
            yield ok(
                ID, setting(key), f"in the last {HOURS} hours no call that {change.refuser} would refuse", number=0
            )
