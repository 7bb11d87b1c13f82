"""The alerts' settings: bounds, and where alerts go."""

from typing import Annotated

from pydantic import Field

from pi_mesh.addons.addon import MeshContext
from pi_mesh.model.base import HelmValues, Model
from pi_mesh.model.patterns import matching
from pi_mesh.monitoring.alert import RUNBOOKS, Bounds

Percent = Annotated[int, Field(ge=1, le=99)]
Receiver = Annotated[
    str, matching(r"^[^\s/:]+:[0-9]{1,5}$", 'a host with a port such as "alertmanager.monitoring:9093"')
]


class AlertSettings(Model):
    """Alerts of the mesh, as rules of Prometheus."""

    enabled: bool = True
    """Give Prometheus the alerts of docs/observability.md."""
    alertmanagers: tuple[Receiver, ...] = ()
    """Alertmanagers that get the alerts. Without one, Prometheus shows them and tells nobody."""
    runbooks: str = RUNBOOKS
    """Address of the page with the runbooks, to which each alert links."""
    certificate_days: Annotated[int, Field(ge=1, le=365)] = 30
    """Days before the end of a CA certificate at which the alert fires."""
    error_percent: Percent = 5
    """Percentage of the ingress gateway's answers with a status of 500 or above."""
    latency_milliseconds: Annotated[int, Field(ge=1, le=60_000)] = 1000
    """Milliseconds that 95 percent of the requests at the ingress gateway must not exceed."""
    memory_percent: Percent = 90
    """Percentage of its memory limit that a sidecar, gateway or istiod may use."""
    throttled_percent: Percent = 25
    """Percentage of its CPU periods in which a sidecar, gateway or istiod may wait at its CPU limit."""

    def bounds(self, mesh: MeshContext) -> Bounds:
        """Return the numbers and names that the alerts' expressions need."""
        return Bounds(
            mesh.ingress,
            mesh.ingress_namespace,
            mesh.certificate_seconds,
            self.certificate_days,
            self.error_percent,
            self.latency_milliseconds,
            self.memory_percent,
            self.throttled_percent,
        )

    def receivers(self) -> HelmValues:
        """Return the chart's values that name the Alertmanagers."""
        if not self.alertmanagers:
            return {}
        return {"alertmanagers": [{"static_configs": [{"targets": list(self.alertmanagers)}]}]}
