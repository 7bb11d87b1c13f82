"""The state of the lab: whether its start is complete, its API server answers, and its nodes are Ready.

The API is read without a kubectl process for each read, and with little to import.
"""

import http.client
import json
import ssl
from typing import Any

from lab.cluster import records
from lab.cluster.machines import NODES
from lab.cluster.names import ADMIN, AUTHORITY, LAB, certificate_file, key_file
from lab.cluster.shell import LabError
from lab.cluster.waiting import wait_until

COMPLETE = LAB / "complete"
API_HOST = "127.0.0.1"  # the only way to the API server from outside
API_SECONDS = 5


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


def api_url() -> str:
    """Return the URL at which the API server is reached from outside."""
    return f"https://{API_HOST}:{records.find_port(records.API)}"


def api_is_ready() -> bool:
    """Return True when the API server answers and is ready."""
    try:
        return _get("/readyz") == b"ok"
    except LabError:
        return False


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
        for item in _read("/api/v1/nodes")["items"]
        for condition in item["status"].get("conditions", [])
        if condition["type"] == "Ready"
    }


def _service_accounts() -> set[str]:
    return {item["metadata"]["name"] for item in _read("/api/v1/namespaces/default/serviceaccounts")["items"]}


def _read(path: str) -> Any:
    """Return the API object under this path. Raises LabError unless the answer is 200."""
    return json.loads(_get(path))


def _get(path: str) -> bytes:
    try:
        connection = http.client.HTTPSConnection(
            API_HOST, records.find_port(records.API), timeout=API_SECONDS, context=_trust()
        )
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise LabError(f"the local cluster's API server does not answer {path}: {error}") from error
    if response.status != http.HTTPStatus.OK:
        raise LabError(f"the local cluster's API server answers {path} with {response.status} {response.reason}")
    return body


def _trust() -> ssl.SSLContext:
    """Return a TLS context that trusts the lab's authority alone and presents the administrator's certificate."""
    context = ssl.create_default_context(cafile=str(certificate_file(AUTHORITY)))
    context.load_cert_chain(certificate_file(ADMIN), key_file(ADMIN))
    return context
