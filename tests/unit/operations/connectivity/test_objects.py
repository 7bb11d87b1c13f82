"""The targets of the calls, their pods and their routes."""

import json
from typing import Any

import pytest

from operations.connectivity import objects
from operations.connectivity.namespace import PATHS
from operations.connectivity.objects import CLIENT, INSIDE, NAMESPACE, OUTSIDE, SERVER, ingress_target, peer_target
from operations.envoy_server import CONTROL, GUARDED
from pi_mesh.catalog import hosts
from tests.support.factories import make_settings
from tests.support.versions import NEWEST

HTTPS = {"protocol": "HTTPS", "port": 80, "hosts": ["shop.example"], "tls": {"secret": "shop"}}
LISTED, WEB = {"allowAddresses": ["192.0.2.0/24"]}, {"port": 8080}
NO_PORT = "no port with plain HTTP"


@pytest.mark.parametrize(("settings", "port", "reason"), [
    ({}, 80, ""),
    ({"traffic": {"gateways": {"web": WEB}}}, 8080, ""),
    ({"traffic": {"gateways": {"office": LISTED, "web": WEB}}}, 8080, ""),
    ({"traffic": {"gateways": {"feed": {"protocol": "TCP", "port": 9000}}}}, 80, ""),
    ({"ingress": {"enabled": False}}, 0, "ingress.enabled is false"),
    ({"ingress": {"proxyProtocol": True}}, 0, "the PROXY protocol's header"),
    ({"traffic": {"gateways": {"office": LISTED}}}, 0, "allowAddresses"),
    ({"traffic": {"gateways": {"shop": HTTPS}}}, 0, NO_PORT),
    ({"ingress": {"values": {"service": {"ports": [{"port": 443}]}}}}, 0, NO_PORT),
])  # fmt: skip
def test_the_ingress_gateway_is_called_on_a_port_on_which_it_speaks_http_to_everybody(settings, port, reason):
    number, said = objects.plain_http_port(make_settings(**settings))
    assert (number, reason in said, bool(said)) == (port, True, bool(reason))


def test_the_gateway_is_called_as_from_outside_and_a_pod_by_its_service():
    assert ingress_target("10.96.0.9", 80).past_the_sidecar
    assert not peer_target(SERVER).past_the_sidecar
    assert peer_target(SERVER).address == "server.pi-mesh-connectivity.svc.cluster.local"


TARGETS = [peer_target(SERVER), ingress_target("10.96.0.9", 80), objects.outside_target("registered", OUTSIDE)]


def job(targets: list = TARGETS) -> Any:
    return objects.pod_job(make_settings(images={"pullSecrets": ["pull"]}), "test", NAMESPACE, CLIENT, targets)


def config() -> dict[str, Any]:
    return json.loads(job().containers[0]["command"][-1])["static_resources"]


def routes(port: int) -> list[dict[str, Any]]:
    (listener,) = (one for one in config()["listeners"] if one["address"]["socket_address"]["port_value"] == port)
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager["route_config"]["virtual_hosts"][0]["routes"]


def test_a_pod_has_the_hubs_own_proxy_image_an_identity_of_its_own_and_a_node_of_its_own_where_it_can():
    assert job().containers[0]["image"] == f"{hosts.HUB}/proxyv2:{NEWEST}"
    assert job().pod["serviceAccountName"] == CLIENT
    assert job().pod["imagePullSecrets"] == [{"name": "pull"}]
    (spread,) = job().pod["topologySpreadConstraints"]
    assert (spread["topologyKey"], spread["whenUnsatisfiable"]) == ("kubernetes.io/hostname", "ScheduleAnyway")


def test_only_the_port_past_the_sidecar_sends_requests_on():
    calls = {one["match"]["path"]: one["route"] for one in routes(CONTROL) if "route" in one}
    assert calls.keys() == {"/call/peer", "/call/ingress", "/call/registered"}
    assert calls["/call/registered"]["host_rewrite_literal"] == OUTSIDE
    assert all("direct_response" in one for one in routes(GUARDED))


def test_each_target_is_an_upstream_by_its_name_and_port():
    clusters = {one["name"]: one["load_assignment"]["endpoints"][0] for one in config()["clusters"]}
    address = clusters["ingress"]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    assert address == {"address": "10.96.0.9", "port_value": 80}


def test_the_answer_tells_the_way_that_a_gateway_wrote_into_the_request():
    *gateways, direct = [(one["match"], one["direct_response"]["body"]["inline_string"]) for one in routes(GUARDED)]
    assert (direct[0].get("headers"), direct[1]) == (None, "direct")
    headers = [(match["headers"][0]["name"], match["headers"][0]["string_match"]["exact"]) for match, _ in gateways]
    assert headers == [("x-pi-mesh-way", way) for _, way in gateways]
    assert {way for _, way in gateways} == {"through the ingress gateway", "through the egress gateway"}


def test_the_sidecar_leaves_out_the_second_port_and_the_calls_to_the_ingress_gateway():
    prefix = "traffic.sidecar.istio.io/exclude"
    assert job().annotations == {f"{prefix}InboundPorts": str(CONTROL), f"{prefix}OutboundIPRanges": "10.96.0.9/32"}
    assert job([peer_target(SERVER)]).annotations == {f"{prefix}InboundPorts": str(CONTROL)}


def made(port: int = 80, **overrides: object) -> dict[str, dict[str, Any]]:
    """Return the objects before the pods and beyond the server, by kind and name."""
    settings = make_settings(**overrides)
    every = [*objects.before_the_pods(settings, port), *objects.beyond_the_server(settings, "10.0.0.2")]
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in every}


def test_every_object_is_in_the_namespace_and_of_a_kind_that_is_created():
    assert {(one["metadata"]["namespace"], one["kind"] in PATHS) for one in made().values()} == {(NAMESPACE, True)}


def test_the_policy_admits_the_client_and_the_ingress_gateway_and_so_not_the_server():
    rules = made(ingress={"namespace": "edge"})["AuthorizationPolicy/callers"]["spec"]["rules"]
    client, gateway = (rule["from"][0]["source"] for rule in rules)
    assert client == {"principals": [f"*/ns/{NAMESPACE}/sa/client"]}
    assert gateway == {"namespaces": ["edge"]}


def test_the_ingress_gateway_gets_one_more_host_on_its_port():
    gateway, route = (made(8080)[f"{kind}/ingress"]["spec"] for kind in ("Gateway", "VirtualService"))
    assert gateway["selector"] == {"istio": "ingressgateway"}
    assert gateway["servers"] == [{"port": {"number": 8080, "name": "http", "protocol": "HTTP"}, "hosts": [INSIDE]}]
    assert (route["hosts"], route["gateways"]) == ([INSIDE], ["ingress"])
    assert "Gateway/ingress" not in made(0)


def test_the_way_out_is_by_the_egress_gateway_or_direct_without_one():
    assert made()[f"ServiceEntry/{OUTSIDE}"]["spec"]["endpoints"] == [{"address": "10.0.0.2"}]
    first, second = made()["VirtualService/egress"]["spec"]["http"]
    assert first["route"][0]["destination"]["host"] == "istio-egressgateway.istio-system.svc.cluster.local"
    assert second["route"][0]["destination"]["host"] == OUTSIDE
    assert second["headers"]["request"]["set"] == {"x-pi-mesh-way": "through the egress gateway"}
    without = made(egress={"enabled": False})
    assert (f"ServiceEntry/{OUTSIDE}" in without, "VirtualService/egress" in without) == (True, False)


def test_only_the_gateways_learn_of_the_routes_besides_the_pods():
    every = made(ingress={"namespace": "edge"})
    for name in ("VirtualService/ingress", "VirtualService/egress", f"ServiceEntry/{OUTSIDE}"):
        assert every[name]["spec"]["exportTo"] == [".", "istio-system", "edge"]
    notes = every["Service/server"]["metadata"]["annotations"]
    assert notes == {"networking.istio.io/exportTo": ".,istio-system,edge"}
