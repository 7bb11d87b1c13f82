"""Kubeconfigs other than the lab's own: of an account that may only read, of another server, of another context."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from lab.cluster.kubectl import kubectl
from lab.cluster.names import CHECKOUT
from lab.workloads import apply

RIGHTS = CHECKOUT / "docs" / "drift" / "rights.yaml"
NAME, NAMESPACE = "mesh-reader", "default"
"""Name of the account, and its namespace in these tests: one of its own would have to be deleted after each."""
NOWHERE = "https://127.0.0.1:1"
"""Server that does not answer."""


def edited(file: Path, server: str = "", context: str = "", user: dict[str, Any] | None = None) -> Path:
    """Write the lab's kubeconfig with another server, current context or user into a file, and return the file."""
    config = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
    if server:
        config["clusters"][0]["cluster"]["server"] = server
    if context:
        config["current-context"] = context
    if user:
        config["users"][0]["user"] = user
    file.write_text(json.dumps(config))
    return file


@contextmanager
def reader(folder: Path) -> Iterator[Path]:
    """Create the account of docs/drift/rights.yaml for the block, and write its kubeconfig into a folder.

    It may get and list what `verify --read-only` reads, and nothing else.
    """
    _, account, role, binding = yaml.safe_load_all(RIGHTS.read_text())
    account["metadata"]["namespace"] = binding["subjects"][0]["namespace"] = NAMESPACE
    apply([account, role, binding])
    try:
        token = kubectl("create", "token", NAME, f"--namespace={NAMESPACE}").strip()
        yield edited(folder / "mesh-reader", user={"token": token})
    finally:
        kubectl("delete", "clusterrolebinding,clusterrole", NAME, "--ignore-not-found")
        kubectl("delete", "serviceaccount", NAME, f"--namespace={NAMESPACE}")
