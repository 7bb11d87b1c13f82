"""The archive of a report: its contents, from this machine, the stack and the cluster, and its file."""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from operations import command_line, failures, pulumi, results, stacks
from operations.failures import Expected, UsageError
from operations.report import mesh_state, redaction
from operations.report.mesh_state import ID
from operations.report.redaction import ArchiveFile, Redactor
from operations.results import Archive, Report
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, Subject, ok, unknown, warning
from pi_mesh.cluster import identity
from pi_mesh.cluster.client import Client
from pi_mesh.quantities import MI

OWN_COMMANDS = ("preflight", "verify", "proxies", "budget")
COMMAND_SECONDS = 180
"""Longest time for one command."""
LAST_LINES = 100
"""Lines of a command's errors that are kept."""


@dataclass(frozen=True)
class Answer:
    command: str
    document: Any = None
    """Its JSON document; None if it printed none."""
    errors: str = ""
    """Last lines of its standard error."""

    @property
    def problem(self) -> str:
        """Return why there is no document, in words; empty if there is one."""
        if self.document is not None:
            return ""
        return self.errors.strip().rpartition("\n")[2] or "it printed nothing"


def answer_of(command: str, stack: str) -> Answer:
    """Return the answer of a command of this program."""
    arguments = [sys.executable, "-m", "operations", command, "-s", stack, "--json"]
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS)
    except subprocess.TimeoutExpired:
        return Answer(command, errors=f"no answer within {COMMAND_SECONDS} seconds")
    errors = "\n".join(done.stderr.splitlines()[-LAST_LINES:])
    with suppress(ValueError):
        return Answer(command, json.loads(done.stdout), errors)
    return Answer(command, errors=errors)


PROGRAM_SECONDS = 20
PACKAGES = ("pulumi", "pulumi-kubernetes", "pulumi-vault", "pulumi-policy", "pydantic", "lightkube", "typer", "grpcio")
PROGRAMS = {
    "pulumi": ("pulumi", "version"),
    "kubectl": ("kubectl", "version", "--client", "--output=json"),
    "helm": ("helm", "version", "--short"),
    "istioctl": ("istioctl", "version", "--remote=false", "--short"),
}
PLUGINS = ("pulumi", "plugin", "ls", "--json")


def local_versions() -> dict[str, Any]:
    """Return the versions of this program, of Python, its packages, the programs on PATH and Pulumi's plugins."""
    with ThreadPoolExecutor() as pool:
        plugins = pool.submit(_said, PLUGINS, _plugins)
        said = {name: pool.submit(_said, command, _plain) for name, command in PROGRAMS.items()}
        return {
            "pi-mesh": command_line.program_version(),
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
            "packages": {name: _package(name) for name in PACKAGES},
            "programs": {name: answer.result() for name, answer in said.items()},
            "plugins": plugins.result(),
        }


def _package(name: str) -> str | None:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(name)


def _said(command: tuple[str, ...], read: Callable[[str], Any]) -> Any:
    """Return what a program says, or why it says nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PROGRAM_SECONDS)
        return read(done.stdout) if done.returncode == 0 else f"ended with status {done.returncode}"
    except OSError as problem:
        return failures.not_runnable_reason(command[0], problem)
    except subprocess.TimeoutExpired:
        return f"no answer within {PROGRAM_SECONDS} seconds"


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def _plugins(text: str) -> Any:
    plugins = _plain(text)
    if not isinstance(plugins, list):
        return plugins
    return [{key: entry.get(key) for key in ("name", "kind", "version")} for entry in plugins]


Say = Callable[[str], None]


class Contents:
    """The files of a report, the secrets to remove from them, and what could not be had."""

    def __init__(self, known: Iterable[str]) -> None:
        self.parts: list[ArchiveFile] = []
        self.known = {*known}
        self.missing: list[Finding] = []
        self.in_cluster: dict[str, Any] = {}
        """Versions in the cluster."""

    def lacks(self, what: str, problem: object) -> None:
        """Note that something could not be had."""
        self.missing.append(unknown(ID, Subject("component", what), f"is not in the archive: {problem}"))


def collect_contents(stack: str, lines: int, say: Say) -> Contents:
    """Return the contents; whatever cannot be had is a finding, for a report is also made when nothing works."""
    contents = Contents(redaction.environment_secrets(os.environ))
    with ThreadPoolExecutor(max_workers=len(OWN_COMMANDS)) as pool:
        answers = [pool.submit(answer_of, command, stack) for command in OWN_COMMANDS]
        say("the versions, the settings, and the state of the mesh")
        here = local_versions()
        _settings(contents, stack)
        _cluster(contents, stack, lines)
        contents.parts.insert(0, ArchiveFile("versions.json", {**here, **contents.in_cluster}))
        _answers(contents, answers, say)
    return contents


def _settings(contents: Contents, stack: str) -> None:
    try:
        config = pulumi.config(stack)
    except Expected as problem:
        contents.lacks("settings.json", problem)
        return
    contents.known |= {*redaction.settings_secrets(config)}
    contents.parts.append(ArchiveFile("settings.json", redaction.settings_without_secrets(config)))


def _cluster(contents: Contents, stack: str, lines: int) -> None:
    """Add what the cluster says. The client is made before any thread that makes another one."""
    try:
        settings, exported = stacks.load_with_state(stack)
        mesh = inventory.mesh_inventory(settings, stack)
        contents.known |= {*redaction.kubeconfig_secrets(settings.cluster.context)}
        with Client(settings.cluster.context) as client:
            identity.require(settings.cluster, exported().cluster_uid, identity.read(client))
            namespaces = dict.fromkeys(namespace.name for namespace in mesh.namespaces)
            contents.known |= {*redaction.cluster_secrets(client, namespaces)}
            contents.in_cluster = mesh_state.cluster_versions(client, mesh)
            for part in mesh_state.mesh_files(client, mesh, lines):
                (contents.parts if isinstance(part, ArchiveFile) else contents.missing).append(part)  # type: ignore[arg-type]
    except Expected as problem:
        contents.lacks("the state of the cluster", problem)


def _answers(contents: Contents, answers: list[Future[Answer]], say: Say) -> None:
    """Add the answer of each command as it comes."""
    for future in as_completed(answers):
        answer = future.result()
        say(f"`{answer.command}`: {'no answer' if answer.problem else 'done'}")
        if answer.problem:
            contents.lacks(f"{answer.command}.json", answer.problem)
        else:
            contents.parts.append(ArchiveFile(f"{answer.command}.json", answer.document))
        if answer.errors:
            contents.parts.append(ArchiveFile(f"{answer.command}.errors.txt", answer.errors))


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
    contents = collect_contents(stack, lines, say)
    redactor = Redactor(contents.known)
    files, left_out = redaction.render_files(contents.parts, redactor)
    findings = [replace(finding, message=redactor.text(finding.message)) for finding in contents.missing]
    findings += [_left_out(name) for name in left_out]
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


def _left_out(name: str) -> Finding:
    room = f"{redaction.LARGEST_ARCHIVE // MI} MiB"
    return warning(ID, Subject("file", name), f"was left out: the archive holds {room}", "use fewer --lines")
