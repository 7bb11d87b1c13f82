"""Programs that the machine already has on PATH, at a version that matches the catalog."""

import re
import shutil
import subprocess
from pathlib import Path

from lab.toolchain.catalog import Part
from lab.toolchain.shims import is_shim

_VERSION_ARGUMENTS = {
    "coredns": ["-version"],
    "containerd-shim-runc-v2": ["-v"],
    "fortio": ["version"],
    "helm": ["version", "--short"],
    "istioctl": ["version", "--remote=false"],
    "kubectl": ["version", "--client"],
    "pilot-agent": ["version"],
    "pilot-discovery": ["version"],
    "pulumi": ["version"],
    "vault": ["version"],
}
"""Arguments that make a program print its version where `--version` does not."""

SILENT = {"pulumi-language-python", "pulumi-resource-kubernetes"}
"""Programs that print no version: never taken from PATH."""

_EXACT = {"pulumi"}


def version_matches(program: str, part: Part, output: str) -> bool:
    """Return True when a program's output names the part's major and minor version, for pulumi the very version."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", output)
    version = part.version if program in _EXACT else part.version.rsplit(".", 1)[0]
    return bool(found) and (found[0] == version or found[0].startswith(f"{version}."))


def version_output(program: str, found: str | Path) -> str:
    """Return what a program prints when asked for its version; nothing when it doesn't run."""
    command = [str(found), *_VERSION_ARGUMENTS.get(program, ["--version"])]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout + said.stderr


def find_on_path(program: str, part: Part) -> Path | None:
    """Return the path of the program on PATH when its version matches the part, else None."""
    found = None if program in SILENT else shutil.which(program)
    if not found or is_shim(Path(found)):
        return None
    return Path(found) if version_matches(program, part, version_output(program, found)) else None
