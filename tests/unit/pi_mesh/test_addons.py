"""The addons Prometheus, Kiali, Grafana and Jaeger: off by default, sized for a Pi, in the Ansible role's places."""

import pytest

from components import mesh
from pi_mesh import addons
from pi_mesh.addons.kiali import VERSIONS
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.catalog.istio import MINORS
from pi_mesh.settings import SettingsError
from pi_mesh.values.istio import istiod_values
from tests.support.factories import make_mesh, make_settings
from tests.support.recorder import record
from tests.support.refusals import refusal
from tests.support.versions import NEWEST, OLDEST

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
def recorded(monkeypatch):
    monkeypatch.setattr(mesh, "guard", lambda *_: None)

    def run(**observability: object):
        return record(lambda: mesh.deploy(make_settings(observability=observability)))

    return run


def test_each_addon_is_a_release_of_its_projects_chart_and_proxies_trace_when_jaeger_is_there(recorded):
    recording = recorded(**ALL)
    versions = {"prometheus": "29.27.0", "kiali": "2.27.0", "grafana": "12.11.1", "jaeger": "4.11.1"}
    for name, version in versions.items():
        props = recording.one(f"{name}-release").props
        assert props["chart"] == {"kiali": "kiali-server"}.get(name, name)
        assert (props["version"], props["namespace"]) == (version, "istio-system")
        assert props["repositoryOpts"]["repo"] == addons.ALL[name].repository
    tracing = recording.one("observability-telemetry-mesh-tracing")
    assert "jaeger-release" in tracing.dependencies
    assert tracing.props["spec"]["tracing"] == [{"providers": [{"name": "jaeger"}], "randomSamplingPercentage": 1.0}]
    assert "observability-configmap-grafana-dashboards" in recording.one("grafana").dependencies


def test_charts_can_come_from_a_directory_and_a_prometheus_operator_gets_its_objects(recorded):
    release = recorded(charts="charts", prometheus=ON).one("prometheus-release")
    assert release.props["chart"] == "charts/prometheus-29.27.0.tgz"
    rules = recorded(prometheus=OPERATED).one("observability-prometheusrule-pi-mesh")
    assert rules.props["metadata"]["labels"] == {"release": "kube-prometheus-stack"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kiali": ON}, "observability: kiali reads from Prometheus"),
        ({"grafana": ON}, "observability: grafana reads from Prometheus"),
        ({"prometheus": {**ON, "scrape": "chart"}}, "set alerts.enabled: false to keep scrape: chart"),
    ],
)
def test_what_shows_or_judges_metrics_needs_those_that_have_them(settings, said):
    assert said in refusal(observability=settings)


def test_extra_values_may_not_contradict_a_typed_setting():
    with pytest.raises(SettingsError, match=r"observability\.kiali\.values\.server\.port: 20001 contradicts 20000"):
        make_mesh(observability={**ALL, "kiali": {**ON, "values": {"server": {"port": 20001}}}})


def test_every_istio_version_has_its_kiali():
    assert VERSIONS.keys() == MINORS.keys()


@pytest.mark.parametrize(
    ("name", "place"), [("prometheus", "server"), ("kiali", "deployment"), ("grafana", ""), ("jaeger", "jaeger")]
)
def test_the_pod_carries_the_settings_numbers_on_the_pis_and_no_sidecar(name: str, place: str):
    values = values_of(name, resources=SMALL)
    values = values[place] if place else values
    assert values["resources"] == SMALL
    assert {"kubernetes.io/arch": "arm64"} in (values.get("nodeSelector"), values.get("node_selector"))
    assert {"sidecar.istio.io/inject": "false"} in (values.get("podLabels"), values.get("pod_labels"))


def test_prometheus_has_the_identity_and_port_that_the_role_names_and_scrapes_the_mesh_and_nothing_twice():
    values = values_of("prometheus")
    server, jobs = values["server"], values["scrapeConfigs"]
    assert values["serviceAccounts"]["server"]["name"] == "prometheus"
    enabled = [name for name, job in jobs.items() if job.get("enabled", True)]
    assert enabled == ["prometheus", "istiod", "istio-proxies", "kubelets"]
    assert jobs["kubernetes-pods"] == {"enabled": False}
    assert (server["service"]["servicePort"], server["persistentVolume"]) == (9090, {"enabled": False})
    assert (server["global"], server.get("alertmanagers")) == ({"scrape_interval": "30s"}, None)


@pytest.mark.parametrize(
    ("settings", "key", "value"),
    [
        ({"storage": "2Gi"}, "persistentVolume", {"enabled": True, "size": "2Gi"}),
        # A short interval shortens the timeout.
        ({"scrapeInterval": "5s"}, "global", {"scrape_interval": "5s", "scrape_timeout": "5s"}),
        ({"alerts": {"alertmanagers": [MANAGER]}}, "alertmanagers", [{"static_configs": [{"targets": [MANAGER]}]}]),
        ({"scrape": "chart", "alerts": {"enabled": False}}, "podAnnotations", None),
    ],
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


@pytest.mark.parametrize(
    ("version", "grafana", "flags"),
    [
        (OLDEST, "in_cluster_url", {"certificates_information_indicators": {"enabled": False}}),
        ("1.23.0", "in_cluster_url", {"certificates_information_indicators": {"enabled": False}}),
        ("1.24.0", "internal_url", None),
        (NEWEST, "internal_url", None),
    ],
)
def test_kiali_finds_grafana_under_its_versions_name_and_looks_at_no_certificates(version, grafana, flags):
    values = values_of("kiali", version)
    assert values["external_services"]["grafana"][grafana] == "http://grafana.istio-system.svc.cluster.local:3000"
    assert values.get("kiali_feature_flags") == flags


def test_kiali_grafana_and_istiod_know_jaeger_only_when_it_is_there():
    host = "jaeger.istio-system.svc.cluster.local"
    assert values_of("kiali")["external_services"]["tracing"]["internal_url"] == f"http://{host}:16686"
    assert "extensionProviders" not in istiod_values(make_settings())["meshConfig"]
    (provider,) = istiod_values(make_settings(observability=ALL))["meshConfig"]["extensionProviders"]
    assert provider["opentelemetry"] == {"service": host, "port": 4317}
    without_jaeger = make_mesh(observability={**ALL, "jaeger": {"enabled": False}}).releases
    values = {release.name: release.values for release in without_jaeger}
    assert values["kiali"]["external_services"]["tracing"] == {"enabled": False}
    (datasource,) = values["grafana"]["datasources"]["datasources.yaml"]["datasources"]
    assert datasource["type"] == "prometheus"


def test_the_budget_counts_what_is_switched_on():
    off, on = mesh_budget(make_mesh()), mesh_budget(make_mesh(observability=ALL))
    added = [(row.component, row.pods, row.surge) for row in on.rows if row not in off.rows]
    assert added == [("jaeger", 1, 0), ("prometheus", 1, 0), ("grafana", 1, 0), ("kiali", 1, 1)]
    assert (on.requests.cpu - off.requests.cpu, (on.requests.memory - off.requests.memory) >> 20) == (250, 704)


def test_grafana_downloads_nothing_unless_asked():
    assert {"dashboards", "downloadDashboards"} & values_of("grafana").keys() == set()
    downloaded = values_of("grafana", istioDashboards=True)["dashboards"]["istio"]
    assert set(downloaded) == {"mesh", "service", "workload", "control-plane"}
