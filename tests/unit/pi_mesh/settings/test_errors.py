"""The message of a problem in the settings: one line with where, what, why and what to do."""

import json

import pytest

from pi_mesh.settings import Settings, SettingsError, parse, parse_any, schema
from pi_mesh.settings.errors import LONGEST_VALUE
from tests.support.factories import raw_settings


def problem(**overrides: object) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(raw_settings(**overrides))
    (line,) = refused.value.problems
    return line


NO_SETTING = "is not a setting; "
SAID = [
    ({"istio": {"pilotReplica": 2}}, f"istio.pilotReplica: {NO_SETTING}did you mean `pilotReplicas`?"),
    ({"istio": {"pilot_replicas": 2}}, f"istio.pilot_replicas: {NO_SETTING}did you mean `pilotReplicas`?"),
    ({"ingres": {}}, f"ingres: {NO_SETTING}did you mean `ingress`?"),
    (
        {"traffic": {"gateways": {"web": {"host": ["*"]}}}},
        f"traffic.gateways.web.host: {NO_SETTING}did you mean `hosts`?",
    ),
    ({"zzz": 1}, f"zzz: {NO_SETTING}docs/config.md lists them all"),
    ({"mtls": "STRICT"}, "mtls: 'STRICT': is not a map of keys; write the keys below it, each with its value"),
    (
        {"trading": {"sidecarScope": "./*"}},
        "trading.sidecarScope: './*': is not a list; write its entries below it, each after a dash",
    ),
    ({"istio": {"values": [1]}}, "istio.values: [1]: is not a map; write its keys below it, each with its value"),
    ({"images": {"hub": ""}}, "images.hub: '': is empty; give a value, or leave the key out"),
    ({"images": {"hub": None}}, "images.hub: nothing: is not text"),
    (
        {"images": {"hub": True}},
        "images.hub: True: is true or false in YAML, as are on, off, yes and no; put it in quotes",
    ),
    ({"vault": {"commonName": "x" * 65}}, f"vault.commonName: '{'x' * 65}': is longer than 64 characters"),
]


@pytest.mark.parametrize(("overrides", "line"), SAID)
def test_what_is_wrong_is_said_with_what_to_do(overrides, line):
    assert problem(**overrides) == line


def test_a_version_without_quotes_is_told_to_be_put_in_quotes():
    assert problem(istio={"version": json.loads("1.20")}) == (
        "istio.version: 1.2: is a number in YAML, where 1.20 is 1.2; put it in quotes, so that it is an exact release "
        'such as "1.20.3" (no range, no "latest")'
    )


def test_a_long_value_is_cut():
    line = problem(istio={"version": "9" * 500})
    assert line.startswith("istio.version: '999")
    assert line.index("…") < LONGEST_VALUE + len("istio.version: ")


def test_no_problem_is_explained_by_a_pattern():
    unexplained = [entry for entry in _entries(Settings.model_json_schema()) if "pattern" in entry]
    assert [entry["pattern"] for entry in unexplained if "allowed" not in entry] == []


def _entries(tree: object) -> list[dict]:
    """Return every map in the schema."""
    below = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [*([tree] if isinstance(tree, dict) else []), *(entry for one in below for entry in _entries(one))]


def test_the_editors_schema_knows_the_words_too():
    assert "an exact release" in json.dumps(schema.stack_file())


@pytest.mark.parametrize(
    ("length", "shown"), [(78, repr("x" * 78)), (79, f"'{'x' * 78}…"), (200, f"'{'x' * 78}…")], ids=str
)
def test_a_value_is_shown_with_80_characters_at_most(length, shown):
    assert problem(istio={"version": "x" * length}).startswith(f"istio.version: {shown}: ")


SAME = "trading.namespace and istio.namespace are both 'istio-system'"


def problems(**overrides: object) -> list[str]:
    return problems_of(raw_settings(**overrides))


def problems_of(raw: dict) -> list[str]:
    try:
        parse_any(raw)
    except SettingsError as refused:
        return list(refused.problems)
    return []


def keys(lines: list[str]) -> list[str]:
    return [line.partition(": ")[0] for line in lines]


@pytest.mark.parametrize(
    "more",
    [
        {"istio": {"pilotReplica": 2}},
        {"chart": {"source": "./charts"}},
        {"gateway": {}},
        {"version": "1.21.0"},
        {"ingress": {"enable": False}},
        {"observability": {"kiali": {"enabled": "on"}}},
        {"egress": {"replica": 2}, "use": 1},
    ],
)
def test_invalid_fields_come_all_at_once_and_what_does_not_go_together_when_they_are_valid(more):
    same = {"trading": {"namespace": "istio-system"}}
    lines = problems(**{**same, **more})
    assert len(lines) == len(more)
    assert not [line for line in lines if line.startswith(SAME)]
    (line,) = problems(**same)
    assert line.startswith(SAME)


@pytest.mark.parametrize("version", [1.2, "1.9.0", "latest", "1.19.0"])
def test_no_mistyped_key_hides_a_version_that_is_none(version):
    lines = problems(istio={"version": version}, ingres={"enabled": False})
    assert keys(lines) == ["istio.version", "ingres"]


def test_a_required_key_that_is_missing_is_told_alone():
    assert problems_of({"istio": {"version": "1.31.0"}, "trading": {"namespace": "istio-system"}}) == [
        "cluster: is required"
    ]


def test_two_conflicts_of_one_branch_come_together():
    vault = {"enabled": True, "key": "internal", "stack": "a/b/c", "signed": {"generation": 1, "chain": "x"}}
    vault["signed"]["chain"] = "-----BEGIN CERTIFICATE-----"
    signed, key = problems(vault=vault)
    assert "signed needs signedBy" in signed
    assert "key: internal needs address" in key


def test_conflicts_of_a_branch_of_one_in_it_and_of_the_whole_tree_come_together():
    rule = {"to": [{"service": "a", "weight": 40}, {"service": "b"}], "prefix": "/a", "exact": "/a"}
    lines = problems(
        traffic={
            "gateways": {"web": {"protocol": "TCP", "hosts": ["a.example"]}},
            "routes": {"r": {"hosts": ["*"], "http": [rule]}},
        },
        trading={"namespace": "istio-system"},
    )
    gateway, rule, route = "traffic.gateways.web", "traffic.routes.r.http[0]", "traffic.routes.r"
    assert keys(lines[:-1]) == [gateway, gateway, rule, rule, route]
    assert lines[-1].startswith(SAME)


def test_a_conflict_in_a_list_or_a_map_has_the_key_of_its_entry():
    rule = {"to": [{"service": "a", "weight": 40}, {"service": "b"}]}
    assert keys(problems(traffic={"routes": {"r": {"hosts": ["a.example"], "http": [rule]}}})) == [
        "traffic.routes.r.http[0]"
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
    lines = problems_of({"vault": {"enabled": True, "adress": "https://vault.example"}})
    assert keys(lines)[0] == "vault.adress"
    assert "did you mean `address`?" in lines[0]


def test_what_was_left_out_is_not_missed():
    (line,) = problems(traffic={"legacy": {"old": {"selector": {"a": "x y"}}}})
    assert line.startswith("traffic.legacy.old.selector.a: 'x y'")


def test_right_settings_have_no_problem():
    assert problems() == []


def test_a_list_that_has_only_an_invalid_entry_is_not_called_too_short_too():
    routes = {"r": {"hosts": ["a.example"], "http": [{"to": [{"service": "a b"}]}]}}
    assert keys(problems(traffic={"routes": routes})) == ["traffic.routes.r.http[0].to[0].service"]


def test_the_name_of_a_field_in_the_program_is_no_key():
    assert keys(problems(istio={"pilot_replicas": 2})) == ["istio.pilot_replicas"]
    assert keys(problems(istio={"pilot_replicas": 2}, ingres={})) == ["istio.pilot_replicas", "ingres"]
