"""The archive of a report: its contents, from this machine, the stack and the cluster, and its file."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from operations import command_line, pulumi, results, stacks
from operations.failures import Expected, UsageError
from operations.report import mesh_state, redaction
from operations.report.mesh_state import ID
from operations.report.redaction import ArchiveFile, Redactor
from operations.results import Archive, Report
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, Subject, ok, unknown
from pi_mesh.cluster import identity
from pi_mesh.cluster.client import Client

OWN_COMMANDS = ("preflight", "verify", "proxies", "budget")
COMMAND_SECONDS = 180
"""Longest time for one command."""
LAST_LINES = 100
"""Lines of a command's errors that are kept."""


def _lacking(what: str, problem: object) -> Finding:
    return unknown(ID, Subject("component", what), f"is not in the archive: {problem}")


def answer_files(command: str, stack: str) -> list[ArchiveFile | Finding]:
    """Return the JSON document of a command of this program or why there is none, and the end of its errors."""
    arguments, name = [sys.executable, "-m", "operations", command, "-s", stack, "--json"], f"{command}.json"
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        return [_lacking(name, f"no answer within {COMMAND_SECONDS} seconds")]
    errors = "\n".join(done.stderr.splitlines()[-LAST_LINES:])
    files = [ArchiveFile(f"{command}.errors.txt", errors)] if errors else []
    try:
        return [ArchiveFile(name, json.loads(done.stdout)), *files]
    except ValueError:
        return [_lacking(name, errors.strip().rpartition("\n")[2] or "it printed nothing"), *files]


def local_versions() -> dict[str, Any]:
    """Return the versions of this program and of this machine, of Python with its packages, and of Pulumi."""
    own = {
        "pi-mesh": command_line.program_version(),
        "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    try:
        return own | pulumi.about()
    except Expected as problem:
        return own | {"pulumi": str(problem)}


Say = Callable[[str], None]


def collected_parts(stack: str, lines: int, known: set[str], say: Say) -> list[ArchiveFile | Finding]:
    """Return the files, and why others are missing; the secrets to remove from them are added to those `known`."""
    with ThreadPoolExecutor(max_workers=len(OWN_COMMANDS)) as pool:
        asked = {pool.submit(answer_files, command, stack): command for command in OWN_COMMANDS}
        say("the versions, the settings, and the state of the mesh")
        versions = local_versions()
        parts = [*_settings(stack, known), *_cluster(stack, lines, known, versions)]
        for answer in as_completed(asked):
            first, *_ = files = answer.result()
            say(f"`{asked[answer]}`: {'no answer' if isinstance(first, Finding) else 'done'}")
            parts += files
    return [ArchiveFile("versions.json", versions), *parts]


def _settings(stack: str, known: set[str]) -> Iterator[ArchiveFile | Finding]:
    try:
        config = pulumi.config(stack)
    except Expected as problem:
        yield _lacking("settings.json", problem)
    else:
        known.update(redaction.settings_secrets(config))
        yield ArchiveFile("settings.json", redaction.settings_without_secrets(config))


def _cluster(stack: str, lines: int, known: set[str], versions: dict[str, Any]) -> Iterator[ArchiveFile | Finding]:
    """Yield what the cluster says, and add its versions. Its client is made before any thread that makes another."""
    try:
        settings, exported = stacks.load_with_state(stack)
        mesh = inventory.mesh_inventory(settings, stack)
        known.update(redaction.kubeconfig_secrets(settings.cluster.context))
        with Client(settings.cluster.context) as client:
            identity.require(settings.cluster, exported().cluster_uid, identity.read(client))
            namespaces = dict.fromkeys(namespace.name for namespace in mesh.namespaces)
            known.update(redaction.cluster_secrets(client, namespaces))
            versions.update(mesh_state.cluster_versions(client, mesh))
            yield from mesh_state.mesh_files(client, mesh, lines)
    except Expected as problem:
        yield _lacking("the state of the cluster", problem)


ABOUT = "README.txt"
EXPLAINED = """\
A report of pi-mesh about the stack {stack}, {time} UTC.

It holds the versions, the stack's settings, the answers of `preflight`, `verify`, `proxies` and `budget`, the state and
the events of the mesh's pods and namespaces, and the last {lines} lines of the logs of the mesh's own pods.
It holds no Secret and nothing of Pulumi's state. {removed} places had a secret, or what looks like one; each is now
"[removed]". Requests in logs have no query.
It still has the names and addresses of your nodes, namespaces, hosts and workloads: read it before you publish it.
"""


def write_report(stack: str, output: Path | None, lines: int, say: Say) -> Report:
    """Write the archive and return its report. Raises UsageError where it cannot be written."""
    now = datetime.now(UTC)
    folder = f"pi-mesh-report-{stack.rpartition('/')[2]}-{now:%Y%m%dT%H%M%SZ}"
    target = output or Path(f"{folder}.tar.gz")
    if target.exists():
        raise UsageError(stack, f"{target} exists already", "choose another --output")
    known = {*redaction.environment_secrets(os.environ)}
    parts = collected_parts(stack, lines, known, say)
    redactor = Redactor(known)
    files = {part.name: redaction.rendered_file(part, redactor) for part in parts if isinstance(part, ArchiveFile)}
    missing = (part for part in parts if isinstance(part, Finding))
    findings = [replace(finding, message=redactor.text(finding.message)) for finding in missing]
    about = EXPLAINED.format(stack=stack, time=f"{now:%Y-%m-%d %H:%M}", lines=lines, removed=redactor.removed)
    lacking = "".join(f"\nNot in it: {finding}\n" for finding in findings)
    files = {ABOUT: f"{about}{lacking}".encode(), **files}
    try:
        size = redaction.write_archive(target, folder, files, now.timestamp())
    except OSError as problem:
        raise UsageError(stack, f"{target} can't be written: {problem.strerror}", "choose another --output") from None
    archive = Archive(path=str(target), bytes=size, files=tuple(files), removed=redactor.removed)
    said = f"was written: {len(files)} files, {-(-size // 1024)} KiB; read it before you publish it"
    findings.append(ok(ID, Subject("archive", str(target)), said, number=size))
    return results.completed("report", stack, findings, archive=archive)
