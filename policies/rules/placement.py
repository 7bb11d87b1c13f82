"""Pods of the mesh run on the Pis, and only there."""

from collections.abc import Iterator, Mapping
from typing import Any

from .resource import chart, release_values, unread
from .rule import MANDATORY, Bounds, Resource, Rule, strings
from .tree import as_text, at, items, mapping, text, texts, within

ARCHITECTURE = "kubernetes.io/arch"
SCHEDULING = {"istiod": "pilot.", "gateway": ""}
"""The prefix of the scheduling values in each chart."""
REQUIRED = "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


def breaches(resource: Resource, bounds: Bounds) -> Iterator[str]:
    prefix = SCHEDULING.get(chart(resource) or "")
    if prefix is None:
        return
    yield from unread(resource)
    values = release_values(resource)
    selector = mapping(values, f"{prefix}nodeSelector")
    if ARCHITECTURE in selector:
        architectures = {as_text(selector[ARCHITECTURE], f"{prefix}nodeSelector.{ARCHITECTURE}")}
    else:
        architectures = _required(mapping(values, f"{prefix}affinity"), f"{prefix}affinity")
    if not architectures:
        yield f"neither {prefix}nodeSelector nor a required {prefix}affinity names {ARCHITECTURE}"
    yield from (f"{ARCHITECTURE} {name} is requested" for name in sorted(architectures - set(bounds["architectures"])))


def _required(affinity: Mapping[str, Any], place: str) -> set[str]:
    """Return the architectures that a required node affinity admits; empty where one of its terms leaves them open."""
    with within(place):
        terms = [
            {value for want in items(term, "matchExpressions") if _names(want) for value in texts(want, "values")}
            for term in items(affinity, REQUIRED)
        ]
    return set().union(*terms) if terms and all(terms) else set()


def _names(want: Any) -> bool:
    return text(want, "key") == ARCHITECTURE and at(want, "operator") == "In"


RULE = Rule(
    "arm64-placement",
    "istiod and the gateways request nodes of the Pis' architecture",
    MANDATORY,
    "in a mixed cluster, a pod on another node is outside the Pis' budget",
    "set cluster.architecture; a cluster of another kind names its own in the policy config",
    schema={"architectures": strings(["arm64"], f"Allowed values of {ARCHITECTURE}.")},
    breaches=breaches,
)
