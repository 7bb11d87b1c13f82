"""Grafana's dashboards: their queries, and the ConfigMap with them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pi_mesh.monitoring.dashboards import EGRESS, FILES, FOLDER, INGRESS, WORKLOADS, with_names
from pi_mesh.monitoring.scraping import COUNTERS, OWN_METRICS
from tests.support.dashboard_queries import queries

ON = {"enabled": True}
BOTH = {"prometheus": ON, "grafana": ON}
NAMES = {INGRESS: "front", EGRESS: "out", WORKLOADS: "trading|shop"}
ELSEWHERE = {
    *("up", "ALERTS", "envoy_server_total_connections", "istio_agent_cert_expiry_seconds"),
    *("istio_requests_total", "istio_request_duration_milliseconds_bucket"),
    *("pilot_proxy_convergence_time_bucket", "pilot_total_xds_rejects", "pilot_xds", "pilot_xds_pushes"),
}
"""Metrics of Prometheus, istiod, the proxies and their agents: https://istio.io/latest/docs/reference/config/metrics/"""
each = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def metrics(expression: str) -> Iterator[str]:
    """Yield the names of the metrics in a query: words that are no function and no label."""
    without_labels = re.sub(r"\{[^}]*\}|\w+ by \([^)]*\)|\[\w+\]", "", expression)
    yield from re.findall(r"\b[a-zA-Z_]\w*\b(?! ?\()", without_labels)


def test_every_file_of_the_folder_is_a_page():
    assert sorted(FILES) == sorted(FOLDER.glob("*"))


@each
def test_a_page_reads_metrics_that_are_scraped(file: Path):
    own = re.compile(OWN_METRICS)
    read = {name for query in queries(file, NAMES) for name in metrics(query.expression)}
    assert read
    assert {name for name in read if not own.fullmatch(name)} <= ELSEWHERE | set(COUNTERS)


@each
def test_brackets_of_a_query_are_closed(file: Path):
    for query in queries(file, NAMES):
        assert all(query.expression.count(one) == query.expression.count(other) for one, other in ("()", "{}", "[]"))


@each
def test_a_page_reads_the_datasource_of_the_addon(file: Path):
    panels = json.loads(file.read_text())["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {"prometheus"}
    assert len({panel["title"] for panel in panels}) == len(panels)


@each
def test_no_name_of_a_mesh_is_left_open(file: Path):
    assert "@" not in with_names(file.read_text(), NAMES)
