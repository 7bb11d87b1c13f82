"""The message of a problem in the settings: one line with where, what, why and what to do."""

import json

import pytest

from pi_mesh.settings import CaSettings, Settings, SettingsError, errors, parse, schema
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


SCHEMA = Settings.model_json_schema()
INGRESS, PORTS = ("ingress",), ("ingress", "service", "nodePorts")


@pytest.mark.parametrize(
    ("line", "place", "left_out", "hidden"),
    [
        # An invalid value is left out at its own place.
        ("replicas must be 2", INGRESS, {("ingress", "replicas"): ("ingress", "replicas")}, True),
        # A mistyped key counts in its own branch,
        ("replicas must be 2", INGRESS, {("ingress", "replica"): ("ingress", "replicas")}, True),
        # and not in the branch above it, though it is named there.
        (
            "resources.limits is missing",
            INGRESS,
            {("ingress", "resources", "limit"): ("ingress", "resources", "limits")},
            False,
        ),
        # An invalid value inside of the branch counts as deep as it is.
        (
            "resources.limits is missing",
            INGRESS,
            {("ingress", "resources", "limits"): ("ingress", "resources", "limits")},
            True,
        ),
        # What means nothing hides nothing.
        ("replicas must be 2", INGRESS, {("ingress", "xyz"): None}, False),
        # Another branch's setting of the same name is not meant.
        ("replicas must be 2", INGRESS, {("egress", "replicas"): ("egress", "replicas")}, False),
        # Another name is not meant.
        ("enabled must be true", INGRESS, {("ingress", "replicas"): ("ingress", "replicas")}, False),
        # In the whole tree a word is no key: only a path is.
        ("ingress is on", (), {("ingress",): ("ingress",)}, False),
        ("ingress.replicas is 2", (), {("ingress",): ("ingress",)}, True),
        ("ingress.replicas is 2", (), {("ingress", "replicas"): ("ingress", "replicas")}, True),
        ("ingress.replicas is 2", (), {("ingress", "enabled"): ("ingress", "enabled")}, False),
        ("ingress.service is odd", (), {("ingress", "service", "type"): ("ingress", "service", "type")}, False),
        # A map is named for its entries.
        ("traffic.routes is odd", (), {("traffic", "routes", "r"): ("traffic", "routes", "r")}, False),
        ("routes is odd", ("traffic",), {("traffic", "routes", "r"): ("traffic", "routes", "r")}, True),
        ("replicas must be 2", INGRESS, {}, False),
        # A branch that was left out has no conflicts of its own.
        ("replicas must be 2", INGRESS, {("ingress",): ("ingress",)}, False),
    ],
)
def test_a_conflict_is_explained_by_a_left_out_setting_that_it_names(line, place, left_out, hidden):
    assert errors.is_consequence(line, place, left_out, SCHEMA) is hidden


def test_a_key_of_the_conflicts_own_path_is_no_name_in_it():
    left_out = {("ingress",): ("ingress",)}
    assert not errors.is_consequence("ingress.service: a port is taken", ("ingress", "service"), left_out, SCHEMA)


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        (("ingress", "replica"), ("ingress", "replicas")),
        (("ingress", "service", "typ"), ("ingress", "service", "type")),
        # Only conflicts of its own branch can depend on it, and the whole tree is none.
        (("ingres",), None),
        (("ingress", "qqqqq"), None),
    ],
)
def test_a_mistyped_key_means_the_closest_setting_of_its_branch(place, meant):
    assert errors.meant_setting(place, SCHEMA) == meant


SAME = "trading.namespace and istio.namespace are both 'istio-system'"


def problems(**overrides: object) -> list[str]:
    return errors.problem_lines(Settings, raw_settings(**overrides))


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
    lines = errors.problem_lines(Settings, {"istio": {"version": "1.31.0"}, "trading": {"namespace": "istio-system"}})
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
    lines = errors.problem_lines(CaSettings, {"vault": {"enabled": True, "adress": "https://vault.example"}})
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
