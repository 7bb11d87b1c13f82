"""The addons Prometheus, Kiali, Grafana and Jaeger.

Off by default, sized for a Pi, and in the Ansible role's places.
"""

import pytest

from components import mesh
from pi_mesh import addons
from pi_mesh.addons.kiali import VERSIONS
from pi_mesh.budget.mesh import mesh_budget
from pi_mesh.catalog.istio import MINORS
from pi_mesh.settings import SettingsError
from pi_mesh.values import telemetry as values_telemetry
from pi_mesh.values.istio import istiod_values
from tests.support import charts, crds
from tests.support.factories import make_mesh, make_settings
from tests.support.recorder import record

ON = {"enabled": True}
ALL = {"prometheus": ON, "kiali": ON, "grafana": ON, "jaeger": ON}
OPERATED = {"enabled": True, "mode": "operator"}
OFF = {"certificates_information_indicators": {"enabled": False}}
SMALL = {"requests": {"cpu": "11m", "memory": "22Mi"}, "limits": {"cpu": "33m", "memory": "44Mi"}}


def values_of(name: str, **observability: object) -> dict:
    """Return the Helm values of one addon among the others."""
    return next(one.values for one in make_mesh(observability={**ALL, **observability}).releases if one.name == name)


@pytest.fixture
def recorded(monkeypatch):
    monkeypatch.setattr(mesh, "guard", lambda *_: None)

    def run(**observability: object):
        return record(lambda: mesh.deploy(make_settings(observability=observability)))

    return run


def test_nothing_is_installed_unless_asked_for(recorded):
    recording = recorded()
    assert recording.of_type("pi-mesh:observability:Addon") == []
    assert recording.of_type("kubernetes:telemetry.istio.io/v1alpha1:Telemetry") == []


def test_each_addon_is_a_release_of_its_projects_chart(recorded):
    recording = recorded(**ALL)
    releases_ = {name: recording.one(f"{name}-release").props for name in ALL}
    assert {name: (one["chart"], one["version"]) for name, one in releases_.items()} == {
        "prometheus": ("prometheus", "29.27.0"),
        "kiali": ("kiali-server", "2.27.0"),
        "grafana": ("grafana", "12.11.1"),
        "jaeger": ("jaeger", "4.11.1"),
    }
    assert {name: one["repositoryOpts"]["repo"] for name, one in releases_.items()} == {
        name: kind.repository for name, kind in addons.ALL.items()
    }
    assert {one["namespace"] for one in releases_.values()} == {"istio-system"}


def test_proxies_trace_only_when_jaeger_is_there(recorded):
    telemetry = recorded(**ALL).one("observability-telemetry-mesh-tracing")
    assert "jaeger-release" in telemetry.dependencies
    assert telemetry.props["spec"]["tracing"] == [{"providers": [{"name": "jaeger"}], "randomSamplingPercentage": 1.0}]


def test_charts_can_come_from_a_directory(recorded):
    recording = recorded(charts="charts", prometheus=ON)
    assert recording.one("prometheus-release").props["chart"] == "charts/prometheus-29.27.0.tgz"


@pytest.mark.parametrize("name", ["kiali", "grafana"])
def test_what_shows_metrics_needs_prometheus(name: str):
    with pytest.raises(SettingsError, match=f"observability: {name} reads from Prometheus"):
        make_settings(observability={name: ON})


def test_every_istio_version_has_its_kiali():
    assert VERSIONS.keys() == MINORS.keys()


@pytest.mark.parametrize(
    ("name", "place"),
    [("prometheus", ("server",)), ("kiali", ("deployment",)), ("grafana", ()), ("jaeger", ("jaeger",))],
)
def test_the_pod_carries_the_settings_numbers_on_the_pis_and_no_sidecar(name: str, place: tuple[str, ...]):
    values = values_of(name, **{name: {"enabled": True, "resources": SMALL}})
    for key in place:
        values = values[key]
    assert values["resources"] == SMALL
    assert {"kubernetes.io/arch": "arm64"} in (values.get("nodeSelector"), values.get("node_selector"))
    assert {"sidecar.istio.io/inject": "false"} in (values.get("podLabels"), values.get("pod_labels"))


def test_prometheus_has_the_identity_and_port_that_the_role_names():
    values = values_of("prometheus")
    assert values["serviceAccounts"]["server"]["name"] == "prometheus"
    assert values["server"]["service"]["servicePort"] == 9090


def test_prometheus_keeps_metrics_on_a_volume_only_when_asked():
    assert values_of("prometheus")["server"]["persistentVolume"] == {"enabled": False}
    kept = values_of("prometheus", prometheus={"enabled": True, "storage": "2Gi"})
    assert kept["server"]["persistentVolume"] == {"enabled": True, "size": "2Gi"}


def test_kiali_finds_the_others_under_the_names_of_its_version():
    newest = values_of("kiali")["external_services"]
    old_mesh = make_mesh(istio={"version": "1.20.3"}, observability=ALL)
    oldest = next(one.values for one in old_mesh.releases if one.name == "kiali")["external_services"]
    assert newest["grafana"]["internal_url"] == "http://grafana.istio-system.svc.cluster.local:3000"
    assert oldest["grafana"]["in_cluster_url"] == newest["grafana"]["internal_url"]
    assert newest["tracing"]["internal_url"] == "http://jaeger.istio-system.svc.cluster.local:16686"
    assert values_of("kiali", jaeger={"enabled": False})["external_services"]["tracing"] == {"enabled": False}


def test_extra_values_may_not_contradict_a_typed_setting():
    kiali = {"enabled": True, "values": {"server": {"port": 20001}}}
    with pytest.raises(SettingsError, match=r"observability\.kiali\.values\.server\.port: 20001 contradicts 20000"):
        make_mesh(observability={**ALL, "kiali": kiali})


def test_the_budget_counts_what_is_switched_on():
    off, on = mesh_budget(make_mesh()), mesh_budget(make_mesh(observability=ALL))
    added = [row for row in on.rows if row not in off.rows]
    assert [(row.component, row.pods, row.surge) for row in added] == [
        ("jaeger", 1, 0),
        ("prometheus", 1, 0),
        ("grafana", 1, 0),
        ("kiali", 1, 1),
    ]
    assert (on.requests.cpu - off.requests.cpu, (on.requests.memory - off.requests.memory) >> 20) == (250, 704)


def test_istiod_knows_jaeger_only_when_it_is_there():
    assert "extensionProviders" not in istiod_values(make_settings())["meshConfig"]
    (provider,) = istiod_values(make_settings(observability=ALL))["meshConfig"]["extensionProviders"]
    assert provider["opentelemetry"] == {"service": "jaeger.istio-system.svc.cluster.local", "port": 4317}


@pytest.mark.parametrize("which", [0, -1])
def test_the_telemetry_object_fits_istios_schema(which: int):
    (telemetry,) = values_telemetry.tracing_telemetry(make_settings(observability=ALL))
    assert crds.problems(telemetry, charts.versions()[which]) == []


@pytest.mark.parametrize(("istio", "flags"), [("1.20.3", OFF), ("1.23.0", OFF), ("1.24.0", None), ("1.31.0", None)])
def test_kiali_looks_at_no_certificates_and_from_2_on_has_no_such_flag(istio, flags):
    releases = make_mesh(observability=ALL, istio={"version": istio}).releases
    (kiali,) = (one.values for one in releases if one.name == "kiali")
    assert kiali.get("kiali_feature_flags") == flags


def test_prometheus_scrapes_the_mesh_and_nothing_twice():
    jobs = values_of("prometheus")["scrapeConfigs"]
    on = [name for name, job in jobs.items() if job.get("enabled", True)]
    assert on == ["prometheus", "istiod", "istio-proxies", "kubelets"]
    assert jobs["kubernetes-pods"] == {"enabled": False}


def test_the_charts_own_jobs_are_the_old_way():
    old = {"enabled": True, "scrape": "chart", "alerts": {"enabled": False}}
    values = values_of("prometheus", prometheus=old)
    assert set(values["scrapeConfigs"]) == {"kubernetes-api-servers", "kubernetes-nodes", "kubernetes-nodes-cadvisor"}
    assert values["serverFiles"] == {"alerting_rules.yml": {}}
    assert "podAnnotations" not in values["server"]


def test_alerts_are_refused_where_their_jobs_are_not():
    with pytest.raises(SettingsError, match=r"set alerts\.enabled: false to keep scrape: chart"):
        make_settings(observability={"prometheus": {"enabled": True, "scrape": "chart"}})


def test_a_changed_alert_gives_prometheus_a_new_pod():
    before, after = (
        values_of("prometheus", prometheus={"enabled": True, "alerts": {"memoryPercent": percent}})
        for percent in (90, 80)
    )
    assert before["server"]["podAnnotations"] != after["server"]["podAnnotations"]


def test_alerts_go_to_the_alertmanagers_of_the_settings():
    alerts = {"alertmanagers": ["alertmanager.monitoring:9093"]}
    values = values_of("prometheus", prometheus={"enabled": True, "alerts": alerts})
    assert values["server"]["alertmanagers"] == [{"static_configs": [{"targets": ["alertmanager.monitoring:9093"]}]}]
    assert "alertmanagers" not in values_of("prometheus")["server"]


def test_the_alerts_know_the_names_of_this_mesh():
    mesh = make_mesh(
        releases={"names": {"ingress": "front"}},
        ingress={"namespace": "gateways"},
        mtls={"certificateLifetime": "10h"},
        observability={"prometheus": ON},
    )
    (values,) = (release.values for release in mesh.releases if release.name == "prometheus")
    rules = str(values["serverFiles"])
    assert 'source_workload="front", source_workload_namespace="gateways"' in rules
    assert "< 7200" in rules


def test_with_an_operator_nothing_is_installed_and_the_budget_counts_nothing():
    mesh = make_mesh(observability={"prometheus": OPERATED})
    assert [release.name for release in mesh.releases if release.name == "prometheus"] == []
    assert mesh_budget(mesh).rows == mesh_budget(make_mesh()).rows


def test_kiali_and_grafana_read_the_operators_prometheus():
    own = {"prometheus": {**OPERATED, "address": "http://prometheus.monitoring:9090"}}
    assert values_of("kiali", **own)["external_services"]["prometheus"]["url"] == "http://prometheus.monitoring:9090"
    (source, _) = values_of("grafana", **own)["datasources"]["datasources.yaml"]["datasources"]
    assert source["url"] == "http://prometheus.monitoring:9090"


def test_grafana_downloads_nothing_unless_asked():
    assert "dashboards" not in values_of("grafana")
    assert "downloadDashboards" not in values_of("grafana")
    values = values_of("grafana", grafana={"enabled": True, "istioDashboards": True})
    assert set(values["dashboards"]["istio"]) == {"mesh", "service", "workload", "control-plane"}


def test_grafanas_dashboards_are_there_before_its_pod(recorded):
    recording = recorded(**ALL)
    assert "observability-configmap-grafana-dashboards" in recording.one("grafana").dependencies


def test_a_prometheus_operator_gets_its_objects(recorded):
    recording = recorded(prometheus=OPERATED)
    assert recording.of_type("kubernetes:helm.sh/v3:Release") != []
    rules = recording.one("observability-prometheusrule-pi-mesh")
    assert rules.props["metadata"]["labels"] == {"release": "kube-prometheus-stack"}


def test_rules_and_jobs_of_the_stack_file_stay():
    own = {
        "serverFiles": {"alerting_rules.yml": {"groups": []}},
        "scrapeConfigs": {"kubernetes-pods": {"enabled": True}},
    }
    values = values_of("prometheus", prometheus={"enabled": True, "values": own})
    assert values["serverFiles"]["alerting_rules.yml"] == {"groups": []}
    assert values["serverFiles"]["alerts"]["groups"]
    assert values["scrapeConfigs"]["kubernetes-pods"] == {"enabled": True}


def test_a_short_interval_shortens_the_timeout():
    values = values_of("prometheus", prometheus={"enabled": True, "scrapeInterval": "5s"})
    assert values["server"]["global"] == {"scrape_interval": "5s", "scrape_timeout": "5s"}
    assert values_of("prometheus")["server"]["global"] == {"scrape_interval": "30s"}
