"""Meshes whose every value, object and budget is recorded; `python -m tests.support.recorded_meshes` writes them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pi_mesh.budget import mesh as budget
from pi_mesh.budget import table
from tests.support.factories import make_mesh
from tests.support.full_traffic_settings import TRAFFIC

ROOT = "-----ROOT-----"
FOLDER = Path(__file__).parent / "recorded"
ADDONS = {key: {"enabled": True} for key in ("kiali", "prometheus", "grafana", "jaeger")}
TWO = {"replicas": 2}
SCALED = {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 4}}
BALANCED = {
    "service": {
        "type": "LoadBalancer",
        "address": "192.0.2.1",
        "addressBy": "MetalLB",
        "loadBalancerClass": "metallb.io/metallb",
        "sourceRanges": ["192.0.2.0/24"],
        "externalTrafficPolicy": "Local",
    }
}
NO_ADDRESS = {"load_balancers": False}
VAULT = {"enabled": True, "address": "https://vault.example:8200"}
MESHES: dict[str, dict[str, Any]] = {
    "least": {},
    "oldest": {"istio": {"version": "1.20.3"}},
    "everything": {
        "istio": {"pilotReplicas": 2},
        "ingress": {**TWO, "namespace": "gateways"},
        "egress": TWO,
        "observability": ADDONS,
        "traffic": TRAFFIC,
        "vault": {**VAULT, "key": "internal"},
    },
    "a second control plane": {"istio": {"canary": {"version": "1.31.1", "revision": "next"}}},
    "a CA of cert-manager": {"ca": {"source": "issuer", "issuer": {"name": "mesh"}}},
    "a signer in Vault": {
        "root": ROOT,
        "vault": {**VAULT, "key": "internal"},
        "istio": {"version": "1.31.0", "canary": {"version": "1.31.0", "revision": "next"}, "tags": {"stable": "next"}},
        "ingress": {**BALANCED, **SCALED, "proxyProtocol": True},
        "proxy": {"nativeSidecars": True, "traceSampling": 0},
        "images": {"pullSecrets": ["registry"]},
    },
    "no load balancer": NO_ADDRESS,
    "the Ansible role": {**NO_ADDRESS, "istio": {"version": "1.20.3"}, "egress": TWO},
    "a CA from Vault": {**NO_ADDRESS, "root": ROOT, "vault": VAULT},
    "traffic": {**NO_ADDRESS, "traffic": TRAFFIC, "namespaces": {"research": {"workloads": 5}}},
    "audits": {
        **NO_ADDRESS,
        "mtls": {"mode": "PERMISSIVE", "audit": True},
        "traffic": {"authorization": {"defaultDeny": {"audit": True}}},
        "ca": {"source": "issuer", "issuer": {"name": "pi"}},
        "istio": {"version": "1.31.0", "pilotReplicas": 2, **SCALED},
        "ingress": {"trustedProxies": 2, "namespace": "edge"},
    },
    "addons": {
        **NO_ADDRESS,
        "observability": {
            **{key: addon for key, addon in ADDONS.items() if key != "grafana"},
            "accessLogs": {"gateways": True, "namespaces": ["trading"], "sampling": 10, "paths": True},
        },
    },
}
"""Arguments of `make_mesh`, beside load balancers for the gateways."""


def made(name: str) -> dict[str, Any]:
    """Return all that a mesh gives: its releases, its objects and its budget, as JSON would have them."""
    mesh = make_mesh(**{"load_balancers": True, **MESHES[name]})
    content = {
        "releases": [asdict(release) | {"values": release.values} for release in mesh.releases],
        "objects": [asdict(item) for item in mesh.objects],
        "budget": table.summary(budget.mesh_budget(mesh)),
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
