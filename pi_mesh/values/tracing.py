"""The extension provider and the Telemetry object that make the mesh's proxies send traces to Jaeger."""

from pi_mesh.addons.jaeger import OTLP, Jaeger
from pi_mesh.settings import Settings
from pi_mesh.values import objects
from pi_mesh.values.extra import Values
from pi_mesh.values.objects import Object
from pi_mesh.values.placement import mesh_context

PROVIDER = Jaeger.name


def providers(settings: Settings) -> list[Values]:
    """Return the extension provider of istiod's mesh config that receives traces: Jaeger, if it is enabled."""
    mesh = mesh_context(settings)
    if PROVIDER not in mesh.enabled:
        return []
    return [{"name": PROVIDER, "opentelemetry": {"service": mesh.host(PROVIDER), "port": OTLP}}]


def telemetry(settings: Settings) -> list[Object]:
    """Return the Telemetry that makes all proxies trace: in the root namespace, without a selector."""
    if PROVIDER not in settings.observability.enabled():
        return []
    tracing = {"providers": [{"name": PROVIDER}], "randomSamplingPercentage": settings.proxy.trace_sampling}
    return [objects.telemetry(settings.istio.namespace, "mesh-tracing", {"tracing": [tracing]})]
