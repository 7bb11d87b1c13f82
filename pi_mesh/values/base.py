"""Helm values of the chart `base`."""

from pi_mesh.settings import Settings
from pi_mesh.values.extra import Values


def helm_values(settings: Settings) -> Values:
    """What the settings say, without the extra values."""
    return {"global": {"istioNamespace": settings.istio.namespace}}
