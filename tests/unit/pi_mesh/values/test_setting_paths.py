"""The config key of a Helm value."""

import pytest

from pi_mesh.values.setting_paths import config_key
from tests.support.factories import make_mesh, make_settings

VAULT = {"enabled": True, "address": "https://vault.example", "key": "internal"}
CONSTANT = "pilot.rollingMaxSurge"
TYPED = {"typed": True, "extra": False}


def leaves(values: dict, path: str = ""):
    for key, value in values.items():
        below = f"{path}.{key}".lstrip(".")
        yield from leaves(value, below) if isinstance(value, dict) and value else [below]


@pytest.mark.parametrize("version", ["1.20.3", "1.31.0"])
@pytest.mark.parametrize("overrides", [{}, {"vault": VAULT}, {"ingress": {"replicas": 2}}])
def test_each_value_of_istios_typed_settings_has_a_config_key_that_the_settings_know(version, overrides):
    mesh = make_mesh(**{**overrides, "istio": {"version": version}})
    for release in mesh.releases:
        for path in leaves(release.typed) if release.chart in ("base", "istiod", "gateway") else []:
            key = config_key(release.chart, release.setting, path, **TYPED)
            assert key != release.setting or path == CONSTANT, path
            node: object = make_settings()
            for part in key.split("."):
                name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in part)
                assert hasattr(node, name), key
                node = getattr(node, name)


def test_an_extra_value_is_known_by_its_path():
    assert config_key("istiod", "istio", "pilot.env.X", typed=False, extra=True) == "istio.values.pilot.env.X"


def test_a_typed_value_of_an_addon_is_known_by_its_branch():
    assert config_key("grafana", "observability.grafana", "rbac", **TYPED) == "observability.grafana"


def test_a_typed_value_of_no_setting_of_its_own_belongs_to_its_releases_branch():
    assert config_key("istiod", "istio", "pilot.rollingMaxSurge", **TYPED) == "istio"
    assert config_key("istiod", "istio", "pilot.replicaCount", **TYPED) == "istio.pilotReplicas"


@pytest.mark.parametrize("branch", ["ingress", "egress"])
def test_a_value_of_both_gateways_has_the_key_of_its_own(branch):
    assert config_key("gateway", branch, "autoscaling.maxReplicas", **TYPED) == f"{branch}.autoscaling.maxReplicas"
    assert config_key("gateway", branch, "podAnnotations.proxy.istio.io/config", **TYPED) == f"{branch}.drainSeconds"


def test_a_value_that_no_single_setting_gives_has_the_key_of_those_that_decide_it():
    assert config_key("istiod", "istio", "pilot.env.K8S_SIGNER", **TYPED) == "vault"
    assert config_key("gateway", "egress", "readinessProbe.httpGet", **TYPED) == "istio.version"
