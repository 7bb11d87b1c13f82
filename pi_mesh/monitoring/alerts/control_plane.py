"""Alerts about istiod, the configuration that it sends, and the sidecars that it injects.

Sources in Istio: pilot/pkg/xds/monitoring.go, pkg/xds/monitoring.go, pkg/kube/inject/monitoring.go.
"""

from pi_mesh.monitoring.alert import Alert, Severity, grown

WINDOW = "10m"
OLDER = 'pilot_xds > 0 unless on (pod, version) label_replace(pilot_info, "version", "$1", "version", "([^-]+)-.*")'
"""Proxies by the version that they told istiod; istiod's own is VERSION-COMMIT-STATUS."""
CONNECTED = 'count(up{job="istio-proxies"} == 1) - sum(pilot_xds) > 0'
"""Proxies that answer Prometheus and are not connected to any istiod."""
SLOWEST = "histogram_quantile(0.99, sum by (le) (rate(pilot_proxy_convergence_time_bucket[10m]))) > 10"

ALERTS = (
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
