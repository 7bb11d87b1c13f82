"""What the addons have in common, and where they find each other."""

from pi_mesh.settings import Settings

NO_SIDECAR = {"sidecar.istio.io/inject": "false"}
"""A label: Prometheus asks proxies on a port outside mutual TLS, and a sidecar would cost as much as the addon."""

PORTS = {"prometheus": 9090, "kiali": 20000, "grafana": 3000, "jaeger": 16686}
"""The ports of the services, those of the Ansible role's port-forwards."""

OTLP = 4317
"""Where Jaeger takes traces (OpenTelemetry over gRPC)."""


def host(settings: Settings, name: str) -> str:
    """An addon's Service."""
    return f"{name}.{settings.istio.namespace}.svc.cluster.local"


def address(settings: Settings, name: str) -> str:
    """Where an addon is reached inside the cluster."""
    return f"http://{host(settings, name)}:{PORTS[name]}"
