"""Series under which each alert fires, and series under which it does not, as promtool's notation has them.

Names and labels are those of Istio's metric reference, of istiod and of cAdvisor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pi_mesh.addons.addon import MeshContext
from pi_mesh.addons.prometheus import AlertSettings
from pi_mesh.monitoring import alerts
from tests.support.versions import BEFORE, NEWEST

EDGE = {"ingress": "istio-ingressgateway", "ingress_namespace": "istio-system"}
MESH = MeshContext("istio-system", NEWEST, {}, "Always", **EDGE, certificate_seconds=7200)
NAMES = AlertSettings().names(MESH)
"""Names and numbers of a mesh with the default settings."""
GROUPS = alerts.groups(NAMES)
RULES = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
"""Alerting rules of that mesh by their names."""
ISTIOD = 'namespace="istio-system", pod="istiod-1"'
PROXY = 'job="istio-proxies", namespace="trading", pod="app-1"'
INGRESS = 'reporter="source", source_workload="istio-ingressgateway", source_workload_namespace="istio-system"'
SIDECAR = 'job="kubelets", namespace="trading", pod="app-1", container="istio-proxy", id="/a"'
CALLER = {"source_workload_namespace": "unknown", "source_workload": "unknown"}
PLAIN = {"destination_workload_namespace": "trading", "destination_workload": "orders", **CALLER}
CALL = ", ".join(f'{label}="{value}"' for label, value in {"reporter": "destination", **PLAIN}.items())


@dataclass(frozen=True)
class Case:
    """Series of one mesh, one value a minute, and what the alert says of them."""

    fires: Mapping[str, str]
    quiet: Mapping[str, str]
    summary: str
    labels: Mapping[str, str] = field(default_factory=dict)


def _calls(policy: str) -> dict[str, str]:
    return {f'istio_requests_total{{{CALL}, connection_security_policy="{policy}"}}': "0+6x60"}


def _answers(failed: int, passed: int) -> dict[str, str]:
    return {
        f'istio_requests_total{{{INGRESS}, response_code="503"}}': f"0+{failed}x60",
        f'istio_requests_total{{{INGRESS}, response_code="200"}}': f"0+{passed}x60",
    }


def _slow(above: int) -> dict[str, str]:
    name = "istio_request_duration_milliseconds_bucket"
    buckets = {"500": 100 - above, "2500": 100, "+Inf": 100}
    return {f'{name}{{{INGRESS}, le="{le}"}}': f"0+{count}x60" for le, count in buckets.items()}


def _converged(late: int) -> dict[str, str]:
    buckets = {"1": 100 - late, "10": 100 - late, "20": 100, "+Inf": 100}
    return {f'pilot_proxy_convergence_time_bucket{{{ISTIOD}, le="{le}"}}': f"0+{n}x60" for le, n in buckets.items()}


def _memory(used: int) -> dict[str, str]:
    return {
        f"container_memory_working_set_bytes{{{SIDECAR}}}": f"{used}x60",
        f"container_spec_memory_limit_bytes{{{SIDECAR}}}": "256000000x60",
    }


def _waits(throttled: int) -> dict[str, str]:
    return {
        f"container_cpu_cfs_throttled_periods_total{{{SIDECAR}}}": f"0+{throttled}x60",
        f"container_cpu_cfs_periods_total{{{SIDECAR}}}": "0+100x60",
    }


def _versions(proxy: str) -> dict[str, str]:
    return {
        f'pilot_info{{{ISTIOD}, version="{NEWEST}-eed52eb-Clean"}}': "1x90",
        f'pilot_xds{{{ISTIOD}, version="{proxy}"}}': "3x90",
        f'pilot_xds{{{ISTIOD}, version="1.29.4"}}': "0x90",
    }


APP = {"namespace": "trading", "pod": "app-1"}
CONTAINER = {**APP, "container": "istio-proxy"}
CASES: dict[str, Case] = {
    "MeshCaEndsSoon": Case(
        {f"citadel_server_cert_chain_expiry_timestamp{{{ISTIOD}}}": f"{20 * 86400}x60"},
        {f"citadel_server_cert_chain_expiry_timestamp{{{ISTIOD}}}": f"{40 * 86400}x60"},
        "The CA certificate of istiod istiod-1 ends in 19d 23h 0m 0s.",
        {"pod": "istiod-1"},
    ),
    "MeshProxyCertificateEndsSoon": Case(
        {f'istio_agent_cert_expiry_seconds{{{PROXY}, resource_name="default"}}': "600x60"},
        {
            f'istio_agent_cert_expiry_seconds{{{PROXY}, resource_name="default"}}': "3600x60",
            f'istio_agent_cert_expiry_seconds{{{PROXY}, resource_name="ROOTCA"}}': "600x60",
        },
        "The certificate of the proxy trading/app-1 ends in 10m 0s and was not renewed.",
        APP,
    ),
    "PiClockBehind": Case(
        {f'istio_agent_cert_expiry_seconds{{{PROXY}, resource_name="default"}}': "10800x60"},
        {f'istio_agent_cert_expiry_seconds{{{PROXY}, resource_name="default"}}': "7200x60"},
        "The clock of the Pi under trading/app-1 is 1h 0m 0s behind: its proxy takes a new certificate for one that "
        "lives longer than any.",
        APP,
    ),
    "IstiodDown": Case(
        {f'up{{job="istiod", {ISTIOD}}}': "1 0x60"},
        {f'up{{job="istiod", {ISTIOD}}}': "1x60", 'up{job="istiod", pod="istiod-2"}': "0x60"},
        "No istiod answers: proxies keep their last configuration, and get no certificate and no new endpoint.",
    ),
    "MeshConfigurationRejected": Case(
        # istiod shows the counter with its first event.
        {f'pilot_total_xds_rejects{{{ISTIOD}, type="lds"}}': "_x55 1x5"},
        {f'pilot_total_xds_rejects{{{ISTIOD}, type="lds"}}': "7x60"},
        "Proxies rejected configuration of the type lds that istiod sent, and keep the one before.",
        {"type": "lds"},
    ),
    "MeshProxiesOutOfSync": Case(
        {f"up{{{PROXY}}}": "1x60", 'up{job="istio-proxies", pod="app-2"}': "1x60", f"pilot_xds{{{ISTIOD}}}": "1x60"},
        {f"up{{{PROXY}}}": "1x60", f'pilot_xds{{{ISTIOD}, version="1"}}': "1x60"},
        "1 proxies run without a connection to istiod, with configuration that gets old.",
    ),
    "MeshProxiesSlowToUpdate": Case(
        _converged(late=10), _converged(late=0), "A change takes more than 19s to reach the proxies."
    ),
    "MeshProxiesStale": Case(
        _versions(BEFORE),
        _versions(NEWEST),
        f"3 proxies run Istio {BEFORE}, which is not the version of their istiod.",
        {"namespace": "istio-system", "pod": "istiod-1", "version": BEFORE},
    ),
    "SidecarInjectionFails": Case(
        {f"sidecar_injection_failure_total{{{ISTIOD}}}": "_x55 1x5"},
        {f"sidecar_injection_failure_total{{{ISTIOD}}}": "4x60"},
        "istiod could not inject a sidecar; the pod was refused.",
        {"pod": "istiod-1"},
    ),
    "MeshMetricsMissing": Case(
        {f"up{{{PROXY}}}": "0x60"},
        {f"up{{{PROXY}}}": "1x60"},
        "The proxy trading/app-1 gives Prometheus no metrics: the other alerts do not see it.",
        {**APP, "job": "istio-proxies"},
    ),
    "IngressErrors": Case(
        _answers(failed=1, passed=9),
        _answers(failed=1, passed=99),
        "10 % of the requests at the ingress gateway end with a status of 500 or above.",
    ),
    "IngressSlow": Case(
        _slow(above=50), _slow(above=0), "One of 20 requests at the ingress gateway takes longer than 2300 ms."
    ),
    "MeshPlaintext": Case(
        _calls("none"), _calls("mutual_tls"), "trading/orders accepts calls of unknown/unknown in plain text.", PLAIN
    ),
    "MeshContainerNearMemoryLimit": Case(
        _memory(243_200_000),
        _memory(200_000_000),
        "istio-proxy of trading/app-1 uses 95 % of its memory limit; at 100 % the kernel kills it.",
        CONTAINER,
    ),
    "MeshContainerThrottled": Case(
        _waits(50),
        _waits(10),
        "istio-proxy of trading/app-1 waits at its CPU limit in 50 % of the periods: each of its requests is slower.",
        CONTAINER,
    ),
    "PiGone": Case(
        {'up{job="kubelets", instance="10.0.0.11:10250", node="pi-1"}': "1 0x60"},
        {'up{job="kubelets", instance="10.0.0.11:10250", node="pi-1"}': "1x60"},
        "The kubelet of 10.0.0.11:10250 does not answer: the Pi is off, or cut off.",
        {"job": "kubelets", "instance": "10.0.0.11:10250", "node": "pi-1"},
    ),
}
