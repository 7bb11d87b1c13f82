"""The report of extra values that contradict typed settings, beside the settings' own problems."""

import pytest

from pi_mesh.inventory import with_contradictions
from pi_mesh.settings import SettingsError, parse
from tests.support.factories import raw_settings

TWO = {"pilot": {"replicaCount": 2}}
CONTRADICTION = "istio.values.pilot.replicaCount: 2 contradicts 1, which typed settings give"


def problems(**overrides: object) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        parse(raw_settings(**overrides))
    return [line.partition(";")[0] for line in with_contradictions(refused.value).problems]


def test_a_mistyped_key_comes_before_the_contradictions():
    assert problems(ingres={}, istio={"values": TWO}) == ["ingres: is not a setting"]


def test_a_version_that_is_none_comes_before_the_contradictions():
    (version,) = problems(istio={"version": "latest", "values": TWO})
    assert version.startswith("istio.version: 'latest'")


def test_an_addon_without_the_one_that_it_reads_hides_no_contradiction():
    assert problems(istio={"values": TWO}, observability={"kiali": {"enabled": True}}) == [
        "observability: kiali reads from Prometheus",
        CONTRADICTION,
    ]


def test_two_settings_that_do_not_go_together_hide_no_contradiction():
    same, contradiction = problems(istio={"values": TWO}, trading={"namespace": "istio-system"})
    assert same.startswith("trading.namespace and istio.namespace are both")
    assert contradiction == CONTRADICTION


@pytest.mark.parametrize(
    "istio",
    [
        {"pilotReplicas": "2", "values": TWO},
        {"version": 1.2, "values": {"global": {"tag": "1.20.3"}}},
        {"resources": {"requests": {"cpu": "1"}}, "values": {"pilot": {"resources": {"requests": {"cpu": "1"}}}}},
        {"resources": {"requests": 1}, "values": {"pilot": {"resources": {"requests": {"cpu": "1"}}}}},
        {"autoscaling": 1, "values": {"pilot": {"autoscaleEnabled": True}}},
    ],
    ids=["a number in quotes", "a version without quotes", "half a profile", "half of none", "a branch that is none"],
)
def test_what_the_right_value_may_not_contradict_is_not_told(istio):
    assert not [line for line in problems(istio=istio) if "contradicts" in line]


def test_problems_without_any_settings_stay_as_they_are():
    refused = SettingsError(["Pulumi.x.yaml: is not valid YAML"])
    assert with_contradictions(refused) is refused
