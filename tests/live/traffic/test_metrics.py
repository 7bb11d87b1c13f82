"""Metrics, alerts and dashboards, from a Prometheus on the local cluster with the program's configuration."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from lab import prometheus
from lab.cluster import records
from lab.cluster.kubectl import get, kubectl
from lab.cluster.machines import NODES
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL, TRADING, Workload, apply, manifests, wait_for
from pi_mesh.values.observability import FILES, dashboard_names
from tests.support import pods
from tests.support.dashboard_queries import queries
from tests.support.factories import make_mesh
from tests.support.objects import present
from tests.support.project import Project

WATCHED = Workload("watched")
PROMETHEUS = {"enabled": True, "scrapeInterval": "2s", "alerts": {"memoryPercent": 70}}
MESH = make_mesh(observability={"prometheus": PROMETHEUS, "grafana": {"enabled": True}})
"""Of the 40 MiB that the tight sidecar may use, it takes about 33 here."""
OF_RATES = {"MeshContainerThrottled"}  # alerts about rates, which end five minutes after the cause
FROM_EVENTS = {"MeshConfigurationRejected", "SidecarInjectionFails"}
"""Alerts about counters, which end ten minutes after the last event."""
ALERTS_OF_PODS = {
    "MeshProxyCertificateEndsSoon": Workload(
        "short-lived",
        # Ten minutes, of which the agent renews only the last: 20 % of `mtls.certificateLifetime` are 24.
        annotations={"proxy.istio.io/config": 'proxyMetadata: {SECRET_TTL: "600s", SECRET_GRACE_PERIOD_RATIO: "0.05"}'},
    ),
    "MeshContainerNearMemoryLimit": Workload(
        "tight", annotations={"sidecar.istio.io/proxyMemory": "32Mi", "sidecar.istio.io/proxyMemoryLimit": "40Mi"}
    ),
    "MeshContainerThrottled": Workload(
        "slow", annotations={"sidecar.istio.io/proxyCPU": "10m", "sidecar.istio.io/proxyCPULimit": "40m"}
    ),
}
"""Workloads that alone make an alert fire, by its name."""
TYPES = "type.googleapis.com"
NO_SUCH_TYPE = {"@type": f"{TYPES}/udpa.type.v1.TypedStruct", "type_url": f"{TYPES}/no.such.Filter"}
UNKNOWN_FILTER = {"name": "no-such-filter", "typed_config": NO_SUCH_TYPE}
REJECTED: dict[str, Any] = {
    "apiVersion": "networking.istio.io/v1alpha3",
    "kind": "EnvoyFilter",
    "metadata": {"name": "rejected", "namespace": TRADING},
    "spec": {
        "workloadSelector": {"labels": {"fortio": "slow"}},
        "configPatches": [
            {
                "applyTo": "HTTP_FILTER",
                "match": {"context": "SIDECAR_INBOUND"},
                "patch": {"operation": "INSERT_BEFORE", "value": UNKNOWN_FILTER},
            }
        ],
    },
}
"""An EnvoyFilter that istiod sends and Envoy refuses."""
NOT_INJECTED = pods.pod(TRADING, "not-injected", pods.idle())
NOT_INJECTED["metadata"].setdefault("annotations", {})["sidecar.istio.io/proxyCPU"] = "no quantity"


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
    with present(manifests(WATCHED)):
        try:
            visibly(prometheus.start, VALUES)
            wait_for(WATCHED)
            yield
        finally:
            prometheus.stop(VALUES)


@contextmanager
def troubles() -> Iterator[None]:
    """Have all of them while the block runs, but for a stopped istiod and a stopped kubelet."""
    objects = [REJECTED, *(item for workload in ALERTS_OF_PODS.values() for item in manifests(workload))]
    with present(objects):
        # A pod that istiod can't inject: the API server refuses it.
        with pytest.raises(LabError):
            apply([NOT_INJECTED])
        yield


@contextmanager
def no_istiod() -> Iterator[None]:
    """Have no istiod while the block runs."""
    scale = ("scale", "-n", CONTROL, "deployment/istiod")
    kubectl(*scale, "--replicas=0")
    try:
        yield
    finally:
        kubectl(*scale, "--replicas=1")
        kubectl("rollout", "status", "--timeout=120s", "-n", CONTROL, "deployment/istiod")


@contextmanager
def silent_kubelet(node: str) -> Iterator[None]:
    """Keep a node's kubelet from running while the block runs: shorter than the 40 s after which it is NotReady."""
    kubelet = records.find(f"kubelet-{node}")
    assert kubelet is not None
    assert kubelet.alive
    os.kill(kubelet.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(kubelet.pid, signal.SIGCONT)


def up() -> Counter[str]:
    """Return the targets that answered, by job."""
    return Counter({one["metric"]["job"]: int(one["value"][1]) for one in prometheus.query("sum by (job) (up)")})


def wait_for_alert(alert: str, seconds: float, fires: bool = True) -> None:
    wait_until(f"{alert} {'fires' if fires else 'ends'}", lambda: (alert in prometheus.firing()) is fires, seconds)


def test_istiod_every_proxy_and_every_kubelet_are_scraped_under_strict(figure):
    running = [pod for pod in get("pods", "-A")["items"] if pod["status"]["phase"] == "Running"]
    proxies = [pod for pod in running if "istio-proxy" in pods.containers(pod)]
    expected = {"istiod": 1, "istio-proxies": len(proxies), "kubelets": len(NODES), "prometheus": 1}
    wait_until("all targets answer", lambda: up() == expected, 30)
    (series,) = prometheus.query("prometheus_tsdb_head_series")
    targets = ", ".join(f"{count} of {job}" for job, count in sorted(up().items()))
    figure(f"targets up: {targets}; {series['value'][1]} series")


def test_calls_reads_every_proxy_and_names_each_as_one_that_has_no_filter_to_count_calls(mesh: Project, figure):
    """The table itself needs Istio's own build of Envoy: the unit tests hold it."""
    report = mesh.operation("calls", "--window", "2", "--json").must().report
    *silent, read = report["findings"]
    assert {each["message"].partition(":")[0] for each in silent} == {"counts no calls"}
    assert f"{WATCHED.namespace}/{WATCHED.name}" in {each["name"].rsplit("-", 2)[0] for each in silent}
    assert (report["edges"], read["number"]) == ([], len(silent))
    figure(read["message"])


def test_no_alert_fires_on_a_healthy_mesh():
    wait_until("no alert", lambda: prometheus.firing() == set(), 30)


@pytest.mark.long
def test_each_trouble_makes_its_alert_fire_and_those_of_pods_end_with_them(figure):
    with troubles():
        for alert in (*FROM_EVENTS, *ALERTS_OF_PODS):
            wait_for_alert(alert, 60)
        caused = prometheus.firing()
    for alert in ALERTS_OF_PODS.keys() - OF_RATES:
        wait_for_alert(alert, 60, fires=False)
    figure(f"fired: {', '.join(sorted(caused))}")


def test_a_silent_kubelet_makes_its_alert_fire():
    with silent_kubelet("pi-3"):
        wait_for_alert("PiGone", 20)
    wait_for_alert("PiGone", 20, fires=False)


@pytest.mark.long
def test_a_query_of_a_dashboard_answers_where_this_envoy_has_its_metrics(figure):
    known = dashboard_names(MESH.settings)
    asked = [query for file in FILES for query in queries(file, known) if not query.reads_istios_metrics]
    assert [query for query in asked if not prometheus.query(query.expression)] == []
    figure(f"{len(asked)} queries answered")


def test_a_stopped_istiod_makes_its_alert_fire():
    with no_istiod():
        wait_for_alert("IstiodDown", 20)
    wait_for_alert("IstiodDown", 30, fires=False)
