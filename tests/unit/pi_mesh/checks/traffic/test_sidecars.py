"""The findings about workloads that STRICT would cut off, and about circuit breakers without effect."""

from dataclasses import replace

from pi_mesh.checks.finding import Level
from pi_mesh.checks.traffic import sidecars
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container
from tests.support.factories import make_settings
from tests.support.snapshots import make_pod, make_snapshot
from tests.support.traffic_problems import AGENT, problems


def test_a_circuit_breaker_that_opens_for_no_pod_of_a_few_is_a_warning():
    found = problems({"destinations": {"breaker": {"service": AGENT, "circuitBreaker": {}}}, "canaries": {}})
    breaker = "traffic.destinations.breaker.circuitBreaker"
    assert [(one.level, str(one.subject)) for one in found] == [(Level.WARNING, breaker)]
    assert "fewer than 10" in found[0].message


def test_strict_names_the_pods_without_a_sidecar():
    bare = make_pod("legacy-feed", namespace="trading", owner="ReplicaSet/legacy-feed")
    meshed = replace(bare, name="new", containers=(Container("istio-proxy"),))
    elsewhere = replace(bare, name="outside", namespace="kube-system")
    found = problems(snapshot=make_snapshot(pods=(bare, meshed, elsewhere)))
    assert [(one.level, str(one.subject)) for one in found] == [(Level.WARNING, "pod trading/legacy-feed")]
    assert "restart its workload" in found[0].fix


def test_strict_looks_into_every_namespace_with_injection():
    snapshot = make_snapshot(
        namespaces=(Namespace("shop", {"istio-injection": "enabled"}),), pods=(make_pod("till", namespace="shop"),)
    )
    assert [str(one.subject) for one in problems(snapshot=snapshot)] == ["pod shop/till"]


def test_permissive_cuts_nobody_off():
    snapshot = make_snapshot(pods=(make_pod("legacy-feed", namespace="trading"),))
    assert problems(snapshot=snapshot, mtls={"mode": "PERMISSIVE"}) == []


def test_pods_that_we_may_not_list_are_unknown():
    found = problems(snapshot=make_snapshot(unreadable=("pods",)))
    assert [(one.level, str(one.subject)) for one in found] == [(Level.UNKNOWN, "mtls.mode")]


def test_pods_of_a_namespace_without_injection_are_meant_to_have_none():
    pod = make_pod("job", namespace="batch")
    settings = make_settings(namespaces={"batch": {"injection": False}})
    (found,) = sidecars.check(settings, make_snapshot(pods=(pod,)))
    assert found.message == "every pod in trading has its sidecar"
