"""Meshes whose every value, object and budget is recorded; `python -m tests.support.recorded_meshes` writes them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pi_mesh import inventory
from pi_mesh.budget import mesh as budget
from pi_mesh.budget import table
from tests.support.factories import STACK, make_settings
from tests.support.full_traffic_settings import TRAFFIC

FOLDER = Path(__file__).parent / "recorded"
ADDONS = {key: {"enabled": True} for key in ("kiali", "prometheus", "grafana", "jaeger")}
TWO = {"replicas": 2}
MESHES: dict[str, dict[str, Any]] = {
    "least": {},
    "oldest": {"istio": {"version": "1.20.3"}},
    "everything": {
        "istio": {"pilotReplicas": 2},
        "ingress": {**TWO, "namespace": "gateways"},
        "egress": TWO,
        "observability": ADDONS,
        "traffic": TRAFFIC,
        "vault": {"enabled": True, "address": "https://vault.example:8200", "key": "internal"},
    },
    "a second control plane": {"istio": {"canary": {"version": "1.31.1", "revision": "next"}}},
    "a CA of cert-manager": {"ca": {"source": "issuer", "issuer": {"name": "mesh"}}},
}


def made(name: str) -> dict[str, Any]:
    """Return all that a mesh gives: its releases, its objects and its budget, as JSON would have them."""
    mesh = inventory.of(make_settings(**MESHES[name]), STACK, ("ingress", "egress"))
    content = {
        "releases": [asdict(release) | {"values": release.values} for release in mesh.releases],
        "objects": [asdict(item) for item in mesh.objects],
        "budget": table.summary(budget.of(mesh)),
    }
    return json.loads(json.dumps(content, default=_plain))


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def file(name: str) -> Path:
    """Return the file of a mesh."""
    return FOLDER / f"{name.replace(' ', '-')}.json"


if __name__ == "__main__":
    for mesh in MESHES:
        file(mesh).write_text(json.dumps(made(mesh), indent=1, sort_keys=True) + "\n")
