"""A stack that makes the mesh's CA and nothing else, in a folder, a backend and a home of Pulumi of its own."""

import json
import os
from pathlib import Path

import yaml

from lab.cluster import pulumi_plugins
from lab.cluster.names import CHECKOUT
from lab.toolchain import programs
from tests.support.project import Outcome, run_in

STACK = "ca"
STACK_FILE = f"Pulumi.{STACK}.yaml"
QUIET = ("--stack", STACK, "--non-interactive", "--color", "never")
PASSPHRASE = "the test keeps no secrets"


class CaProject:
    """The project's program in a folder whose stack `ca` has `vault` alone in its settings."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token, self._home = folder / "project", "", folder / "home"
        for made in (self.folder, self._home, folder / "state"):
            made.mkdir()
        for entry in CHECKOUT.iterdir():
            if entry.name not in (".git", STACK_FILE):
                (self.folder / entry.name).symlink_to(entry)
        pulumi_plugins.install_vault(self._home)
        self._environment = {
            **os.environ,
            "PATH": os.pathsep.join([*_folders("pulumi"), str(CHECKOUT / ".venv/bin"), os.environ["PATH"]]),
            "PULUMI_HOME": str(self._home),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_PYTHON_CMD": str(CHECKOUT / ".venv/bin/python"),
        }

    def set(self, **vault: object) -> None:
        """Write the stack's settings, keeping the encryption of the stack's secrets."""
        file = self.folder / STACK_FILE
        content = yaml.safe_load(file.read_text()) if file.exists() else {}
        file.write_text(yaml.safe_dump({**content, "config": {"pi-mesh:vault": vault}}))

    def pulumi(self, *arguments: str) -> Outcome:
        return self._run("pulumi", *arguments, *QUIET)

    def up(self, *more: str) -> Outcome:
        return self.pulumi("up", "--yes", "--skip-preview", *more)

    def operation(self, *arguments: str) -> Outcome:
        return self._run("python", "-m", "operations", *arguments, "--stack", STACK)

    def chain(self) -> str:
        """Return the PEM of the stack's CA, followed by its signers."""
        return json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").must().output)[
            "certificateAuthority"
        ]["chain"]

    def _run(self, *command: str) -> Outcome:
        return run_in(self.folder, {**self._environment, "VAULT_TOKEN": self.token}, *command)


def new(folder: Path, address: str) -> CaProject:
    """Return a stack that can make its CA in the Vault at an address."""
    project = CaProject(folder)
    project.set(enabled=True, address=address)
    project.pulumi("stack", "init").must()
    return project


def _folders(*parts: str) -> list[str]:
    programs.ensure(parts)
    return [str(programs.program(part).parent) for part in parts]
