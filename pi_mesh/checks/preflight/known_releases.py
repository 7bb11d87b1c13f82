"""Releases in the cluster that the stack's state does not know: Helm would refuse to install them a second time."""

from collections.abc import Iterator

from pi_mesh.checks.finding import CLUSTER, Finding, Subject, error, ok
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory

ID = "releases in the state"
GONE = "uninstalled"
"""Helm's status of a release of which it kept the history alone."""
REPAIR = "if a run was killed: `python -m operations repair -s STACK`"
FIX = "import the state that installed it (`pulumi stack import`), or adopt it: `python -m operations adopt -s STACK`"


def check(mesh: Inventory, snapshot: Snapshot, state: StackState) -> Iterator[Finding]:
    unknown = [
        entry
        for release in mesh.releases
        if (entry := snapshot.release(release.namespace, release.name)) and release.id not in state.releases
        # `stuck_releases` tells of a pending one.
        if not entry.pending and entry.status != GONE
    ]
    for entry in unknown:
        message = f"is installed, but not in the state of stack {mesh.stack}, and Helm installs no name twice"
        yield error(ID, Subject("release", entry.id), message, f"{REPAIR}; else {FIX}" if state.has_provider else FIX)
    if not unknown:
        yield ok(ID, CLUSTER, "has no release of this mesh that the state does not know")
