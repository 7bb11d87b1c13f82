"""How the mesh's proxies send their traces to Jaeger."""

from pi_mesh.settings import Settings
from pi_mesh.values.extra import Values
from pi_mesh.values.objects import Object
from pi_mesh.values.observability.shared import OTLP, host

PROVIDER = "jaeger"


def helm_values(settings: Settings) -> Values:
    """What istiod's chart gets of it: a place to send traces to."""
    if not settings.observability.jaeger.enabled:
        return {}
    receiver = {"service": host(settings, "jaeger"), "port": OTLP}
    return {
        "meshConfig": {"enableTracing": True, "extensionProviders": [{"name": PROVIDER, "opentelemetry": receiver}]}
    }


def telemetry(settings: Settings) -> list[Object]:
    """What makes all proxies trace: an object in the root namespace, and with no selector."""
    if not settings.observability.jaeger.enabled:
        return []
    tracing = {"providers": [{"name": PROVIDER}], "randomSamplingPercentage": settings.proxy.trace_sampling}
    whole_mesh = {
        "apiVersion": "telemetry.istio.io/v1alpha1",
        "kind": "Telemetry",
        "metadata": {"name": "mesh-tracing", "namespace": settings.istio.namespace},
        "spec": {"tracing": [tracing]},
    }
    return [whole_mesh]
