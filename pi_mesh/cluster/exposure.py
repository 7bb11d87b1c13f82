"""The addresses and ports by which a Service is reached."""

from contextlib import suppress

from pi_mesh.cluster.client import Client, Refused


def read(context: str, namespace: str, service: str) -> dict[str, object]:
    """Return the type, addresses and ports of a Service; empty if it does not exist. Raises ClusterUnreachable."""
    with Client(context) as client:
        item = client.get(f"/api/v1/namespaces/{namespace}/services/{service}")
        if not item:
            return {}
        return exposure(item, _nodes(client) if item["spec"]["type"] == "NodePort" else [])


def exposure(item: dict, nodes: list[dict]) -> dict[str, object]:
    """Return the exposure of a Service; `nodes`: the nodes on whose addresses a NodePort is open."""
    spec = item["spec"]
    ingress = item.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    addresses = [entry.get("ip") or entry.get("hostname", "") for entry in ingress] or [spec.get("clusterIP", "")]
    number = "port"
    if spec["type"] == "NodePort":
        number, addresses = "nodePort", [address for node in nodes for address in _addresses(node)]
    return {
        "type": spec["type"],
        **({"addresses": addresses} if addresses else {}),
        "ports": {port["name"]: port[number] for port in spec["ports"]},
    }


def _nodes(client: Client) -> list[dict]:
    """Return the nodes; none if the user may not list them."""
    with suppress(Refused):
        return client.items("/api/v1/nodes")
    return []


def _addresses(node: dict) -> list[str]:
    """Return the first InternalIP of a node that is Ready; a dual-stack node has one of each family."""
    status = node.get("status", {})
    if not any(entry["type"] == "Ready" and entry["status"] == "True" for entry in status.get("conditions", [])):
        return []
    return [entry["address"] for entry in status.get("addresses", []) if entry["type"] == "InternalIP"][:1]
