"""The dashboards: files for Grafana, with the queries of the code and the names of one mesh."""

import json

import pytest

from pi_mesh.monitoring.dashboards import ALL, EGRESS, INGRESS, WORKLOADS, Dashboard, dashboard_json

NAMES = {INGRESS: "front", EGRESS: "out", WORKLOADS: "trading|shop"}
each = pytest.mark.parametrize("dashboard", ALL, ids=lambda dashboard: dashboard.name)


@each
def test_a_file_has_the_queries_of_the_code(dashboard: Dashboard):
    page = json.loads(dashboard_json(dashboard, NAMES))
    shown = [target["expr"] for panel in page["panels"] for target in panel["targets"]]
    assert shown == [query for _, query in dashboard.queries(NAMES)], "run `make schema`"


@each
def test_a_page_reads_the_datasource_of_the_addon(dashboard: Dashboard):
    panels = json.loads(dashboard_json(dashboard, NAMES))["panels"]
    assert {panel["datasource"]["uid"] for panel in panels} == {"prometheus"}


@each
def test_no_name_of_a_mesh_is_left_open(dashboard: Dashboard):
    assert "@" not in dashboard_json(dashboard, NAMES)


def test_a_panel_that_reads_istios_metrics_says_so():
    for dashboard in ALL:
        for panel, query in dashboard.queries(NAMES):
            assert panel.istio_metrics is ("istio_re" in query), panel.title
