"""The message of a problem in the settings: one line with where, what, why and what to do."""

import pytest

from pi_mesh.settings import Settings
from pi_mesh.settings.errors import LONGEST_VALUE
from tests.support.findings import table
from tests.support.refusals import refusal, refusals
from tests.support.versions import NEWEST

NO_SETTING, NO_CONTEXT = "is not a setting; ", "is not the name of a kube context, which is in one line"
OF_ISTIO = "traffic.routes.r.http[0].{}: is Istio's spelling; here it is {}: docs/traffic.md"
IN_QUOTES = f'put it in quotes, so that it is an exact release such as "{NEWEST}" (no v, no range, no "latest")'
PERCENT = "write percent, such as {}, without quotes"
NESTED: dict = {}
SCOPE, TIMEOUT, TRUE = {"trading": {"sidecarScope": "./*"}}, {"release": {"timeout": "15m"}}, {"images": {"hub": True}}
SAME = "trading.namespace and istio.namespace are both 'istio-system'"
IN_ISTIOS_NAMESPACE = {"namespace": "istio-system"}
SET_WITHOUT_PATH = (
    "{0}: was set without `--path`; `pulumi config rm {0}`, then `pulumi config set --path istio.version VALUE`"
)
SHARED = {"to": [{"service": "a", "weight": 40}, {"service": "b"}]}
SAMPLED = {"observability": {"accessLogs": {"sampling": "5%"}}}
SHARES = {"traffic": {"canaries": {"c": {"service": "a", "weights": {"v1": "90%", "v2": 10}}}}}
HALF = {"requests": {"cpu": "1"}, "limits": {"cpu": "1", "memory": "512mb"}}
RULE = "traffic.routes.r.http[0]"
for _ in range(200):
    NESTED = {"deep": NESTED}
OF_200_LEVELS = {"istio": {"values": NESTED}}


def routed(**rule: object) -> dict:
    return {"traffic": {"routes": {"r": {"hosts": ["a.example"], "http": [{"to": [{"service": "a"}], **rule}]}}}}


@table(
    ({"istio": {"pilot_replicas": 2}}, f"istio.pilot_replicas: {NO_SETTING}did you mean `pilotReplicas`?"),
    ({"ingres": {}}, f"ingres: {NO_SETTING}did you mean `ingress`?"),
    ({"traffic": {"gateways": {"g": {"host": []}}}}, f"traffic.gateways.g.host: {NO_SETTING}did you mean `hosts`?"),
    ({"istio.version": NEWEST}, SET_WITHOUT_PATH.format("istio.version")),
    ({"istio_version": NEWEST}, SET_WITHOUT_PATH.format("istio_version")),
    ({"traffic": {"zzz": 1}}, f"traffic.zzz: {NO_SETTING}docs/config.md#traffic lists them all"),
    ({"ingress": {"resources": None}}, "ingress.resources: is empty; write the keys below it, or leave it out"),
    ({"zzz": 1}, f"zzz: {NO_SETTING}docs/config.md lists them all"),
    ({"mtls": "STRICT"}, "mtls: 'STRICT': is not a map of keys; write the keys below it, each with its value"),
    (SCOPE, "trading.sidecarScope: './*': is not a list; write its entries below it, each after a dash"),
    ({"istio": {"values": [1]}}, "istio.values: [1]: is not a map; write its keys below it, each with its value"),
    ({"images": {"hub": ""}}, "images.hub: '': is empty; give a value, or leave the key out"),
    ({"images": {"hub": None}}, "images.hub: nothing: is not text"),
    (TIMEOUT, "release.timeout: '15m': is not a whole number; write seconds, such as 900, without quotes"),
    (SAMPLED, f"observability.accessLogs.sampling: '5%': is not a number; {PERCENT.format(1.5)}"),
    (SHARES, f"traffic.canaries.c.weights.v1: '90%': is not a whole number; {PERCENT.format(90)}"),
    (routed(match=[{"uri": {"prefix": "/"}}]), OF_ISTIO.format("match", "`prefix`, `exact`, `headers`, `methods`")),
    (routed(route=[{"destination": {"host": "a"}}]), OF_ISTIO.format("route", "`to`")),
    *(({"cluster": {"context": end}}, f"cluster.context: {end!r}: {NO_CONTEXT}") for end in ("a\n", "a\0")),
    (OF_200_LEVELS, f"istio.values{'.deep' * 13}.de…: has more than 100 levels of keys; write fewer"),
    (TRUE, "images.hub: true: is true or false in YAML, as are on, off, yes and no; put it in quotes"),
    ({"vault": {"commonName": "x" * 65}}, f"vault.commonName: '{'x' * 65}': is longer than 64 characters"),
    ({"istio": {"version": 1.2}}, f"istio.version: 1.2: is a number in YAML, where 1.20 is 1.2; {IN_QUOTES}"),
)
def test_what_is_wrong_is_said_with_what_to_do(overrides, line):
    assert refusal(**overrides) == line


def test_no_problem_is_explained_by_a_pattern():
    unexplained = [entry for entry in _entries(Settings.model_json_schema()) if "pattern" in entry]
    assert [entry["pattern"] for entry in unexplained if "allowed" not in entry] == []


def _entries(tree: object) -> list[dict]:
    """Return every map in the schema."""
    below = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    return [*([tree] if isinstance(tree, dict) else []), *(entry for branch in below for entry in _entries(branch))]


@pytest.mark.parametrize(("length", "shown"), [(78, repr("x" * 78)), (79, f"'{'x' * 78}…"), (200, f"'{'x' * 78}…")])
def test_a_value_is_shown_with_80_characters_at_most(length, shown):
    assert refusal(istio={"version": "x" * length}).startswith(f"istio.version: {shown}: ")
    assert len(shown) <= LONGEST_VALUE


@pytest.mark.parametrize("more", [{"proxy": {"dnsCapture": "on"}}, {"egress": {"replica": 2}, "use": 1}])
def test_invalid_fields_come_all_at_once_and_what_does_not_go_together_when_they_are_valid(more):
    lines = refusals(trading=IN_ISTIOS_NAMESPACE, **more)
    assert len(lines) == len(more)
    assert [line for line in lines if line.startswith(SAME)] == []
    assert refusal(trading=IN_ISTIOS_NAMESPACE).startswith(SAME)


@pytest.mark.parametrize(("branches", "missing"), [({"istio": {"version": NEWEST}}, []), ({}, ["istio: is required"])])
def test_a_required_key_that_is_missing_is_told_alone(branches, missing):
    assert refusals({**branches, "trading": IN_ISTIOS_NAMESPACE}) == ("cluster: is required", *missing)


def test_the_settings_of_a_stack_with_vault_alone_are_judged_in_the_same_way():
    first, *_ = refusals({"vault": {"enabled": True, "adress": "https://vault.example"}})
    assert first == "vault.adress: is not a setting; did you mean `address`?"


def routes(*rules: dict, host: str = "a.example") -> dict:
    return {"routes": {"r": {"hosts": [host], "http": [*rules]}}}


HALVES = ["istio.resources.requests.memory", "istio.resources.limits.memory"]
OF_TCP, BLANK = {"protocol": "TCP", "hosts": ["a.example"]}, {"selector": {"a": "x y"}}
A, WRONG = {"service": "a"}, {"v1": 90, "v2": 101}
CONFLICTS = routes({**SHARED, "prefix": "/a", "exact": "/a"}, host="*")
OF_EACH, TYPO = [RULE, RULE, "traffic.routes.r", SAME], ["istio.version", "ingres"]
TOLD = {
    "no mistyped key hides a version": ({"istio": {"version": 1.2}, "ingres": {}}, TYPO),
    "nor one that is too old": ({"istio": {"version": "1.19.0"}, "ingres": {}}, TYPO),
    "conflicts of a branch": ({"traffic": {"gateways": {"g": OF_TCP}}}, ["traffic.gateways.g"] * 2),
    "those of all levels come together": ({"traffic": CONFLICTS, "trading": IN_ISTIOS_NAMESPACE}, OF_EACH),
    "a conflict in a list has the key of its entry": ({"traffic": routes(SHARED)}, [RULE]),
    "a wrong address makes no conflict": ({"vault": {"enabled": True, "address": "vault.example"}}, ["vault.address"]),
    "nor a wrong namespace": ({"istio": {"namespace": "a"}, "trading": {"namespace": "1"}}, ["trading.namespace"]),
    "nor a weight": ({"traffic": {"canaries": {"c": {**A, "weights": WRONG}}}}, ["traffic.canaries.c.weights.v2"]),
    "half of a profile is told once": ({"istio": {"resources": HALF}}, HALVES),
    "what was left out is not missed": ({"traffic": {"legacy": {"a": BLANK}}}, ["traffic.legacy.a.selector.a"]),
    "nor too short a list": ({"traffic": routes({"to": [{"service": "a b"}]})}, [f"{RULE}.to[0].service"]),
}


@pytest.mark.parametrize(("settings", "keys"), TOLD.values(), ids=TOLD)
def test_the_problems_have_these_keys(settings, keys):
    lines = refusals(**settings)
    assert [line.partition(": ")[0].partition(",")[0].partition(";")[0] for line in lines] == keys
