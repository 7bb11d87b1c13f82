"""The objects of the observability: monitors and alerts for a Prometheus operator, and Grafana's dashboards.

https://prometheus-operator.dev/docs/api-reference/api/
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pi_mesh.addons.grafana import DASHBOARDS, Grafana
from pi_mesh.addons.prometheus import Prometheus
from pi_mesh.monitoring import scraping
from pi_mesh.monitoring.alerts import with_names
from pi_mesh.settings import Settings
from pi_mesh.values.helm_values import Values
from pi_mesh.values.objects import Object, kubernetes_object
from pi_mesh.values.placement import mesh_context

OPERATOR_API = "monitoring.coreos.com/v1"
RULES = "pi-mesh"
FOLDER = Path(scraping.__file__).parent / "grafana"
FILES = tuple(FOLDER / f"{name}.json" for name in ("mesh", "gateways", "trading", "pis"))
"""The dashboards: files as Grafana exports them, but for names that differ between meshes."""


def operator_objects(settings: Settings) -> Iterator[Object]:
    """Yield the monitors and rules; nothing unless `observability.prometheus.mode` is `operator`."""
    addon = settings.observability.enabled().get(Prometheus.name)
    if not isinstance(addon, Prometheus) or addon.is_installed:
        return
    mesh = mesh_context(settings)
    interval = addon.scrape_interval
    # The selectors and ports are those of Istio's own samples/addons/extras/prometheus-operator.yaml.
    endpoint = {"port": scraping.ISTIOD_PORT, "interval": interval, "relabelings": [_job(scraping.ISTIOD)]}
    spec = {"selector": {"matchLabels": {"istio": "pilot"}}, "endpoints": [endpoint]}
    yield _operator_object(settings, addon, "ServiceMonitor", scraping.ISTIOD, spec)
    rules = [_camel(rule) for rule in (*scraping.PROXY_RULES, *scraping.PLACE)]
    endpoint = {"path": scraping.PROXY_PATH, "interval": interval, "relabelings": [*rules, _job(scraping.PROXIES)]}
    spec = {"selector": {}, "namespaceSelector": {"any": True}, "podMetricsEndpoints": [endpoint]}
    yield _operator_object(settings, addon, "PodMonitor", scraping.PROXIES, spec)
    if addon.kubelets != "off":
        yield _operator_object(settings, addon, "ServiceMonitor", scraping.KUBELETS, _kubelets(addon))
    if groups := addon.rule_groups(mesh):
        yield _operator_object(settings, addon, "PrometheusRule", RULES, {"groups": groups})


def _operator_object(settings: Settings, addon: Prometheus, kind: str, name: str, spec: Values) -> Object:
    labels = {"labels": dict(addon.operator_labels)}
    return kubernetes_object(OPERATOR_API, kind, settings.istio.namespace, name, labels, spec=spec)


def _kubelets(addon: Prometheus) -> Values:
    """Return the monitor of the kubelets' Service, which the operator itself keeps.

    kube-prometheus-stack's own drops the limits of containers and the counters of whole nodes:
    https://github.com/prometheus-community/helm-charts/blob/main/charts/kube-prometheus-stack/values.yaml
    """
    endpoint = {
        "port": "https-metrics",
        "scheme": "https",
        "path": scraping.KUBELET_PATH,
        "interval": addon.scrape_interval,
        "bearerTokenFile": scraping.TOKEN,
        # A counter's namespace is its container's, and not that of the kubelets' Service.
        "honorLabels": True,
        "tlsConfig": {"caFile": scraping.AUTHORITY, "insecureSkipVerify": addon.kubelets == "unverified"},
        # The operator gives each target the label `node` before these rules.
        "relabelings": [_camel(scraping.label("instance", "node")), _job(scraping.KUBELETS)],
        "metricRelabelings": [_camel(rule) for rule in scraping.KEPT_OF_KUBELETS],
    }
    selector = {"matchLabels": {"app.kubernetes.io/name": "kubelet", "k8s-app": "kubelet"}}
    return {"selector": selector, "namespaceSelector": {"any": True}, "endpoints": [endpoint]}


def _job(name: str) -> Values:
    """Return the rule that names the job as without an operator, so that the alerts find it."""
    return {"action": "replace", "targetLabel": "job", "replacement": name}


def _camel(rule: Mapping[str, object]) -> Values:
    names = {"source_labels": "sourceLabels", "target_label": "targetLabel"}
    return {names.get(key, key): value for key, value in rule.items()}


def dashboard_names(settings: Settings) -> dict[str, str]:
    """Return the names of this mesh for the dashboards' queries."""
    called = settings.releases.names
    workloads = "|".join(namespace.name for namespace in settings.workload_namespaces)
    return {"ingress": called.ingress, "egress": called.egress, "workloads": workloads}


def dashboard_config_maps(settings: Settings) -> list[Object]:
    """Return the dashboards' ConfigMap; none without Grafana."""
    if Grafana.name not in settings.observability.enabled():
        return []
    known = dashboard_names(settings)
    data = {file.name: with_names(file.read_text(encoding="utf-8"), known) for file in FILES}
    return [kubernetes_object("v1", "ConfigMap", settings.istio.namespace, DASHBOARDS, data=data)]
