"""Routes of connections: TCP, and TLS that is passed on."""

from typing import Any

from pi_mesh.values.traffic import stages
from tests.support.factories import make_settings


def spec(**route: object) -> dict[str, Any]:
    (service,), _ = stages(make_settings(traffic={"routes": {"r": {"hosts": ["*"], "gateways": ["g"], **route}}}))
    return service["spec"]  # pyright: ignore[reportReturnType]


def test_tcp_connections_go_to_their_service():
    assert spec(tcp=[{"service": "feed", "port": 9000}])["tcp"] == [
        {"route": [{"destination": {"host": "feed", "port": {"number": 9000}}}]}
    ]


def test_tls_connections_are_matched_by_the_routes_hosts():
    found = spec(hosts=["a.example", "b.example"], tls=[{"service": "vault"}])
    assert found["tls"] == [
        {"match": [{"sniHosts": ["a.example", "b.example"]}], "route": [{"destination": {"host": "vault"}}]}
    ]
    assert "http" not in found


def test_connections_are_shared_by_weight():
    (rule,) = spec(tcp=[{"service": "a", "weight": 30}, {"service": "b", "weight": 70}])["tcp"]
    assert [target["weight"] for target in rule["route"]] == [30, 70]
