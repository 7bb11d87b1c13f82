"""The deletion of `destroy-guard`, which judges the cluster, and of `destroy-drain`, which waits for draining pods."""

from collections.abc import Mapping
from typing import Any

from pi_mesh.checks import destroy
from pi_mesh.cluster import pod_lifecycle
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.cluster.stack_state import DRAIN


def run(urn: str, recorded: Mapping[str, Any]) -> str:
    """Return why the deletion of a resource is refused; empty if it is not. A drain is never refused."""
    if not urn.rpartition("::")[0].endswith(DRAIN):
        return destroy.refusal(recorded, urn)
    try:
        with Client(recorded["context"]) as client:
            pod_lifecycle.wait_for_stopping_pods(client, recorded["namespace"], recorded["spare"])
    except ClusterError:
        pass  # the deletion of the namespace says what is wrong, and without this wait it only takes longer
    return ""
