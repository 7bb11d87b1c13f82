"""Envoy as a server of HTTP."""

import json

from operations import envoy_server
from operations.envoy_server import CONTROL, GUARDED
from pi_mesh.catalog import hosts
from tests.support.factories import make_settings
from tests.support.versions import NEWEST


def test_the_server_is_the_hubs_own_proxy_image_with_its_ports_and_without_rights():
    routes = {port: [envoy_server.answer_route()] for port in (GUARDED, CONTROL)}
    container = envoy_server.envoy_container(make_settings(), CONTROL, routes)
    assert container["image"] == f"{hosts.HUB}/proxyv2:{NEWEST}"
    assert container["command"][0] == "/usr/local/bin/envoy"
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    listeners = json.loads(container["command"][-1])["static_resources"]["listeners"]
    ports = [listener["address"]["socket_address"]["port_value"] for listener in listeners]
    assert ports == [GUARDED, CONTROL]
