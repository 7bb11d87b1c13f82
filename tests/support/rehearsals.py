"""The command `rehearse` in live tests."""

import json
from typing import Any

from lab.cluster.kubectl import get
from pi_mesh.names import SHORT_LIVED_LABEL
from tests.support.project import Project

Findings = dict[tuple[str, str], dict[str, Any]]
"""The findings by node and check."""


def rehearsed(project: Project, *options: str) -> tuple[int, Findings]:
    """Return the exit status and the findings."""
    outcome = project.operation("rehearse", "--json", *options)
    report = json.loads(outcome.output.splitlines()[-1])
    assert report["status"] == outcome.status
    for one in report["findings"]:
        print(f"{one['level']:8} {one['id']}: {one['kind']} {one['name']}: {one['message']} -> {one['fix']}")
    return outcome.status, {(one["name"], one["id"]): one for one in report["findings"]}


def nodes_with_errors(found: Findings) -> set[str]:
    return {node for (node, _), one in found.items() if one["level"] == "error"}


def left() -> list[str]:
    """Return the objects with this program's label."""
    found = get("jobs,pods,secrets", "--all-namespaces", f"--selector={SHORT_LIVED_LABEL}")["items"]
    return [f"{item['kind']} {item['metadata']['name']}" for item in found]
