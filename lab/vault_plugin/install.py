"""Puts the plugin where Pulumi looks for plugins."""

import shlex
import sys
from pathlib import Path

from lab.vault_plugin.provider import VERSION

CHECKOUT = Path(__file__).resolve().parents[2]


def install(pulumi_home: Path) -> None:
    """A script that starts this checkout's plugin; one that is there already, the published one too, stays."""
    folder = pulumi_home / "plugins" / f"resource-vault-v{VERSION}"
    script = folder / "pulumi-resource-vault"
    if script.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    start = f"PYTHONPATH={shlex.quote(str(CHECKOUT))} exec {shlex.quote(sys.executable)} -m lab.vault_plugin"
    script.write_text(f'#!/bin/sh\n{start} "$@"\n')
    script.chmod(0o755)
