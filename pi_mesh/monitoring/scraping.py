"""The scrape jobs for istiod, the proxies and the kubelets.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/#scrape_config
"""

from collections.abc import Mapping
from typing import Literal

Job = dict[str, object]
Relabelling = Mapping[str, object]

ISTIOD, PROXIES, KUBELETS = "istiod", "istio-proxies", "kubelets"
PROXY_PORT = 15020
"""Port of a proxy's agent: the agent's metrics, Envoy's and the application's together, outside mutual TLS."""
PROXY_PATH = "/stats/prometheus"
ISTIOD_PORT = "http-monitoring"
"""Name of the port in istiod's Service."""
KUBELET_PATH = "/metrics/cadvisor"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
TOKEN, AUTHORITY = f"{ACCOUNT}/token", f"{ACCOUNT}/ca.crt"
"""Files of Prometheus' own account: what it shows the kubelets, and what signs a kubelet's certificate."""
PROXY_PORT_NAME = "http-envoy-prom"
"""Name of a port that every proxy's container declares, in sidecars, native sidecars and gateways alike."""
OPTED_OUT = "__meta_kubernetes_pod_annotation_prometheus_io_scrape"
COUNTERS = (
    "container_memory_working_set_bytes",
    "container_spec_memory_limit_bytes",
    "container_cpu_usage_seconds_total",
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
    "machine_memory_bytes",
    "machine_cpu_cores",
)
"""The kubelets' counters that alerts and dashboards use; the others, ten times as many, are not kept."""
OWN_METRICS = "up|prometheus_(tsdb_head_series|notifications_.*|rule_evaluation_failures_total)|process_.*"
"""A dozen of Prometheus' thousand metrics about itself; the others are not kept."""

KubeletTls = Literal["unverified", "verified", "off"]


def keep(source: str, regex: str) -> Relabelling:
    """Return the rule that keeps targets or series whose label matches."""
    return {"action": "keep", "source_labels": [source], "regex": regex}


def drop(source: str, regex: str) -> Relabelling:
    return {"action": "drop", "source_labels": [source], "regex": regex}


def label(name: str, source: str) -> Relabelling:
    """Return the rule that gives every series of a target the value of a label found with the target."""
    return {"action": "replace", "source_labels": [source], "target_label": name}


PLACE = (
    label("namespace", "__meta_kubernetes_namespace"),
    label("pod", "__meta_kubernetes_pod_name"),
    label("node", "__meta_kubernetes_pod_node_name"),
)
PROXY_RULES = (
    keep("__meta_kubernetes_pod_container_port_name", PROXY_PORT_NAME),
    drop("__meta_kubernetes_pod_phase", "Pending|Succeeded|Failed"),
    drop(OPTED_OUT, "false"),
    {
        "action": "replace",
        "source_labels": ["__meta_kubernetes_pod_ip"],
        "target_label": "__address__",
        "replacement": f"$1:{PROXY_PORT}",
    },
)
"""Targets of the job for the proxies; without the last rule's port a proxy would be scraped without its agent."""
KEPT_OF_KUBELETS: tuple[Relabelling, ...] = (
    keep("__name__", "|".join(COUNTERS)),
    # A pod's sum has no container's name; the node's own has the id "/".
    {"action": "drop", "source_labels": ["container", "id"], "regex": ";/.+"},
    {"action": "labeldrop", "regex": "image|name"},
)


def jobs(namespace: str, kubelets: KubeletTls) -> dict[str, Job]:
    """Return the jobs by name; `namespace` is istiod's."""
    own_jobs: dict[str, Job] = {ISTIOD: _istiod(namespace), PROXIES: _proxies()}
    return own_jobs if kubelets == "off" else {**own_jobs, KUBELETS: _kubelets(kubelets == "unverified")}


def _istiod(namespace: str) -> Job:
    return {
        "kubernetes_sd_configs": [{"role": "endpointslice", "namespaces": {"names": [namespace]}}],
        "relabel_configs": [
            keep("__meta_kubernetes_service_label_istio", "pilot"),
            keep("__meta_kubernetes_endpointslice_port_name", ISTIOD_PORT),
            *PLACE,
        ],
    }


def _proxies() -> Job:
    return {
        "metrics_path": PROXY_PATH,
        "kubernetes_sd_configs": [{"role": "pod"}],
        "relabel_configs": [*PROXY_RULES, *PLACE, label("app", "__meta_kubernetes_pod_label_app")],
    }


def _kubelets(unverified: bool) -> Job:
    return {
        "scheme": "https",
        "metrics_path": KUBELET_PATH,
        "authorization": {"credentials_file": TOKEN},
        "tls_config": {"ca_file": AUTHORITY, "insecure_skip_verify": unverified},
        "kubernetes_sd_configs": [{"role": "node"}],
        "relabel_configs": [label("node", "__meta_kubernetes_node_name")],
        "metric_relabel_configs": list(KEPT_OF_KUBELETS),
    }
