"""Quick reads of the lab's Kubernetes API, without a kubectl process for each and with little to import."""

import http.client
import json
import ssl
from typing import Any

from lab.cluster import records
from lab.cluster.names import ADMIN, AUTHORITY, certificate_file, key_file
from lab.cluster.shell import LabError

HOST = "127.0.0.1"  # the only way to the API server from outside
TIMEOUT = 5  # seconds


def url() -> str:
    """Return the URL at which the API server is reached from outside."""
    return f"https://{HOST}:{records.find_port(records.API)}"


def read(path: str) -> Any:
    """Return the API object under this path. Raises LabError unless the answer is 200."""
    return json.loads(_get(path))


def server_ready() -> bool:
    """Return True when the API server answers and is ready."""
    try:
        return _get("/readyz") == b"ok"
    except LabError:
        return False


def _get(path: str) -> bytes:
    try:
        connection = http.client.HTTPSConnection(
            HOST, records.find_port(records.API), timeout=TIMEOUT, context=_trust()
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
