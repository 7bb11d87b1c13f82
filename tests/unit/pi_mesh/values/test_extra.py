"""Extra Helm values: merged last, refused against typed settings."""

import pytest

from pi_mesh import inventory
from pi_mesh.inventory import Kind
from pi_mesh.settings import SettingsError
from tests.support import awaited
from tests.support.factories import make_settings


def problems(**overrides: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        inventory.of(make_settings(**overrides))
    return refused.value.problems


def test_extra_values_are_merged_into_the_typed_ones():
    more = {"pilot": {"env": {"A": "b"}}, "telemetry": {"enabled": False}}
    values = inventory.of(make_settings(istio={"values": more})).the(Kind.ISTIOD).values
    assert values["telemetry"] == {"enabled": False}
    assert values["pilot"]["env"] == {"A": "b"}
    assert values["pilot"]["replicaCount"] == 1


def test_extra_values_that_contradict_typed_ones_are_refused_all_at_once():
    lines = problems(
        istio={"values": {"pilot": {"resources": {"limits": {"memory": "1Gi"}}}}},
        egress={"values": {"replicaCount": 2}},
    )
    assert lines == (
        "egress.values.replicaCount: 2 contradicts 1, which typed settings give; change those (docs/config.md)",
        "istio.values.pilot.resources.limits.memory: '1Gi' contradicts '256Mi', which typed settings give; "
        "change those (docs/config.md)",
    )


def test_the_same_value_again_is_no_contradiction():
    inventory.of(make_settings(istio={"values": {"global": {"hub": "docker.io/istio"}}}))


def test_a_typed_object_can_not_be_replaced_by_something_else():
    (line,) = problems(ingress={"values": {"service": None}})
    assert line.startswith("ingress.values.service: None contradicts")


def test_a_key_at_the_root_that_newer_charts_would_silently_override_is_refused():
    (line,) = problems(istio={"values": {"autoscaleEnabled": True}})
    assert line.startswith("istio.values.autoscaleEnabled: True contradicts False")


def test_extra_values_of_a_gateway_that_is_off_are_not_looked_at():
    plan = inventory.of(make_settings(egress={"enabled": False, "values": {"replicaCount": 2}}))
    assert [release.name for release in plan.of_kind(Kind.GATEWAY)] == ["istio-ingressgateway"]


def test_the_settings_own_values_are_left_as_they_are():
    settings = make_settings(istio={"values": {"pilot": {"env": {"A": "b"}}}})
    inventory.of(settings)
    assert settings.istio.values == {"pilot": {"env": {"A": "b"}}}


def istio(**values: object) -> dict:
    return {"istio": {"values": values}}


def ingress(**values: object) -> dict:
    return {"ingress": {"values": values}}


CONTRADICTIONS = {
    "a root namespace in which STRICT is not": istio(meshConfig={"rootNamespace": "elsewhere"}),
    "no mutual TLS by itself": istio(meshConfig={"enableAutoMtls": False}),
    "ports that no sidecar looks at": istio(**{"global": {"proxy": {"includeInboundPorts": "80"}}}),
    "another image of istiod": istio(pilot={"image": "evil.example/pilot:1"}),
    "another hub of istiod": istio(pilot={"hub": "evil.example"}),
    "another image of sidecars": istio(**{"global": {"proxy": {"image": "evil.example/proxyv2:1"}}}),
    "another hub at the top": istio(hub="evil.example"),
    "another hub among the chart's defaults": istio(defaults={"global": {"hub": "evil.example"}}),
    "a revision that no label asks for": istio(revision="canary"),
    "another name of the gateway": ingress(name="other"),
    "another label of the gateway": ingress(labels={"istio": "other"}),
    "another account of the gateway": ingress(serviceAccount={"name": "other"}),
    "another kind of workload": ingress(kind="DaemonSet"),
}


@awaited.safe("M12 only equal keys are compared: other keys may contradict typed settings")
@pytest.mark.parametrize("case", CONTRADICTIONS)
def test_extra_values_may_not_take_over_what_a_typed_setting_owns(case):
    assert problems(**CONTRADICTIONS[case]) != ()
