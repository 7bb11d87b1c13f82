"""Extra values that would undo typed settings."""

import io
import tarfile
from pathlib import Path

import pytest

from pi_mesh.values.extra_values import load_chart, reserved_values, unread_values
from tests.support import charts
from tests.support.factories import make_mesh, make_settings

TAKEN = {
    "a root namespace in which STRICT is not": ("istiod", {"meshConfig": {"rootNamespace": "elsewhere"}}),
    "no mutual TLS by itself": ("istiod", {"meshConfig": {"enableAutoMtls": False}}),
    "other retries": ("istiod", {"meshConfig": {"defaultHttpRetryPolicy": {"attempts": 3}}}),
    "applications that do not wait for their sidecar": (
        "istiod",
        {"meshConfig": {"defaultConfig": {"holdApplicationUntilProxyStarts": False}}},
    ),
    "another normalization of paths": ("istiod", {"meshConfig": {"pathNormalization": {"normalization": "NONE"}}}),
    "ports that sidecars look at": ("istiod", {"global": {"proxy": {"includeInboundPorts": "80"}}}),
    "ports that sidecars overlook": ("istiod", {"global": {"proxy": {"excludeInboundPorts": "80"}}}),
    "another image of istiod": ("istiod", {"pilot": {"image": "evil.example/pilot:1"}}),
    "another hub of istiod": ("istiod", {"pilot": {"hub": "evil.example"}}),
    "another image of sidecars": ("istiod", {"global": {"proxy": {"image": "evil.example/proxyv2:1"}}}),
    "another hub at the top": ("istiod", {"hub": "evil.example"}),
    "another hub among the chart's defaults": ("istiod", {"defaults": {"global": {"hub": "evil.example"}}}),
    "a revision that no label asks for": ("istiod", {"revision": "canary"}),
    "another name of the gateway": ("gateway", {"name": "other"}),
    "another label of the gateway": ("gateway", {"labels": {"istio": "other"}}),
    "another account of the gateway": ("gateway", {"serviceAccount": {"name": "other"}}),
    "another kind of workload": ("gateway", {"kind": "DaemonSet"}),
}


@pytest.mark.parametrize("case", TAKEN)
def test_a_key_that_a_typed_setting_owns_is_found(case):
    chart, extra = TAKEN[case]
    assert len([*reserved_values(make_settings(), chart, "istio-ingressgateway", extra)]) == 1


def test_the_value_that_the_chart_has_anyway_takes_nothing():
    harmless = {"meshConfig": {"rootNamespace": "istio-system", "enableAutoMtls": True}}
    assert [*reserved_values(make_settings(), "istiod", "istiod", harmless)] == []
    gateway = {"name": "istio-ingressgateway", "labels": {"istio": "ingressgateway", "team": "a"}, "kind": "Deployment"}
    assert [*reserved_values(make_settings(), "gateway", "istio-ingressgateway", gateway)] == []


def test_values_that_no_setting_owns_are_free():
    lab = {"pilot": {"env": {"PILOT_ENABLE_ALPN_FILTER": "false"}}, "telemetry": {"enabled": False}}
    assert [*reserved_values(make_settings(), "istiod", "istiod", lab)] == []


READ = (
    {
        "pilot": {
            "env": {"ANY": "1"},
            "podAnnotations": {"a/b": "c"},
            "tolerations": [{}],
            "affinity": {"nodeAffinity": {}},
        }
    },
    {"meshConfig": {"accessLogFile": "/dev/stdout", "defaultConfig": {"holdApplicationUntilProxyStarts": True}}},
    {"global": {"meshID": "m", "network": "n", "multiCluster": {"clusterName": "c"}, "proxy": {"logLevel": "debug"}}},
    {"telemetry": {"enabled": False}},
)
UNREAD = {
    "pilot.resuorces": {"pilot": {"resuorces": {"limits": {"cpu": "1"}}}},
    "globl": {"globl": {"hub": "x"}},
    "global.proxy.logLevl": {"global": {"proxy": {"logLevl": "debug"}}},
}


@pytest.fixture(params=charts.each() or ["none"])
def version(request):
    return request.param if charts.versions() else ""


def chart(name: str, version: str):
    found = load_chart(str(charts.package(name, version)))
    assert found
    return found


@pytest.mark.parametrize("path", UNREAD)
def test_a_misspelt_value_is_named(version, path):
    assert list(unread_values(chart("istiod", version), UNREAD[path])) == [path]


@pytest.mark.parametrize("extra", READ)
def test_a_value_that_the_chart_knows_is_none(version, extra):
    assert list(unread_values(chart("istiod", version), extra)) == []


@pytest.mark.parametrize("overrides", [{}, {"istio": {"autoscaling": {"enabled": True}}, "ingress": {"replicas": 2}}])
def test_every_value_of_the_typed_settings_is_read(version, overrides):
    istio = {"version": version, **overrides.get("istio", {})}
    for release in make_mesh(**{**overrides, "istio": istio}).releases:
        assert list(unread_values(chart(release.chart, version), release.values)) == []


def test_of_a_chart_that_can_not_be_read_nothing_is_claimed(tmp_path):
    (tmp_path / "istiod-1.31.0.tgz").write_text("no archive")
    assert load_chart(str(tmp_path / "istiod-1.31.0.tgz")) is None
    assert load_chart(str(tmp_path / "missing.tgz")) is None


FILES = {
    "istiod/Chart.yaml": "dependencies: [{name: base}, {name: grafana, alias: charts}, {version: 1.0.0}]\n",
    "istiod/values.yaml": (
        "_internal_defaults_do_not_set: {pilot: {cni: {enabled: false}}, global: {hub: x, proxy: {}}, top: 1}\n"
    ),
    "istiod/templates/a.yaml": (
        "{{ .Values.replicas }} {{ toYaml .Values.whole }} {{ .Values.whole.part }} {{ .Values.pilot.cni.provider }}"
    ),
    "istiod/templates/NOTES.txt": "{{ .Values.noted }}",
    "istiod/templates/zzz_profile.yaml": "{{ .Values.plumbed }}",
    "istiod/README.md": "documented",
    "istiod/values.schema.json": '{"described": {}}',
    "istiod/charts/base/values.yaml": "subchart: 1\n",
    "istiod/charts/base/Chart.yaml": "name: other\n",
    "istiod/charts/base/templates/b.yaml": "{{ .Values.deep }}",
    "istiod/a/b/c/d/e/f/g.yaml": "{{ .Values.toodeep }}",
    "istiod/a/b/c/d/e/f.yaml": "{{ .Values.deepenough }}",
}


@pytest.fixture
def packaged(tmp_path):
    """Return `packaged(**changes)`: a made-up chart, whose files a test changes or takes away."""

    def of(**changes: str | None):
        package = Path(tmp_path / f"istiod-{len(list(tmp_path.iterdir()))}.tgz")
        with tarfile.open(package, "w:gz") as archive:
            folder = tarfile.TarInfo("istiod")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for name, text in {**FILES, **{f"istiod/{key}.yaml": text for key, text in changes.items()}}.items():
                if text is not None:
                    member = tarfile.TarInfo(name)
                    member.size = len(text.encode())
                    archive.addfile(member, io.BytesIO(text.encode()))
        return load_chart(str(package))

    return of


def test_the_defaults_are_those_below_istios_wrapper_or_the_whole_file(packaged):
    assert packaged().defaults == {"pilot": {"cni": {"enabled": False}}, "global": {"hub": "x", "proxy": {}}, "top": 1}
    assert packaged(values="replicas: 1\n").defaults == {"replicas": 1}
    assert packaged(values="").defaults == {}


def test_the_subcharts_are_known_by_name_and_alias(packaged):
    assert packaged().subcharts == {"base", "grafana", "charts"}
    assert packaged(Chart="name: istiod\n").subcharts == frozenset()
    assert packaged(Chart="").subcharts == frozenset()


def test_a_chart_with_broken_yaml_is_none_that_can_be_judged(packaged):
    assert packaged(values="a: [") is None


@pytest.mark.parametrize("key", ["replicas", "deep", "deepenough", "top"])
def test_a_name_in_a_template_or_in_the_defaults_is_read(packaged, key):
    assert list(unread_values(packaged(), {key: 1})) == []


@pytest.mark.parametrize(
    "key", ["noted", "plumbed", "documented", "described", "subchart", "toodeep", "replica", "replicasx", "Values-x"]
)
def test_a_name_in_notes_readme_schema_or_plumbing_is_not_read(packaged, key):
    assert list(unread_values(packaged(), {key: 1})) == [key]


@pytest.mark.parametrize(
    ("extra", "paths"),
    [
        ({"pilot": {"cni": {"enabled": True, "provider": "x"}}}, []),
        ({"pilot": {"cni": {"enable": True}}}, ["pilot.cni.enable"]),
        # istiod's chart reads the branches of `pilot` at its root too.
        ({"pilot": {"top": 2, "global": {"hub": "y"}}}, []),
        ({"pilot": {"global": {"hup": "y"}}}, ["pilot.global.hup"]),
        ({"pilot": {"tip": 2}}, ["pilot.tip"]),
        # A branch that a template takes as a whole may have any key.
        ({"whole": {"any": 1}}, []),
        # Values of subcharts are theirs, and so is `global` where there are some.
        ({"base": {"x": 1}, "charts": {"x": 1}, "global": {"anything": 1}}, []),
        ({"another": {"x": 1}}, ["another"]),
        ({"top": {"x": 1}}, []),
        ({"one": 1, "two": 2}, ["one", "two"]),
    ],
)
def test_a_value_is_followed_through_the_defaults(packaged, extra, paths):
    assert list(unread_values(packaged(), extra)) == paths


def test_global_is_the_charts_own_without_subcharts(packaged):
    alone = packaged(Chart="name: istiod\n")
    assert list(unread_values(alone, {"global": {"hub": "y", "anything": 1}})) == ["global.anything"]
    # An empty default branch may have any key.
    assert list(unread_values(alone, {"global": {"proxy": {"anything": 1}}})) == []


def test_a_pilot_branch_without_defaults_is_read_at_the_root(packaged):
    bare = packaged(values="global: {hub: x}\npilot: {}\n")
    assert list(unread_values(bare, {"pilot": {"global": {"hub": "y"}, "nothing": 1}})) == ["pilot.nothing"]


def test_a_chart_is_read_once():
    package = str(charts.folder() / f"istiod-{charts.versions()[-1]}.tgz")
    assert load_chart(package) is load_chart(package)
