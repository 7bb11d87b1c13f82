"""The hosts that the caller's proxy learns of."""

from dataclasses import replace
from typing import Any

import pytest

from pi_mesh.checks.call import routing
from pi_mesh.checks.call import routing as checks
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.services import Endpoint
from tests.support.own_calls import APP, CLIENT, SERVER, TCP, doubts, make_call, policy, refusals


def sidecar(*hosts: str, namespace: str = "shop", name: str = "scope", **more: object) -> Policy:
    return policy("Sidecar", {"egress": [{"hosts": [*hosts]}], **more}, name, namespace)


@pytest.mark.parametrize("host", ["*/*", "trading/*", "trading/app.trading.svc.cluster.local", "*/*.svc.cluster.local"])
def test_a_sidecar_that_has_the_service_hides_nothing(host):
    call = make_call(sidecar("./*", host))
    assert (refusals(call), doubts(call)) == ([], [])


@pytest.mark.parametrize("host", ["./*", "~/*", "trading/other.trading.svc.cluster.local"])
def test_a_service_that_the_callers_sidecar_does_not_have_is_called_in_plain_text_which_strict_refuses(host):
    call = make_call(sidecar(host))
    assert "Sidecar shop/scope: does not have trading/app among its hosts" in doubts(call)[0]
    assert "Sidecar shop/scope keeps the Service from the caller's sidecar" in refusals(call)[0]


def test_with_registry_only_the_sidecar_itself_refuses_the_call():
    registry = {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
    for call in (make_call(sidecar("./*"), mesh_config=registry), make_call(sidecar("./*", **registry))):
        assert "Sidecar shop/scope: does not have trading/app among its hosts, so" in refusals(call)[0]


def test_the_sidecar_of_the_callers_labels_comes_before_its_namespaces_and_that_before_the_roots():
    root = sidecar("./*", namespace="istio-system", name="root")
    wide = sidecar("trading/*")
    own = sidecar("./*", name="own", workloadSelector={"labels": {"app": "client"}})
    others = sidecar("./*", name="others", workloadSelector={"labels": {"app": "other"}})
    assert "istio-system/root" in doubts(make_call(root))[0]
    assert doubts(make_call(root, wide, others)) == []
    assert "shop/own" in doubts(make_call(root, wide, own))[0]


def test_a_sidecar_without_egress_hides_nothing():
    assert doubts(make_call(policy("Sidecar", {}, "scope", "shop"))) == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        sidecar("./*", namespace="istio-system", workloadSelector={"labels": {"app": "client"}}),
        sidecar("./*", namespace="trading"),
    ],
    ids=["of the root namespace's own pods", "of another namespace"],
)
def test_a_sidecar_of_other_pods_hides_nothing(elsewhere):
    assert doubts(make_call(elsewhere)) == []


def test_a_service_that_the_callers_sidecar_learns_of_has_one_row():
    (found,) = routing.check_scope(make_call())
    assert found.message == "the caller's sidecar learns of trading/app"


@pytest.mark.parametrize("changes", [{"caller": replace(CLIENT, containers=())}, {"service": None}], ids=str)
def test_without_a_sidecar_or_a_service_nothing_is_said_of_the_scope(changes):
    assert list(routing.check_scope(make_call(**changes))) == []


@pytest.mark.parametrize("host", ["trading/*.example", "trading/*.app.trading.svc.cluster.local", "other/*"])
def test_a_sidecar_with_other_hosts_hides_the_service(host):
    assert "Sidecar shop/scope: does not have trading/app among its hosts" in doubts(make_call(sidecar(host)))[0]


NOTHING = ([], [])


def route(*rules: dict[str, Any], hosts: tuple[str, ...] = ("app",), name: str = "route", **more: Any) -> Policy:
    created = more.pop("created", "")
    return policy("VirtualService", {"hosts": [*hosts], "http": [*rules], **more}, name, created=created)


def to(host: str, subset: str = "", **more: Any) -> dict[str, Any]:
    return {"route": [{"destination": {"host": host, **({"subset": subset} if subset else {})}}], **more}


def subsets(**labels: dict[str, str]) -> Policy:
    named = [{"name": name, "labels": chosen} for name, chosen in labels.items()]
    return policy("DestinationRule", {"host": "app", "subsets": named}, "subsets")


def both(*policies: Policy, **changes: Any) -> tuple[list[str], list[str]]:
    call = make_call(*policies, **changes)
    return refusals(call), doubts(call)


def test_a_route_to_a_service_that_exists_is_no_obstacle():
    assert both(route(to("app"))) == NOTHING


def routed(*policies: Policy) -> list[str]:
    """Return the message of each finding about the route."""
    return [finding.message for finding in checks.check_route(make_call(*policies))]


def test_a_route_without_a_problem_is_told_with_its_destinations():
    assert routed() == ["no VirtualService routes the call"]
    assert routed(route(to("app"))) == ["sends the call to app.trading.svc.cluster.local"]
    assert routed(route(to("api.example.com"), to("app"))) == [
        "sends the call to api.example.com, app.trading.svc.cluster.local"
    ]
    assert routed(route(to("app"), hosts=("*.example",))) == ["no VirtualService routes the call"]
    assert routed(route({})) == ["sends the call to app.trading.svc.cluster.local"]
    (problem,) = routed(route(to("gone")))
    assert "which does not exist" in problem


def test_a_route_to_a_service_that_does_not_exist_is_named():
    (refusal,) = refusals(make_call(route(to("gone"))))
    assert refusal == (
        "VirtualService trading/route: sends the call to gone.trading.svc.cluster.local, which does not exist"
    )


def test_only_destinations_with_weight_count_and_hosts_outside_are_not_judged():
    idle = {"route": [{"destination": {"host": "gone"}, "weight": 0}, {"destination": {"host": "app"}, "weight": 100}]}
    assert both(route(idle)) == NOTHING
    assert both(route(to("api.example.com"))) == NOTHING


def test_a_subset_must_be_declared_and_have_a_ready_pod():
    assert (
        "subset v1 of app.trading.svc.cluster.local, which no DestinationRule"
        in refusals(make_call(route(to("app", "v1"))))[0]
    )
    declared = subsets(v1={"version": "v1"})
    assert "which has no Ready pod (labels version=v1)" in refusals(make_call(route(to("app", "v1")), declared))[0]
    labelled = replace(SERVER, labels={"app": "app", "version": "v1"})
    assert both(route(to("app", "v1")), declared, pods=(CLIENT, labelled)) == NOTHING
    waiting = replace(labelled, ready=False)
    assert "no Ready pod" in refusals(make_call(route(to("app", "v1")), declared, pods=(CLIENT, waiting)))[0]


def test_a_fault_and_an_answer_of_the_route_itself_are_named():
    abort = {"fault": {"abort": {"httpStatus": 503, "percentage": {"value": 50}}}}
    assert "fails 50 % of the calls (fault)" in refusals(make_call(route(to("app", **abort))))[0]
    assert "answers or redirects" in refusals(make_call(route({"directResponse": {"status": 503}})))[0]


def test_requests_that_no_rule_matches_are_a_doubt_and_so_is_a_problem_of_some_requests():
    narrow = {"match": [{"uri": {"prefix": "/api"}}]}
    assert "answers 404 to requests that none of its 1 rule matches" in doubts(make_call(route(to("app", **narrow))))[0]
    found, doubtful = both(route(to("gone", **narrow), to("app")))
    assert (found, "sends the call to gone" in doubtful[0]) == ([], True)


def test_rules_for_other_ports_callers_and_gateways_do_not_count():
    for match in ({"port": 81}, {"sourceLabels": {"app": "x"}}, {"sourceNamespace": "x"}, {"gateways": ["edge"]}):
        assert both(route(to("gone", match=[match]), to("app"))) == NOTHING
    assert refusals(make_call(route(to("gone", match=[{"port": 80, "sourceLabels": {"app": "client"}}])))) != []


def test_a_route_for_a_gateway_or_another_host_does_not_apply():
    assert both(route(to("gone"), gateways=["edge"])) == NOTHING
    assert both(route(to("gone"), hosts=("other",))) == NOTHING


def test_the_oldest_route_of_the_whole_name_applies_before_a_wildcard():
    wild = route(to("gone"), hosts=("*.svc.cluster.local",), name="wild", created="2026-01-01T00:00:00Z")
    old = route(to("app"), name="old", created="2026-01-02T00:00:00Z")
    new = route(to("gone"), name="new", created="2026-01-03T00:00:00Z")
    assert both(wild, old, new) == NOTHING
    assert "trading/wild" in refusals(make_call(wild))[0]


def test_a_delegated_call_is_not_followed():
    assert "delegates" in doubts(make_call(route({"delegate": {"name": "other"}})))[0]


def test_a_tcp_call_goes_by_the_rules_of_tcp():
    tcp = route(to("gone"), tcp=[to("app")])
    assert both(tcp, port=TCP) == NOTHING
    assert "which does not exist" in refusals(make_call(route(tcp=[to("gone")]), port=TCP))[0]


def test_a_caller_without_a_sidecar_is_not_routed():
    bare = replace(CLIENT, containers=())
    found = refusals(make_call(route(to("gone")), caller=bare))
    assert not any("VirtualService" in one for one in found)


def test_a_route_may_lead_to_another_service():
    other = Service("trading", "other", ports=(80,))
    assert both(route(to("other")), services=(APP, other)) == NOTHING


def the(**changes: object) -> str:
    (refusal,) = refusals(make_call(**changes))
    return refusal


def test_a_service_without_pods_is_named_with_its_labels():
    said = the(endpoints=(), pods=(CLIENT,))
    assert said == "service trading/app: has no endpoint on port 80: no pod has its labels (app=app)"


def test_pods_that_are_not_ready_are_counted():
    assert "1 pod is not Ready" in the(endpoints=(Endpoint("10.0.0.2", 8080, False, "app-0"),))


def test_pods_without_the_port_are_told_from_none():
    assert "1 pod has its labels (app=app), and none has its port" in the(endpoints=(), pods=(CLIENT, SERVER))


def test_a_service_without_a_selector_has_the_endpoints_that_somebody_gives_it():
    assert "it has no selector" in the(endpoints=(), service=replace(APP, selector={}))


def test_pods_of_another_namespace_or_with_other_labels_are_not_behind_the_service():
    others = (replace(SERVER, namespace="shop"), replace(SERVER, labels={"app": "other"}))
    assert "no pod has its labels (app=app)" in the(endpoints=(), pods=(CLIENT, *others))
