"""The command `python -m operations.drift_notice`: tell the owner what `verify --json` found, in one issue or one file.

It reads the report from standard input. On problems it opens one issue on GitHub with `gh`, or writes the file; while
they last it keeps that text up to date; when they are gone it closes the issue, or removes the file. It uses Python's
standard library alone.
"""

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from operations import github
from operations.github import ISSUES

LEVELS = ("error", "warning", "unknown")
MOST, LONGEST = 60, 500
"""Findings in a text, and characters of one of them; GitHub takes 65,536 characters."""
PROBLEMS = 1
"""Exit status of `verify` if the mesh is not as the settings say."""


def main(arguments: list[str]) -> None:
    """Read the report, and tell. A `verify` that could not run ends this command with its status, and tells nothing."""
    parser = argparse.ArgumentParser(prog="python -m operations.drift_notice", description=__doc__)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--issue", action="store_true", help="one issue of the repository, written with `gh`")
    way.add_argument("--file", type=Path, help="one file, which exists only while there are problems")
    chosen = parser.parse_args(arguments)
    report = _report(sys.stdin.read())
    if report["status"] > PROBLEMS:
        for finding in report["findings"]:
            print(f"error: {finding['message']}", file=sys.stderr)
        sys.exit(report["status"])
    print(in_issue(report) if chosen.issue else in_file(report, chosen.file))


def title(report: dict) -> str:
    return f"The mesh of stack {report['stack']} is not as its settings say"


def marker(report: dict) -> str:
    """Return the line by which the issue of a stack is found again."""
    return f"<!-- pi-mesh drift {report['stack']} -->"


def text(report: dict, now: datetime) -> str:
    """Return the text about a report with problems: the worst findings first."""
    worst = [finding for level in LEVELS for finding in report["findings"] if finding["level"] == level]
    lines = [f"{report['verdict']} ({now:%Y-%m-%d %H:%M} UTC).", ""]
    lines += [_line(finding) for finding in worst[:MOST]]
    if len(worst) > MOST:
        lines.append(f"- and {len(worst) - MOST} more")
    if new := sum(finding["id"] == "audit" and finding["level"] == "warning" for finding in report["findings"]):
        learn = f"`python -m operations learn policies -s {report['stack']} --diff`"
        lines.append(f"- audit: calls without a rule: {new}; {learn} lists them")
    lines += ["", f"`python -m operations verify -s {report['stack']}` shows all of it."]
    return "\n".join(lines) + "\n"


def in_file(report: dict, file: Path) -> str:
    """Write the file, or remove it, and return what was done."""
    if report["status"] == PROBLEMS:
        scratch = file.with_name(f".{file.name}.new")
        scratch.write_text(f"{title(report)}\n\n{text(report, datetime.now(UTC))}")
        scratch.replace(file)
        return f"{file} was written: {report['verdict']}"
    if file.exists():
        file.unlink()
        return f"{file} was removed: {report['verdict']}"
    return report["verdict"]


def in_issue(report: dict) -> str:
    """Open, change or close the issue, and return what was done."""
    issues = github.every(f"{ISSUES}?state=open&per_page=100")
    # The workflow's token cannot ask who it is.
    author = github.BOT if os.environ.get("GITHUB_ACTIONS") else json.loads(github.call("user"))["id"]
    known = own_issue(issues, report, author)
    if report["status"] == PROBLEMS:
        # Nothing in a fence is a mention or a link, whoever named the objects.
        body = f"{marker(report)}\n```\n{text(report, datetime.now(UTC)).replace('```', '`')}```\n"
        if known is None:
            issue = json.loads(github.send("POST", ISSUES, title=title(report), body=body))
            return f"issue {issue['number']} was opened: {report['verdict']}"
        github.send("PATCH", f"{ISSUES}/{known}", body=body)
        return f"issue {known} was updated: {report['verdict']}"
    if known is None:
        return report["verdict"]
    github.send("POST", f"{ISSUES}/{known}/comments", body=f"{report['verdict']}.")
    github.send("PATCH", f"{ISSUES}/{known}", state="closed", state_reason="completed")
    return f"issue {known} was closed: {report['verdict']}"


def own_issue(issues: list[dict], report: dict, author: int) -> int | None:
    """Return the number of the open issue about this stack by this author."""
    issue = github.own_text([issue for issue in issues if "pull_request" not in issue], author, {marker(report)})
    return issue["number"] if issue else None


def _line(finding: dict) -> str:
    where = f"{finding['kind']} {finding['name']}".strip()
    said = f"{finding['level']}: {finding['id']}: {where}: {finding['message']}"
    whole = f"{said}. {finding['fix']}" if finding["fix"] else said
    return f"- {whole[:LONGEST]}"


def _report(content: str) -> dict:
    try:
        report = json.loads(content)
        if report["operation"] == "verify":
            return report
    except (ValueError, KeyError, TypeError):
        pass
    return sys.exit("error: standard input is not the report of `python -m operations verify --json`; see what it said")


if __name__ == "__main__":
    main(sys.argv[1:])
