"""The versions of everything on this machine that works on the mesh."""

import json
import platform
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from typing import Any

from operations import not_runnable, project_version

SECONDS = 20
PACKAGES = ("pulumi", "pulumi-kubernetes", "pulumi-vault", "pulumi-policy", "pydantic", "lightkube", "typer", "grpcio")
PROGRAMS = {
    "pulumi": ("pulumi", "version"),
    "kubectl": ("kubectl", "version", "--client", "--output=json"),
    "helm": ("helm", "version", "--short"),
    "istioctl": ("istioctl", "version", "--remote=false", "--short"),
}
PLUGINS = ("pulumi", "plugin", "ls", "--json")


def here() -> dict[str, Any]:
    """Return the versions of this program, of Python, its packages, the programs on PATH and Pulumi's plugins."""
    with ThreadPoolExecutor() as pool:
        plugins = pool.submit(_said, PLUGINS, _plugins)
        said = {name: pool.submit(_said, command, _plain) for name, command in PROGRAMS.items()}
        return {
            "pi-mesh": project_version.read(),
            "python": platform.python_version(),
            "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
            "packages": {name: _package(name) for name in PACKAGES},
            "programs": {name: found.result() for name, found in said.items()},
            "plugins": plugins.result(),
        }


def _package(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _said(command: tuple[str, ...], read: Callable[[str], Any]) -> Any:
    """Return what a program says, or why it says nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        return read(done.stdout) if done.returncode == 0 else f"ended with status {done.returncode}"
    except OSError as problem:
        return not_runnable.reason(command[0], problem)
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} seconds"


def _plain(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text.strip()


def _plugins(text: str) -> Any:
    found = _plain(text)
    if not isinstance(found, list):
        return found
    return [{key: entry.get(key) for key in ("name", "kind", "version")} for entry in found]
