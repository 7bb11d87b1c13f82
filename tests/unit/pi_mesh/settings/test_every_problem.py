"""The complete list of all problems of the settings, also of fields that contradict each other."""

import pytest

from pi_mesh.settings import CaSettings, Settings, every_problem
from tests.support.factories import raw_settings

SAME = "trading.namespace and istio.namespace are both 'istio-system'"


def problems(**overrides: object) -> list[str]:
    return every_problem.of(Settings, raw_settings(**overrides))


def keys(lines: list[str]) -> list[str]:
    return [line.partition(": ")[0] for line in lines]


def test_a_mistyped_key_hides_no_two_settings_that_do_not_go_together():
    typo, same = problems(istio={"pilotReplica": 2}, trading={"namespace": "istio-system"})
    assert typo.startswith("istio.pilotReplica: is not a setting")
    assert same.startswith(SAME)


@pytest.mark.parametrize(
    "more",
    [
        {"chart": {"source": "./charts"}},
        {"gateway": {}},
        {"version": "1.21.0"},
        {"ingress": {"enable": False}},
        {"observability": {"kiali": {"enabled": "on"}}},
        {"egress": {"replica": 2}, "use": 1},
    ],
)
def test_no_mistyped_key_and_no_other_value_hides_two_settings_that_do_not_go_together(more):
    lines = problems(**{"trading": {"namespace": "istio-system"}, **more})
    assert len(lines) == 1 + len(more)
    assert [line for line in lines if line.startswith(SAME)]


@pytest.mark.parametrize("version", [1.2, "1.9.0", "latest", "1.19.0"])
def test_no_mistyped_key_hides_a_version_that_is_none(version):
    lines = problems(istio={"version": version}, ingres={"enabled": False})
    assert keys(lines) == ["istio.version", "ingres"]


def test_a_required_key_that_is_missing_hides_no_conflict():
    lines = every_problem.of(Settings, {"istio": {"version": "1.31.0"}, "trading": {"namespace": "istio-system"}})
    assert lines[0] == "cluster: is required"
    assert lines[1].startswith(SAME)


def test_a_required_key_that_is_wrong_hides_no_conflict():
    version, same = problems(istio={"version": "latest"}, trading={"namespace": "istio-system"})
    assert version.startswith("istio.version: 'latest'")
    assert same.startswith(SAME)


def test_two_conflicts_of_one_branch_come_together():
    vault = {"enabled": True, "key": "internal", "stack": "a/b/c", "signed": {"generation": 1, "chain": "x"}}
    vault["signed"]["chain"] = "-----BEGIN CERTIFICATE-----"
    signed, key = problems(vault=vault)
    assert "signed needs signedBy" in signed
    assert "key: internal needs address" in key


def test_a_wrong_part_of_a_rule_hides_no_conflict_of_the_rule():
    rule = {"timeout": "x", "to": [{"service": "a", "weight": 40}, {"service": "b"}]}
    routes = {"r": {"hosts": ["a.example"], "http": [rule]}}
    assert keys(problems(traffic={"routes": routes})) == [
        "traffic.routes.r.http[0].timeout",
        "traffic.routes.r.http[0]",
    ]


def test_a_wrong_value_makes_no_conflict_that_the_right_one_may_not_have():
    assert keys(problems(vault={"enabled": True, "address": "vault.example"})) == ["vault.address"]
    assert keys(problems(istio={"namespace": "trading"}, trading={"namespace": "123"})) == ["trading.namespace"]
    canary = {"service": "a", "weights": {"v1": 90, "v2": 101}}
    assert keys(problems(traffic={"canaries": {"c": canary}})) == ["traffic.canaries.c.weights.v2"]


def test_a_half_of_a_profile_is_told_once():
    half = {"requests": {"cpu": "1"}, "limits": {"cpu": "1", "memory": "512mb"}}
    assert keys(problems(istio={"resources": half})) == [
        "istio.resources.requests.memory",
        "istio.resources.limits.memory",
    ]


def test_the_settings_of_a_stack_with_vault_alone_are_judged_in_the_same_way():
    lines = every_problem.of(CaSettings, {"vault": {"enabled": True, "adress": "https://vault.example"}})
    assert keys(lines)[0] == "vault.adress"
    assert "did you mean `address`?" in lines[0]


def test_what_was_left_out_is_not_missed():
    (line,) = problems(traffic={"legacy": {"old": {"selector": {"a": "x y"}}}})
    assert line.startswith("traffic.legacy.old.selector.a: 'x y'")


def test_right_settings_have_no_problem():
    assert problems() == []


def test_a_key_that_is_missing_deep_in_a_branch_hides_no_conflict_of_the_branch():
    half = {"namespace": "mesh", "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1", "memory": "1Gi"}}}
    assert keys(problems(istio=half, trading={"namespace": "mesh"}))[0] == "istio.resources.requests.memory"
    assert len(problems(istio=half, trading={"namespace": "mesh"})) == 2


def test_a_list_that_has_only_an_invalid_entry_is_not_called_too_short_too():
    routes = {"r": {"hosts": ["a.example"], "http": [{"to": [{"service": "a b"}]}]}}
    assert keys(problems(traffic={"routes": routes})) == ["traffic.routes.r.http[0].to[0].service"]


def test_the_name_of_a_field_in_the_program_is_no_key():
    assert keys(problems(istio={"pilot_replicas": 2})) == ["istio.pilot_replicas"]
    assert keys(problems(istio={"pilot_replicas": 2}, ingres={})) == ["istio.pilot_replicas", "ingres"]
