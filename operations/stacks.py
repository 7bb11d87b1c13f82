"""The settings of a stack outside the program: for the operations, and for pull requests."""

import json
import subprocess

from pi_mesh.settings import CaSettings, Settings, parse, parse_any
from pi_mesh.settings.errors import SettingsError
from pi_mesh.settings.raw import plain_values


def load(stack: str) -> Settings:
    """The settings as Pulumi knows them; needs its backend, but no passphrase: secrets stay encrypted.

    Raises SettingsError with every problem at once, or with Pulumi's reason why it can't read the stack.
    """
    return parse(_values(stack))


def load_any(stack: str) -> Settings | CaSettings:
    """As `load`, also of a stack that makes the mesh's CA and nothing else."""
    return parse_any(_values(stack))


def _values(stack: str) -> dict[str, object]:
    """The plain values by first-level key."""
    command = ["pulumi", "config", "--json", "--stack", stack, "--non-interactive"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise SettingsError([f"{stack}: the command pulumi is not on PATH; install it, or source .lab/env"]) from None
    if done.returncode:
        reason = done.stderr.strip().removeprefix("error: ").splitlines() or ["pulumi gave no reason"]
        raise SettingsError([f"{stack}: {reason[-1]}"])
    entries = json.loads(done.stdout)
    return plain_values(
        {key: entry.get("objectValue", entry.get("value")) for key, entry in entries.items()},
        [key for key, entry in entries.items() if entry.get("secret")],
    )
