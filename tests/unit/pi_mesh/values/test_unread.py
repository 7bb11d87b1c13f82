"""Extra values that no template of Istio's real charts reads."""

import pytest

from pi_mesh.values.unread import load, unread
from tests.support import charts
from tests.support.factories import make_mesh

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
    found = load(str(charts.package(name, version)))
    assert found
    return found


@pytest.mark.parametrize("path", UNREAD)
def test_a_misspelt_value_is_named(version, path):
    assert list(unread(chart("istiod", version), UNREAD[path])) == [path]


@pytest.mark.parametrize("extra", READ)
def test_a_value_that_the_chart_knows_is_none(version, extra):
    assert list(unread(chart("istiod", version), extra)) == []


@pytest.mark.parametrize("overrides", [{}, {"istio": {"autoscaling": {"enabled": True}}, "ingress": {"replicas": 2}}])
def test_every_value_of_the_typed_settings_is_read(version, overrides):
    istio = {"version": version, **overrides.get("istio", {})}
    for release in make_mesh(**{**overrides, "istio": istio}).releases:
        assert list(unread(chart(release.chart, version), release.values)) == []


def test_of_a_chart_that_can_not_be_read_nothing_is_claimed(tmp_path):
    (tmp_path / "istiod-1.31.0.tgz").write_text("no archive")
    assert load(str(tmp_path / "istiod-1.31.0.tgz")) is None
    assert load(str(tmp_path / "missing.tgz")) is None
