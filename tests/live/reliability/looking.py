"""The reads of the cluster and the state in tests."""

import json
from collections.abc import Callable

from lab.cluster.kubectl import get
from tests.support.project import Project


def untouched() -> bool:
    """Return True if nothing of a mesh is in the cluster."""
    return not any(item["metadata"]["name"] in ("istio-system", "trading") for item in get("namespaces")["items"])


def state(project: Project) -> list[tuple[str, str]]:
    """Return the resources that Pulumi knows, by name and id: secrets are encrypted anew by every export."""
    deployment = json.loads(project.pulumi("stack", "export").output)["deployment"]
    return [(entry["urn"], entry.get("id", "")) for entry in deployment.get("resources", [])]


def releases() -> dict[str, str]:
    """Return the mesh's releases with the status of their last revision."""
    return {labels["name"]: labels["status"] for labels in _revisions()}


def revisions() -> dict[str, int]:
    """Return the mesh's releases with the number of their last revision."""
    return {labels["name"]: int(labels["version"]) for labels in _revisions()}


def has(release: str, status: str) -> Callable[[], bool]:
    """Return a condition for `wait_for` that is true when the release has the status."""
    return lambda: releases().get(release) == status


def _revisions() -> list[dict[str, str]]:
    """Return Helm's record of each revision, the oldest first."""
    secrets = get("secrets", "--namespace=istio-system", "--selector=owner=helm")["items"]
    return sorted((secret["metadata"]["labels"] for secret in secrets), key=lambda each: int(each["version"]))
