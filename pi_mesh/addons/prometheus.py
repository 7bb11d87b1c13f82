"""Prometheus, for metrics of the mesh, and its alerts: their bounds, and where they go."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pi_mesh.addons.addon import NO_SIDECAR, OFF, Addon, ChartVersion, MeshContext
from pi_mesh.facts import Weaker, becomes
from pi_mesh.model import HelmValues, Memory, Model, ResourceProfile, counted_in, matching, profile
from pi_mesh.monitoring import alerts, scraping
from pi_mesh.monitoring.scraping import KubeletTls

Percent = Annotated[int, counted_in("percent, such as 90", ge=1, le=99)]
Receiver = Annotated[
    str, matching(r"^[^\s/:]+:[0-9]{1,5}$", 'a host with a port such as "alertmanager.monitoring:9093"')
]


class AlertSettings(Model):
    """Alerts of the mesh, as rules of Prometheus."""

    enabled: bool = True
    """Give Prometheus the alerts of docs/observability.md."""
    alertmanagers: tuple[Receiver, ...] = ()
    """Alertmanagers that get the alerts. Without one, Prometheus shows them and tells nobody."""
    runbooks: Annotated[str, matching(r"^\S+$", "an address, or a path, without blanks")] = alerts.RUNBOOKS
    """Address of the page with the runbooks, to which each alert links."""
    certificate_days: Annotated[int, counted_in("days, such as 30", ge=1, le=365)] = 30
    """Days before the end of a CA certificate at which the alert fires."""
    error_percent: Percent = 5
    """Percentage of the ingress gateway's answers with a status of 500 or above."""
    latency_milliseconds: Annotated[int, counted_in("milliseconds, such as 1000", ge=1, le=60_000)] = 1000
    """Milliseconds that 95 percent of the requests at the ingress gateway must not exceed."""
    memory_percent: Percent = 90
    """Percentage of its memory limit that a sidecar, gateway or istiod may use."""
    throttled_percent: Percent = 25
    """Percentage of its CPU periods in which a sidecar, gateway or istiod may wait at its CPU limit."""

    def names(self, mesh: MeshContext) -> dict[str, object]:
        """Return the names and numbers of a mesh for the alerts: these settings by their keys, and others."""
        return {
            **self.model_dump(by_alias=True),
            "ingress": mesh.ingress,
            "ingressNamespace": mesh.ingress_namespace,
            "caExpirySeconds": self.certificate_days * 86400,
            # A fifth of the life of a proxy's certificate, which the proxy renews at half of it.
            "certificateSeconds": mesh.certificate_seconds,
            "proxyExpirySeconds": mesh.certificate_seconds // 5,
        }


PARTS_OFF = ("alertmanager", "kube-state-metrics", "prometheus-node-exporter", "prometheus-pushgateway")
CLUSTER_JOBS = ("kubernetes-api-servers", "kubernetes-nodes", "kubernetes-nodes-cadvisor")
"""The chart's jobs for the cluster's own metrics, which are ten times those of a small mesh."""
ANNOTATED_JOBS = (
    "kubernetes-service-endpoints",
    "kubernetes-service-endpoints-slow",
    "prometheus-pushgateway",
    "kubernetes-services",
    "kubernetes-pods",
    "kubernetes-pods-slow",
)
"""The chart's jobs for whatever has an annotation `prometheus.io/scrape`, proxies and istiod included."""
CHART_TIMEOUT = 10
"""Seconds for one scrape in the chart's defaults."""
RULE_FILES = ("alerting_rules.yml", "alerts")
"""Keys under `serverFiles` whose rules the chart's configuration names."""
OPERATED = "http://prometheus-operated.monitoring.svc.cluster.local:9090"
"""Address of the Service that the Prometheus operator makes, in the namespace of kube-prometheus-stack's manifests."""


class Prometheus(Addon):
    """Prometheus for the mesh's metrics alone; those of the whole cluster would not fit on a Pi."""

    name: ClassVar[str] = "prometheus"
    chart: ClassVar[str] = "prometheus"
    repository: ClassVar[str] = "https://prometheus-community.github.io/helm-charts"
    port: ClassVar[int] = 9090

    mode: Literal["embedded", "operator"] = "embedded"
    """`embedded` installs Prometheus' own chart. `operator` installs no Prometheus: it gives the Prometheus operator of
    the cluster ServiceMonitors, a PodMonitor and a PrometheusRule."""
    address: Annotated[str, matching(r"^https?://\S+$", 'an address such as "http://prometheus.example:9090"')] = (
        OPERATED
    )
    """Address at which Kiali and Grafana reach the operator's Prometheus; with `mode: embedded` it is not used."""
    operator_labels: Mapping[str, str] = {"release": "kube-prometheus-stack"}
    """Labels by which the operator's Prometheus selects monitors and rules."""
    # renovate: datasource=helm depName=prometheus registryUrl=https://prometheus-community.github.io/helm-charts
    version: ChartVersion | None = "29.27.0"  # Prometheus 3.14
    """Version of the Prometheus chart."""
    resources: ResourceProfile = profile("100m", "256Mi", "500m", "512Mi")
    retention: Annotated[str, matching(r"^[1-9][0-9]*[hd]$", 'hours or days such as "24h" or "7d"')] = "24h"
    """Time for which metrics are kept."""
    scrape: Literal["mesh", "chart"] = "mesh"
    """`mesh` scrapes istiod, the proxies and the mesh's containers on the kubelets. `chart` has the chart's own jobs
    instead: every pod and Service with the annotation `prometheus.io/scrape`."""
    scrape_interval: Annotated[str, matching(r"^[1-9][0-9]*[sm]$", 'a time such as "30s" or "1m"')] = "30s"
    """Time between two scrapes of a proxy."""
    kubelets: Annotated[
        KubeletTls, Weaker(becomes("unverified"), "Prometheus accepts any certificate of a kubelet")
    ] = "unverified"
    """Scrape of the kubelets' counters. `verified` asks for a certificate of the cluster's CA, as kubelets of k3s have;
    kubeadm's have one of their own, which only `unverified` accepts. `off` leaves out what is seen of memory, CPU and
    Pis."""
    alerts: AlertSettings = AlertSettings()
    storage: Memory | None = None
    """Size of a volume that outlives the pod. Without it metrics are lost with the pod, which spares the SD card."""

    def conflicts(self) -> Iterator[str]:
        if self.scrape == "chart" and self.alerts.enabled:
            yield "the alerts read the jobs of scrape: mesh; set alerts.enabled: false to keep scrape: chart"

    @property
    def is_installed(self) -> bool:
        return self.mode == "embedded"

    def address_in(self, mesh: MeshContext) -> str:
        return super().address_in(mesh) if self.is_installed else self.address

    def rule_groups(self, mesh: MeshContext) -> list[HelmValues]:
        """Return the groups of alerting rules; none if alerts are off."""
        return alerts.groups(self.alerts.names(mesh)) if self.alerts.enabled else []

    def jobs(self, mesh: MeshContext) -> dict[str, scraping.Job]:
        return scraping.jobs(mesh.namespace, self.kubelets) if self.scrape == "mesh" else {}

    def helm_values(self, mesh: MeshContext) -> dict[str, object]:
        rules = {"groups": self.rule_groups(mesh)} if self.alerts.enabled else {}
        # The first of the chart's rule files that the stack file leaves free.
        file = next((name for name in RULE_FILES if name not in self._given("serverFiles")), RULE_FILES[0])
        targets, interval = [*self.alerts.alertmanagers], self.scrape_interval
        # Prometheus refuses the chart's ten seconds for one scrape with a shorter interval.
        is_short = interval.endswith("s") and int(interval[:-1]) < CHART_TIMEOUT
        return {
            **dict.fromkeys(PARTS_OFF, OFF),
            "configmapReload": {"prometheus": OFF},
            "scrapeConfigs": self._scrape_configs(mesh),
            "serverFiles": {file: rules},
            # This is the identity that the Ansible role's AuthorizationPolicy names.
            "serviceAccounts": {"server": {"name": "prometheus"}},
            "server": {
                "fullnameOverride": self.name,
                "resources": self.resources.to_kubernetes(),
                "nodeSelector": mesh.node_selector,
                "podLabels": NO_SIDECAR,
                "service": {"servicePort": self.port},
                "global": {"scrape_interval": interval, **({"scrape_timeout": interval} if is_short else {})},
                "retention": self.retention,
                "persistentVolume": {"enabled": True, "size": str(self.storage)} if self.storage else OFF,
                **({"alertmanagers": [{"static_configs": [{"targets": targets}]}]} if targets else {}),
                **self._restart(self.jobs(mesh), rules),
            },
        }

    def _scrape_configs(self, mesh: MeshContext) -> HelmValues:
        off = dict.fromkeys(CLUSTER_JOBS, OFF)
        if self.scrape == "chart":
            return {**off}
        own = {"metric_relabel_configs": [scraping.keep("__name__", scraping.OWN_METRICS)]}
        # A job that the stack file configures stays as it is there.
        unused = [job for job in ANNOTATED_JOBS if job not in self._given("scrapeConfigs")]
        return {**off, **dict.fromkeys(unused, OFF), self.name: own, **self.jobs(mesh)}

    def _given(self, key: str) -> Mapping[str, object]:
        """Return a map of the extra values."""
        given = self.values.get(key)
        return given if isinstance(given, dict) else {}

    def _restart(self, *configuration: object) -> HelmValues:
        """Return an annotation that gives Prometheus a new pod for a new configuration: it reads it at its start."""
        if self.scrape == "chart":
            return {}
        digest = hashlib.sha256(json.dumps(configuration, sort_keys=True).encode()).hexdigest()
        return {"podAnnotations": {"pi-mesh/configuration": digest[:16]}}
