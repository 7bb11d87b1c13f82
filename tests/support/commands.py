"""The commands `connectivity` and `rehearse` in live tests, and what a killed command leaves."""

import time
from typing import Any

from lab.cluster.kubectl import get
from pi_mesh.names import SHORT_LIVED_LABEL
from pi_mesh.waiting import until
from tests.support.project import Project

LONGEST = 120
"""Seconds after which nothing of a killed command is left."""
Findings = dict[tuple[str, str], dict[str, Any]]
"""The findings by node and check."""


def _reported(project: Project, *command: str) -> tuple[int, dict[str, Any]]:
    """Return the exit status and the report of a command, and print its findings."""
    outcome = project.operation(*command)
    report = outcome.report
    assert report["status"] == outcome.status
    for one in report["findings"]:
        print(f"{one['level']:8} {one['id']}: {one['kind']} {one['name']}: {one['message']} -> {one['fix']}")
    return outcome.status, report


def connectivity(project: Project, *options: str) -> tuple[int, dict[str, Any]]:
    return _reported(project, "connectivity", "--json", *options)


def wrong(report: dict[str, Any]) -> set[str]:
    """Return the names of the calls that did not go as they must."""
    return {row["call"] for row in report["calls"] if not row["right"]}


def rehearsed(project: Project, *options: str) -> tuple[int, Findings]:
    """Return the exit status and the findings of `rehearse`."""
    status, report = _reported(project, "rehearse", "--json", *options)
    return status, {(one["name"], one["id"]): one for one in report["findings"]}


def nodes_with_errors(findings: Findings) -> set[str]:
    return {node for (node, _), one in findings.items() if one["level"] == "error"}


def left() -> list[str]:
    """Return the objects that a command needs for a short time, by this program's label."""
    found = get("jobs,pods,secrets", "--all-namespaces", f"--selector={SHORT_LIVED_LABEL}")["items"]
    return [f"{item['kind']} {item['metadata']['name']}" for item in found]


def jobs_left() -> int:
    """Return the number of Jobs; pods of an earlier command may still be ending."""
    return len([name for name in left() if name.startswith("Job")])


def seconds_until_nothing_is_left() -> float:
    """Return how long the remains of a killed command stayed. Raises AssertionError if they outlive the limit."""
    killed = time.monotonic()
    assert until(left, LONGEST, 1, done=lambda objects: not objects) == []
    return time.monotonic() - killed
