"""The objects for a Prometheus operator, and Grafana's dashboards: their queries, and the ConfigMap with them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pi_mesh.monitoring.alerts import with_names
from pi_mesh.monitoring.scraping import COUNTERS, OWN_METRICS
from pi_mesh.values import observability
from pi_mesh.values.observability import FILES, FOLDER, dashboard_config_maps
from tests.support.dashboard_queries import queries
from tests.support.factories import make_settings

ON = {"enabled": True}


def made(**more: object) -> dict[str, dict]:
    settings = make_settings(observability={"prometheus": {"enabled": True, "mode": "operator", **more}})
    return {item["metadata"]["name"]: item for item in observability.operator_objects(settings)}


def kubelets(**more: object) -> dict:
    return made(**more)["kubelets"]["spec"]["endpoints"][0]


def test_they_are_in_istiods_namespace_with_the_labels_that_its_prometheus_selects():
    for item in made(operatorLabels={"team": "mesh"}).values():
        assert (item["apiVersion"], item["metadata"]["namespace"]) == ("monitoring.coreos.com/v1", "istio-system")
        assert item["metadata"]["labels"] == {"team": "mesh"}


@pytest.mark.parametrize("name", ["istiod", "istio-proxies", "kubelets"])
def test_the_jobs_have_the_names_that_the_alerts_expect(name):
    spec = made()[name]["spec"]
    (endpoint,) = spec["podMetricsEndpoints" if name == "istio-proxies" else "endpoints"]
    jobs = [rule["replacement"] for rule in endpoint["relabelings"] if rule.get("targetLabel") == "job"]
    assert jobs == [name]


def test_proxies_of_all_namespaces_are_scraped_at_their_agents():
    spec = made()["istio-proxies"]["spec"]
    assert spec["namespaceSelector"] == {"any": True}
    address = {"sourceLabels": ["__meta_kubernetes_pod_ip"], "targetLabel": "__address__"}
    relabelings = spec["podMetricsEndpoints"][0]["relabelings"]
    assert {"action": "replace", **address, "replacement": "$1:15020"} in relabelings


def test_the_kubelets_monitor_keeps_limits_and_nodes_the_nodes_name_and_each_containers_namespace():
    endpoint = kubelets()
    assert (endpoint["port"], endpoint["path"]) == ("https-metrics", "/metrics/cadvisor")
    keep, *_ = endpoint["metricRelabelings"]
    assert keep["sourceLabels"] == ["__name__"]
    # The operator's own monitor drops these.
    assert {"container_spec_memory_limit_bytes", "machine_memory_bytes"} <= set(keep["regex"].split("|"))
    assert {"action": "replace", "sourceLabels": ["node"], "targetLabel": "instance"} in endpoint["relabelings"]
    assert endpoint["honorLabels"] is True


@pytest.mark.parametrize(("choice", "insecure"), [("unverified", True), ("verified", False)])
def test_a_kubelets_certificate_is_checked_if_the_settings_ask_for_it(choice, insecure):
    assert kubelets(kubelets=choice)["tlsConfig"]["insecureSkipVerify"] is insecure


def test_kubelets_that_are_off_have_no_monitor_and_without_alerts_there_are_monitors_alone():
    assert "kubelets" not in made(kubelets="off")
    assert {item["kind"] for item in made(alerts={"enabled": False}).values()} == {"ServiceMonitor", "PodMonitor"}


NAMES = {"ingress": "front", "egress": "out", "workloads": "trading|shop"}
ELSEWHERE = {
    *("up", "ALERTS", "envoy_server_total_connections", "istio_agent_cert_expiry_seconds"),
    *("istio_requests_total", "istio_request_duration_milliseconds_bucket"),
    *("pilot_proxy_convergence_time_bucket", "pilot_total_xds_rejects", "pilot_xds", "pilot_xds_pushes"),
}
"""Metrics of Prometheus, istiod, the proxies and their agents: https://istio.io/latest/docs/reference/config/metrics/"""


def metrics(expression: str) -> Iterator[str]:
    """Yield the names of the metrics in a query: words that are no function and no label."""
    without_labels = re.sub(r"\{[^}]*\}|\w+ by \([^)]*\)|\[\w+\]", "", expression)
    yield from re.findall(r"\b[a-zA-Z_]\w*\b(?! ?\()", without_labels)


def test_every_file_of_the_folder_is_a_page():
    assert sorted(FILES) == sorted(FOLDER.glob("*"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_page_reads_metrics_that_are_scraped_from_the_addons_datasource_in_closed_queries(file: Path):
    expressions = [query.expression for query in queries(file, NAMES)]
    read = {name for expression in expressions for name in metrics(expression)}
    assert read != set()
    assert {name for name in read if not re.fullmatch(OWN_METRICS, name)} <= ELSEWHERE | set(COUNTERS)
    for expression in expressions:
        assert all(expression.count(opening) == expression.count(closing) for opening, closing in ("()", "{}", "[]"))
    assert "@" not in with_names(file.read_text(), NAMES)
    panels = json.loads(file.read_text())["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {"prometheus"}
    assert len({panel["title"] for panel in panels}) == len(panels)


def test_the_pages_have_the_names_of_this_mesh():
    names = {"releases": {"names": {"ingress": "front"}}, "namespaces": {"shop": {"sidecarScope": ["*/*"]}}}
    (item,) = dashboard_config_maps(make_settings(observability={"prometheus": ON, "grafana": ON}, **names))
    assert 'source_workload=\\"front\\"' in item["data"]["gateways.json"]
    assert 'destination_workload_namespace=~\\"trading|shop\\"' in item["data"]["trading.json"]
