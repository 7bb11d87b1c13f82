"""Pulumi's own commands, as repair needs them."""

import json
import subprocess

from pi_mesh.settings import SettingsError


def export(stack: str) -> dict:
    """The stack's state. Needs no passphrase: secrets stay encrypted."""
    return json.loads(_run("stack", "export", "--stack", stack))


def import_(stack: str, state: dict) -> None:
    """Writes the state back."""
    _run("stack", "import", "--stack", stack, text=json.dumps(state))


def cancel(stack: str) -> None:
    """Removes the stack's locks."""
    _run("cancel", "--yes", "--stack", stack)


def backend() -> str:
    """The URL of the backend that is logged in to."""
    return json.loads(_run("whoami", "--json"))["url"]


def _run(*arguments: str, text: str | None = None) -> str:
    command = ["pulumi", *arguments, "--non-interactive"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().removeprefix("error: ") or "no reason given"
        raise SettingsError([f"`{' '.join(command)}`: {reason.splitlines()[-1]}"])
    return done.stdout
