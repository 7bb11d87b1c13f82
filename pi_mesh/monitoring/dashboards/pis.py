"""The Pis' budget: what each node and the mesh on it use, and what is left of the limits."""

from pi_mesh.monitoring.alerts.containers import OURS
from pi_mesh.monitoring.dashboard import OBJECT, Dashboard, Panel
from pi_mesh.monitoring.promql import CONTAINER, CPU, KUBELETS_JOB, LIMIT, MEMORY, NODE_CPUS, NODE_MEMORY, rate, total

WHOLE = f'{KUBELETS_JOB}, id="/"'
"""Selector of a whole node."""
NODE = "{{node}}"

DASHBOARD = Dashboard(
    "pis",
    "The Pis' budget",
    (
        Panel("Kubelets that answer", "short", {NODE: f"up{{{KUBELETS_JOB}}}"}),
        Panel("CPU", "percent", {NODE: f"100 * {rate(CPU, WHOLE, 'node')} / max by (node) ({NODE_CPUS})"}),
        Panel("Memory", "percent", {NODE: f"100 * {total(MEMORY, WHOLE, 'node')} / max by (node) ({NODE_MEMORY})"}),
        Panel("CPU of the mesh", "short", {NODE: rate(CPU, OURS, "node")}),
        Panel("Memory of the mesh", "bytes", {NODE: total(MEMORY, OURS, "node")}),
        Panel("Memory limits of the mesh", "bytes", {NODE: total(LIMIT, OURS, "node")}),
        Panel(
            "Memory left until the limit",
            "bytes",
            {OBJECT: f"min by ({CONTAINER}) ({LIMIT}{{{OURS}}} - {MEMORY}{{{OURS}}})"},
        ),
        Panel("Series that Prometheus holds", "short", {"series": "prometheus_tsdb_head_series"}),
        Panel("Memory of Prometheus", "bytes", {"resident": 'process_resident_memory_bytes{job="prometheus"}'}),
    ),
)
