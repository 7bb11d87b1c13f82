"""Common form of Istio's objects in the namespaces of workloads."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.names import NamespacedItem
from pi_mesh.values.objects import NETWORKING, SECURITY, Object, kubernetes_object

Item = TypeVar("Item", bound=NamespacedItem)

VERSIONS = {
    "Gateway": NETWORKING,
    "VirtualService": NETWORKING,
    "DestinationRule": NETWORKING,
    "ServiceEntry": NETWORKING,
    "AuthorizationPolicy": SECURITY,
    "PeerAuthentication": SECURITY,
    "RequestAuthentication": SECURITY,
}


def istio_object(namespace: str, kind: str, name: str, spec: Object) -> Object:
    """Return an Istio object in a namespace."""
    return kubernetes_object(VERSIONS[kind], kind, namespace, name, spec=spec)


def item_object(settings: Settings, item: NamespacedItem, kind: str, name: str, spec: Object) -> Object:
    """Return the Istio object of a traffic setting, in the setting's namespace."""
    return istio_object(settings.namespace_of(item), kind, name, spec)


def own(settings: Settings, namespace: WorkloadNamespace, items: Mapping[str, Item]) -> dict[str, Item]:
    """Return the traffic settings of a namespace, by their names."""
    return {name: item for name, item in items.items() if settings.namespace_of(item) == namespace.name}


def given(**fields: object) -> Object:
    """Return the fields that have a value; a trailing underscore is for names that are Python keywords."""
    return {name.rstrip("_"): value for name, value in fields.items() if value not in (None, {}, [], ())}


def object_name(item: dict[str, Any]) -> tuple[str, str]:
    """Return the namespace and the name."""
    return item["metadata"]["namespace"], item["metadata"]["name"]
