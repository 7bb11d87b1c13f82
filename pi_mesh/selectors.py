"""Label selectors as Kubernetes and Istio read them.

A missing or empty selector means three things. Istio's policies and a pod's nodeSelector then demand nothing; a Service
then has no pods (`Service.has_pod`); a LabelSelector that is missing selects nothing, and one that is empty everything.
"""

from collections.abc import Mapping
from typing import Any


def matches(selector: Mapping[str, str] | None, labels: Mapping[str, str]) -> bool:
    """Return True if the labels include all that the selector demands; a missing or an empty one demands nothing."""
    return (selector or {}).items() <= labels.items()


def may_share_pods(selector: Mapping[str, str] | None, other: Mapping[str, str] | None) -> bool:
    """Return True if a pod may match both selectors: neither demands another value of the same label."""
    first, second = selector or {}, other or {}
    return all(second.get(key, value) == value for key, value in first.items())


def label_selector_matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return True if a LabelSelector, with `matchLabels` and `matchExpressions`, matches the labels."""
    return selector is not None and (
        matches(selector.get("matchLabels"), labels)
        and all(expression_matches(expression, labels) for expression in selector.get("matchExpressions") or [])
    )


def expression_matches(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Return True if one of `matchExpressions` holds; only a node's affinity knows `Gt` and `Lt`."""
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
