"""The alerts: one entry for each, by subject.

istiod shows when its CA certificate ends (security/pkg/server/ca/monitoring.go), each proxy's agent how long the
proxy's own certificate is still valid (security/pkg/nodeagent/cache/monitoring.go).
"""

from pi_mesh.monitoring.alert import Alert, Bounds, Severity, grown
from pi_mesh.monitoring.promql import CONTAINER, KUBELETS_JOB, LIMIT, MEMORY, errors, latency, rate, waits

CA_EXPIRY = '{__name__=~"citadel_server_(root_cert|cert_chain)_expiry_timestamp"}'
LAST_SHARE = 0.2
"""Share of a certificate's life that must be left: proxies renew it at half of it."""


def _ca_certificate(bounds: Bounds) -> str:
    return f"min by (pod) ({CA_EXPIRY}) - time() < {bounds.certificate_days * 86400}"


OWN = 'istio_agent_cert_expiry_seconds{resource_name="default"}'


def _proxy_certificate(bounds: Bounds) -> str:
    return f"min by (namespace, pod) ({OWN}) < {bounds.certificate_seconds * LAST_SHARE:.0f}"


def _clock_behind(bounds: Bounds) -> str:
    return f"max by (namespace, pod) ({OWN}) - {bounds.certificate_seconds} > 120"


CERTIFICATES = (
    Alert(
        "MeshCaEndsSoon",
        _ca_certificate,
        10,
        Severity.PAGE,
        "The CA certificate of istiod {{ $labels.pod }} ends in {{ $value | humanizeDuration }}.",
        "Rotate the CA before it ends: after that no proxy gets a certificate. `python -m operations verify` names the "
        "certificate, `python -m operations rotate-ca` renews it.",
        "a-certificate-is-about-to-end",
    ),
    Alert(
        "MeshProxyCertificateEndsSoon",
        _proxy_certificate,
        2,
        Severity.PAGE,
        "The certificate of the proxy {{ $labels.namespace }}/{{ $labels.pod }} ends in "
        "{{ $value | humanizeDuration }} and was not renewed.",
        "Look whether istiod runs and signs: `python -m operations verify`. If it does, restart the pod.",
        "a-certificate-is-about-to-end",
    ),
    Alert(
        "PiClockBehind",
        _clock_behind,
        2,
        Severity.PAGE,
        "The clock of the Pi under {{ $labels.namespace }}/{{ $labels.pod }} is {{ $value | humanizeDuration }} "
        "behind: its proxy takes a new certificate for one that lives longer than any.",
        "`python -m operations verify` names each node's difference; `timedatectl set-ntp true` on the node ends it.",
        "a-clock-is-wrong",
    ),
)


# Sources in Istio: pilot/pkg/xds/monitoring.go, pkg/xds/monitoring.go, pkg/kube/inject/monitoring.go.

WINDOW = "10m"
OLDER = 'pilot_xds > 0 unless on (pod, version) label_replace(pilot_info, "version", "$1", "version", "([^-]+)-.*")'
"""Proxies by the version that they told istiod; istiod's own is VERSION-COMMIT-STATUS."""
CONNECTED = 'count(up{job="istio-proxies"} == 1) - sum(pilot_xds) > 0'
"""Proxies that answer Prometheus and are not connected to any istiod."""
SLOWEST = "histogram_quantile(0.99, sum by (le) (rate(pilot_proxy_convergence_time_bucket[10m]))) > 10"

CONTROL_PLANE = (
    Alert(
        "IstiodDown",
        lambda _: 'absent(up{job="istiod"} == 1)',
        2,
        Severity.PAGE,
        "No istiod answers: proxies keep their last configuration, and get no certificate and no new endpoint.",
        "`kubectl get pods -n istio-system -l app=istiod`, then `python -m operations verify`. New pods get no sidecar "
        "meanwhile.",
        "istiod-is-down",
    ),
    Alert(
        "MeshConfigurationRejected",
        lambda _: grown("pilot_total_xds_rejects", WINDOW, "type"),
        1,
        Severity.PAGE,
        "Proxies rejected configuration of the type {{ $labels.type }} that istiod sent, and keep the one before.",
        "Find the object that was changed last: `istioctl proxy-status` names the proxies, istiod's log the reason "
        "(`ACK ERROR`). An EnvoyFilter is the usual cause.",
        "proxies-reject-their-configuration",
    ),
    Alert(
        "MeshProxiesOutOfSync",
        lambda _: CONNECTED,
        10,
        Severity.TICKET,
        "{{ $value }} proxies run without a connection to istiod, with configuration that gets old.",
        "`python -m operations proxies` names them. Restart them with `python -m operations refresh`, or look for what "
        "blocks port 15012 of istiod.",
        "proxies-are-out-of-sync-or-stale",
    ),
    Alert(
        "MeshProxiesSlowToUpdate",
        lambda _: SLOWEST,
        10,
        Severity.TICKET,
        "A change takes more than {{ $value | humanizeDuration }} to reach the proxies.",
        "istiod is short of CPU, or a node is. See MeshContainerThrottled; a `sidecarScope` gives istiod less to send.",
        "proxies-are-out-of-sync-or-stale",
    ),
    Alert(
        "MeshProxiesStale",
        lambda _: OLDER,
        60,
        Severity.TICKET,
        "{{ $value }} proxies run Istio {{ $labels.version }}, which is not the version of their istiod.",
        "`python -m operations refresh` restarts their workloads in order.",
        "proxies-are-out-of-sync-or-stale",
    ),
    Alert(
        "SidecarInjectionFails",
        lambda _: grown("sidecar_injection_failure_total", WINDOW, "pod"),
        1,
        Severity.PAGE,
        "istiod could not inject a sidecar; the pod was refused.",
        "`kubectl get events -A --field-selector reason=FailedCreate` names the workload: its annotations "
        "(`sidecar.istio.io/...`) or the injection templates are wrong.",
        "sidecars-are-not-injected",
    ),
    Alert(
        "MeshMetricsMissing",
        lambda _: 'up{job="istio-proxies"} == 0 or absent(up{job="istio-proxies"})',
        10,
        Severity.TICKET,
        "The proxy {{ $labels.namespace }}/{{ $labels.pod }} gives Prometheus no metrics: the other alerts do "
        "not see it.",
        "Look at the pod and its node: `kubectl get pods -A -o wide`. A NetworkPolicy must admit Prometheus to port "
        "15020.",
        "metrics-are-missing",
    ),
)


# https://istio.io/latest/docs/reference/config/metrics/

CALLERS = "destination_workload_namespace, destination_workload, source_workload_namespace, source_workload"


def _ingress(bounds: Bounds) -> str:
    """Return the labels of the requests that the ingress gateway forwarded."""
    named = f'source_workload="{bounds.ingress}", source_workload_namespace="{bounds.ingress_namespace}"'
    return f'reporter="source", {named}'


def _errors(bounds: Bounds) -> str:
    return f"{errors(_ingress(bounds))} > {bounds.error_percent}"


def _latency(bounds: Bounds) -> str:
    return f"{latency(_ingress(bounds))['p95']} > {bounds.latency_milliseconds}"


def _plaintext(_: Bounds) -> str:
    labels = 'reporter="destination", connection_security_policy="none"'
    counted = ("istio_requests_total", "istio_tcp_connections_opened_total")
    return " or ".join(f"{rate(name, labels, CALLERS)} > 0" for name in counted)


REQUESTS = (
    Alert(
        "IngressErrors",
        _errors,
        5,
        Severity.PAGE,
        "{{ $value | humanize }} % of the requests at the ingress gateway end with a status of 500 or above.",
        "The dashboard Gateways shows which service answers so, and with which response flag. A 503 with `UF` or `UH` "
        "has no healthy pod behind it.",
        "the-ingress-answers-with-errors-or-slowly",
    ),
    Alert(
        "IngressSlow",
        _latency,
        10,
        Severity.TICKET,
        'One of 20 requests at the ingress gateway takes longer than {{ $value | printf "%.0f" }} ms.',
        "Compare the services on the dashboard Gateways; then MeshContainerThrottled and the Pis' CPU.",
        "the-ingress-answers-with-errors-or-slowly",
    ),
    Alert(
        "MeshPlaintext",
        _plaintext,
        5,
        Severity.TICKET,
        "{{ $labels.destination_workload_namespace }}/{{ $labels.destination_workload }} accepts calls of "
        "{{ $labels.source_workload_namespace }}/{{ $labels.source_workload }} in plain text.",
        "`python -m operations verify` shows where STRICT does not hold. Give the caller a sidecar, or name the "
        "exception in `traffic.legacy` and silence this alert for it.",
        "calls-come-in-plain-text",
    ),
)


# The kubelets' own counters, so that no exporter is needed:
# https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md

MESH_CONTAINERS = f'{KUBELETS_JOB}, container=~"istio-proxy|discovery"'
"""Selector of the containers of proxies and of istiod."""


def _memory(bounds: Bounds) -> str:
    used, limit = (f"max by ({CONTAINER}) ({name}{{{MESH_CONTAINERS}}})" for name in (MEMORY, LIMIT))
    return f"100 * {used} / ({limit} > 0) > {bounds.memory_percent}"


def _throttled(bounds: Bounds) -> str:
    return f"{waits(MESH_CONTAINERS, CONTAINER)} > {bounds.throttled_percent}"


CONTAINERS = (
    Alert(
        "MeshContainerNearMemoryLimit",
        _memory,
        5,
        Severity.PAGE,
        "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} uses {{ $value | humanize }} % of its "
        "memory limit; at 100 % the kernel kills it.",
        "Raise `proxy.resources` (or `istio.resources` for discovery), or give the namespace a `sidecarScope` so that "
        "its proxies learn of fewer services. `python -m operations budget` says what still fits.",
        "a-sidecar-is-short-of-memory-or-cpu",
    ),
    Alert(
        "MeshContainerThrottled",
        _throttled,
        15,
        Severity.TICKET,
        "{{ $labels.container }} of {{ $labels.namespace }}/{{ $labels.pod }} waits at its CPU limit in "
        "{{ $value | humanize }} % of the periods: each of its requests is slower.",
        "Raise the CPU limit in `proxy.resources` (or `istio.resources` for discovery).",
        "a-sidecar-is-short-of-memory-or-cpu",
    ),
    Alert(
        "PiGone",
        lambda _: f"up{{{KUBELETS_JOB}}} == 0",
        5,
        Severity.PAGE,
        "The kubelet of {{ $labels.instance }} does not answer: the Pi is off, or cut off.",
        "`kubectl get nodes`, then `python -m operations budget`, which names what fits on no other node.",
        "a-pi-is-dead",
    ),
)


__all__ = ["ALL", "BY_SUBJECT"]

BY_SUBJECT: dict[str, tuple[Alert, ...]] = {
    "certificates": CERTIFICATES,
    "control-plane": CONTROL_PLANE,
    "requests": REQUESTS,
    "containers": CONTAINERS,
}
ALL = tuple(alert for alerts in BY_SUBJECT.values() for alert in alerts)
