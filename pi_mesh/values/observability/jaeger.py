"""Helm values of the chart `jaeger`: everything in one pod, traces in memory.

Source of the configuration: https://www.jaegertracing.io/docs/latest/deployment/configuration/
"""

from pi_mesh.settings import Settings
from pi_mesh.values.extra import Values
from pi_mesh.values.observability.shared import NO_SIDECAR, OTLP, PORTS
from pi_mesh.values.placement import node_selector

STORE = "recent"
ANYWHERE = "0.0.0.0"


def helm_values(settings: Settings) -> Values:
    wanted = settings.observability.jaeger
    return {
        "fullnameOverride": "jaeger",
        "jaeger": {
            "resources": wanted.resources.to_kubernetes(),
            "nodeSelector": node_selector(settings),
            "podLabels": NO_SIDECAR,
        },
        "userconfig": _configuration(wanted.max_traces),
    }


def _configuration(max_traces: int) -> Values:
    exporter = "jaeger_storage_exporter"
    return {
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query", "healthcheckv2"],
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": [exporter]}},
        },
        "extensions": {
            # The pod's own probes ask here.
            "healthcheckv2": {"use_v2": True, "http": {"endpoint": f"{ANYWHERE}:13133"}},
            "jaeger_query": {"storage": {"traces": STORE}, "http": {"endpoint": f"{ANYWHERE}:{PORTS['jaeger']}"}},
            "jaeger_storage": {"backends": {STORE: {"memory": {"max_traces": max_traces}}}},
        },
        "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": f"{ANYWHERE}:{OTLP}"}}}},
        "exporters": {exporter: {"trace_storage": STORE}},
    }
