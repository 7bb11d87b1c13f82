"""The message of a problem in the settings: one line with where, what, why and what to do."""

import json

import pytest

from pi_mesh.settings import Settings, SettingsError, parse, schema
from pi_mesh.settings.wording import LONGEST_VALUE
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
