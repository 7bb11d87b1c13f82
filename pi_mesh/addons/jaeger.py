"""Jaeger, for traces.

Source of the chart's configuration: https://www.jaegertracing.io/docs/latest/deployment/configuration/
"""

from typing import Annotated, ClassVar

from pydantic import Field

from pi_mesh.addons.addon import NO_SIDECAR, Addon, ChartVersion, MeshContext
from pi_mesh.model import HelmValues, ResourceProfile, profile

OTLP = 4317
"""Port on which Jaeger receives traces (OpenTelemetry over gRPC)."""
STORE = "recent"
ANYWHERE = "0.0.0.0"


class Jaeger(Addon):
    """Jaeger, which keeps traces in memory; `proxy.traceSampling` sets the percentage of traced requests."""

    name: ClassVar[str] = "jaeger"
    chart: ClassVar[str] = "jaeger"
    repository: ClassVar[str] = "https://jaegertracing.github.io/helm-charts"
    port: ClassVar[int] = 16686

    # renovate: datasource=helm depName=jaeger registryUrl=https://jaegertracing.github.io/helm-charts
    version: ChartVersion | None = "4.11.1"  # Jaeger 2.19
    """Version of the Jaeger chart."""
    resources: ResourceProfile = profile("50m", "128Mi", "200m", "256Mi")
    max_traces: Annotated[int, Field(ge=100, le=1_000_000)] = 5000
    """Number of traces kept in memory; the oldest are dropped first."""

    def helm_values(self, mesh: MeshContext) -> HelmValues:
        return {
            "fullnameOverride": self.name,
            "jaeger": {
                "resources": self.resources.to_kubernetes(),
                "nodeSelector": mesh.node_selector,
                "podLabels": NO_SIDECAR,
            },
            "userconfig": _configuration(self.max_traces, self.port),
        }


def _configuration(max_traces: int, port: int) -> HelmValues:
    exporter = "jaeger_storage_exporter"
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": [exporter]}},
        },
        "extensions": {
            # The pod's probes call this endpoint.
            "healthcheckv2": {"use_v2": True, "http": {"endpoint": f"{ANYWHERE}:13133"}},
            "jaeger_query": {"storage": {"traces": STORE}, "http": {"endpoint": f"{ANYWHERE}:{port}"}},
            "jaeger_storage": {"backends": {STORE: {"memory": {"max_traces": max_traces}}}},
        },
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"{ANYWHERE}:{OTLP}"}}}},
        "exporters": {exporter: {"trace_storage": STORE}},
    }
