"""The addons Prometheus, Kiali, Grafana and Jaeger: off by default, sized for a Pi, in the Ansible role's places."""

import pytest

from components import mesh
from pi_mesh.addons.kiali import VERSIONS
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.catalog.istio import MINORS
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import table
from tests.support.recorder import record
from tests.support.refusals import refusal
from tests.support.versions import NEWEST

ON = {"enabled": True}
ALL = {"prometheus": ON, "kiali": ON, "grafana": ON, "jaeger": ON}
OPERATED = {"enabled": True, "mode": "operator"}
SMALL = {"requests": {"cpu": "11m", "memory": "22Mi"}, "limits": {"cpu": "33m", "memory": "44Mi"}}
MANAGER = "alertmanager.monitoring:9093"


def values_of(name: str, istio: str = NEWEST, **own: object) -> dict:
    """Return the Helm values of one addon with such settings among the others."""
    observability = {**ALL, name: {"enabled": True, **own}}
    releases = make_mesh(istio={"version": istio}, observability=observability).releases
    return next(release.values for release in releases if release.name == name)


@pytest.fixture
def recorded():
    def run(**observability: object):
        return record(lambda: mesh.deploy(make_settings(observability=observability)), preview=True)

    return run


def test_proxies_trace_when_jaeger_is_there_and_grafana_comes_after_its_dashboards(recorded):
    recording = recorded(**ALL)
    assert "jaeger-release" in recording.one("observability-telemetry-mesh-tracing").dependencies
    assert "observability-configmap-grafana-dashboards" in recording.one("grafana").dependencies


def test_charts_can_come_from_a_directory_and_a_prometheus_operator_gets_its_objects(recorded):
    release = recorded(charts="charts", prometheus=ON).one("prometheus-release")
    assert release.props["chart"] == "charts/prometheus-29.27.0.tgz"
    rules = recorded(prometheus=OPERATED).one("observability-prometheusrule-pi-mesh")
    assert rules.props["metadata"]["labels"] == {"release": "kube-prometheus-stack"}


@table(
    ({"kiali": ON}, "observability: kiali reads from Prometheus"),
    ({"grafana": ON}, "observability: grafana reads from Prometheus"),
    ({"prometheus": {**ON, "scrape": "chart"}}, "set alerts.enabled: false to keep scrape: chart"),
)
def test_what_shows_or_judges_metrics_needs_those_that_have_them(settings, said):
    assert said in refusal(observability=settings)


def test_every_istio_version_has_its_kiali():
    assert VERSIONS.keys() == MINORS.keys()


@table(("prometheus", "server"), ("kiali", "deployment"), ("grafana", ""), ("jaeger", "jaeger"))
def test_the_pod_carries_the_settings_numbers_on_the_pis_and_no_sidecar(name: str, place: str):
    values = values_of(name, resources=SMALL)
    values = values[place] if place else values
    assert values["resources"] == SMALL
    assert {"kubernetes.io/arch": "arm64"} in (values.get("nodeSelector"), values.get("node_selector"))
    assert {"sidecar.istio.io/inject": "false"} in (values.get("podLabels"), values.get("pod_labels"))


@table(
    ({"storage": "2Gi"}, "persistentVolume", {"enabled": True, "size": "2Gi"}),
    # A short interval shortens the timeout.
    ({"scrapeInterval": "5s"}, "global", {"scrape_interval": "5s", "scrape_timeout": "5s"}),
    ({"alerts": {"alertmanagers": [MANAGER]}}, "alertmanagers", [{"static_configs": [{"targets": [MANAGER]}]}]),
    ({"scrape": "chart", "alerts": {"enabled": False}}, "podAnnotations", None),
)
def test_prometheus_has_the_settings_volume_interval_and_alertmanagers(settings, key, value):
    assert values_of("prometheus", **settings)["server"].get(key) == value


def test_the_charts_own_jobs_are_the_old_way():
    values = values_of("prometheus", scrape="chart", alerts={"enabled": False})
    kubernetes = {f"kubernetes-{job}" for job in ("api-servers", "nodes", "nodes-cadvisor")}
    assert (set(values["scrapeConfigs"]), values["serverFiles"]) == (kubernetes, {"alerting_rules.yml": {}})


def test_a_changed_alert_gives_prometheus_a_new_pod():
    alerts = ({"memoryPercent": percent} for percent in (90, 80))
    before, after = (values_of("prometheus", alerts=given)["server"]["podAnnotations"] for given in alerts)
    assert before != after


def test_the_alerts_know_the_names_of_this_mesh():
    names = {"releases": {"names": {"ingress": "front"}}, "ingress": {"namespace": "gateways"}}
    mesh = make_mesh(**names, mtls={"certificateLifetime": "10h"}, observability={"prometheus": ON})
    rules = str(next(release.values for release in mesh.releases if release.name == "prometheus")["serverFiles"])
    assert 'source_workload="front", source_workload_namespace="gateways"' in rules
    assert "< 7200" in rules


def test_rules_and_jobs_of_the_stack_file_stay():
    pods = {"kubernetes-pods": {"enabled": True}}
    own = {"serverFiles": {"alerting_rules.yml": {"groups": []}}, "scrapeConfigs": pods}
    values = values_of("prometheus", values=own)
    assert values["serverFiles"]["alerting_rules.yml"] == {"groups": []}
    assert values["serverFiles"]["alerts"]["groups"] != []
    assert values["scrapeConfigs"]["kubernetes-pods"] == {"enabled": True}


def test_with_an_operator_nothing_is_installed_the_budget_counts_nothing_and_all_read_its_prometheus():
    mesh = make_mesh(observability={"prometheus": OPERATED})
    assert "prometheus" not in {release.name for release in mesh.releases}
    assert mesh_budget(mesh).rows == mesh_budget(make_mesh()).rows
    address = "http://prometheus.monitoring:9090"
    observability = {**ALL, "prometheus": {**OPERATED, "address": address}}
    values = {release.name: release.values for release in make_mesh(observability=observability).releases}
    assert values["kiali"]["external_services"]["prometheus"]["url"] == address
    assert values["grafana"]["datasources"]["datasources.yaml"]["datasources"][0]["url"] == address


@table(
    ("1.23.0", "in_cluster_url", {"certificates_information_indicators": {"enabled": False}}),
    ("1.24.0", "internal_url", None),
)
def test_kiali_finds_grafana_under_its_versions_name_and_looks_at_no_certificates(version, grafana, flags):
    values = values_of("kiali", version)
    assert values["external_services"]["grafana"][grafana] == "http://grafana.istio-system.svc.cluster.local:3000"
    assert values.get("kiali_feature_flags") == flags


def test_kiali_and_grafana_know_no_jaeger_that_is_not_there():
    without_jaeger = make_mesh(observability={**ALL, "jaeger": {"enabled": False}}).releases
    values = {release.name: release.values for release in without_jaeger}
    assert values["kiali"]["external_services"]["tracing"] == {"enabled": False}
    (datasource,) = values["grafana"]["datasources"]["datasources.yaml"]["datasources"]
    assert datasource["type"] == "prometheus"


def test_grafana_downloads_istios_dashboards_where_the_settings_ask_for_them():
    downloaded = values_of("grafana", istioDashboards=True)["dashboards"]["istio"]
    assert set(downloaded) == {"mesh", "service", "workload", "control-plane"}
