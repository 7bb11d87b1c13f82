"""Istio objects that affect other namespaces; read only where `istio.discovery` is limited."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pi_mesh.cluster.client import METADATA_ONLY, Client, Forbidden
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings

API = "/apis/networking.istio.io/v1beta1"
KINDS = {
    "Gateway": "gateways",
    "VirtualService": "virtualservices",
    "DestinationRule": "destinationrules",
    "ServiceEntry": "serviceentries",
}
"""Kinds that change gateways and other namespaces' sidecars; the rest apply to their own namespace's sidecars."""
UNREADABLE = "istio objects"


def seen(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with these objects, if `istio.discovery` is limited. Raises as `Client` does."""
    if settings.watched_namespaces is None:
        return snapshot
    with Client(settings.cluster.context) as client, ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        try:
            lists = list(pool.map(lambda plural: client.items(f"{API}/{plural}", METADATA_ONLY), KINDS.values()))
        except Forbidden:
            return replace(snapshot, unreadable=(*snapshot.unreadable, UNREADABLE))
    found = zip(KINDS, lists, strict=True)
    named = tuple(
        (item["metadata"]["namespace"], kind, item["metadata"]["name"]) for kind, items in found for item in items
    )
    return replace(snapshot, shared_objects=named)
