"""The dashboards of Grafana: their panels and the panels' queries."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pi_mesh.monitoring.alerts import CA_EXPIRY, MESH_CONTAINERS
from pi_mesh.monitoring.promql import (
    CONTAINER,
    CPU,
    KUBELETS_JOB,
    LIMIT,
    MEMORY,
    NODE_CPUS,
    NODE_MEMORY,
    errors,
    latency,
    rate,
    requests,
    total,
    waits,
)

FOLDER = Path(__file__).parent / "grafana"
"""Folder of the files that Grafana reads, which `lab/dashboards.py` writes with Grafana's SDK."""
INGRESS, EGRESS, WORKLOADS = "@ingress@", "@egress@", "@workloads@"
"""Names that differ between meshes; `text` replaces them."""
POD, OBJECT = "{{pod}}", "{{namespace}}/{{pod}}"
"""Legends of lines."""


@dataclass(frozen=True)
class Panel:
    """One chart of a dashboard."""

    title: str
    unit: str
    """Unit of Grafana: "reqps", "percent", "ms", "bytes", "s", "short"."""
    queries: Mapping[str, str]
    """PromQL by the legend of its lines; `{{label}}` is filled in by Grafana."""
    istio_metrics: bool = False
    """True if it reads Istio's standard metrics, which only Istio's own build of Envoy has."""


@dataclass(frozen=True)
class Dashboard:
    """One page of Grafana, whose file has its name."""

    name: str
    title: str
    panels: tuple[Panel, ...]

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.name}.json"

    def queries(self, names: Mapping[str, str]) -> Iterator[tuple[Panel, str]]:
        """Yield each query with its panel, with the names of one mesh."""
        for panel in self.panels:
            for query in panel.queries.values():
                yield panel, _named(query, names)


def dashboard_json(dashboard: Dashboard, names: Mapping[str, str]) -> str:
    """Return the dashboard as JSON for a mesh; `names` has a value for each of the names that differ."""
    return _named(dashboard.file.read_text(encoding="utf-8"), names)


def _named(content: str, names: Mapping[str, str]) -> str:
    for token, name in names.items():
        content = content.replace(token, name)
    return content


EVERY = 'reporter="destination"'
SECURITY = "connection_security_policy"
LEFT = 'min by (namespace, pod) (istio_agent_cert_expiry_seconds{resource_name="default"})'
REACHED = "histogram_quantile(0.99, sum by (le) (rate(pilot_proxy_convergence_time_bucket[5m])))"

MESH_DASHBOARD = Dashboard(
    "mesh",
    "Mesh at a glance",
    (
        Panel("Alerts that fire", "short", {"{{alertname}}": 'count by (alertname) (ALERTS{alertstate="firing"})'}),
        Panel("Proxies connected to istiod", "short", {"{{version}}": "sum by (version) (pilot_xds)"}),
        Panel("Proxies that answer", "short", {"proxies": 'sum(up{job="istio-proxies"})'}),
        Panel("Requests", "reqps", {"{{destination_workload}}": requests(EVERY, "destination_workload")}, True),
        Panel("Answers of 500 and above", "percent", {"share": errors(EVERY)}, True),
        Panel("Requests by security", "reqps", {f"{{{{{SECURITY}}}}}": requests(EVERY, SECURITY)}, True),
        Panel("Time until a change has reached 99 % of the proxies", "s", {"p99": REACHED}),
        Panel("Pushes of istiod", "short", {"{{type}}": "sum by (type) (rate(pilot_xds_pushes[5m]))"}),
        Panel("Rejected configuration", "short", {"{{type}}": "sum by (type) (pilot_total_xds_rejects)"}),
        Panel("Life left of the CA", "s", {POD: f"min by (pod) ({CA_EXPIRY}) - time()"}),
        Panel("Life left of the proxies' certificates", "s", {OBJECT: LEFT}),
    ),
)


AT_INGRESS = f'reporter="source", source_workload="{INGRESS}"'
AT_EGRESS = f'reporter="source", source_workload="{EGRESS}"'
PODS = f'pod=~"({INGRESS}|{EGRESS})-.*"'
CONTAINERS = f'{KUBELETS_JOB}, container="istio-proxy", {PODS}'
SERVICE = "destination_service_name"
FAILED = requests(f'{AT_INGRESS}, response_code=~"5.."', f"{SERVICE}, response_flags")

GATEWAYS_DASHBOARD = Dashboard(
    "gateways",
    "Gateways",
    (
        Panel("Requests by status", "reqps", {"{{response_code}}": requests(AT_INGRESS, "response_code")}, True),
        Panel("Answers of 500 and above", "percent", {"share": errors(AT_INGRESS)}, True),
        Panel("Latency", "ms", latency(AT_INGRESS), True),
        Panel(
            "Errors by service and response flag", "reqps", {f"{{{{{SERVICE}}}}} {{{{response_flags}}}}": FAILED}, True
        ),
        Panel("Requests that leave the mesh", "reqps", {f"{{{{{SERVICE}}}}}": requests(AT_EGRESS, SERVICE)}, True),
        Panel("Connections", "short", {POD: total("envoy_server_total_connections", PODS, "pod")}),
        Panel("CPU", "short", {POD: rate(CPU, CONTAINERS, "pod")}),
        Panel("Memory", "bytes", {POD: total(MEMORY, CONTAINERS, "pod")}),
    ),
)


CALLS = f'reporter="destination", destination_workload_namespace=~"{WORKLOADS}"'
SIDECARS = f'{KUBELETS_JOB}, container="istio-proxy", namespace=~"{WORKLOADS}"'
BETWEEN = requests(CALLS, "source_workload, destination_workload")

WORKLOADS_DASHBOARD = Dashboard(
    "trading",
    "Workloads",
    (
        Panel("Requests", "reqps", {"{{destination_workload}}": requests(CALLS, "destination_workload")}, True),
        Panel("Answers of 500 and above", "percent", {"share": errors(CALLS)}, True),
        Panel("Latency", "ms", latency(CALLS), True),
        Panel("Who calls whom", "reqps", {"{{source_workload}} to {{destination_workload}}": BETWEEN}, True),
        Panel("Sidecars: CPU", "short", {POD: rate(CPU, SIDECARS, "pod")}),
        Panel("Sidecars: memory", "bytes", {POD: total(MEMORY, SIDECARS, "pod")}),
        Panel("Sidecars: periods in which they wait at their CPU limit", "percent", {POD: waits(SIDECARS, "pod")}),
    ),
)


WHOLE = f'{KUBELETS_JOB}, id="/"'
"""Selector of a whole node."""
NODE = "{{node}}"

PIS_DASHBOARD = Dashboard(
    "pis",
    "The Pis' budget",
    (
        Panel("Kubelets that answer", "short", {NODE: f"up{{{KUBELETS_JOB}}}"}),
        Panel("CPU", "percent", {NODE: f"100 * {rate(CPU, WHOLE, 'node')} / max by (node) ({NODE_CPUS})"}),
        Panel("Memory", "percent", {NODE: f"100 * {total(MEMORY, WHOLE, 'node')} / max by (node) ({NODE_MEMORY})"}),
        Panel("CPU of the mesh", "short", {NODE: rate(CPU, MESH_CONTAINERS, "node")}),
        Panel("Memory of the mesh", "bytes", {NODE: total(MEMORY, MESH_CONTAINERS, "node")}),
        Panel("Memory limits of the mesh", "bytes", {NODE: total(LIMIT, MESH_CONTAINERS, "node")}),
        Panel(
            "Memory left until the limit",
            "bytes",
            {OBJECT: f"min by ({CONTAINER}) ({LIMIT}{{{MESH_CONTAINERS}}} - {MEMORY}{{{MESH_CONTAINERS}}})"},
        ),
        Panel("Series that Prometheus holds", "short", {"series": "prometheus_tsdb_head_series"}),
        Panel("Memory of Prometheus", "bytes", {"resident": 'process_resident_memory_bytes{job="prometheus"}'}),
    ),
)


ALL = (MESH_DASHBOARD, GATEWAYS_DASHBOARD, WORKLOADS_DASHBOARD, PIS_DASHBOARD)
