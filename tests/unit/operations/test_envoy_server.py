"""The server of the plain-text call."""

import json

from operations import envoy_server
from operations.envoy_server import CONTROL, GUARDED
from pi_mesh.catalog import hosts


def test_the_server_is_the_hubs_own_proxy_image_and_needs_no_program_beside_envoy(healthy):
    (container,) = envoy_server.plain_text_job(healthy, "trading").containers
    assert container["image"] == f"{hosts.HUB}/proxyv2:1.31.0"
    assert container["command"][0] == "/usr/local/bin/envoy"


def test_the_proxy_stands_before_one_of_its_two_ports(healthy):
    server = envoy_server.plain_text_job(healthy, "trading")
    listeners = json.loads(server.containers[0]["command"][-1])["static_resources"]["listeners"]
    ports = [listener["address"]["socket_address"]["port_value"] for listener in listeners]
    assert ports == [GUARDED, CONTROL]
    assert server.annotations == {"traffic.sidecar.istio.io/excludeInboundPorts": str(CONTROL)}


def test_the_server_runs_on_the_stacks_own_nodes_without_rights(healthy):
    server = envoy_server.plain_text_job(healthy, "trading")
    assert server.pod == {"nodeSelector": {"kubernetes.io/arch": "arm64"}}
    assert server.containers[0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
