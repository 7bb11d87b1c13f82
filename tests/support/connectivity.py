"""The command `connectivity` in live tests."""

import json
from typing import Any

from tests.support.project import Project


def connectivity(project: Project, *options: str) -> tuple[int, dict[str, Any]]:
    """Return the exit status and the report."""
    outcome = project.operation("connectivity", "--json", *options)
    report = json.loads(outcome.output.splitlines()[-1])
    assert report["status"] == outcome.status
    for one in report["findings"]:
        print(f"{one['level']:8} {one['id']}: {one['name']}: {one['message']} -> {one['fix']}")
    return outcome.status, report


def wrong(report: dict[str, Any]) -> set[str]:
    """Return the names of the calls that did not go as they must."""
    return {row["call"] for row in report["calls"] if not row["right"]}


def refusals(report: dict[str, Any]) -> list[str]:
    """Return the objects that refuse a call."""
    return [f"{one['kind']} {one['name']}" for one in report["findings"] if one["level"] == "error"]
