"""The alerts: one entry for each, in the file of its subject."""

from pi_mesh.monitoring.alert import Alert
from pi_mesh.monitoring.alerts import certificates, containers, control_plane, requests

__all__ = ["ALL", "BY_SUBJECT"]

BY_SUBJECT: dict[str, tuple[Alert, ...]] = {
    "certificates": certificates.ALERTS,
    "control-plane": control_plane.ALERTS,
    "requests": requests.ALERTS,
    "containers": containers.ALERTS,
}
ALL = tuple(alert for alerts in BY_SUBJECT.values() for alert in alerts)
