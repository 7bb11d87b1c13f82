"""The whole inventory of a stack as a text: the values of its releases, its workloads, and its objects.

`python -m tests.support.whole_inventory` writes the texts again, after a change that is wanted; `git diff` shows it.
"""

import json
from pathlib import Path

import yaml

from pi_mesh.inventory import Inventory
from tests.support.factories import make_mesh
from tests.support.full_traffic_settings import TRAFFIC

FOLDER = Path(__file__).parent / "whole_inventories"
ON = {"enabled": True}
TWO = {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 4}}
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
VAULT = {"enabled": True, "address": "https://vault.example:8200"}
STACKS = {
    "defaults": {},
    "of the Ansible role": {"istio": {"version": "1.20.3"}, "egress": {"replicas": 2}},
    "with a signer in Vault": {
        "vault": {**VAULT, "key": "internal"},
        "istio": {"version": "1.31.0", "canary": {"version": "1.31.0", "revision": "next"}, "tags": {"stable": "next"}},
        "ingress": {**BALANCED, **TWO, "proxyProtocol": True},
        "proxy": {"nativeSidecars": True, "traceSampling": 0},
        "images": {"pullSecrets": ["registry"]},
    },
    "with a CA from Vault": {"vault": VAULT},
    "with traffic": {"traffic": TRAFFIC, "namespaces": {"research": {"workloads": 5}}},
    "with audits": {
        "mtls": {"mode": "PERMISSIVE", "audit": True},
        "traffic": {"authorization": {"defaultDeny": {"audit": True}}},
        "ca": {"source": "issuer", "issuer": {"name": "pi"}},
        "istio": {"version": "1.31.0", "pilotReplicas": 2, **TWO},
        "ingress": {"trustedProxies": 2, "namespace": "edge"},
    },
    "with addons": {
        "observability": {
            **dict.fromkeys(("prometheus", "kiali", "jaeger"), ON),
            "accessLogs": {"gateways": True, "namespaces": ["trading"], "sampling": 10, "paths": True},
        }
    },
}


def text(mesh: Inventory) -> str:
    """Return the inventory as YAML."""
    whole = {
        "releases": {f"{one.id} {one.version}": one.values for one in mesh.releases},
        "workloads": {
            one.name: [one.pods, one.surge, one.autoscaled, one.service_type, dict(one.selector)]
            for one in mesh.workloads
        },
        "objects": [
            {one.component: one.manifest, "setting": one.setting, "flags": [one.adopted, one.first, one.last]}
            for one in mesh.objects
        ],
    }
    return yaml.safe_dump(json.loads(json.dumps(whole, default=str)), sort_keys=False, width=110)


def of(stack: str) -> Inventory:
    settings = STACKS[stack]
    balanced = bool(settings.get("ingress", {}).get("service"))
    return make_mesh(load_balancers=balanced, root="-----ROOT-----", **settings)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name in STACKS:
        (FOLDER / f"{name.replace(' ', '-')}.yaml").write_text(text(of(name)))
