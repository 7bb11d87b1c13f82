"""Refusals, by config key, of settings that Gateway API has no field for."""

import pytest

from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.refusals import refusal
from tests.support.versions import NEWEST

SHOP = {"service": "shop", "port": 80}
BOTH = {"api": "gateway", "gateways": {"web": {}, "rpc": {"protocol": "GRPC", "port": 50051}}}
SUBSETS = "leads to subsets, which Gateway API does not know"


def at(gateway: str, *rules: dict, **more: object) -> dict:
    route = {"hosts": ["*"], "gateways": [gateway], "http": [{"to": [SHOP], **rule} for rule in rules], **more}
    return {**BOTH, "routes": {"r": route}}


def in_mesh(**more: object) -> dict:
    return {**BOTH, "routes": {"r": {"hosts": ["shop"], **more}}}


def by_server_name(host: str) -> dict:
    route = {"hosts": [host], "gateways": ["tls"], "tls": [SHOP]}
    return {"api": "gateway", "gateways": {"tls": {"protocol": "TLS"}}, "routes": {"r": route}}


UNSAID = {
    "retries": (at("web", {"retries": {"attempts": 1}}), "traffic.routes.r.http[0].retries is no field"),
    "a subset": (at("web", {"to": [{**SHOP, "subset": "v2"}]}), f"traffic.routes.r.http[0].to[0].subset {SUBSETS}"),
    "a canary": ({**BOTH, "canaries": {"c": {"service": "shop"}}}, f"traffic.canaries.c {SUBSETS}"),
    "a target without a port": (at("web", {"to": [{"service": "shop"}]}), "traffic.routes.r.http[0].to[0] has no port"),
    "a pseudo-header": (at("web", {"headers": {":method": "GET"}}), "traffic.routes.r.http[0] matches by :method"),
    "a method of WebDAV": (at("web", {"methods": ["LOCK"]}), "traffic.routes.r.http[0] matches by LOCK"),
    "a broad rule before a narrow one": (at("web", {"prefix": "/a"}, {"prefix": "/a/b"}), "http[0] is before a narrow"),
    "more rules than the CRD takes":
        (at("web", *({"exact": f"/{n:02}", "rewrite": "/", "methods": ["GET", "PUT"]} for n in range(9))),
         "traffic.routes.r.http makes 18 rules, and an HTTPRoute has at most 16"),
    "a timeout of gRPC": (at("rpc", {"timeout": "5s"}), "traffic.routes.r.http[0] is for a listener of protocol GRPC"),
    "a path of gRPC that is no method": (at("rpc", {"exact": "/health"}), "http[0] is for a listener of protocol GRPC"),
    "a host in the mesh that is no Service of the namespace":
        (in_mesh(hosts=["bank.example"], http=[{"to": [SHOP]}]), "traffic.routes.r.hosts has bank.example"),
    "server names in the mesh": (in_mesh(tls=[SHOP]), "traffic.routes.r.tls needs gateways"),
    "any server name": (by_server_name("*"), "traffic.routes.r.tls needs gateways and hosts by name"),
}  # fmt: skip


@pytest.mark.parametrize(("traffic", "told"), UNSAID.values(), ids=UNSAID)
def test_what_gateway_api_cannot_say_is_refused_with_its_key(traffic, told):
    assert told in refusal(istio={"version": NEWEST}, traffic=traffic)


def test_a_mode_without_istiods_controller_is_refused():
    told = refusal(istio={"version": NEWEST}, traffic=BOTH, gatewayApi={"mode": "off"})
    assert "traffic.api: gateway has no effect with gatewayApi.mode: off" in told


@pytest.mark.parametrize("what", [what for what in UNSAID if what not in ("a subset", "a canary")])
def test_istios_own_api_says_it(what):
    traffic, _ = UNSAID[what]
    make_settings(istio={"version": NEWEST}, traffic={**traffic, "api": "istio"})


@table(
    (23, in_mesh(http=[{"to": [SHOP]}]), "traffic.api: gateway needs Istio 1.24 or newer"),
    (29, by_server_name("a"), "traffic.routes.r: a TLSRoute needs Istio 1.30 or newer"),
    (30, in_mesh(tcp=[SHOP]), "traffic.routes.r: a TCPRoute needs Istio 1.31 or newer"),
)
def test_a_kind_that_this_istio_does_not_read_as_v1_is_refused(minor, traffic, told):
    assert told in refusal(istio={"version": f"1.{minor}.0"}, traffic=traffic)


@table(
    case("a declared service", "shop", {"services": {"shop": {"ports": [80]}}}),
    case("a host outside", "bank.example", {"external": {"bank": {"hosts": ["bank.example"]}}}),
)
def test_a_port_is_known_where_the_settings_have_one_alone(service, more):
    make_settings(istio={"version": NEWEST}, traffic={**at("web", {"to": [{"service": service}]}), **more})
