"""Extra values that would undo typed settings, or that the chart never reads."""

import io
import tarfile
from functools import reduce
from pathlib import Path

import pytest

from pi_mesh.values.extra_values import load_chart, reserved_values, similar_path, unread_values
from tests.support import charts
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import case, table
from tests.support.versions import NEWEST

INGRESS = "istio-ingressgateway"
TAKEN = {
    "a root namespace in which STRICT is not": {"meshConfig": {"rootNamespace": "elsewhere"}},
    "no mutual TLS by itself": {"meshConfig": {"enableAutoMtls": False}},
    "other retries": {"meshConfig": {"defaultHttpRetryPolicy": {"attempts": 3}}},
    "no wait for sidecars": {"meshConfig": {"defaultConfig": {"holdApplicationUntilProxyStarts": False}}},
    "another normalization of paths": {"meshConfig": {"pathNormalization": {"normalization": "NONE"}}},
    "ports that sidecars look at": {"global": {"proxy": {"includeInboundPorts": "80"}}},
    "ports that sidecars overlook": {"global": {"proxy": {"excludeInboundPorts": "80"}}},
    "another image of istiod": {"pilot": {"image": "evil.example/pilot:1"}},
    "another hub of istiod": {"pilot": {"hub": "evil.example"}},
    "another image of sidecars": {"global": {"proxy": {"image": "evil.example/proxyv2:1"}}},
    "another hub at the top": {"hub": "evil.example"},
    "another hub among the chart's defaults": {"defaults": {"global": {"hub": "evil.example"}}},
    "a revision that no label asks for": {"revision": "canary"},
}
TAKEN_OF_GATEWAY = {
    "another name": {"name": "other"},
    "another label": {"labels": {"istio": "other"}},
    "another account": {"serviceAccount": {"name": "other"}},
    "another kind of workload": {"kind": "DaemonSet"},
}
SAME_LABELS = {"istio": "ingressgateway", "team": "a"}
NOT_READ = "noted plumbed documented described subchart toodeep replica replicasx Values-x"
PILOT = {"env": {"ANY": "1"}, "podAnnotations": {"a/b": "c"}, "tolerations": [{}], "affinity": {"nodeAffinity": {}}}
MESH = {"accessLogFile": "/dev/stdout", "defaultConfig": {"holdApplicationUntilProxyStarts": True}}
GLOBAL = {"meshID": "m", "network": "n", "multiCluster": {"clusterName": "c"}, "proxy": {"logLevel": "debug"}}


@table(
    *(case(taken, "istiod", extra, 1) for taken, extra in TAKEN.items()),
    *(case(taken, "gateway", extra, 1) for taken, extra in TAKEN_OF_GATEWAY.items()),
    # The value that the chart has anyway takes nothing.
    ("istiod", {"meshConfig": {"rootNamespace": "istio-system", "enableAutoMtls": True}}, 0),
    ("gateway", {"name": INGRESS, "labels": SAME_LABELS, "kind": "Deployment"}, 0),
    # No setting owns these.
    ("istiod", {"pilot": {"env": {"PILOT_ENABLE_ALPN_FILTER": "false"}}, "telemetry": {"enabled": False}}, 0),
)
def test_a_key_that_a_typed_setting_owns_is_found(chart, extra, count):
    assert len([*reserved_values(make_settings(), chart, INGRESS, extra)]) == count


def test_a_label_equal_to_a_typed_one_takes_nothing():
    settings = make_settings(ingress={"labels": {"istio": "front"}})
    for label, taken in {"front": [], "ingressgateway": ["labels.istio"]}.items():
        values = reserved_values(settings, "gateway", INGRESS, {"labels": {"istio": label}})
        assert [value.path for value in values] == taken


@pytest.fixture(params=charts.each() or ["none"])
def version(request):
    return request.param if charts.versions() else ""


def chart(name: str, version: str):
    return load_chart(str(charts.package(name, version)))


@table(
    ({"pilot": PILOT, "meshConfig": MESH, "global": GLOBAL, "telemetry": {"enabled": False}}, []),
    ({"pilot": {"resuorces": {"limits": {"cpu": "1"}}}}, ["pilot.resuorces"]),
    ({"globl": {"hub": "x"}}, ["globl"]),
    ({"global": {"proxy": {"logLevl": "debug"}}}, ["global.proxy.logLevl"]),
)
def test_a_misspelt_value_is_named_and_one_that_the_chart_knows_is_none(version, extra, unread):
    assert list(unread_values(chart("istiod", version), extra)) == unread


@pytest.mark.parametrize("overrides", [{}, {"istio": {"autoscaling": {"enabled": True}}, "ingress": {"replicas": 2}}])
def test_every_value_of_the_typed_settings_is_read(version, overrides):
    istio = {"version": version, **overrides.get("istio", {})}
    for release in make_mesh(**{**overrides, "istio": istio}).releases:
        assert list(unread_values(chart(release.chart, version), release.values)) == []


FILES = {
    "Chart": "dependencies: [{name: base}, {name: grafana, alias: charts}, {version: 1.0.0}]\n",
    "values": "_internal_defaults_do_not_set: {pilot: {cni: {enabled: false}}, global: {hub: x, proxy: {}}, top: 1}\n",
    "templates/a": (
        "{{ .Values.replicas }} {{ toYaml .Values.whole }} {{ .Values.whole.part }} {{ .Values.pilot.cni.provider }}"
    ),
    "templates/NOTES.txt": "{{ .Values.noted }}",
    "templates/zzz_profile": "{{ .Values.plumbed }}",
    "README.md": "documented",
    "values.schema.json": '{"described": {}}',
    "charts/base/values": "subchart: 1\n",
    "charts/base/Chart": "name: other\n",
    "charts/base/templates/b": "{{ .Values.deep }}",
    "a/b/c/d/e/f/g": "{{ .Values.toodeep }}",
    "a/b/c/d/e/f": "{{ .Values.deepenough }}",
}


@pytest.fixture
def packaged(tmp_path):
    """Return `packaged(**changes)`: a made-up chart, whose files a test changes."""

    def of(**changes: str):
        package = Path(tmp_path / f"istiod-{len(list(tmp_path.iterdir()))}.tgz")
        with tarfile.open(package, "w:gz") as archive:
            folder = tarfile.TarInfo("istiod")
            folder.type = tarfile.DIRTYPE
            archive.addfile(folder)
            for name, text in (FILES | changes).items():
                member = tarfile.TarInfo(f"istiod/{name}" if Path(name).suffix else f"istiod/{name}.yaml")
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        return load_chart(str(package))

    return of


def test_the_defaults_are_those_below_istios_wrapper_or_the_whole_file(packaged):
    assert packaged().defaults == {"pilot": {"cni": {"enabled": False}}, "global": {"hub": "x", "proxy": {}}, "top": 1}
    assert [packaged(values=text).defaults for text in ("replicas: 1\n", "")] == [{"replicas": 1}, {}]


def test_what_a_version_keeps_of_an_earlier_one_is_known_and_the_key_that_asks_for_it_is_no_mistake(packaged):
    former = packaged(**{"files/profile-compatibility-version-1.28.yaml": "pilot: {env: {A: 'false'}}\n"})
    assert former.former == {"1.28": {"pilot": {"env": {"A": "false"}}}}
    assert list(unread_values(former, {"compatibilityVersion": "1.28"})) == []


TYPOS = {
    "pilot.resuorces": "pilot.resources",
    "pilot.replicacount": "pilot.replicaCount",
    "pilot.autoscaleEnable": "pilot.autoscaleEnabled",
    "pilot.nodeselector": "pilot.nodeSelector",
    "pilot.envs": "pilot.env",
    "pilot.traceSamplng": "pilot.traceSampling",
    "globl": "global",
    "global.proxy.logLevl": "global.proxy.logLevel",
    "global.proxy.readinessPeriodSecond": "global.proxy.readinessPeriodSeconds",
    "global.imagePullPolcy": "global.imagePullPolicy",
    "global.logAsJSON": "global.logAsJson",
    "sidecarInjectorWebhook.neverInjectSelectors": "sidecarInjectorWebhook.neverInjectSelector",
    "telemetri": "telemetry",
    "meshCofig": "meshConfig",
    "revisonTags": "revisionTags",
}


@pytest.mark.parametrize("path", TYPOS)
def test_a_typo_is_named_with_the_value_that_it_may_mean(path):
    *branches, key = path.split(".")
    extra = reduce(lambda value, branch: {branch: value}, reversed(branches), {key: 1})
    assert list(unread_values(chart("istiod", NEWEST), extra)) == [path]
    assert similar_path(chart("istiod", NEWEST), path) == TYPOS[path]


def test_a_name_like_no_other_means_nothing():
    assert similar_path(chart("istiod", NEWEST), "global.xyzzy") == ""


def test_the_subcharts_are_known_by_name_and_alias(packaged):
    assert packaged().subcharts == {"base", "grafana", "charts"}
    assert packaged(Chart="name: istiod\n").subcharts == packaged(Chart="").subcharts == frozenset()


def test_of_a_chart_that_can_not_be_read_nothing_is_claimed_and_a_good_one_is_read_once(packaged, tmp_path):
    (tmp_path / "broken.tgz").write_text("no archive")
    (tmp_path / "cut.tgz").write_bytes(charts.package("base", NEWEST).read_bytes()[:500])
    assert {load_chart(str(tmp_path / name)) for name in ("broken.tgz", "cut.tgz", "missing.tgz")} == {None}
    assert packaged(values="a: [") is None
    package = str(charts.package("istiod", charts.versions()[-1]))
    assert load_chart(package) is load_chart(package)


@table(
    # Names in a template or in the defaults are read, those in notes, readme, schema or plumbing are not.
    *(({key: 1}, []) for key in ("replicas", "deep", "deepenough", "top")),
    *(({key: 1}, [key]) for key in NOT_READ.split()),
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
)
def test_a_value_is_followed_through_templates_and_defaults(packaged, extra, paths):
    assert list(unread_values(packaged(), extra)) == paths


@table(
    # Without subcharts `global` is the chart's own; an empty default branch may have any key.
    ({"Chart": "name: istiod\n"}, {"global": {"hub": "y", "anything": 1}}, ["global.anything"]),
    ({"Chart": "name: istiod\n"}, {"global": {"proxy": {"anything": 1}}}, []),
    # A pilot branch without defaults is read at the root.
    ({"values": "global: {hub: x}\npilot: {}\n"}, {"pilot": {"global": {"hub": "y"}, "no": 1}}, ["pilot.no"]),
)
def test_another_chart_reads_other_values(packaged, changes, extra, paths):
    assert list(unread_values(packaged(**changes), extra)) == paths
