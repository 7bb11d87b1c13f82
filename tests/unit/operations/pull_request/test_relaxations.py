"""The relaxations of a pull request: rules, settings, and the code that judges."""

import pytest

from operations.pull_request import relaxations
from operations.pull_request.relaxations import Relaxations, Rule

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


def test_a_new_namespace_relaxes_nothing_but_what_it_has_weaker_than_the_defaults():
    assert relaxations.setting_relaxations(config(), config(namespaces={"research": {"workloads": 5}})) == ()
    assert relaxations.setting_relaxations(config(), config(namespaces={"research": {"injection": False}})) == (
        "`namespaces.research.injection` `true` → `false`: new pods get no sidecar.",
    )


def gateway(**settings: object) -> dict[str, object]:
    named = {"protocol": "HTTPS", "hosts": ["a.example"], "tls": {"secret": "web"}}
    return {"traffic": {"gateways": {"web": {**named, **settings}}}}


DIGEST, UID = f"sha256:{'0' * 64}", "0000000{}-0000-0000-0000-000000000000"
HOURS = {"timeZone": "Europe/Berlin", "opens": "09:00", "closes": "17:30"}
MUTUAL, LISTED = {"secret": "web", "mode": "MUTUAL"}, ["192.0.2.0/24"]
WEAKENED = [
    ("proxy.pathNormalization", {}, {"proxy": {"pathNormalization": "NONE"}}),
    ("destroy.workloads", {}, {"destroy": {"workloads": True}}),
    ("images.digests.proxyv2", {"images": {"digests": {"proxyv2": DIGEST}}}, {}),
    (
        "cluster.uid",
        {"cluster": {"context": "pi", "uid": UID.format(1)}},
        {"cluster": {"context": "pi", "uid": UID.format(2)}},
    ),
    ("cluster.context", {}, {"cluster": {"context": "other"}}),
    ("ca.source", {}, {"ca": {"source": "secret", "secret": "cacerts"}}),
    ("ingress.service.sourceRanges", {"ingress": {"service": {"sourceRanges": LISTED}}}, {}),
    ("egress.service.type", {}, {"egress": {"service": {"type": "LoadBalancer"}}}),
    ("ingress.trustedProxies", {}, {"ingress": {"trustedProxies": 10}}),
    (
        "trading.hours",
        {"trading": {"hours": HOURS}},
        {"trading": {"hours": {**HOURS, "opens": "12:00", "closes": "12:01"}}},
    ),
    ("trading.hours", {"trading": {"hours": HOURS}}, {}),
    ("namespaces.research.injection", {}, {"namespaces": {"research": {"injection": False}}}),
    ("traffic.gateways.web.allowAddresses", gateway(allowAddresses=LISTED), gateway()),
    ("traffic.gateways.web.allowAddresses", gateway(allowAddresses=LISTED), gateway(allowAddresses=["0.0.0.0/0"])),
    ("traffic.gateways.web.hosts", gateway(), gateway(hosts=["*"])),
    ("traffic.gateways.web.tls.mode", gateway(tls=MUTUAL), gateway()),
    ("traffic.gateways.web.tls", gateway(protocol="TLS"), gateway(protocol="TLS", tls=None)),
    ("traffic.gateways.web.protocol", gateway(), gateway(protocol="HTTP")),
    (
        "traffic.routes",
        *(
            {"traffic": {"routes": {"r": {"hosts": ["shop"], "http": [{"to": [{"service": "shop"}], **more}]}}}}
            for more in ({}, {"retries": {"attempts": 2, "idempotent": True}})
        ),
    ),
    *((f"{key}.values", {}, {key: {"values": {"any": 1}}}) for key in ("base", "ingress", "egress")),
    ("istio.values", {}, {"istio": {"version": "1.31.0", "values": {"any": 1}}}),
    ("vault.certManager.values", {}, {"vault": {"certManager": {"values": {"any": 1}}}}),
    *(
        (f"observability.{name}.values", {}, {"observability": {name: {"values": {"any": 1}}}})
        for name in ("grafana", "jaeger", "kiali", "prometheus")
    ),
]


@pytest.mark.parametrize(("key", "before", "after"), WEAKENED)
def test_what_weakens_the_mesh_is_told_with_its_key_and_the_way_back_is_not(key, before, after):
    assert keys(config(**before), config(**after)) == [key]
    if key in BOTH_WAYS or key.endswith(".values"):
        assert keys(config(**after), config(**before)) == [key]
    else:
        assert keys(config(**after), config(**before)) == []


def test_trading_hours_that_move_to_the_night_are_weaker_in_both_directions():
    day, night = ({"trading": {"hours": hours}} for hours in (HOURS, {**HOURS, "opens": "02:59", "closes": "03:00"}))
    assert keys(config(**day), config(**night)) == keys(config(**night), config(**day)) == ["trading.hours"]


BOTH_WAYS = ("cluster.uid", "cluster.context", "ca.source")


def keys(before: dict[str, object], after: dict[str, object]) -> list[str]:
    """Return the config keys of the settings that are weaker."""
    lines = relaxations.setting_relaxations(before, after)
    return [line.split("`")[1] for line in lines if not line.startswith("`ca.secret`")]


@pytest.mark.parametrize(
    ("before", "after", "lower"),
    [("1Gi", "1Mi", True), ("1Gi", "1024Mi", False), ("1Mi", "1Gi", False), ("a", "b", False)],
)
def test_only_an_amount_that_falls_is_lower(before, after, lower):
    assert relaxations._is_lower(before, after) is lower
