"""The server of the plain-text call."""

import json

from operations import envoy_server
from operations.envoy_server import CONTROL, GUARDED
from pi_mesh.catalog import hosts
from tests.support.healthy_mesh import HEALTHY
from tests.support.versions import NEWEST


def test_the_server_is_the_hubs_own_proxy_image_with_two_ports_on_the_stacks_nodes_without_rights():
    server = envoy_server.plain_text_job(HEALTHY, "trading")
    (container,) = server.containers
    assert container["image"] == f"{hosts.HUB}/proxyv2:{NEWEST}"
    assert container["command"][0] == "/usr/local/bin/envoy"
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert server.pod == {"nodeSelector": {"kubernetes.io/arch": "arm64"}}
    listeners = json.loads(container["command"][-1])["static_resources"]["listeners"]
    ports = [listener["address"]["socket_address"]["port_value"] for listener in listeners]
    assert ports == [GUARDED, CONTROL]
    assert server.annotations == {"traffic.sidecar.istio.io/excludeInboundPorts": str(CONTROL)}
