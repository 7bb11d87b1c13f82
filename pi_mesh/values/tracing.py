"""Values and the Telemetry object that make the mesh's proxies send traces to Jaeger."""

from pi_mesh.addons.jaeger import OTLP, Jaeger
from pi_mesh.settings import Settings
from pi_mesh.values.extra import Values
from pi_mesh.values.objects import Object
from pi_mesh.values.placement import mesh_context

PROVIDER = Jaeger.name


def helm_values(settings: Settings) -> Values:
    """Return the values of istiod's chart that name Jaeger as the receiver of traces; none without Jaeger."""
    mesh = mesh_context(settings)
    if PROVIDER not in mesh.enabled:
        return {}
    receiver = {"service": mesh.host(PROVIDER), "port": OTLP}
    return {
        "meshConfig": {"enableTracing": True, "extensionProviders": [{"name": PROVIDER, "opentelemetry": receiver}]}
    }


def telemetry(settings: Settings) -> list[Object]:
    """Return the Telemetry that makes all proxies trace: in the root namespace, without a selector."""
    if PROVIDER not in settings.observability.enabled():
        return []
    tracing = {"providers": [{"name": PROVIDER}], "randomSamplingPercentage": settings.proxy.trace_sampling}
    whole_mesh = {
        "apiVersion": "telemetry.istio.io/v1alpha1",
        "kind": "Telemetry",
        "metadata": {"name": "mesh-tracing", "namespace": settings.istio.namespace},
        "spec": {"tracing": [tracing]},
    }
    return [whole_mesh]
