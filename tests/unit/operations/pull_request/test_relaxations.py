"""The direction in which a setting weakens the mesh."""

from contextlib import suppress

import pytest

from operations.pull_request import relaxations
from operations.pull_request.relaxations import WEAKNESSES, Relaxations, Rule
from pi_mesh.settings.namespaces import FurtherNamespace
from tests.support.factories import make_settings

BY_PATH = {weakness.path: weakness.is_weaker for weakness in WEAKNESSES}
ALLOW = {"selector": {"app": "x"}, "rules": [{"namespaces": ["a"]}]}
DENY = {**ALLOW, "action": "DENY"}
MORE = [{"namespaces": ["a"]}, {"namespaces": ["b"]}]


@pytest.mark.parametrize(
    ("path", "strong", "weak"),
    [
        ("mtls.mode", "STRICT", "PERMISSIVE"),
        ("mtls.certificateLifetime", "90m", "2h"),
        ("vault.ttl", "8760h", "87600h"),
        ("trading.sidecarScope", ["./*"], ["./*", "*/*"]),
        ("trading.bounds.sidecar", True, False),
        ("trading.bounds.quota", True, False),
        ("trading.bounds.limitRange", True, False),
        ("namespaces.*.injection", True, False),
        ("proxy.defaultRetries.idempotent", False, True),
        ("proxy.holdApplicationUntilProxyStarts", True, False),
        ("traffic.services", {"orders": {"takesOrders": True}}, {"orders": {}}),
        ("traffic.services", {"orders": {"takesOrders": True}}, None),
        ("traffic.legacy", {}, {"old": {"mode": "PERMISSIVE"}}),
        ("vault.key", "internal", "exported"),
        ("trading.hours", {"opens": "09:00"}, None),
        ("istio.allowSkip", False, True),
        ("vault.allowHttp", False, True),
        ("destroy.crds", False, True),
        ("traffic.authorization.policies", {"x": ALLOW}, {"x": {**ALLOW, "rules": MORE}}),
        ("traffic.authorization.policies", {"x": {**DENY, "rules": MORE}}, {"x": DENY}),
        ("traffic.authorization.policies", {"x": DENY}, {}),
        ("traffic.authorization.policies", {"x": ALLOW}, {"x": ALLOW, "y": ALLOW}),
    ],
)
def test_a_weaker_setting_is_found_and_a_stronger_one_is_not(path, strong, weak):
    assert BY_PATH[path](strong, weak)
    assert not BY_PATH[path](weak, weak)
    if path != "traffic.authorization.policies":
        assert not BY_PATH[path](weak, strong)


@pytest.mark.parametrize("after", [{"x": ALLOW, "y": DENY}, {"x": {**ALLOW, "rules": [MORE[0]]}}])
def test_a_policy_that_lets_nobody_more_in_is_not_weaker(after):
    assert not BY_PATH["traffic.authorization.policies"]({"x": ALLOW}, after)


def test_a_policy_that_moves_to_another_namespace_may_let_more_in():
    assert BY_PATH["traffic.authorization.policies"]({"x": ALLOW}, {"x": {**ALLOW, "namespace": "research"}})


@pytest.mark.parametrize("path", BY_PATH)
def test_every_path_is_one_of_the_settings(path):
    # One further namespace, called "*", stands for each of them.
    further = FurtherNamespace().model_dump(mode="json", by_alias=True)
    tree: object = {**make_settings().model_dump(mode="json", by_alias=True), "namespaces": {"*": further}}
    for key in path.split("."):
        assert isinstance(tree, dict)
        assert key in tree
        tree = tree[key]


ON_IS_WEAKER = {
    "vault.allowHttp",
    "traffic.authorization.defaultDeny.allowIngress",
    "namespaces.*.defaultDeny.allowIngress",
    "destroy.crds",
    "vault.workloadRole",
    "namespaces.*.defaultDeny.allowCutOff",
    "istio.adopt",
    "istio.allowRemoval",
    "namespaces.*.adopt",
    "mtls.allowCutOff",
    "proxy.defaultRetries.idempotent",
    "destroy.rootCertificates",
    "trading.adopt",
    "traffic.authorization.defaultDeny.allowCutOff",
    "istio.allowSkip",
}
OFF_IS_WEAKER = {
    "trading.bounds.limitRange",
    "namespaces.*.bounds.quota",
    "namespaces.*.injection",
    "namespaces.*.bounds.sidecar",
    "trading.bounds.quota",
    "release.atomic",
    "trading.bounds.sidecar",
    "namespaces.*.bounds.limitRange",
    "traffic.authorization.defaultDeny.enabled",
    "namespaces.*.defaultDeny.enabled",
    "trading.injection",
    "vault.enabled",
    "proxy.holdApplicationUntilProxyStarts",
}


def _switches(before: bool, after: bool) -> set[str]:
    """Return the switches that are weaker after that change; other settings have no yes or no."""
    found = set()
    for path, is_weaker in BY_PATH.items():
        with suppress(AttributeError, TypeError, ValueError):
            if is_weaker(before, after) and not is_weaker(after, before):
                found.add(path)
    return found


def test_each_switch_weakens_the_mesh_in_one_direction():
    assert _switches(False, True) == ON_IS_WEAKER
    assert _switches(True, False) == OFF_IS_WEAKER


@pytest.mark.parametrize(
    ("one", "other"), [("1h", "60m"), ("1m", "60s"), ("1h", "3600s"), ("1d", "24h"), ("1h30m", "90m")]
)
def test_a_lifetime_in_another_unit_is_as_long(one, other):
    assert not BY_PATH["vault.ttl"](one, other)
    assert not BY_PATH["vault.ttl"](other, one)


@pytest.mark.parametrize("after", [{"x": {**ALLOW, "selector": {}}}, {"x": DENY}])
def test_a_policy_with_another_selector_or_action_may_let_more_in(after):
    assert BY_PATH["traffic.authorization.policies"]({"x": ALLOW}, after)


def test_a_service_that_still_takes_orders_is_no_weaker():
    orders = {"orders": {"takesOrders": True}, "shop": {}}
    assert not BY_PATH["traffic.services"](orders, {"orders": {"takesOrders": True}})
    assert BY_PATH["traffic.services"](orders, {"shop": {"takesOrders": True}})


CEILING = Rule("mandatory", {"memory": "512Mi", "allowed": ["a"]})


def of_rule(after: Rule | None) -> list[str]:
    """Return the relaxations of the rule `ceiling`, beside one that stays."""
    others = {"other": Rule("mandatory", {})}
    found = relaxations.rule_relaxations(
        {"ceiling": CEILING, **others}, {**({"ceiling": after} if after else {}), **others}
    )
    assert set(found) <= {"ceiling"}
    return [line for lines in found.values() for line in lines]


@pytest.mark.parametrize(
    ("after", "line"),
    [
        (None, "Rule `ceiling` is deleted."),
        (Rule("advisory", CEILING.bounds), "Rule `ceiling` is advisory, no longer mandatory."),
        (Rule("disabled", {}), "Rule `ceiling` is disabled, no longer mandatory."),
        (
            Rule("mandatory", {**CEILING.bounds, "memory": "1Gi"}),
            "Rule `ceiling`: `memory` `512Mi` → `1Gi` (+100%)",
        ),
        (Rule("mandatory", {**CEILING.bounds, "allowed": ["a", "b"]}), "Rule `ceiling`: `allowed` `[a]` → `[a, b]`"),
    ],
)
def test_a_rule_that_forbids_less_is_told(after, line):
    assert of_rule(after) == [line]


@pytest.mark.parametrize("after", [CEILING, Rule("mandatory", {**CEILING.bounds, "memory": "256Mi"})])
def test_a_rule_that_forbids_as_much_or_more_is_not_told(after):
    assert of_rule(after) == []


def test_a_stricter_level_is_no_relaxation():
    assert relaxations.rule_relaxations({"a": Rule("advisory", {})}, {"a": Rule("mandatory", {})}) == {}


def test_a_deleted_pack_relaxes_every_rule_in_one_line():
    found = Relaxations(relaxations.rule_relaxations({"a": CEILING, "b": CEILING}, {}))
    assert len(found.rules) == 2
    assert found.lines == ("The policy pack is deleted, and with it 2 rules.",)


def config(**branches: object) -> dict[str, object]:
    needed = {"cluster": {"context": "pi"}, "istio": {"version": "1.31.0"}}
    return {f"pi-mesh:{name}": value for name, value in {**needed, **branches}.items()}


def test_a_protecting_setting_that_goes_back_to_a_weaker_default_counts():
    strict = config(proxy={"outboundTraffic": "REGISTRY_ONLY"})
    assert relaxations.setting_relaxations(strict, config()) == (
        "`proxy.outboundTraffic` `REGISTRY_ONLY` → `ALLOW_ANY`: workloads may call any host.",
    )
    assert relaxations.setting_relaxations(config(), strict) == ()


def test_settings_that_are_refused_are_still_compared():
    after = config(mtls={"mode": "PERMISSIVE"}, nonsense=1)
    assert [line.split()[0] for line in relaxations.setting_relaxations(config(mtls={"mode": "STRICT"}), after)] == [
        "`mtls.mode`"
    ]


def test_a_new_stack_relaxes_nothing():
    assert relaxations.setting_relaxations({}, config(mtls={"mode": "PERMISSIVE"})) == ()


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("policies/rules/mtls.py", "`policies/rules/mtls.py` changes: review what its rule forbids now"),
        ("operations/pull_request/comment.py", "the changed program wrote this comment"),
        (".github/workflows/preview.yml", "the changed program wrote this comment"),
    ],
)
def test_a_change_of_what_judges_or_tells_is_told(file, says):
    (line,) = relaxations.code_relaxations(["README.md", file])
    assert says in line


def test_a_weaker_setting_of_a_further_namespace_is_told_with_its_key():
    before, after = config(namespaces={"research": {}}), config(namespaces={"research": {"injection": False}})
    assert relaxations.setting_relaxations(before, after) == (
        "`namespaces.research.injection` `true` → `false`: new pods get no sidecar.",
    )


def test_a_new_namespace_relaxes_nothing():
    assert relaxations.setting_relaxations(config(), config(namespaces={"research": {"injection": False}})) == ()


@pytest.mark.parametrize(
    ("before", "after", "lower"),
    [("1Gi", "1Mi", True), ("1Gi", "1024Mi", False), ("1Mi", "1Gi", False), ("a", "b", False)],
)
def test_only_an_amount_that_falls_is_lower(before, after, lower):
    assert relaxations._is_lower(before, after) is lower
