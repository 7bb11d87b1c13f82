"""The nodes that a pod may run on: node selector, required node affinity and tolerations, as the scheduler reads them.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pi_mesh.cluster.nodes import Node


@dataclass(frozen=True)
class Placement:
    """The conditions of a pod for its node, besides CPU and memory."""

    node_selector: Mapping[str, str] = field(default_factory=dict)
    affinity: Sequence[Mapping[str, Any]] = ()
    """Terms of the required node affinity: one of them has to hold. Empty: every node will do."""
    tolerations: Sequence[Mapping[str, Any]] = ()
    priority: int = 0
    """The scheduler places the pod of the highest priority first."""

    def allows(self, node: Node) -> bool:
        """Return True for a node that this pod may be placed on, if it has room."""
        labels = {"kubernetes.io/arch": node.architecture, "kubernetes.io/hostname": node.name, **node.labels}
        return (
            node.ready
            and not node.cordoned
            and self.node_selector.items() <= labels.items()
            and (not self.affinity or any(_holds(term, labels, node.name) for term in self.affinity))
            and all(any(_tolerates(one, taint) for one in self.tolerations) for taint in node.taints)
        )


def parse(spec: Mapping[str, Any]) -> Placement:
    """Return the placement of a pod from its spec in the API."""
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    return Placement(
        spec.get("nodeSelector") or {},
        required.get("nodeSelectorTerms") or (),
        spec.get("tolerations") or (),
        spec.get("priority") or 0,
    )


def _holds(term: Mapping[str, Any], labels: Mapping[str, str], name: str) -> bool:
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False  # an empty term selects no node
    return all(_fits(one, labels) for one in expressions) and all(_fits(one, {"metadata.name": name}) for one in fields)


def _fits(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value, values = labels.get(expression["key"]), expression.get("values") or []
    match expression["operator"]:
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case operator:
            if value is None or not value.lstrip("-").isdecimal():
                return False
            return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])


def _tolerates(toleration: Mapping[str, Any], taint: str) -> bool:
    """Judge a taint that stands as KEY=VALUE:EFFECT, or KEY:EFFECT without a value."""
    what, _, effect = taint.rpartition(":")
    key, _, value = what.partition("=")
    if toleration.get("effect") not in (None, "", effect):
        return False
    if toleration.get("operator") == "Exists":
        return toleration.get("key") in (None, "", key)
    return toleration.get("key") == key and (toleration.get("value") or "") == value
