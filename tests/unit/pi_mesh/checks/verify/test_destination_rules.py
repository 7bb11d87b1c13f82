"""The verification's findings about DestinationRules that keep callers from mutual TLS."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import destination_rules
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.healthy_mesh import in_cluster, with_policies

PLAIN = {"tls": {"mode": "DISABLE"}}
HOST = "app.trading.svc.cluster.local"


@pytest.fixture
def served(healthy) -> VerificationInput:
    """Return a mesh with service trading/app, and a pod with a proxy behind it."""
    app = Pod("trading", "app-0", {"app": "app"}, containers=(Container("app"), Container("istio-proxy")))
    service = Service("trading", "app", selector={"app": "app"})
    return in_cluster(healthy, pods=(app,), services=(service, Service("trading", "empty", selector={"app": "none"})))


def rule(spec: dict, namespace: str = "trading", name: str = "rogue") -> Policy:
    return Policy("DestinationRule", namespace, name, spec, manager="field manager kubectl")


@pytest.mark.parametrize(
    "spec",
    [
        {"host": HOST, "trafficPolicy": PLAIN},
        {"host": "app", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}},
        {"host": "*.local", "trafficPolicy": {"tls": {}}},
        {"host": HOST, "trafficPolicy": {"portLevelSettings": [{"port": {"number": 80}, **PLAIN}]}},
        {"host": HOST, "subsets": [{"name": "v1", "trafficPolicy": PLAIN}]},
    ],
)
def test_a_rule_that_takes_callers_from_mutual_tls_is_a_problem(served, spec):
    (finding,) = destination_rules.judge(with_policies(served, rule(spec)))
    assert (finding.level, finding.name) == (Level.ERROR, "trading/rogue")
    assert f"sidecars call {HOST} without mutual TLS, which STRICT refuses; managed by field manager" in finding.message


@pytest.mark.parametrize(
    "spec",
    [
        {"host": HOST, "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}},
        {"host": HOST, "trafficPolicy": {"connectionPool": {}}},
        {"host": "api.example.com", "trafficPolicy": {"tls": {"mode": "SIMPLE"}}},
        {"host": "empty", "trafficPolicy": PLAIN},
        {"host": "app.trading", "trafficPolicy": PLAIN},
    ],
    ids=["Istio's own", "no tls", "a host outside", "a service with no proxy", "a name that Istio does not complete"],
)
def test_a_rule_that_leaves_mutual_tls_alone_is_nothing(served, spec):
    assert list(destination_rules.judge(with_policies(served, rule(spec)))) == []


def test_a_rule_of_another_namespace_is_a_warning_about_its_own_callers(served):
    (finding,) = destination_rules.judge(with_policies(served, rule({"host": HOST, "trafficPolicy": PLAIN}, "shop")))
    assert (finding.level, "sidecars of shop call" in finding.message) == (Level.WARNING, True)


def test_many_rules_of_other_namespaces_are_one_row(served):
    rules = [rule({"host": HOST, "trafficPolicy": PLAIN}, "shop", f"rule-{number}") for number in range(5)]
    (finding,) = destination_rules.judge(with_policies(served, *rules))
    assert "5 of other namespaces keep callers from mutual TLS" in finding.message


def test_plain_text_to_a_workload_that_takes_it_is_a_warning(served):
    spec = {"selector": {"matchLabels": {"app": "app"}}, "mtls": {"mode": "DISABLE"}}
    legacy = Policy("PeerAuthentication", "trading", "legacy", spec)
    plain = rule({"host": HOST, "trafficPolicy": PLAIN})
    (finding,) = destination_rules.judge(with_policies(served, legacy, plain))
    assert (finding.level, "with no identity of the mesh" in finding.message) == (Level.WARNING, True)
