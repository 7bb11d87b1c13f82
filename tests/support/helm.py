"""The lab's helm, as a user would run it on the mesh, and the records that it keeps of the mesh's releases."""

import json
import os
from typing import Any

from lab.cluster.environment import search_path, variables
from lab.cluster.kubectl import get, watched_line
from lab.cluster.shell import LabError, run
from lab.workloads import CONTROL, TRADING


def helm(*arguments: str, stdin: str | None = None) -> str:
    """Run helm on the lab, in the mesh's namespace unless told another, and return what it prints.

    Raises LabError when it fails.
    """
    environment = {**os.environ, **variables(), "PATH": f"{search_path()}:{os.environ['PATH']}"}
    return run("helm", f"--namespace={CONTROL}", *arguments, stdin=stdin, env=environment)


def listed(field: str) -> dict[str, Any]:
    """Return a field of `helm list`, such as "status" or "app_version", of each release of the mesh."""
    return {release["name"]: release[field] for release in json.loads(helm("list", "--output", "json"))}


def releases() -> dict[str, str]:
    """Return the mesh's releases with the status of their last revision, as recorded."""
    return {labels["name"]: labels["status"] for labels in _records()}


def revisions() -> dict[str, int]:
    """Return the mesh's releases with the number of their last revision."""
    return {labels["name"]: int(labels["version"]) for labels in _records()}


def wait_for_release(name: str, status: str) -> None:
    """Wait until a revision of the release has the status. Raises LabError: the fault could not be injected.

    It is a watch, since a status such as pending-upgrade lasts for seconds alone, and a busy machine asks as slowly.
    """
    options = (f"--namespace={CONTROL}", f"--selector=owner=helm,name={name},status={status}", "--output=name")
    if not watched_line("secrets", *options, seconds=120):
        raise LabError(f"{name} {status}: not reached after 120 s")


def untouched() -> bool:
    """Return True if nothing of a mesh is in the cluster."""
    return not any(item["metadata"]["name"] in (CONTROL, TRADING) for item in get("namespaces")["items"])


def _records() -> list[dict[str, str]]:
    """Return the labels of Helm's record of each revision, the oldest first."""
    secrets = get("secrets", f"--namespace={CONTROL}", "--selector=owner=helm")["items"]
    return sorted((secret["metadata"]["labels"] for secret in secrets), key=lambda labels: int(labels["version"]))
