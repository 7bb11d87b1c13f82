"""The judgement of one call between two workloads: what on its way refuses it.

Nothing is called: the proxies' rules are evaluated as Istio documents them, in the order in which a call meets them.
"""

from pi_mesh.checks.call import admitted, encrypted, reached, routed, scope
from pi_mesh.checks.call.described import Call
from pi_mesh.checks.finding import Finding

CHECKS = (scope.check, routed.check, reached.check, encrypted.check, admitted.check)


def judge(call: Call) -> list[Finding]:
    """Return what each check says of the call."""
    return [finding for check in CHECKS for finding in check(call)]
