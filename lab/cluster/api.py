"""Quick reads of the lab's API, without a kubectl process for each look."""

from typing import Any

import requests

from lab.cluster import forward
from lab.cluster.certificates import AUTHORITY, certificate_file, key_file
from lab.cluster.shell import LabError

FORWARD = "api"
ADMIN = "admin"
TIMEOUT = 5  # seconds


def url() -> str:
    """Where the API server is reached from outside: on 127.0.0.1, and nowhere else."""
    return f"https://127.0.0.1:{forward.port(FORWARD)}"


def read(path: str) -> Any:
    """What the API has under this path. Raises LabError when it does not answer so."""
    try:
        return _get(path).json()
    except requests.RequestException as error:
        raise LabError(f"the local cluster's API server does not answer {path}: {error}") from error


def server_ready() -> bool:
    """Whether the API server answers and is ready."""
    try:
        return _get("/readyz").text == "ok"
    except requests.RequestException:
        return False


def _get(path: str) -> requests.Response:
    certificate = (str(certificate_file(ADMIN)), str(key_file(ADMIN)))
    response = requests.get(url() + path, cert=certificate, verify=str(certificate_file(AUTHORITY)), timeout=TIMEOUT)
    response.raise_for_status()
    return response
