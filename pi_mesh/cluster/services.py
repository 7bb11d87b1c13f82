"""The addresses and ports by which a Service is reached, and the endpoints behind its ports."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pi_mesh.cluster import objects
from pi_mesh.cluster.client import Client, Refused
from pi_mesh.cluster.conditions import is_true


def read_exposure(context: str, namespace: str, service: str) -> dict[str, object]:
    """Return the type, addresses and ports of a Service; empty if it does not exist. Raises ClusterUnreachable."""
    with Client(context) as client:
        item = client.get(f"/api/v1/namespaces/{namespace}/services/{service}")
        if not item:
            return {}
        spec = item["spec"]
        if spec["type"] == "NodePort":
            number, addresses = "nodePort", list(_node_addresses(client))
        else:
            number, addresses = "port", [*objects.service(item).addresses] or [spec.get("clusterIP", "")]
    return {
        "type": spec["type"],
        **({"addresses": addresses} if addresses else {}),
        "ports": {port["name"]: port[number] for port in spec["ports"]},
    }


def _node_addresses(client: Client) -> Iterator[str]:
    """Yield the first InternalIP of each Ready node, of which a dual-stack node has two; none if they stay unlisted."""
    with suppress(Refused):
        for node in client.items("/api/v1/nodes"):
            addresses = node.get("status", {}).get("addresses", []) if is_true(node, "Ready") else []
            yield from [entry["address"] for entry in addresses if entry["type"] == "InternalIP"][:1]


NOT_HTTP = ("tcp", "tls", "https", "udp", "mongo", "mysql", "redis")
"""Protocols, by a port's appProtocol or the beginning of its name, in which proxies see no HTTP
(https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/)."""


@dataclass(frozen=True)
class ServicePort:
    number: int
    name: str = ""
    protocol: str = ""
    """Protocol by the field appProtocol, or else the beginning of the name; empty where the proxy finds it out."""

    @property
    def is_http(self) -> bool:
        return self.protocol not in NOT_HTTP


@dataclass(frozen=True)
class Endpoint:
    address: str
    port: int
    ready: bool = True
    pod: str = ""
    """Name of its pod; empty where it is none."""


def service_ports(service: Mapping[str, Any]) -> tuple[ServicePort, ...]:
    """Return the TCP ports of a Service of the API."""
    listed = service["spec"].get("ports") or []
    return tuple(_port(entry) for entry in listed if entry.get("protocol", "TCP") == "TCP")


def read_endpoints(client: Client, namespace: str, service: str, port: ServicePort) -> tuple[Endpoint, ...]:
    """Return the endpoints of a Service's port. Raises as `Client` does."""
    path = f"/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"
    slices = client.items(path, labelSelector=f"kubernetes.io/service-name={service}")
    return tuple(endpoint for item in slices for endpoint in _of_slice(item, port))


def _of_slice(item: Mapping[str, Any], port: ServicePort) -> Iterator[Endpoint]:
    numbers = [entry.get("port") for entry in item.get("ports") or [] if (entry.get("name") or "") == port.name]
    for entry in item.get("endpoints") or []:
        target = entry.get("targetRef") or {}
        pod = target.get("name", "") if target.get("kind") == "Pod" else ""
        ready = (entry.get("conditions") or {}).get("ready") is not False
        yield from (Endpoint(entry["addresses"][0], number or port.number, ready, pod) for number in numbers)


def _port(entry: Mapping[str, Any]) -> ServicePort:
    name = entry.get("name") or ""
    protocol = entry.get("appProtocol") or (name.partition("-")[0] if name else "")
    return ServicePort(entry["port"], name, protocol.lower())
