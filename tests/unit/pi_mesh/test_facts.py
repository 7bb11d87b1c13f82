"""The facts at the settings' fields, and the direction in which a change weakens the mesh."""

import pytest

from pi_mesh import facts
from pi_mesh.facts import Fact, Harmless, Helm, NoHelm, Setting, Weaker, fields_of
from pi_mesh.settings import Settings
from tests.support.findings import table

FIELDS = fields_of(Settings)
WEAKNESSES = {field.path: fact.is_weaker for field in FIELDS for fact in field.facts if isinstance(fact, Weaker)}
BY_PATH = {path: is_weaker for path, is_weaker in WEAKNESSES.items() if "[]" not in path}
ALLOW = {"selector": {"app": "x"}, "rules": [{"namespaces": ["a"]}]}
DENY = {**ALLOW, "action": "DENY"}
CUSTOM = {**ALLOW, "action": "CUSTOM", "authorizer": "a"}
MORE = [{"namespaces": ["a"]}, {"namespaces": ["b"]}]
ORDERS = {"orders": {"takesOrders": True}}
POLICIES = "traffic.authorization.policies"
SECONDS = {"1h30m": 5400, "90s": 90, "500ms": 0.5, "1.5h": 5400, "2d": 172800, None: 0}


@pytest.mark.parametrize(("text", "seconds"), SECONDS.items())
def test_a_duration_is_the_sum_of_its_parts(text, seconds):
    assert facts.duration(text).total_seconds() == seconds


@table(
    ("mtls.mode", "STRICT", "PERMISSIVE"),
    ("mtls.certificateLifetime", "90m", "2h"),
    ("proxy.listenerDrainSeconds", None, 60),
    ("proxy.listenerDrainSeconds", 30, None),
    ("vault.ttl", "8760h", "87600h"),
    ("trading.sidecarScope", ["./*"], ["./*", "*/*"]),
    ("traffic.services", ORDERS, {"orders": {}}),
    ("traffic.services", ORDERS, None),
    ("traffic.services", {**ORDERS, "shop": {}}, {"shop": {"takesOrders": True}}),
    ("traffic.legacy", {}, {"old": {"mode": "PERMISSIVE"}}),
    ("vault.key", "internal", "exported"),
    ("traffic.gateways.*.protocol", "HTTPS", "TCP"),
    ("egress.service.type", "ClusterIP", "NodePort"),
    ("proxy.pathNormalization", "MERGE_SLASHES", "BASE"),
    ("images.digests.pilot", "sha256:1", None),
    ("ingress.trustedProxies", 1, 2),
    ("ingress.labels", {"team": "edge", "istio": "front"}, {"istio": "front"}),
    ("egress.labels", {"team": "edge"}, None),
    ("trading.hours", {"opens": "09:00"}, None),
    (POLICIES, {"x": ALLOW}, {"x": {**ALLOW, "rules": MORE}}),
    (POLICIES, {"x": {**DENY, "rules": MORE}}, {"x": DENY}),
    (POLICIES, {"x": DENY}, {}),
    (POLICIES, {"x": {**CUSTOM, "rules": MORE}}, {"x": CUSTOM}),
    (POLICIES, {"x": CUSTOM}, {"x": {**CUSTOM, "authorizer": "b"}}),
    (POLICIES, {"x": ALLOW}, {"x": ALLOW, "y": ALLOW}),
    (POLICIES, {"x": ALLOW}, {"x": {**ALLOW, "namespace": "research"}}),
    (POLICIES, {"x": ALLOW}, {"x": {**ALLOW, "selector": {}}}),
    (POLICIES, {"x": ALLOW}, {"x": DENY}),
)
def test_a_weaker_setting_is_found_and_a_stronger_one_is_not(path, strong, weak):
    assert BY_PATH[path](strong, weak)
    assert not BY_PATH[path](weak, weak)
    # Another action, namespace or selector of a policy may let more in both ways; so may another service.
    assert path == POLICIES or "shop" in str(strong) or not BY_PATH[path](weak, strong)


@table(
    (POLICIES, {"x": ALLOW}, {"x": ALLOW, "y": DENY}),
    (POLICIES, {"x": ALLOW}, {"x": {**ALLOW, "rules": [MORE[0]]}}),
    ("traffic.services", {**ORDERS, "shop": {}}, ORDERS),
    *(("traffic.gateways.*.protocol", *pair) for pair in (("HTTP", "TCP"), ("HTTP", "GRPC"), ("TLS", "HTTPS"))),
    *(("vault.ttl", *pair) for pair in (("1h", "60m"), ("1m", "60s"), ("1h", "3600s"), ("1d", "24h"))),
    *(("vault.ttl", *pair) for pair in (("60m", "1h"), ("60s", "1m"), ("24h", "1d"), ("1h30m", "90m"))),
)
def test_what_lets_nobody_more_in_is_not_weaker(path, before, after):
    assert not BY_PATH[path](before, after)


OF_A_NAMESPACE = ("defaultDeny.allowIngress", "defaultDeny.allowCutOff", "adopt")
ON_IS_WEAKER = {
    *(f"vault.{key}" for key in ("allowHttp", "workloadRole")),
    *(f"namespaces.*.{key}" for key in OF_A_NAMESPACE),
    *(f"traffic.authorization.{key}" for key in OF_A_NAMESPACE[:2]),
    *(f"destroy.{key}" for key in ("crds", "rootCertificates", "workloads")),
    *(f"istio.{key}" for key in ("adopt", "allowRemoval", "allowSkip", "untestedKubernetes")),
    *(
        "traffic.authorization.authorizers.*.failOpen",
        "trading.adopt",
        "mtls.allowCutOff",
        "proxy.defaultRetries.idempotent",
        "ingress.proxyProtocol",
    ),
}
BOUNDED = ("bounds.limitRange", "bounds.quota", "bounds.sidecar", "injection")
OFF_IS_WEAKER = {
    *(f"{namespace}.{key}" for namespace in ("trading", "namespaces.*") for key in BOUNDED),
    *("traffic.authorization.defaultDeny.enabled", "namespaces.*.defaultDeny.enabled", "vault.enabled"),
    *("release.atomic", "proxy.holdApplicationUntilProxyStarts", "traffic.gateways.*.tls.redirect"),
    "networkPolicies.enabled",
}
SWITCHES = {field.path for field in FIELDS if field.field.annotation is bool} & BY_PATH.keys()


def test_each_switch_weakens_the_mesh_in_one_direction():
    assert {path for path in SWITCHES if BY_PATH[path](False, True)} == ON_IS_WEAKER
    assert {path for path in SWITCHES if BY_PATH[path](True, False)} == OFF_IS_WEAKER == SWITCHES - ON_IS_WEAKER


def nearest(field: Setting, *kinds: type[Fact]) -> Fact | None:
    """Return the last fact of these kinds at the field, or else at the closest branch above it."""
    chain = (fact for setting in (field, *reversed(field.branches)) for fact in reversed(setting.facts))
    return next((fact for fact in chain if isinstance(fact, kinds)), None)


def test_every_setting_has_a_helm_value_or_says_why_not_and_is_judged_weaker_or_harmless():
    leaves = [field for field in FIELDS if field.model is None]
    without_helm = [field.path for field in leaves if not nearest(field, Helm, NoHelm)]
    assert without_helm == [], "give it Helm(CHART, PATH) or NoHelm(WHY), see pi_mesh/facts.py"
    unjudged = [field.path for field in leaves if not nearest(field, Weaker, Harmless)]
    assert unjudged == [], "give it Weaker(COMPARISON, MEANS) or Harmless(WHY), see pi_mesh/facts.py"


def test_a_branch_is_called_harmless_only_where_nothing_in_it_weakens_the_mesh():
    weaker_in = {branch.path for field in FIELDS if field.path in WEAKNESSES for branch in field.branches}
    harmless = {field.path for field in FIELDS if any(isinstance(fact, Harmless) for fact in field.facts)}
    # A new addon needs no line; what is not harmless of an addon says so at its field.
    assert weaker_in & harmless == {f"observability.{name}" for name in ("grafana", "jaeger", "kiali", "prometheus")}


def test_what_weakens_an_entry_of_a_list_is_found_by_a_branch_above_and_no_setting_is_below_two_maps():
    in_lists = [field for field in FIELDS if "[]" in field.path and field.path in WEAKNESSES]
    assert in_lists != []
    assert [field.path for field in in_lists if not any(branch.path in BY_PATH for branch in field.branches)] == []
    assert [path for path in BY_PATH if path.count("*") > 1] == []


def test_each_reserved_value_yields_to_an_extra_value_too():
    values = [value for field in FIELDS for value in field.helm]
    assert [value.path for value in values if value.reserved and not value.yields] == []


@table(
    ([], [], False),
    ([], ["10.0.0.0/8"], False),
    (["10.0.0.0/8"], [], True),
    (["10.0.0.0/8"], ["10.1.0.0/16", "10.2.0.1"], False),
    (["10.0.0.0/8"], ["10.1.0.0/16", "11.0.0.1"], True),
    (["10.1.0.0/16"], ["10.0.0.0/8"], True),
    (["10.0.0.0/8"], ["::/0"], True),
    (["::/0"], ["fd00::/8"], False),
)
def test_a_list_of_addresses_is_weaker_if_it_admits_one_more(before, after, more):
    assert facts.admits_more_addresses(before, after) is more


HOURS = {"timeZone": "Europe/Berlin", "opens": "09:00", "closes": "17:30", "days": ["Mon", "Tue"], "holidays": []}
OF_LONDON = {"timeZone": "Europe/London"}
AS_MUCH = ({}, {"opens": "08:59", "closes": "17:31"}, {"closes": "01:00"}, {"days": ["Mon", "Tue", "Wed"]})
LESS = ({"opens": "09:01"}, {"closes": "17:29"}, {"days": ["Mon"]}, {"holidays": ["2026-12-25"]}, OF_LONDON)


@table(
    *((HOURS, {**HOURS, **after}, False) for after in AS_MUCH),
    *((HOURS, {**HOURS, **after}, True) for after in LESS),
    *((HOURS, None, True), (None, HOURS, False), (None, None, False)),
)
def test_trading_hours_are_weaker_if_a_time_is_protected_no_more(before, after, less):
    assert facts.protects_less_time(before, after) is less


@table((["./*"], [], True), ([], ["./*"], False), (["./*"], ["./*", "a/*"], True), (["./*", "a/*"], ["./*"], False))
def test_an_empty_scope_of_sidecars_is_the_whole_mesh(before, after, wider):
    assert facts.widens_scope(before, after) is wider
