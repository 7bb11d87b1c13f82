"""What all of Istio's objects of the trading namespace have in common."""

from typing import Any

from pi_mesh.settings import Settings
from pi_mesh.values.objects import Object

NETWORKING, SECURITY = "networking.istio.io/v1beta1", "security.istio.io/v1beta1"
"""Served by every Istio from 1.20 to the newest."""

VERSIONS = {
    "Gateway": NETWORKING,
    "VirtualService": NETWORKING,
    "DestinationRule": NETWORKING,
    "ServiceEntry": NETWORKING,
    "AuthorizationPolicy": SECURITY,
    "PeerAuthentication": SECURITY,
}


def trading_object(settings: Settings, kind: str, name: str, spec: Object) -> Object:
    """An object of Istio in the trading namespace."""
    metadata = {"name": name, "namespace": settings.trading.namespace}
    return {"apiVersion": VERSIONS[kind], "kind": kind, "metadata": metadata, "spec": spec}


def given(**fields: object) -> Object:
    """Those fields that say something; a trailing underscore is for names that Python keeps to itself."""
    return {name.rstrip("_"): value for name, value in fields.items() if value not in (None, {}, [], ())}


def object_name(item: dict[str, Any]) -> str:
    return item["metadata"]["name"]
