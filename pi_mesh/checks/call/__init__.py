"""The judgement of one call between two workloads: what on its way refuses it.

Nothing is called: the proxies' rules are evaluated as Istio documents them, in the order in which a call meets them.
"""

from pi_mesh.checks.call import routing, security
from pi_mesh.checks.call.call import Call
from pi_mesh.checks.finding import Finding

CHECKS = (
    routing.check_scope,
    routing.check_route,
    routing.check_endpoints,
    security.check_encryption,
    security.check_access,
)


def call_findings(call: Call) -> list[Finding]:
    """Return what each check says of the call."""
    return [finding for check in CHECKS for finding in check(call)]
