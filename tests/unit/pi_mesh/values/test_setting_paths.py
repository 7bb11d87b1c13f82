"""The config key of a Helm value."""

import pytest

from pi_mesh.values.setting_paths import config_key
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import table
from tests.support.versions import NEWEST, SHIPPED

VAULT = {"enabled": True, "address": "https://vault.example", "key": "internal"}
CONSTANT = "pilot.rollingMaxSurge"
TYPED = {"typed": True, "extra": False}


def leaves(values: dict, path: str = ""):
    for key, value in values.items():
        below = f"{path}.{key}".lstrip(".")
        yield from leaves(value, below) if isinstance(value, dict) and value else [below]


@pytest.mark.parametrize("version", [SHIPPED, NEWEST])
@pytest.mark.parametrize("overrides", [{}, {"vault": VAULT}, {"ingress": {"replicas": 2}}])
def test_each_value_of_istios_typed_settings_has_a_config_key_that_the_settings_know(version, overrides):
    mesh = make_mesh(**{**overrides, "istio": {"version": version}})
    for release in (one for one in mesh.releases if one.chart in ("base", "istiod", "gateway")):
        for path in leaves(release.typed):
            key = config_key(release.chart, release.setting, path, **TYPED)
            assert key != release.setting or path == CONSTANT, path
            node: object = make_settings()
            for part in key.split("."):
                name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in part)
                assert hasattr(node, name), key
                node = getattr(node, name)


@table(
    ("grafana", "observability.grafana", "rbac", "observability.grafana"),
    # A constant belongs to its release's branch; what no single setting gives has the key that decides it.
    ("istiod", "istio", CONSTANT, "istio"),
    ("istiod", "istio", "pilot.replicaCount", "istio.pilotReplicas"),
    ("istiod", "istio", "pilot.env.K8S_SIGNER", "vault"),
    ("gateway", "egress", "readinessProbe.httpGet", "istio.version"),
    ("gateway", "ingress", "autoscaling.maxReplicas", "ingress.autoscaling.maxReplicas"),
    ("gateway", "egress", "autoscaling.maxReplicas", "egress.autoscaling.maxReplicas"),
    ("gateway", "ingress", "podAnnotations.proxy.istio.io/config", "ingress.drainSeconds"),
    ("gateway", "egress", "podAnnotations.proxy.istio.io/config", "egress.drainSeconds"),
)
def test_a_typed_value_has_the_key_of_its_setting_and_an_extra_one_its_path(chart, setting, path, key):
    assert config_key(chart, setting, path, **TYPED) == key
    assert config_key(chart, setting, path, typed=False, extra=True) == f"{setting}.values.{path}"
