"""Installs the kubernetes plugin into a PULUMI_HOME: from there it runs without the warning of a plugin on PATH."""

import os
import subprocess
from pathlib import Path

from lab.toolchain.parts import KUBERNETES_PLUGIN
from lab.toolchain.programs import program


def install_plugins(pulumi_home: Path) -> None:
    """Install what is missing; raises `subprocess.CalledProcessError` with pulumi's words in `stderr`."""
    folder = pulumi_home / "plugins" / f"resource-kubernetes-v{KUBERNETES_PLUGIN}"
    if (folder / "pulumi-resource-kubernetes").is_file():
        return
    environment = os.environ | {"PULUMI_HOME": str(pulumi_home), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    built = str(program("pulumi-resource-kubernetes"))
    command = [str(program("pulumi")), "plugin", "install", "resource", "kubernetes", KUBERNETES_PLUGIN, "-f", built]
    subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
