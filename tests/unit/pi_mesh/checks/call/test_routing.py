"""The hosts that the caller's proxy learns of, the routes that lead it, and the endpoints that they reach."""

from dataclasses import replace
from typing import Any

import pytest

from pi_mesh.checks.call import routing
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.services import Endpoint
from tests.support.findings import assert_lines, case, table
from tests.support.own_calls import APP, CLIENT, SERVER, TCP, doubts, make_call, policy, refusals

BARE = replace(CLIENT, containers=())
FULL = "app.trading.svc.cluster.local"
WAITING = (Endpoint("10.0.0.2", 8080, False, "app-0"),)
ELSEWHERE = (replace(SERVER, namespace="shop"), replace(SERVER, labels={"app": "other"}))


def sidecar(*hosts: str, namespace: str = "shop", name: str = "scope", app: str = "", **more: object) -> Policy:
    chosen = {"workloadSelector": {"labels": {"app": app}}} if app else {}
    return policy("Sidecar", {"egress": [{"hosts": [*hosts]}], **chosen, **more}, name, namespace)


IN_SHOP = (sidecar("trading/*"), sidecar("./*", name="others", app="other"))


@table(
    case("all", [sidecar("./*", "*/*")]),
    case("all of the namespace", [sidecar("./*", "trading/*")]),
    case("the service", [sidecar("./*", f"trading/{FULL}")]),
    case("a wildcard", [sidecar("./*", "*/*.svc.cluster.local")]),
    case("without egress", [policy("Sidecar", {}, "scope", "shop")]),
    case("of the root namespace's own pods", [sidecar("./*", namespace="istio-system", app="client")]),
    case("of another namespace", [sidecar("./*", namespace="trading")]),
    case("the namespace's before the root's", [sidecar("./*", namespace="istio-system"), *IN_SHOP]),
)
def test_a_sidecar_that_has_the_service_hides_nothing(sidecars):
    call = make_call(*sidecars)
    assert (refusals(call), doubts(call)) == ([], [])


@pytest.mark.parametrize("host", ["./*", "~/*", f"trading/other-{FULL}", "trading/*.a", f"trading/*.{FULL}", "other/*"])
def test_a_service_that_the_callers_sidecar_does_not_have_is_called_in_plain_text_which_strict_refuses(host):
    call = make_call(sidecar(host))
    (refusal,), (doubt,) = refusals(call), doubts(call)
    assert "Sidecar shop/scope: does not have trading/app among its hosts" in doubt
    assert "Sidecar shop/scope keeps the Service from the caller's sidecar" in refusal


def test_with_registry_only_the_sidecar_itself_refuses_the_call():
    registry = {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}}
    for call in (make_call(sidecar("./*"), mesh_config=registry), make_call(sidecar("./*", **registry))):
        assert "Sidecar shop/scope: does not have trading/app among its hosts, so" in refusals(call)[0]


def test_the_sidecar_of_the_callers_labels_comes_before_its_namespaces_and_that_before_the_roots():
    root, own = sidecar("./*", namespace="istio-system", name="root"), sidecar("./*", name="own", app="client")
    assert "istio-system/root" in doubts(make_call(root))[0]
    assert "shop/own" in doubts(make_call(root, sidecar("trading/*"), own))[0]


@table(
    case("a sidecar", {}, "OK the caller's sidecar learns of trading/app$"),
    case("no sidecar", {"caller": BARE}, ""),
    case("no service", {"service": None}, ""),
)
def test_a_service_that_the_callers_sidecar_learns_of_has_one_row(changes, line):
    assert_lines(routing.check_scope(make_call(**changes)), line)


def route(*rules: dict[str, Any], hosts: tuple[str, ...] = ("app",), name: str = "route", **more: Any) -> Policy:
    created = more.pop("created", "")
    return policy("VirtualService", {"hosts": [*hosts], "http": [*rules], **more}, name, created=created)


def to(host: str, subset: str = "", **more: Any) -> dict[str, Any]:
    return {"route": [{"destination": {"host": host, **({"subset": subset} if subset else {})}}], **more}


V1 = policy("DestinationRule", {"host": "app", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]}, "subsets")
LABELLED = replace(SERVER, labels={"app": "app", "version": "v1"})
LATER = replace(LABELLED, ready=False)
IDLE = {"route": [{"destination": {"host": "gone"}, "weight": 0}, {"destination": {"host": "app"}, "weight": 100}]}
ABORT = {"fault": {"abort": {"httpStatus": 503, "percentage": {"value": 50}}}}
API, NARROW = to("api.example.com"), {"match": [{"uri": {"prefix": "/api"}}]}
GONE = "VirtualService trading/route: sends the call to gone.trading.svc.cluster.local, which does not exist"
WILD = route(to("gone"), hosts=("*.svc.cluster.local",), name="wild", created="2026-01-01T00:00:00Z")
OLD, NEW = (route(to(host), name=host, created=f"2026-01-0{day}T00:00:00Z") for host, day in (("app", 2), ("gone", 3)))


def unlike(**match: object) -> Policy:
    """Return a route whose first rule leads nowhere, for requests that match."""
    return route(to("gone", match=[match]), to("app"))


@table(
    case("no route", [], {}, "OK no VirtualService routes the call$"),
    case("one of other hosts", [route(to("app"), hosts=("*.example",))], {}, "OK no VirtualService routes the call$"),
    case("a rule of the default", [route({})], {}, f"OK sends the call to {FULL}$"),
    case("two services", [route(API, to("app"))], {}, f"OK sends the call to api.example.com, {FULL}$"),
    case("a caller without a sidecar", [route(to("gone"))], {"caller": BARE}, ""),
    case("a service that exists", [route(to("app"))], {}, f"OK sends the call to {FULL}$"),
    case("one that does not", [route(to("gone"))], {}, f"ERROR {GONE}"),
    case("destinations without weight", [route(IDLE)], {}, "OK "),
    case("a host outside", [route(API)], {}, "OK "),
    case("another service", [route(to("other"))], {"services": (APP, Service("trading", "other", ports=(80,)))}, "OK "),
    case("an undeclared subset", [route(to("app", "v1"))], {}, f"ERROR subset v1 of {FULL}, which no Destination"),
    case("a subset without pods", [route(to("app", "v1")), V1], {}, "ERROR has no Ready pod (labels version=v1)"),
    case("a subset with a pod", [route(to("app", "v1")), V1], {"pods": (CLIENT, LABELLED)}, "OK "),
    case("a subset that waits", [route(to("app", "v1")), V1], {"pods": (CLIENT, LATER)}, "ERROR no Ready pod"),
    case("a fault", [route(to("app", **ABORT))], {}, "ERROR fails 50 % of the calls (fault)"),
    case("an answer of its own", [route({"directResponse": {"status": 503}})], {}, "ERROR answers or redirects"),
    case("no rule", [route(to("app", **NARROW))], {}, "WARNING answers 404 to requests that none of its 1 rule"),
    case("a rule of some", [route(to("gone", **NARROW), to("app"))], {}, "WARNING sends the call to gone"),
    case("of another port", [unlike(port=81)], {}, "OK "),
    case("of another caller", [unlike(sourceLabels={"app": "x"})], {}, "OK "),
    case("of another namespace", [unlike(sourceNamespace="x")], {}, "OK "),
    case("of a gateway", [unlike(gateways=["edge"])], {}, "OK "),
    case("of this caller", [unlike(port=80, sourceLabels={"app": "client"})], {}, f"ERROR {GONE}"),
    case("a route of a gateway", [route(to("gone"), gateways=["edge"])], {}, "OK "),
    case("a route of another host", [route(to("gone"), hosts=("other",))], {}, "OK "),
    case("the oldest of the whole name is before a wildcard", [WILD, OLD, NEW], {}, "OK "),
    case("a wildcard", [WILD], {}, "ERROR trading/wild"),
    case("a delegate", [route({"delegate": {"name": "other"}})], {}, "UNKNOWN delegates"),
    case("TCP goes by its own rules", [route(to("gone"), tcp=[to("app")])], {"port": TCP}, "OK "),
    case("TCP to nowhere", [route(tcp=[to("gone")])], {"port": TCP}, "ERROR which does not exist"),
)
def test_a_route_is_judged_by_where_it_leads_the_call(policies, changes, line):
    assert_lines(routing.check_route(make_call(*policies, **changes)), line)


@table(
    case("no pods", {"pods": (CLIENT,)}, "app: has no endpoint on port 80: no pod has its labels (app=app)"),
    case("pods that are not ready are counted", {"endpoints": WAITING}, "1 pod is not Ready"),
    case("pods without the port", {}, "1 pod has its labels (app=app), and none has its port"),
    case("no selector", {"service": replace(APP, selector={})}, "it has no selector"),
    case("pods of others", {"pods": (CLIENT, *ELSEWHERE)}, "no pod has its labels (app=app)"),
)
def test_a_service_without_endpoints_is_told_with_the_reason(changes, words):
    (refusal,) = refusals(make_call(**{"endpoints": (), **changes}))
    assert words in refusal
