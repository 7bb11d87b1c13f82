"""Extra Helm values: merged last, refused against typed settings."""

import pytest

from pi_mesh.inventory import Kind
from pi_mesh.settings import SettingsError
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import table

WHY = ", which typed settings give; change them (docs/config.md)"
NINE = {"pilot": {"replicaCount": 9}}
BOTH = [f"egress.values.replicaCount: 2 contradicts 1{WHY}", f"istio.values.pilot.replicaCount: 9 contradicts 1{WHY}"]
KIALI = {"prometheus": {"enabled": True}, "kiali": {"enabled": True, "values": {"server": {"port": 20001}}}}
KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
ONE_WEBHOOK = {"webhook": {"replicaCount": 1}}
PDB = {"defaultPodDisruptionBudget": {"enabled": True}}
EXTRA = {"pilot": {"env": {"A": "b"}}, "telemetry": {"enabled": False}, "global": {"hub": "docker.io/istio", **PDB}}


@table(
    ({"istio": {"values": NINE}, "egress": {"values": {"replicaCount": 2}}}, BOTH),
    ({"ingress": {"values": {"service": None}}}, ["ingress.values.service: None contradicts"]),
    # Newer charts would silently override this key at the root.
    ({"istio": {"values": {"autoscaleEnabled": True}}}, ["istio.values.autoscaleEnabled: True contradicts False"]),
    ({"observability": KIALI}, ["observability.kiali.values.server.port: 20001 contradicts 20000"]),
    ({"vault": {**KEYLESS, "certManager": {"values": ONE_WEBHOOK}}}, ["vault.certManager.values.webhook.replicaCount"]),
)
def test_extra_values_that_contradict_typed_ones_are_refused_all_at_once(settings, lines):
    with pytest.raises(SettingsError) as refused:
        make_mesh(**settings)
    problems = refused.value.problems
    assert [problem[: len(line)] for problem, line in zip(problems, lines, strict=True)] == lines


def test_extra_values_are_merged_into_the_typed_ones_and_may_repeat_them_or_replace_what_no_setting_gives():
    settings = {"istio": {"values": EXTRA}, "ingress": {"values": {"rbac": {"enabled": True}}}}
    mesh = make_mesh(**settings)
    values = mesh.the(Kind.ISTIOD).values
    assert (values["telemetry"], values["pilot"]["env"]) == ({"enabled": False}, {"A": "b"})
    assert (values["pilot"]["replicaCount"], values["global"]["defaultPodDisruptionBudget"]) == (1, {"enabled": True})
    assert mesh.of_kind(Kind.GATEWAY)[0].values["rbac"] == {"enabled": True}
    assert mesh.settings.istio.values == EXTRA == make_settings(**settings).istio.values


def test_extra_values_of_a_gateway_that_is_off_are_not_looked_at():
    mesh = make_mesh(egress={"enabled": False, "values": {"replicaCount": 2}})
    assert [release.name for release in mesh.of_kind(Kind.GATEWAY)] == ["istio-ingressgateway"]
