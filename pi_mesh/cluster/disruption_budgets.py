"""PodDisruptionBudgets that apply to the pods of a workload."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pi_mesh.cluster.client import Client
from pi_mesh.cluster.workloads import Workload

PATH = "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"


@dataclass(frozen=True)
class Budget:
    """A PodDisruptionBudget."""

    name: str
    allowed: int
    """Number of pods that may be evicted now."""
    most: int
    """Number of pods that may be evicted if all are healthy."""


def budgets(client: Client, workload: Workload) -> list[Budget]:
    """Return the budgets that apply to a workload's pods."""
    items = client.items(PATH.format(workload.namespace))
    return [_budget(item) for item in items if _selects(item["spec"].get("selector"), workload.labels)]


def _budget(item: Mapping[str, Any]) -> Budget:
    status = item.get("status") or {}
    most = status.get("expectedPods", 0) - status.get("desiredHealthy", 0)
    return Budget(item["metadata"]["name"], status.get("disruptionsAllowed", 0), most)


def _selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return True if the selector matches, as Kubernetes judges: an empty one matches every pod, a missing one none."""
    if selector is None:
        return False
    wanted = (selector.get("matchLabels") or {}).items()
    return wanted <= labels.items() and all(_fits(one, labels) for one in selector.get("matchExpressions") or [])


def _fits(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
    there = key in labels
    return {
        "In": labels.get(key) in values,
        "NotIn": labels.get(key) not in values,
        "Exists": there,
        "DoesNotExist": not there,
    }[operator]
