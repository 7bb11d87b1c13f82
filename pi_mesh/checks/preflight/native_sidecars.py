"""Native sidecars need kubelets that know them: on others a pod would wait for its sidecar's end forever."""

import re
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

ID, KEY = "native sidecars", "proxy.nativeSidecars"
SINCE = 29
"""First minor version of Kubernetes with native sidecars on by default
(kubernetes.io/docs/concepts/workloads/pods/sidecar-containers)."""


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    if not mesh.settings.proxy.native_sidecars:
        return
    for node in snapshot.nodes:
        found = re.match(r"v?1\.(\d+)", node.kubelet)
        if found and int(found[1]) < SINCE:
            message = f"has kubelet {node.kubelet}, which does not know native sidecars ({KEY}): no pod would start"
            yield error(ID, Subject("node", node.name), message, f"upgrade it to 1.{SINCE} or newer, or remove {KEY}")
