"""The addresses and ports by which a Service is reached."""

from pi_mesh.cluster.client import Client


def read(context: str, namespace: str, service: str) -> dict[str, object]:
    """Return the type, addresses and ports of a Service; empty if it does not exist. Raises ClusterUnreachable."""
    with Client(context) as client:
        item = client.get(f"/api/v1/namespaces/{namespace}/services/{service}")
    return _exposure(item) if item else {}


def _exposure(item: dict) -> dict[str, object]:
    spec = item["spec"]
    ingress = item.get("status", {}).get("loadBalancer", {}).get("ingress") or []
    addresses = [entry.get("ip") or entry.get("hostname", "") for entry in ingress] or [spec.get("clusterIP", "")]
    number = "nodePort" if spec["type"] == "NodePort" else "port"
    ports = {port["name"]: port[number] for port in spec["ports"]}
    where = {} if spec["type"] == "NodePort" else {"addresses": addresses}
    return {"type": spec["type"], **where, "ports": ports}
