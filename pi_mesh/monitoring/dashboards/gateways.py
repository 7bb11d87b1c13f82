"""The ingress and egress gateways: requests, errors, latency, CPU and memory."""

from pi_mesh.monitoring.dashboard import EGRESS, INGRESS, POD, Dashboard, Panel
from pi_mesh.monitoring.promql import CPU, KUBELETS_JOB, MEMORY, errors, latency, rate, requests, total

AT_INGRESS = f'reporter="source", source_workload="{INGRESS}"'
AT_EGRESS = f'reporter="source", source_workload="{EGRESS}"'
PODS = f'pod=~"({INGRESS}|{EGRESS})-.*"'
CONTAINERS = f'{KUBELETS_JOB}, container="istio-proxy", {PODS}'
SERVICE = "destination_service_name"
FAILED = requests(f'{AT_INGRESS}, response_code=~"5.."', f"{SERVICE}, response_flags")

DASHBOARD = Dashboard(
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
