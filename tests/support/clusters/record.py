"""Record what decides who serves LoadBalancers: `python -m tests.support.clusters.record CONTEXT > NAME.yaml`.

Only what the program reads is kept: no environment of a container, no Secret, and of annotations only k3s' arguments,
in which k3s itself blanks its tokens. Read the file before you give it away: it names your nodes, pods and addresses.
"""

import sys
from collections.abc import Mapping
from typing import Any

import yaml

from pi_mesh.cluster import address_pools
from pi_mesh.cluster.client import Client
from tests.support.clusters import LISTS

ALL = None
CONTAINERS = {"name": ALL, "image": ALL, "ports": ALL, "resources": ALL, "restartPolicy": ALL}
KEPT: Mapping[str, Any] = {
    "metadata": {
        "name": ALL,
        "namespace": ALL,
        "labels": ALL,
        "annotations": {"k3s.io/node-args": ALL},
        "ownerReferences": {"kind": ALL, "name": ALL, "controller": ALL},
    },
    "spec": {
        **dict.fromkeys(("providerID", "unschedulable", "taints", "nodeName", "hostNetwork", "priority")),
        **dict.fromkeys(("nodeSelector", "tolerations", "affinity", "type", "ports", "selector")),
        **dict.fromkeys(("addresses", "autoAssign", "avoidBuggyIPs", "serviceAllocation", "disabled")),
        "containers": CONTAINERS,
        "initContainers": CONTAINERS,
    },
    "status": {
        **dict.fromkeys(("allocatable", "phase", "loadBalancer")),
        "nodeInfo": dict.fromkeys(("architecture", "kernelVersion", "osImage", "kubeletVersion")),
        "conditions": {"type": ALL, "status": ALL},
    },
    "data": ALL,
}
"""The fields that are kept; ALL keeps a field whole."""


def cut(item: Any, kept: Mapping[str, Any] | None = KEPT) -> Any:
    """Return an object without the fields that are not kept; of a list each item."""
    if kept is ALL:
        return item
    if isinstance(item, list):
        return [cut(entry, kept) for entry in item]
    return {key: cut(item[key], below) for key, below in kept.items() if key in item}


def recorded(client: Client) -> dict[str, Any]:
    """Return a cluster as a file of this folder has it."""
    found: dict[str, Any] = {kind: [cut(item) for item in client.items(path)] for kind, path in LISTS.items()}
    known = {"crds": [item for item in found["crds"] if item["metadata"]["name"] in address_pools.CRDS]}
    version = client.get("/version")["gitVersion"]
    return {"source": "recorded", "version": version, **found, **known}


if __name__ == "__main__":
    with Client(sys.argv[1]) as cluster:
        yaml.safe_dump(recorded(cluster), sys.stdout, sort_keys=False)
