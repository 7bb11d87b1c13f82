"""Findings for people and for scripts."""

import json
from collections import Counter
from dataclasses import asdict

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pi_mesh.checks.finding import Finding, Level

STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "bold red", Level.UNKNOWN: "magenta"}


def show(title: str, findings: list[Finding], as_json: bool) -> None:
    """Prints a table with its totals, or one JSON object."""
    if as_json:
        print(json.dumps({"title": title, "totals": totals(findings), "findings": [asdict(f) for f in findings]}))
    else:
        Console().print(_table(title, findings))


def totals(findings: list[Finding]) -> dict[str, int]:
    """How many of each level."""
    counted = Counter(finding.level.value for finding in findings)
    return {level.value: counted[level.value] for level in Level}


def _table(title: str, findings: list[Finding]) -> Table:
    numbers = ", ".join(f"{count} {level}" for level, count in totals(findings).items() if count)
    table = Table(title=title, caption=numbers, title_justify="left", caption_justify="left")
    table.add_column("")
    table.add_column("check", no_wrap=True)
    table.add_column("where and what", overflow="fold")
    for finding in findings:
        table.add_row(f"[{STYLES[finding.level]}]{finding.level}[/]", finding.id, escape(str(finding)))
    return table
