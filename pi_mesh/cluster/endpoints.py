"""The endpoints of one port of a Service, from its EndpointSlices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pi_mesh.cluster.client import Client

NOT_HTTP = ("tcp", "tls", "https", "udp", "mongo", "mysql", "redis")
"""Protocols, by a port's appProtocol or the beginning of its name, in which proxies see no HTTP
(https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/)."""


@dataclass(frozen=True)
class ServicePort:
    """A port of a Service."""

    number: int
    name: str = ""
    protocol: str = ""
    """Protocol by the field appProtocol, or else the beginning of the name; empty where the proxy finds it out."""

    @property
    def is_http(self) -> bool:
        return self.protocol not in NOT_HTTP


@dataclass(frozen=True)
class Endpoint:
    """One endpoint behind a Service's port."""

    address: str
    port: int
    ready: bool = True
    pod: str = ""
    """Name of its pod; empty where it is none."""


def ports(service: Mapping[str, Any]) -> tuple[ServicePort, ...]:
    """Return the TCP ports of a Service of the API."""
    listed = service["spec"].get("ports") or []
    return tuple(_port(entry) for entry in listed if entry.get("protocol", "TCP") == "TCP")


def read(client: Client, namespace: str, service: str, port: ServicePort) -> tuple[Endpoint, ...]:
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
        for number in numbers:
            yield Endpoint(entry["addresses"][0], number or port.number, ready, pod)


def _port(entry: Mapping[str, Any]) -> ServicePort:
    name = entry.get("name") or ""
    protocol = entry.get("appProtocol") or (name.partition("-")[0] if name else "")
    return ServicePort(entry["port"], name, protocol.lower())
