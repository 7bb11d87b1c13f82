"""The objects for a Prometheus operator, and Grafana's dashboards: their queries, and the ConfigMap with them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pi_mesh.monitoring.scraping import COUNTERS, OWN_METRICS
from pi_mesh.values import observability
from pi_mesh.values.observability import EGRESS, FILES, FOLDER, INGRESS, WORKLOADS, dashboard_config_maps, with_names
from tests.support.dashboard_queries import queries
from tests.support.factories import make_settings


def made(**more: object) -> dict[str, dict]:
    prometheus = {"enabled": True, "mode": "operator", **more}
    settings = make_settings(observability={"prometheus": prometheus})
    return {item["metadata"]["name"]: item for item in observability.operator_objects(settings)}


def test_there_are_none_without_an_operator():
    assert made(mode="embedded") == {}
    assert list(observability.operator_objects(make_settings())) == []


def test_they_are_in_istiods_namespace_with_the_labels_that_its_prometheus_selects():
    for item in made(operatorLabels={"team": "mesh"}).values():
        assert (item["apiVersion"], item["metadata"]["namespace"]) == ("monitoring.coreos.com/v1", "istio-system")
        assert item["metadata"]["labels"] == {"team": "mesh"}


def test_the_jobs_have_the_names_that_the_alerts_expect():
    def job(endpoint: dict) -> list[str]:
        return [rule["replacement"] for rule in endpoint["relabelings"] if rule.get("targetLabel") == "job"]

    objects = made()
    assert job(objects["istiod"]["spec"]["endpoints"][0]) == ["istiod"]
    assert job(objects["istio-proxies"]["spec"]["podMetricsEndpoints"][0]) == ["istio-proxies"]
    assert job(objects["kubelets"]["spec"]["endpoints"][0]) == ["kubelets"]


def test_proxies_of_all_namespaces_are_scraped_at_their_agents():
    spec = made()["istio-proxies"]["spec"]
    assert spec["namespaceSelector"] == {"any": True}
    (endpoint,) = spec["podMetricsEndpoints"]
    assert {
        "action": "replace",
        "sourceLabels": ["__meta_kubernetes_pod_ip"],
        "targetLabel": "__address__",
        "replacement": "$1:15020",
    } in endpoint["relabelings"]


def test_the_kubelets_monitor_keeps_the_limits_and_nodes_that_the_operators_own_drops():
    (endpoint,) = made()["kubelets"]["spec"]["endpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("https-metrics", "/metrics/cadvisor")
    kept, *_ = endpoint["metricRelabelings"]
    assert kept["sourceLabels"] == ["__name__"]
    assert {"container_spec_memory_limit_bytes", "machine_memory_bytes"} <= set(kept["regex"].split("|"))


def test_a_pi_has_the_nodes_name_in_its_alert():
    (endpoint,) = made()["kubelets"]["spec"]["endpoints"]
    assert {"action": "replace", "sourceLabels": ["node"], "targetLabel": "instance"} in endpoint["relabelings"]


def test_a_containers_counters_keep_its_namespace():
    (endpoint,) = made()["kubelets"]["spec"]["endpoints"]
    assert endpoint["honorLabels"] is True


@pytest.mark.parametrize(("kubelets", "insecure"), [("unverified", True), ("verified", False)])
def test_a_kubelets_certificate_is_checked_if_the_settings_ask_for_it(kubelets, insecure):
    (endpoint,) = made(kubelets=kubelets)["kubelets"]["spec"]["endpoints"]
    assert endpoint["tlsConfig"]["insecureSkipVerify"] is insecure


def test_kubelets_that_are_off_have_no_monitor():
    assert "kubelets" not in made(kubelets="off")


def test_without_alerts_there_are_monitors_alone():
    assert {item["kind"] for item in made(alerts={"enabled": False}).values()} == {"ServiceMonitor", "PodMonitor"}


ON = {"enabled": True}
BOTH = {"prometheus": ON, "grafana": ON}
NAMES = {INGRESS: "front", EGRESS: "out", WORKLOADS: "trading|shop"}
ELSEWHERE = {
    *("up", "ALERTS", "envoy_server_total_connections", "istio_agent_cert_expiry_seconds"),
    *("istio_requests_total", "istio_request_duration_milliseconds_bucket"),
    *("pilot_proxy_convergence_time_bucket", "pilot_total_xds_rejects", "pilot_xds", "pilot_xds_pushes"),
}
"""Metrics of Prometheus, istiod, the proxies and their agents: https://istio.io/latest/docs/reference/config/metrics/"""
each_dashboard = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def metrics(expression: str) -> Iterator[str]:
    """Yield the names of the metrics in a query: words that are no function and no label."""
    without_labels = re.sub(r"\{[^}]*\}|\w+ by \([^)]*\)|\[\w+\]", "", expression)
    yield from re.findall(r"\b[a-zA-Z_]\w*\b(?! ?\()", without_labels)


def test_every_file_of_the_folder_is_a_page():
    assert sorted(FILES) == sorted(FOLDER.glob("*"))


@each_dashboard
def test_a_page_reads_metrics_that_are_scraped(file: Path):
    own = re.compile(OWN_METRICS)
    read = {name for query in queries(file, NAMES) for name in metrics(query.expression)}
    assert read
    assert {name for name in read if not own.fullmatch(name)} <= ELSEWHERE | set(COUNTERS)


@each_dashboard
def test_brackets_of_a_query_are_closed(file: Path):
    for query in queries(file, NAMES):
        assert all(query.expression.count(one) == query.expression.count(other) for one, other in ("()", "{}", "[]"))


@each_dashboard
def test_a_page_reads_the_datasource_of_the_addon(file: Path):
    panels = json.loads(file.read_text())["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {"prometheus"}
    assert len({panel["title"] for panel in panels}) == len(panels)


@each_dashboard
def test_no_name_of_a_mesh_is_left_open(file: Path):
    assert "@" not in with_names(file.read_text(), NAMES)


def test_there_is_none_without_grafana():
    assert dashboard_config_maps(make_settings()) == []


def test_the_pages_are_json_with_the_names_of_this_mesh():
    settings = make_settings(
        observability=BOTH, releases={"names": {"ingress": "front"}}, namespaces={"shop": {"sidecarScope": ["*/*"]}}
    )
    (item,) = dashboard_config_maps(settings)
    pages = {name: json.loads(content) for name, content in item["data"].items()}
    assert set(pages) == {"mesh.json", "gateways.json", "trading.json", "pis.json"}
    assert 'source_workload=\\"front\\"' in item["data"]["gateways.json"]
    assert 'destination_workload_namespace=~\\"trading|shop\\"' in item["data"]["trading.json"]
