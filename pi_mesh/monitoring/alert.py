"""An alert, and the rule of Prometheus that it becomes.

https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

RUNBOOKS = "docs/runbooks.md"


class Severity(StrEnum):
    """The urgency of an alert: somebody must look at once, or on the next day."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True)
class Bounds:
    """The numbers and names of one mesh that the alerts' expressions need."""

    ingress: str = "istio-ingressgateway"
    """Name of the ingress gateway's Deployment."""
    ingress_namespace: str = "istio-system"
    certificate_seconds: int = 7200
    """Lifetime of a workload's certificate."""
    certificate_days: int = 30
    error_percent: int = 5
    latency_milliseconds: int = 1000
    memory_percent: int = 90
    throttled_percent: int = 25


@dataclass(frozen=True)
class Alert:
    """One alert: when it fires, and what its reader must know and do."""

    name: str
    expression: Callable[[Bounds], str]
    """PromQL, as a function of the mesh's bounds."""
    minutes: int
    """Minutes for which the expression must hold."""
    severity: Severity
    summary: str
    """Sentence about the cluster; `{{ $labels.NAME }}` is filled in by Prometheus."""
    action: str
    """What to do first."""
    runbook: str
    """Heading's anchor in the runbooks."""

    def rule(self, bounds: Bounds, runbooks: str) -> dict[str, object]:
        """Return the alerting rule; `runbooks` is the address of the page with the runbooks."""
        return {
            "alert": self.name,
            "expr": self.expression(bounds),
            "for": f"{self.minutes}m",
            "labels": {"severity": str(self.severity)},
            "annotations": {
                "summary": self.summary,
                "description": self.action,
                "runbook_url": f"{runbooks}#{self.runbook}",
            },
        }


def grown(metric: str, window: str, by: str) -> str:
    """Return the expression for a counter that grew within the window, by labels.

    `increase` misses the first step of a counter that istiod shows only after its first event.
    """
    return f"sum by ({by}) ({metric} - ({metric} offset {window} or {metric} * 0)) > 0"


def groups(alerts: Mapping[str, tuple[Alert, ...]], bounds: Bounds, runbooks: str) -> list[dict[str, object]]:
    """Return the groups of rules, one for each subject."""
    return [
        {"name": f"pi-mesh-{subject}", "rules": [alert.rule(bounds, runbooks) for alert in entries]}
        for subject, entries in alerts.items()
    ]
