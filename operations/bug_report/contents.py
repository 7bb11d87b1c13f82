"""The collection of all that a report holds, from this machine, the stack and the cluster."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import Future, as_completed
from typing import Any

from operations import pulumi, stacks
from operations.bug_report import known_secrets, mesh_state, own_commands, stack_settings, versions
from operations.bug_report.mesh_state import ID
from operations.bug_report.own_commands import Answer
from operations.bug_report.parts import Part
from operations.failures import Expected
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, Subject, unknown
from pi_mesh.cluster import identity
from pi_mesh.cluster.client import Client

Say = Callable[[str], None]


class Contents:
    """The files of a report, the secrets to remove from them, and what could not be had."""

    def __init__(self, known: Iterable[str]) -> None:
        self.parts: list[Part] = []
        self.known = {*known}
        self.missing: list[Finding] = []
        self.in_cluster: dict[str, Any] = {}
        """Versions in the cluster."""

    def lacks(self, what: str, problem: object) -> None:
        """Note that something could not be had."""
        self.missing.append(unknown(ID, Subject("component", what), f"is not in the archive: {problem}"))


def collected(stack: str, lines: int, say: Say) -> Contents:
    """Return the contents; whatever cannot be had is a finding, for a report is also made when nothing works."""
    found = Contents(known_secrets.of_environment(os.environ))
    with own_commands.running(stack) as answers:
        say("the versions, the settings, and the state of the mesh")
        here = versions.here()
        _settings(found, stack)
        _cluster(found, stack, lines)
        found.parts.insert(0, Part("versions.json", {**here, **found.in_cluster}))
        _answers(found, answers, say)
    return found


def _settings(found: Contents, stack: str) -> None:
    try:
        config = pulumi.config(stack)
    except Expected as problem:
        found.lacks("settings.json", problem)
        return
    found.known |= {*known_secrets.of_settings(config)}
    found.parts.append(Part("settings.json", stack_settings.shown(config)))


def _cluster(found: Contents, stack: str, lines: int) -> None:
    """Add what the cluster says. The client is made before any thread that makes another one."""
    try:
        settings, exported = stacks.load_with_state(stack)
        mesh = inventory.of(settings, stack)
        found.known |= {*known_secrets.of_kubeconfig(settings.cluster.context)}
        with Client(settings.cluster.context) as client:
            identity.require(settings.cluster, exported().cluster_uid, identity.read(client))
            found.known |= {*known_secrets.of_cluster(client, dict.fromkeys(one.name for one in mesh.namespaces))}
            found.in_cluster = mesh_state.versions(client, mesh)
            for part in mesh_state.parts(client, mesh, lines):
                (found.parts if isinstance(part, Part) else found.missing).append(part)  # type: ignore[arg-type]
    except Expected as problem:
        found.lacks("the state of the cluster", problem)


def _answers(found: Contents, answers: list[Future[Answer]], say: Say) -> None:
    """Add the answer of each command as it comes."""
    for future in as_completed(answers):
        answer = future.result()
        say(f"`{answer.command}`: {'no answer' if answer.problem else 'done'}")
        if answer.problem:
            found.lacks(f"{answer.command}.json", answer.problem)
        else:
            found.parts.append(Part(f"{answer.command}.json", answer.document))
        if answer.errors:
            found.parts.append(Part(f"{answer.command}.errors.txt", answer.errors))
