"""The findings of the preflight on a snapshot, with the default settings and a test's overrides."""

import re
from collections.abc import Iterable

from pi_mesh.checks import registry
from pi_mesh.checks.finding import Finding, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.inventory import Inventory
from tests.support.factories import make_mesh


def observation(snapshot: Snapshot, state: StackState = NEVER_RUN, **settings: object) -> Observation:
    """Return what a check judges."""
    return Observation(make_mesh(**settings), snapshot, state)


def run(mesh: Inventory, snapshot: Snapshot, state: StackState = NEVER_RUN) -> list[Finding]:
    """Return all findings of the preflight of a mesh."""
    return registry.findings(registry.PREFLIGHT, Observation(mesh, snapshot, state))


def findings(snapshot: Snapshot, state: StackState = NEVER_RUN, **settings: object) -> list[Finding]:
    """Return all findings of the preflight."""
    return run(make_mesh(**settings), snapshot, state)


def problems(snapshot: Snapshot, state: StackState = NEVER_RUN, **settings: object) -> list[str]:
    """Return the errors of the preflight, a line each."""
    return [str(finding) for finding in errors(findings(snapshot, state, **settings))]


def assert_told(told: Iterable[Finding], *lines: str) -> None:
    """Compare findings with lines such as "error node pi-1: is full… [1]": level, subject, message, fix and number.

    "…" stands for any text, and a line may be shorter than its finding's.
    """
    texts = [f"{one.level} {one}{'' if one.number is None else f' [{one.number}]'}" for one in told]
    assert len(texts) == len(lines), texts
    for line, text in zip(lines, texts, strict=True):
        end = r"\Z" if line.endswith("]") else ""
        assert re.match(re.escape(line).replace("…", ".*") + end, text, re.DOTALL), f"{text!r} is not {line!r}"
