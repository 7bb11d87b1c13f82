"""An audit names the callers that STRICT or the default deny would refuse."""

from collections.abc import Iterator

from pi_mesh.checks import cut_callers
from pi_mesh.checks.finding import Finding, Subject, ok, setting, unknown, warning
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.audit_log import HOURS

ID = "audit"


def check(seen: VerificationInput) -> Iterator[Finding]:
    settings, log = seen.settings, seen.snapshot.audit
    deny = settings.traffic.authorization.default_deny.audit
    audits = (("mtls.audit", cut_callers.STRICT, settings.mtls.audit, "STRICT"),)
    audits += (("traffic.authorization.defaultDeny.audit", cut_callers.DENY, deny, "the default deny"),)
    for key, change, is_on, refuser in audits:
        if not is_on:
            continue
        if log is None:
            yield unknown(ID, setting(key), "the proxies' logs were not read")
            continue
        yield from cut_callers.unread(log.unread)
        refused = list(cut_callers.of_change(settings, log.calls, change))
        for call in refused:
            message = f"was called {call.count}x on port {call.port} by {call.caller}, which {refuser} would refuse"
            yield warning(ID, Subject("workload", call.callee), message, cut_callers.cure(change), number=call.count)
        if not refused and not log.unread:
            yield ok(ID, setting(key), f"in the last {HOURS} hours no call that {refuser} would refuse", number=0)
