"""The account of docs/drift/rights.yaml, which may get and list what `verify --read-only` reads, and nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from lab.cluster.kubectl import kubectl
from lab.cluster.names import CHECKOUT

RIGHTS = CHECKOUT / "docs" / "drift" / "rights.yaml"
NAME, NAMESPACE = "mesh-reader", "default"
"""Name of the account, and its namespace in these tests: one of its own would have to be deleted after each."""


@contextmanager
def kubeconfig(folder: Path) -> Iterator[Path]:
    """Create the account in the lab for the block, and write its kubeconfig into a folder."""
    _, account, role, binding = yaml.safe_load_all(RIGHTS.read_text())
    account["metadata"]["namespace"] = binding["subjects"][0]["namespace"] = NAMESPACE
    kubectl(
        "apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": [account, role, binding]})
    )
    try:
        config = json.loads(kubectl("config", "view", "--raw", "-o", "json"))
        token = kubectl("create", "token", NAME, f"--namespace={NAMESPACE}").strip()
        config["users"][0]["user"] = {"token": token}
        file = folder / "mesh-reader"
        file.write_text(json.dumps(config))
        yield file
    finally:
        kubectl("delete", "clusterrolebinding,clusterrole", NAME, "--ignore-not-found")
        kubectl("delete", "serviceaccount", NAME, f"--namespace={NAMESPACE}")
