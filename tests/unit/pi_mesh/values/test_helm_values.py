"""Extra Helm values: merged last, refused against typed settings."""

import pytest

from pi_mesh import inventory
from pi_mesh.inventory import Kind
from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings


def problems(**overrides: object) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        inventory.mesh_inventory(make_settings(**overrides))
    return refused.value.problems


def test_extra_values_are_merged_into_the_typed_ones():
    more = {"pilot": {"env": {"A": "b"}}, "telemetry": {"enabled": False}}
    values = inventory.mesh_inventory(make_settings(istio={"values": more})).the(Kind.ISTIOD).values
    assert values["telemetry"] == {"enabled": False}
    assert values["pilot"]["env"] == {"A": "b"}
    assert values["pilot"]["replicaCount"] == 1


def test_extra_values_that_contradict_typed_ones_are_refused_all_at_once():
    lines = problems(
        istio={"values": {"pilot": {"resources": {"limits": {"memory": "1Gi"}}}}},
        egress={"values": {"replicaCount": 2}},
    )
    assert lines == (
        "egress.values.replicaCount: 2 contradicts 1, which typed settings give; change them (docs/config.md)",
        "istio.values.pilot.resources.limits.memory: '1Gi' contradicts '256Mi', which typed settings give; "
        "change them (docs/config.md)",
    )


def test_the_same_value_again_is_no_contradiction():
    inventory.mesh_inventory(make_settings(istio={"values": {"global": {"hub": "docker.io/istio"}}}))


def test_a_typed_object_can_not_be_replaced_by_something_else():
    (line,) = problems(ingress={"values": {"service": None}})
    assert line.startswith("ingress.values.service: None contradicts")


def test_a_key_at_the_root_that_newer_charts_would_silently_override_is_refused():
    (line,) = problems(istio={"values": {"autoscaleEnabled": True}})
    assert line.startswith("istio.values.autoscaleEnabled: True contradicts False")


def test_extra_values_of_a_gateway_that_is_off_are_not_looked_at():
    plan = inventory.mesh_inventory(make_settings(egress={"enabled": False, "values": {"replicaCount": 2}}))
    assert [release.name for release in plan.of_kind(Kind.GATEWAY)] == ["istio-ingressgateway"]


def test_the_settings_own_values_are_left_as_they_are():
    settings = make_settings(istio={"values": {"pilot": {"env": {"A": "b"}}}})
    inventory.mesh_inventory(settings)
    assert settings.istio.values == {"pilot": {"env": {"A": "b"}}}


def test_what_the_program_chooses_without_a_setting_can_be_had_otherwise():
    more = {"global": {"defaultPodDisruptionBudget": {"enabled": True}}}
    plan = inventory.mesh_inventory(
        make_settings(istio={"values": more}, ingress={"values": {"rbac": {"enabled": True}}})
    )
    assert plan.the(Kind.ISTIOD).values["global"]["defaultPodDisruptionBudget"] == {"enabled": True}
    assert plan.of_kind(Kind.GATEWAY)[0].values["rbac"] == {"enabled": True}
