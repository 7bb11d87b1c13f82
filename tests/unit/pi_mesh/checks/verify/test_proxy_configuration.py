"""The verification's findings about EnvoyFilters, Sidecars and Telemetries."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import proxy_configuration
from pi_mesh.cluster.live_objects import Pair
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import ISTIOD, found, make_verification, with_policies

INBOUND = {"context": "SIDECAR_INBOUND"}


def patch(target: str, operation: str, **value: object) -> dict:
    return {"applyTo": target, "match": INBOUND, "patch": {"operation": operation, "value": value}}


def envoy_filter(*patches: dict, namespace: str = "istio-system", release: str = "") -> Policy:
    return Policy("EnvoyFilter", namespace, "rogue", {"configPatches": list(patches)}, release=release)


def the(seen: Observation, policy: Policy) -> tuple[Level, str]:
    finding = next(proxy_configuration.check(with_policies(seen, policy)))
    return finding.level, f"{finding}"


@pytest.mark.parametrize(
    "grave",
    [
        patch("HTTP_FILTER", "REMOVE"),
        patch("NETWORK_FILTER", "REPLACE"),
        patch("FILTER_CHAIN", "MERGE"),
        patch("LISTENER", "ADD"),
        patch("CLUSTER", "MERGE", transport_socket={}),
    ],
)
def test_an_envoy_filter_that_may_switch_mutual_tls_or_policies_off_is_a_problem(healthy, grave):
    level, line = the(healthy, envoy_filter(grave))
    assert (level, "mutual TLS and policies may be switched off" in line) == (Level.ERROR, True)


@pytest.mark.parametrize(
    "mild", [patch("HTTP_FILTER", "INSERT_BEFORE"), patch("NETWORK_FILTER", "MERGE"), patch("CLUSTER", "MERGE", x=1)]
)
def test_any_other_envoy_filter_of_others_is_a_warning(healthy, mild):
    level, line = the(healthy, envoy_filter(mild))
    assert (level, f"{mild['patch']['operation']} of {mild['applyTo']}, SIDECAR_INBOUND" in line) == (
        Level.WARNING,
        True,
    )


def test_an_envoy_filter_of_our_charts_is_as_asked(healthy):
    ours = envoy_filter(patch("HTTP_FILTER", "REPLACE"), release=ISTIOD)
    meta = {"name": "rogue"}
    pair = Pair(ISTIOD, {"kind": "EnvoyFilter", "metadata": meta, "spec": dict(ours.spec)}, None)
    assert the(found(healthy, pairs=(pair,)), ours)[0] is Level.OK


def test_the_label_of_our_release_alone_makes_no_envoy_filter_ours(healthy):
    assert the(healthy, envoy_filter(patch("HTTP_FILTER", "REMOVE"), release=ISTIOD))[0] is Level.ERROR


def test_an_envoy_filter_of_another_namespace_is_not_ours_to_judge(healthy):
    assert the(healthy, envoy_filter(patch("LISTENER", "ADD"), namespace="shop"))[0] is Level.OK


def sidecar(name: str = "rogue", **spec: object) -> Policy:
    return Policy("Sidecar", "trading", name, spec)


def test_our_sidecar_that_was_changed_is_a_problem_with_what_it_hides(healthy):
    level, line = the(healthy, sidecar("default", egress=[{"hosts": ["istio-system/*"]}]))
    assert level is Level.ERROR
    assert "is not as the settings ask: it now lets proxies know istio-system/* alone" in line


@pytest.mark.parametrize(
    ("spec", "level"),
    [
        ({"egress": [{"hosts": ["*/*"]}]}, Level.ERROR),
        ({"workloadSelector": {"labels": {"app": "a"}}, "egress": [{"hosts": ["~/*"]}]}, Level.ERROR),
        ({"workloadSelector": {"labels": {"app": "a"}}, "egress": [{"hosts": ["./*"]}]}, Level.WARNING),
        ({"workloadSelector": {"labels": {"app": "a"}}, "outboundTrafficPolicy": {"mode": "ALLOW_ANY"}}, Level.WARNING),
    ],
    ids=["a rival", "hides its own namespace", "of some workloads", "lets out"],
)
def test_a_sidecar_of_others_is_judged_by_what_it_hides(healthy, spec, level):
    assert the(healthy, sidecar(**spec))[0] is level


def test_a_telemetry_of_others_is_a_warning(healthy):
    level, line = the(healthy, Policy("Telemetry", "istio-system", "mine", {"metrics": [{}]}))
    assert (level, "sets metrics of the proxies" in line) == (Level.WARNING, True)


def test_what_may_not_be_listed_is_unknown(healthy):
    seen = replace(healthy, policies=replace(healthy.policies, unreadable=("EnvoyFilter",)))
    assert [finding.level for finding in proxy_configuration.check(seen)] == [Level.UNKNOWN]


def test_a_second_sidecar_of_a_further_namespace_rivals_the_one_of_the_settings():
    rival = Policy("Sidecar", "research", "mine", {"egress": [{"hosts": ["*/*"]}]})
    seen = make_verification(make_mesh(namespaces={"research": {}}))
    assert the(seen, rival)[0] is Level.ERROR
    unscoped = make_verification(make_mesh(namespaces={"research": {"bounds": {"sidecar": False}}}))
    assert the(unscoped, rival)[0] is Level.WARNING


def test_several_namespaces_are_told_together():
    *_, row = proxy_configuration.check(make_verification(make_mesh(namespaces={"research": {}})))
    assert (row.level, row.kind, row.name) == (Level.OK, "namespace", "")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"egress": [{"hosts": ["./*", "a/*"]}, {}, {"hosts": ["b/*"]}]}, "lets proxies know ./*, a/*, b/* alone;"),
        ({}, "leaves the proxies' outbound hosts as they are;"),
        (
            {"outboundTrafficPolicy": {"mode": "ALLOW_ANY"}},
            "leaves the proxies' outbound hosts as they are, and sets outboundTrafficPolicy ALLOW_ANY;",
        ),
        (
            {"ingress": [{"port": {"number": 80}}, {"port": {"number": 90}}]},
            "leaves the proxies' outbound hosts as they are, and lets proxies listen on 80, 90 alone;",
        ),
    ],
)
def test_the_effect_of_a_sidecar_is_told_in_words(healthy, spec, words):
    level, line = the(healthy, sidecar(workloadSelector={"labels": {"app": "a"}}, **spec))
    assert (level, line.partition("rogue: ")[2].startswith(words)) == (Level.WARNING, True)


@pytest.mark.parametrize(
    ("hosts", "level"),
    [
        (["trading/*"], Level.WARNING),
        (["*/*"], Level.WARNING),
        (["istio-system/*", "./*"], Level.WARNING),
        (["istio-system/*"], Level.ERROR),
    ],
)
def test_a_sidecar_of_some_workloads_is_grave_where_it_hides_their_own_namespace(healthy, hosts, level):
    chosen = sidecar(workloadSelector={"labels": {"app": "a"}}, egress=[{"hosts": hosts}])
    assert the(healthy, chosen)[0] is level


def test_a_telemetry_is_told_by_what_it_sets(healthy):
    both = {"accessLogging": [{}], "tracing": [{}], "other": []}
    assert "sets tracing, accessLogging of the proxies" in the(healthy, Policy("Telemetry", "trading", "x", both))[1]
    assert "sets nothing of the proxies" in the(healthy, Policy("Telemetry", "trading", "x", {}))[1]
