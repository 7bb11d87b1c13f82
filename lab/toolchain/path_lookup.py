"""Programs that the machine already has: on PATH, at a version that fits."""

import re
import shutil
import subprocess
from pathlib import Path

from lab.toolchain.catalog import Part

_QUESTIONS = {
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
"""How to ask a program for its version where it isn't `--version`."""

SILENT = {"pulumi-language-python", "pulumi-resource-kubernetes"}
"""Programs that don't say a version: never taken from PATH."""

_EXACT = {"pulumi"}


def version_matches(program: str, part: Part, said: str) -> bool:
    """Whether a program that said this is good enough: same major and minor number, for pulumi the very version."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", said)
    wanted = part.version if program in _EXACT else part.version.rsplit(".", 1)[0]
    return bool(found) and (found[0] == wanted or found[0].startswith(f"{wanted}."))


def version_output(program: str, found: str | Path) -> str:
    """What a program answers when asked for its version; nothing when it doesn't run."""
    question = [str(found), *_QUESTIONS.get(program, ["--version"])]
    try:
        said = subprocess.run(question, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout + said.stderr


def find_on_path(program: str, part: Part) -> Path | None:
    """Where PATH has the program at a version that fits the part; None otherwise."""
    found = None if program in SILENT else shutil.which(program)
    return Path(found) if found and version_matches(program, part, version_output(program, found)) else None
