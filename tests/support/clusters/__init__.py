"""Clusters as people have them, each a file of API objects: reconstructed from public sources, or recorded."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from pi_mesh.cluster import address_pools, nodes, objects, pods
from pi_mesh.cluster.snapshot import Snapshot
from tests.support.fake_client import FakeClient

HERE = Path(__file__).parent
LISTS = {
    "nodes": "/api/v1/nodes",
    "pods": "/api/v1/pods",
    "services": "/api/v1/services",
    "crds": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "metallb pools": address_pools.METALLB_PATH,
    "cilium pools": address_pools.CILIUM_PATHS[0],
}
"""Path of each kind that a file holds."""


@cache
def load(name: str) -> dict[str, Any]:
    """Return a file: `source`, `version` of the API server, and the objects by kind."""
    return yaml.safe_load((HERE / f"{name}.yaml").read_text())


def names() -> list[str]:
    return sorted(file.stem for file in HERE.glob("*.yaml"))


def snapshot_of(name: str, **more: list[dict[str, Any]]) -> Snapshot:
    """Return the snapshot of a file; `more` are objects that a test adds, by kind, with _ for the blank."""
    found = load(name)
    of = {kind: [*found.get(kind, []), *more.get(kind.replace(" ", "_"), [])] for kind in LISTS}
    answers = {LISTS[kind]: {"items": items} for kind, items in of.items()}
    client = FakeClient(answers)
    crds, running = tuple(map(objects.crd, of["crds"])), tuple(map(pods.parse, of["pods"]))
    return Snapshot(
        "test",
        found["version"],
        nodes=tuple(map(nodes.parse, of["nodes"])),
        pods=running,
        services=tuple(map(objects.service, of["services"])),
        crds=crds,
        address_pools=address_pools.read(client, crds),  # pyright: ignore[reportArgumentType]
    )
