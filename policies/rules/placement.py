"""The mesh's pods run on the Pis, and only there."""

from collections.abc import Iterator, Mapping
from typing import Any

from .resource import at, chart, release_values
from .rule import MANDATORY, Bounds, Resource, Rule, strings

ARCHITECTURE = "kubernetes.io/arch"
SCHEDULING = {"istiod": "pilot.", "gateway": ""}
"""The prefix of the scheduling values in each chart."""
REQUIRED = "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    prefix = SCHEDULING.get(chart(resource) or "")
    if prefix is None:
        return
    values = release_values(resource)
    selector = at(values, f"{prefix}nodeSelector") or {}
    found = {selector[ARCHITECTURE]} if ARCHITECTURE in selector else _required(at(values, f"{prefix}affinity"))
    if not found:
        yield f"neither {prefix}nodeSelector nor a required {prefix}affinity names {ARCHITECTURE}"
    yield from (f"{ARCHITECTURE} {name} is asked for" for name in sorted(found - set(bounds["architectures"])))


def _required(affinity: Mapping[str, Any] | None) -> set[str]:
    """The architectures that a required node affinity admits; empty where one of its terms leaves them open."""
    terms = [
        {value for want in term.get("matchExpressions") or () if _names(want) for value in want["values"]}
        for term in at(affinity, REQUIRED) or ()
    ]
    return set().union(*terms) if terms and all(terms) else set()


def _names(want: Mapping[str, Any]) -> bool:
    return want["key"] == ARCHITECTURE and want["operator"] == "In"


RULE = Rule(
    "arm64-placement",
    "istiod and the gateways ask for nodes of the Pis' architecture",
    MANDATORY,
    "in a mixed cluster a pod that lands elsewhere runs outside the Pis' budget",
    "set cluster.architecture; a cluster of another kind names its own in the policy config",
    schema={"architectures": strings(["arm64"], f"Allowed values of {ARCHITECTURE}.")},
    breaches=breaches,
)
