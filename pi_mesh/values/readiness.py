"""Helm values of how soon a gateway counts as ready: what an install, an upgrade and a drained node wait for.

The charts probe a gateway as it starts, always too early, and the next time 15 s later. A gateway that was ready is
given up after 60 s without an answer, as in the charts.
"""

from pi_mesh.catalog.istio import facts_of
from pi_mesh.values.extra import Values

PROBE = {
    "httpGet": {"path": "/healthz/ready", "port": 15021},
    "periodSeconds": 1,
    "timeoutSeconds": 3,
    "failureThreshold": 60,
}


def of_gateway(version: str) -> Values:
    """For the gateway chart."""
    return {"readinessProbe": PROBE} if facts_of(version).gateways_choose_their_probe else {}


def of_all_proxies(version: str) -> Values:
    """For the istiod chart, where there is no other way; seldomer, since every sidecar is asked as often."""
    if facts_of(version).gateways_choose_their_probe:
        return {}
    return {"readinessPeriodSeconds": 3, "readinessFailureThreshold": 20}
