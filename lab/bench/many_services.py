"""Many Services without pods: istiod sends them to every proxy whose Sidecar scope does not leave them out."""

import json
from typing import Any

from lab.cluster.kubectl import kubectl

NAMESPACE = "crowd"
BATCH = 100
UNSEEN_BY_NODES = {"service.kubernetes.io/service-proxy-name": "nobody"}
"""Label of Services that kube-proxy ignores: the nodes' rules are not measured."""
PODS = 2
"""Endpoints of each Service."""


def create() -> None:
    """Create the namespace of the Services."""
    kubectl("create", "namespace", NAMESPACE)


def grow(before: int, after: int) -> None:
    """Create Services until `after` exist, when `before` exist."""
    for start in range(before, after, BATCH):
        items = [item for number in range(start, min(start + BATCH, after)) for item in _service(number)]
        kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def remove() -> None:
    """Delete the namespace with all its Services."""
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=600s")


def _service(number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a Service with its endpoints, whose addresses no pod has: nobody calls them."""
    name = f"service-{number}"
    metadata = {"name": name, "namespace": NAMESPACE, "labels": UNSEEN_BY_NODES}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [_port()]}}
    labels = {**UNSEEN_BY_NODES, "kubernetes.io/service-name": name}
    addresses = [f"10.246.{number * PODS // 250}.{number * PODS % 250 + pod + 1}" for pod in range(PODS)]
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata, "labels": labels},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address], "conditions": {"ready": True}} for address in addresses],
        "ports": [_port()],
    }
    return service, endpoints


def _port() -> dict[str, Any]:
    return {"name": "http", "port": 80, "protocol": "TCP"}
