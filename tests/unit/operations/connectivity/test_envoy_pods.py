"""The two pods of the calls."""

import json
from typing import Any

from operations.connectivity import envoy_pods
from operations.connectivity.targets import CLIENT, NAMESPACE, OUTSIDE, SERVER, beyond, ingress, peer
from operations.plaintext_server import CONTROL, GUARDED
from pi_mesh.catalog import hosts
from tests.support.factories import make_settings

TARGETS = [peer(SERVER), ingress("10.96.0.9", 80), beyond("registered", OUTSIDE)]


def job(targets: list = TARGETS) -> Any:
    return envoy_pods.of(make_settings(images={"pullSecrets": ["pull"]}), "test", NAMESPACE, CLIENT, targets)


def config() -> dict[str, Any]:
    return json.loads(job().containers[0]["command"][-1])["static_resources"]


def routes(port: int) -> list[dict[str, Any]]:
    (listener,) = (one for one in config()["listeners"] if one["address"]["socket_address"]["port_value"] == port)
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return manager["route_config"]["virtual_hosts"][0]["routes"]


def test_it_is_the_hubs_own_proxy_image_under_an_identity_of_its_own():
    assert job().containers[0]["image"] == f"{hosts.HUB}/proxyv2:1.31.0"
    assert job().pod["serviceAccountName"] == CLIENT
    assert job().pod["imagePullSecrets"] == [{"name": "pull"}]


def test_the_pods_run_on_different_nodes_where_they_can():
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
    told = {
        (one["match"].get("headers") or [{"string_match": {"exact": ""}}])[0]["string_match"]["exact"]: one
        for one in routes(GUARDED)
    }
    bodies = {way: one["direct_response"]["body"]["inline_string"] for way, one in told.items()}
    assert bodies.pop("") == "direct"
    assert bodies == {way: way for way in ("through the ingress gateway", "through the egress gateway")}
    (header,) = told["through the egress gateway"]["match"]["headers"]
    assert header["name"] == "x-pi-mesh-way"


def test_the_sidecar_leaves_out_the_second_port_and_the_calls_to_the_ingress_gateway():
    prefix = "traffic.sidecar.istio.io/exclude"
    assert job().annotations == {f"{prefix}InboundPorts": str(CONTROL), f"{prefix}OutboundIPRanges": "10.96.0.9/32"}
    assert job([peer(SERVER)]).annotations == {f"{prefix}InboundPorts": str(CONTROL)}
