"""Recognition of a stack's own mesh in a snapshot."""

from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Kind


def is_installed(mesh: Inventory, snapshot: Snapshot) -> bool:
    """Return True if the stack's control plane exists, in whatever state."""
    istiod = mesh.the(Kind.ISTIOD)
    (workload,) = istiod.workloads
    return any(entry.release == istiod.id and entry.name == workload.name for entry in snapshot.deployments)
