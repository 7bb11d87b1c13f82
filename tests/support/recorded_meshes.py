"""Meshes whose every value, object and budget is recorded; `python -m tests.support.recorded_meshes` writes them.

"oldest" and "everything" are recorded whole, the others by what they have differently from another one.
"""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from pi_mesh import addons
from pi_mesh.addons import kiali
from pi_mesh.budget import mesh as budget
from pi_mesh.budget import table
from tests.support.factories import make_mesh
from tests.support.full_traffic_settings import FURTHER, GATEWAY_API, TRAFFIC
from tests.support.versions import NEWEST, NEWEST_MINOR, SHIPPED, next_patch

ROOT = "-----ROOT-----"
FOLDER = Path(__file__).parent / "recorded"
VAULT = {"enabled": True, "address": "https://vault.example:8200"}
ON = {"enabled": True}
SIZE = {"requests": {"cpu": "11m", "memory": "22Mi"}, "limits": {"cpu": "33m", "memory": "44Mi"}}
LISTENERS = {"listenerDrainSeconds": 600}
OPERATED = {**ON, "mode": "operator", "operatorLabels": {"team": "mesh"}}
SCALED = {"autoscaling": {**ON, "minReplicas": 2, "maxReplicas": 4}}
METALLB = {"addressBy": "MetalLB", "loadBalancerClass": "metallb.io/metallb", "externalTrafficPolicy": "Local"}
BALANCED = {"type": "LoadBalancer", "address": "192.0.2.1", "sourceRanges": ["192.0.2.0/24"], **METALLB}
CANARY = {"version": next_patch(NEWEST), "revision": "next"}
MESHES: dict[str, dict[str, Any]] = {
    "oldest": {"istio": {"version": SHIPPED}, "load_balancers": True},
    "least": {"load_balancers": True},
    "everything": {
        "load_balancers": True,
        "root": ROOT,
        "vault": {**VAULT, "key": "internal"},
        "istio": {"canary": CANARY, "tags": {"stable": "next"}, "pilotReplicas": 2},
        "ingress": {"service": BALANCED, **SCALED, "proxyProtocol": True, "namespace": "gateways"},
        "egress": {"replicas": 2},
        "proxy": {"nativeSidecars": True, "traceSampling": 0},
        "images": {"pullSecrets": ["registry"]},
        "namespaces": {"research": {"workloads": 5}},
        "observability": {
            **dict.fromkeys(addons.ALL, ON),
            "accessLogs": {"gateways": True, "namespaces": ["trading"], "sampling": 10, "paths": True},
        },
        "traffic": TRAFFIC,
    },
    "audits": {
        "mtls": {"mode": "PERMISSIVE", "audit": True},
        "traffic": {"authorization": {"defaultDeny": {"audit": True}}},
        "ca": {"source": "issuer", "issuer": {"name": "pi"}},
        "gatewayApi": {"mode": "off"},
        "istio": {"pilotReplicas": 2, **SCALED},
        "ingress": {"trustedProxies": 2, "namespace": "edge"},
        "observability": {"jaeger": ON, "prometheus": OPERATED, "accessLogs": {"namespaces": ["trading"]}},
    },
    "a CA from Vault": {
        "root": ROOT,
        "vault": VAULT,
        "gatewayApi": {"mode": "routes"},
        "egress": {"enabled": False},
        "observability": {"accessLogs": {"gateways": True}},
    },
    "further settings": {
        "traffic": FURTHER,
        "istio": {"adopt": True, "tags": {"stable": "default"}, "discovery": {"limited": True, "also": ["monitoring"]}},
        "proxy": {"exitWhenIdle": True, "drainSeconds": 9, "dnsCapture": True, "nativeSidecars": False, **LISTENERS},
        "gatewayApi": {"resources": SIZE, "replicas": 2, "serviceType": "NodePort"},
        "ingress": {"namespace": "edge", "labels": {"istio": "front", "app": "door", "team": "edge"}, "replicas": 2},
        "egress": {"labels": {"istio": "out"}, "replicas": 3, "autoscaling": {**ON, "maxReplicas": 3}, **LISTENERS},
        "trading": {"telemetry": {"accessLogSampling": 100.0, "disabledMetrics": ["REQUEST_SIZE"]}},
        "namespaces": {
            "research": {"workloads": 1, "defaultDeny": ON, "telemetry": {"traceSampling": 0.0}},
            "no-sidecars": {"injection": False, "workloads": 2},
            "no-quota": {"bounds": {"quota": False}},
            "unbounded": {"bounds": {"quota": False, "limitRange": False, "sidecar": False}},
            "by-revision": {"revision": "stable", "telemetry": {"disabledMetrics": ["REQUEST_SIZE"]}},
            "adopted": {"adopt": True, "bounds": {"max": {"cpu": "1", "memory": "1Gi"}, "sidecar": False}},
        },
        "observability": {"jaeger": ON, "accessLogs": {"gateways": True, "namespaces": ["trading"]}},
    },
    "gateway api": {
        "traffic": GATEWAY_API,
        "namespaces": {"research": {}},
        "gatewayApi": {"mode": "managed", "replicas": 1},
        "proxy": {"holdApplicationUntilProxyStarts": False},
        "ingress": {"maxDrainSeconds": 3600},
    },
}
"""Arguments of `make_mesh`."""
BESIDE = {
    "least": "oldest",
    "audits": "least",
    "a CA from Vault": "least",
    "further settings": "least",
    "gateway api": "least",
}
"""The mesh from which another one's recording differs."""
PLACEHOLDERS = {
    NEWEST: "<NEWEST>",
    next_patch(NEWEST): "<NEXT PATCH>",
    SHIPPED: "<SHIPPED>",
    kiali.VERSIONS[NEWEST_MINOR]: "<KIALI>",
}
WIDTH = 160


def recording(name: str) -> str:
    """Return the text of a mesh's recording."""
    content = made(name)
    return written(difference(made(BESIDE[name]), content) if name in BESIDE else content) + "\n"


def made(name: str) -> dict[str, Any]:
    """Return all that a mesh gives: its releases and objects in their order, and its budget, as JSON has them."""
    mesh = make_mesh(**MESHES[name])
    own = budget.mesh_budget(mesh)
    lines = {row: dict(zip(table.HEADINGS[1:], cells, strict=True)) for row, *cells in table.rows(own)}
    releases = [asdict(release) | {"typed": {}, "values": release.values} for release in mesh.releases]
    content = {
        "releases": {f"{release['namespace']}/{release['name']}": _without_empty(release) for release in releases},
        "objects": {_identity(item.manifest): _without_empty(asdict(item)) for item in mesh.objects},
        "budget": {**lines, "room": table.room(own)},
    }
    assert len(content["objects"]) == len(mesh.objects), "an object is made twice"
    versions = re.compile(rf"(?<![\d.])({'|'.join(map(re.escape, PLACEHOLDERS))})(?![\d.])")
    text = json.dumps(content, default=_plain)
    return json.loads(versions.sub(lambda match: PLACEHOLDERS[match[0]], text))


def difference(before: object, after: object) -> Any:
    """Return what one tree has differently from another: of mappings the keys that differ, null for one less."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return after
    changed = {key: difference(before.get(key), value) for key, value in after.items() if before.get(key) != value}
    return changed | {key: None for key in before if key not in after}


def written(content: object, indent: int = 0, room: int = WIDTH) -> str:
    """Return a tree as JSON in which all that fits into a line stands in one line."""
    is_sorted = indent > 1  # above are the releases and the objects in their order
    line = json.dumps(content, sort_keys=is_sorted)
    if len(line) <= room or not isinstance(content, dict | list):
        return line
    if isinstance(content, dict):
        parts = [(f"{json.dumps(key)}: ", content[key]) for key in (sorted(content) if is_sorted else content)]
    else:
        parts = [("", value) for value in content]
    rows = [key + written(value, indent + 1, WIDTH - indent - len(key) - 2) for key, value in parts]
    inner = "\n" + " " * (indent + 1)
    return f"{line[0]}{inner}{f',{inner}'.join(rows)}\n{' ' * indent}{line[-1]}"


def file(name: str) -> Path:
    """Return the file of a mesh."""
    return FOLDER / f"{name.replace(' ', '-')}.json"


def _identity(manifest: dict) -> str:
    metadata = manifest["metadata"]
    return " ".join((manifest["kind"], *filter(None, (metadata.get("namespace"), metadata["name"]))))


def _without_empty(fields: dict) -> dict:
    return {key: value for key, value in fields.items() if value not in (False, "", {}, (), None)}


def _plain(value: object) -> object:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


if __name__ == "__main__":
    for mesh in MESHES:
        file(mesh).write_text(recording(mesh))
