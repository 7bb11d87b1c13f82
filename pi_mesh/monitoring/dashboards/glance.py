"""The mesh at a glance: alerts, proxies, requests, configuration and certificates."""

from pi_mesh.monitoring.alerts.certificates import AUTHORITY
from pi_mesh.monitoring.dashboard import OBJECT, POD, Dashboard, Panel
from pi_mesh.monitoring.promql import errors, requests

EVERY = 'reporter="destination"'
SECURITY = "connection_security_policy"
LEFT = 'min by (namespace, pod) (istio_agent_cert_expiry_seconds{resource_name="default"})'
REACHED = "histogram_quantile(0.99, sum by (le) (rate(pilot_proxy_convergence_time_bucket[5m])))"

DASHBOARD = Dashboard(
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
        Panel("Life left of the CA", "s", {POD: f"min by (pod) ({AUTHORITY}) - time()"}),
        Panel("Life left of the proxies' certificates", "s", {OBJECT: LEFT}),
    ),
)
