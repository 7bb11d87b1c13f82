"""The state of the lab: whether its start is complete, and its nodes are Ready."""

from lab.cluster import records
from lab.cluster.api import read
from lab.cluster.machines import NODES
from lab.cluster.names import LAB
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until

COMPLETE = LAB / "complete"


def complete() -> None:
    """Record that the start is complete, and which processes belong to it."""
    COMPLETE.write_text("\n".join(records.recorded()))


def is_up(patience: float = 0) -> bool:
    """Return True when the start is complete, every process of it still runs, and the nodes are Ready.

    `patience`: seconds to wait for the nodes of a lab whose processes all run, on a busy machine or after a restart.
    """
    if not COMPLETE.exists() or not all(records.is_alive(name) for name in COMPLETE.read_text().split()):
        return False
    try:
        wait_until("the nodes", is_ready, patience)
    except LabError:
        return False
    return True


def is_ready() -> bool:
    """Return True when every real node is Ready, and pods can be created."""
    try:
        ready = {name for name, status in node_readiness().items() if status == "True"}
        return ready >= {node.name for node in NODES} and "default" in _service_accounts()
    except LabError:  # no answer yet
        return False


def node_readiness() -> dict[str, str]:
    """Return node -> status of its condition Ready ("True", "False", "Unknown"), simulated nodes included."""
    return {
        item["metadata"]["name"]: condition["status"]
        for item in read("/api/v1/nodes")["items"]
        for condition in item["status"].get("conditions", [])
        if condition["type"] == "Ready"
    }


def _service_accounts() -> set[str]:
    return {item["metadata"]["name"] for item in read("/api/v1/namespaces/default/serviceaccounts")["items"]}
