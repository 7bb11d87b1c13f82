"""The workloads of `trading` and of the further namespaces, and their sidecars."""

from pi_mesh.monitoring.dashboard import POD, WORKLOADS, Dashboard, Panel
from pi_mesh.monitoring.promql import CPU, KUBELETS_JOB, MEMORY, errors, latency, rate, requests, total, waits

CALLS = f'reporter="destination", destination_workload_namespace=~"{WORKLOADS}"'
SIDECARS = f'{KUBELETS_JOB}, container="istio-proxy", namespace=~"{WORKLOADS}"'
BETWEEN = requests(CALLS, "source_workload, destination_workload")

DASHBOARD = Dashboard(
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
