"""The VirtualService of the called host."""

from dataclasses import replace
from typing import Any

from pi_mesh.checks.call import routed as checks
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.policies import Policy
from tests.support.own_calls import APP, CLIENT, SERVER, TCP, doubts, make_call, policy, refusals

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
    return [finding.message for finding in checks.check(make_call(*policies))]


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
