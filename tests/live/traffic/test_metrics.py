"""Metrics, alerts and dashboards, from a Prometheus on the local cluster with the program's configuration."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import pytest

from lab import prometheus
from lab.cluster.kubectl import get
from lab.cluster.machines import NODES
from lab.cluster.waiting import wait_until
from lab.workloads import Workload, apply, delete, manifests, wait_for
from pi_mesh.values.observability import FILES, dashboard_names
from tests.live.traffic.troubles import ALERTS_OF_PODS, no_istiod, silent_kubelet, troubles
from tests.support.dashboard_queries import queries
from tests.support.factories import make_mesh
from tests.support.project import Project

WATCHED = Workload("watched")
PROMETHEUS = {"enabled": True, "scrapeInterval": "2s", "alerts": {"memoryPercent": 70}}
MESH = make_mesh(observability={"prometheus": PROMETHEUS, "grafana": {"enabled": True}})
"""Of the 40 MiB that the tight sidecar may use, it takes about 33 here."""
OF_RATES = {"MeshContainerThrottled"}
"""Alerts about rates, which end five minutes after the cause."""
FROM_EVENTS = {"MeshConfigurationRejected", "SidecarInjectionFails"}
"""Alerts about counters, which end ten minutes after the last event."""


def _at_once(values: Mapping) -> dict:
    """Return the chart's values with rules that don't wait: the shipped ones wait for up to an hour."""
    files = values["serverFiles"]
    groups = [
        {**group, "interval": "2s", "rules": [{**rule, "for": "0s"} for rule in group["rules"]]}
        for group in files["alerting_rules.yml"]["groups"]
    ]
    return {**values, "serverFiles": {"alerting_rules.yml": {"groups": groups}}}


VALUES = _at_once(next(release.values for release in MESH.releases if release.name == "prometheus"))


@pytest.fixture(scope="module", autouse=True)
def running(mesh: Project, visibly: Callable[..., None]) -> Iterator[None]:  # noqa: ARG001
    """Run Prometheus beside the mesh and a workload."""
    apply(manifests(WATCHED))
    try:
        visibly(prometheus.start, VALUES)
        wait_for(WATCHED)
        yield
    finally:
        prometheus.stop(VALUES)
        delete(manifests(WATCHED))


def up() -> Counter[str]:
    """Return the targets that answered, by job."""
    return Counter({one["metric"]["job"]: int(one["value"][1]) for one in prometheus.query("sum by (job) (up)")})


def fires(alert: str) -> Callable[[], bool]:
    return lambda: alert in prometheus.firing()


def ends(alert: str) -> Callable[[], bool]:
    return lambda: alert not in prometheus.firing()


def test_istiod_every_proxy_and_every_kubelet_are_scraped_under_strict(figure):
    pods = [pod for pod in get("pods", "-A")["items"] if _has_proxy(pod) and pod["status"]["phase"] == "Running"]
    expected = {"istiod": 1, "istio-proxies": len(pods), "kubelets": len(NODES), "prometheus": 1}
    wait_until("all targets answer", lambda: up() == expected, 30)
    (series,) = prometheus.query("prometheus_tsdb_head_series")
    targets = ", ".join(f"{count} of {job}" for job, count in sorted(up().items()))
    figure(f"targets up: {targets}; {series['value'][1]} series")


def test_no_alert_fires_on_a_healthy_mesh():
    wait_until("no alert", lambda: prometheus.firing() == set(), 30)


@pytest.mark.long
def test_each_trouble_makes_its_alert_fire_and_those_of_pods_end_with_them(figure):
    with troubles():
        for alert in (*FROM_EVENTS, *ALERTS_OF_PODS):
            wait_until(alert, fires(alert), 60)
        caused = prometheus.firing()
    for alert in ALERTS_OF_PODS.keys() - OF_RATES:
        wait_until(f"{alert} ends", ends(alert), 60)
    figure(f"fired: {', '.join(sorted(caused))}")


def test_a_silent_kubelet_makes_its_alert_fire():
    with silent_kubelet("pi-3"):
        wait_until("PiGone", fires("PiGone"), 20)
    wait_until("PiGone ends", ends("PiGone"), 20)


@pytest.mark.long
def test_a_query_of_a_dashboard_answers_where_this_envoy_has_its_metrics(figure):
    known = dashboard_names(MESH.settings)
    asked = [query for file in FILES for query in queries(file, known) if not query.reads_istios_metrics]
    assert [query for query in asked if not prometheus.query(query.expression)] == []
    figure(f"{len(asked)} queries answered")


def test_a_stopped_istiod_makes_its_alert_fire():
    with no_istiod():
        wait_until("IstiodDown", fires("IstiodDown"), 20)
    wait_until("IstiodDown ends", ends("IstiodDown"), 30)


def _has_proxy(pod: Mapping) -> bool:
    containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]
    return any(container["name"] == "istio-proxy" for container in containers)
