"""Pulumi's plugins for the lab, installed into its PULUMI_HOME: there Pulumi finds them and warns of none."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from lab import vault_plugin
from lab.cluster.names import CHECKOUT
from lab.cluster.shell import LabError
from lab.toolchain.catalog import KUBERNETES_PLUGIN
from lab.toolchain.programs import program

PUBLISHED_VAULT = "PI_MESH_VAULT_PLUGIN"
"""Environment variable with the file of the published plugin, for a machine that can download it.

`pulumi plugin install resource vault 7.11.0` downloads it into ~/.pulumi/plugins; the lab then uses it in place of its
own.
"""
SHELL = b"#!/bin/sh\n"


def install_kubernetes(pulumi_home: Path) -> None:
    """Install the built Kubernetes plugin unless it is there; raises `CalledProcessError` with pulumi's `stderr`."""
    folder = pulumi_home / "plugins" / f"resource-kubernetes-v{KUBERNETES_PLUGIN}"
    if (folder / "pulumi-resource-kubernetes").is_file():
        return
    environment = os.environ | {"PULUMI_HOME": str(pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    built = str(program("pulumi-resource-kubernetes"))
    command = [str(program("pulumi")), "plugin", "install", "resource", "kubernetes", KUBERNETES_PLUGIN, "-f", built]
    subprocess.run(command, env=environment, check=True, capture_output=True, text=True)


def install_vault(pulumi_home: Path) -> None:
    """Install a script that starts the published Vault plugin where the machine has it, else this checkout's.

    A plugin that Pulumi installed there itself stays.
    """
    folder = pulumi_home / "plugins" / f"resource-vault-v{vault_plugin.VERSION}"
    script = folder / "pulumi-resource-vault"
    if script.exists() and not script.read_bytes().startswith(SHELL):
        return
    folder.mkdir(parents=True, exist_ok=True)
    script.write_bytes(SHELL + f'{_start_of_vault()} "$@"\n'.encode())
    script.chmod(0o755)


def _start_of_vault() -> str:
    """Return the shell command that becomes the plugin. Raises LabError where the named file is not there."""
    published = os.environ.get(PUBLISHED_VAULT)
    if not published:
        return f"PYTHONPATH={shlex.quote(str(CHECKOUT))} exec {shlex.quote(sys.executable)} -m lab.vault_plugin"
    if not os.access(published, os.X_OK):
        raise LabError(f"{PUBLISHED_VAULT}={published}: there is no program; name the file pulumi-resource-vault")
    return f"exec {shlex.quote(published)}"
