"""Common form of Istio's objects in the trading namespace."""

from typing import Any

from pi_mesh.settings import Settings
from pi_mesh.values.objects import Object

NETWORKING, SECURITY = "networking.istio.io/v1beta1", "security.istio.io/v1beta1"
"""API versions that every Istio from 1.20 to the newest serves."""

VERSIONS = {
    "Gateway": NETWORKING,
    "VirtualService": NETWORKING,
    "DestinationRule": NETWORKING,
    "ServiceEntry": NETWORKING,
    "AuthorizationPolicy": SECURITY,
    "PeerAuthentication": SECURITY,
    "RequestAuthentication": SECURITY,
}


def trading_object(settings: Settings, kind: str, name: str, spec: Object) -> Object:
    """Return an Istio object in the trading namespace."""
    metadata = {"name": name, "namespace": settings.trading.namespace}
    return {"apiVersion": VERSIONS[kind], "kind": kind, "metadata": metadata, "spec": spec}


def given(**fields: object) -> Object:
    """Return the fields that have a value; a trailing underscore is for names that are Python keywords."""
    return {name.rstrip("_"): value for name, value in fields.items() if value not in (None, {}, [], ())}


def object_name(item: dict[str, Any]) -> str:
    return item["metadata"]["name"]
