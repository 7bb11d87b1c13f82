"""Refusals, by config key, of settings that Gateway API has no field for."""

import pytest

from tests.support.factories import make_settings
from tests.support.refusals import refusal
from tests.support.versions import NEWEST

SHOP, BOTH = (
    {"service": "shop", "port": 80},
    {"api": "gateway", "gateways": {"web": {}, "rpc": {"protocol": "GRPC", "port": 50051}}},
)
SUBSETS = "leads to subsets, which Gateway API does not know"


def at(gateway: str, *rules: dict, **more: object) -> dict:
    route = {"hosts": ["*"], "gateways": [gateway], "http": [{"to": [SHOP], **rule} for rule in rules], **more}
    return {**BOTH, "routes": {"r": route}}


def in_mesh(**more: object) -> dict:
    return {**BOTH, "routes": {"r": {"hosts": ["shop"], **more}}}


UNSAID = {
    "retries": (at("web", {"retries": {"attempts": 1}}), "traffic.routes.r.http[0].retries is no field"),
    "a subset": (at("web", {"to": [{**SHOP, "subset": "v2"}]}), f"traffic.routes.r.http[0].to[0].subset {SUBSETS}"),
    "a canary": ({**BOTH, "canaries": {"c": {"service": "shop"}}}, f"traffic.canaries.c {SUBSETS}"),
    "a target without a port": (at("web", {"to": [{"service": "shop"}]}), "traffic.routes.r.http[0].to[0] has no port"),
    "a pseudo-header": (at("web", {"headers": {":method": "GET"}}), "traffic.routes.r.http[0] matches by :method"),
    "a method of WebDAV": (at("web", {"methods": ["LOCK"]}), "traffic.routes.r.http[0] matches by LOCK"),
    "a broad rule before a narrow one":
        (at("web", {"prefix": "/a"}, {"prefix": "/a/b"}), "traffic.routes.r.http[0] is before a narrower rule"),
    "more rules than the CRD takes":
        (at("web", *({"exact": f"/{n:02}", "rewrite": "/", "methods": ["GET", "PUT"]} for n in range(9))),
         "traffic.routes.r.http makes 18 rules, and an HTTPRoute has at most 16"),
    "a timeout of gRPC": (at("rpc", {"timeout": "5s"}), "traffic.routes.r.http[0] is for a listener of protocol GRPC"),
    "a path of gRPC that is no method":
        (at("rpc", {"exact": "/health"}), "traffic.routes.r.http[0] is for a listener of protocol GRPC"),
    "a host in the mesh that is no Service of the namespace":
        (in_mesh(hosts=["bank.example"], http=[{"to": [SHOP]}]), "traffic.routes.r.hosts has bank.example"),
    "server names in the mesh": (in_mesh(tls=[SHOP]), "traffic.routes.r.tls needs gateways"),
    "any server name":
        ({**BOTH, "gateways": {"tls": {"protocol": "TLS"}},
          "routes": {"r": {"hosts": ["*"], "gateways": ["tls"], "tls": [SHOP]}}},
         "traffic.routes.r.tls needs gateways and hosts by name"),
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


KINDS = {
    23: ("traffic.api: gateway needs Istio 1.24 or newer", in_mesh(http=[{"to": [SHOP]}])),
    29: (
        "traffic.routes.r: a TLSRoute needs Istio 1.30 or newer",
        {
            "api": "gateway",
            "gateways": {"t": {"protocol": "TLS"}},
            "routes": {"r": {"hosts": ["a"], "gateways": ["t"], "tls": [SHOP]}},
        },
    ),
    30: ("traffic.routes.r: a TCPRoute needs Istio 1.31 or newer", in_mesh(tcp=[SHOP])),
}


@pytest.mark.parametrize("minor", KINDS)
def test_a_kind_that_this_istio_does_not_read_as_v1_is_refused(minor):
    told, traffic = KINDS[minor]
    assert told in refusal(istio={"version": f"1.{minor}.0"}, traffic=traffic)


KNOWN = {
    "a declared service": {"services": {"shop": {"ports": [80]}}, "to": "shop"},
    "a host outside": {"external": {"bank": {"hosts": ["bank.example"]}}, "to": "bank.example"},
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_port_is_known_where_the_settings_have_one_alone(name):
    more = {**KNOWN[name]}
    target = {"service": more.pop("to")}
    make_settings(istio={"version": NEWEST}, traffic={**at("web", {"to": [target]}), **more})
