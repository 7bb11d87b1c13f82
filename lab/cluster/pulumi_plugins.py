"""Pulumi's plugins for the lab, installed into its PULUMI_HOME: there Pulumi finds them and warns of none."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

from lab import vault_plugin
from lab.cluster.names import CHECKOUT
from lab.toolchain.catalog import KUBERNETES_PLUGIN
from lab.toolchain.programs import program


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
    """Install a script that starts this checkout's Vault plugin; a plugin that is there, also the published, stays."""
    folder = pulumi_home / "plugins" / f"resource-vault-v{vault_plugin.VERSION}"
    script = folder / "pulumi-resource-vault"
    if script.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    start = f"PYTHONPATH={shlex.quote(str(CHECKOUT))} exec {shlex.quote(sys.executable)} -m lab.vault_plugin"
    script.write_text(f'#!/bin/sh\n{start} "$@"\n')
    script.chmod(0o755)
