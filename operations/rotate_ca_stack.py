"""The part of a rotation that Pulumi does."""

import subprocess
import sys

from pi_mesh.checks.finding import Finding, Subject, error, ok

ID = "pulumi up"


def next_generation(stack: str, generation: int) -> Finding:
    """Counts `vault.generation` up in the stack's file and brings the stack to it."""
    command = ["pulumi", "config", "set", "--stack", stack, "--path", "vault.generation", str(generation + 1)]
    if not _runs(command):
        return error(ID, Subject("stack", stack), "vault.generation can't be set; see above", "nothing was changed")
    return up(stack)


def up(stack: str) -> Finding:
    """`pulumi up`; what it says goes to standard error, so that standard output stays for the report."""
    if _runs(["pulumi", "up", "--stack", stack, "--yes", "--skip-preview", "--non-interactive"]):
        return ok(ID, Subject("stack", stack), "is done")
    return error(
        ID,
        Subject("stack", stack),
        "failed, see above; istiod goes on with the CA that it has",
        f"then run `pulumi up -s {stack}` again",
    )


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, stdout=sys.stderr, check=False).returncode == 0
