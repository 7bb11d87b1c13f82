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


def test_a_kubelets_certificate_is_checked_where_it_is_asked_for_and_what_is_off_has_no_object():
    assert made(kubelets="verified")["kubelets"]["spec"]["endpoints"][0]["tlsConfig"]["insecureSkipVerify"] is False
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
