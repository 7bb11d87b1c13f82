"""Istio releases as Go modules, whose zips contain the charts (`manifests/charts`), with their pinned checksums.

The lab builds the control planes of some of them (`istio_parts`); of the others it renders only the charts.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.toolchain import go_toolchain
from lab.toolchain.cache import module_folder, partial
from lab.toolchain.istio_parts import CONTROL_PLANES, MODULE
from lab.toolchain.part import Part


@dataclass(frozen=True)
class Release:
    """A module version of Istio: the commit that the release was tagged at, and its `h1:` checksum, as in a go.sum."""

    version: str
    module_version: str
    checksum: str


RELEASES = (
    Release("1.20.3", "v0.0.0-20240202011140-692e556046b4", "h1:0An4jeIghQHwVm5Ex+HtVH0C8F1PGL15ddZSC39GtYI="),
    Release("1.20.7", "v0.0.0-20240601203607-b41f63d6e0b6", "h1:rZkMyKjNPxyH6NGFtOwQQ5bY9e7PYHvUX7fxMnB/ZGo="),
    Release("1.21.6", "v0.0.0-20240920230920-82f36589b0da", "h1:rSsH8YitdjZc875EKpcZCQrLmBkZUr0CNl4a5oEu20U="),
    Release("1.22.8", "v0.0.0-20250115043752-6abd1e5a6bb7", "h1:Hvr6YvkbKwUGbCLdMxxU6oxyOHp6AoOm2N81P+exUWw="),
    Release("1.23.6", "v0.0.0-20250403050546-6a112a284106", "h1:2RCSt1CyCQihq8fFfcjrAhB5MeJzp5AwH4NdGWo5q+M="),
    Release("1.24.5", "v0.0.0-20250411143419-8348c2704c89", "h1:3/aVZVaQ+lqem3DIr3nFeQ2nM4uhWScV+1bc8IelBZc="),
    Release("1.25.5", "v0.0.0-20250903124600-60cf0ca3bf5c", "h1:WLg6MrxK//eQ+BC0gHPGvyKi7FO3k7GCC3UQwXy9Shc="),
    Release("1.26.8", "v0.0.0-20251213104211-4ea27a1efd95", "h1:zdKXkFKXtgLNxDVVfGM8hajdx8YhHMq8OlCE4GOvksc="),
    Release("1.28.10", "v0.0.0-20260629163924-ff49c1889eba", "h1:A9+clb8NIlM/3OkhNJ8ZnWYk5b/y4UiLkPMTZFA2JVI="),
    Release("1.29.5", "v0.0.0-20260624015733-fe1d6ad98611", "h1:stfY2bwpO0An0m0coOjVRhtLK+XsGann+KcICLWaa3M="),
    Release("1.30.2", "v0.0.0-20260624003133-f888ab4c8a0c", "h1:hdOR5oV8JVSOBZSPKtrfSu/oa6OCLSJE2QYbbWeOs0w="),
)

VERSIONS = (*(release.version for release in RELEASES), *CONTROL_PLANES)
"""Versions whose charts can be packaged."""


class ReleaseUnavailableError(RuntimeError):
    """A release's module cannot be downloaded, or differs from the pinned one."""


def pinned(part: Part) -> Release:
    """Return the release that the module files of a part of Istio pin."""
    sums = (module_folder(part) / "go.sum").read_text()
    found = re.search(rf"^{re.escape(MODULE)} ([^\s/]+) (h1:\S+)$", sums, re.MULTILINE)
    if not found:
        raise ReleaseUnavailableError(f"the go.sum of {part.name} does not pin {MODULE}")
    return Release(part.version, *found.groups())


def find(version: str) -> Release:
    """Return the release of a version. Raises `ReleaseUnavailableError` for a version that is not pinned."""
    if part := CONTROL_PLANES.get(version):
        return pinned(part)
    for release in RELEASES:
        if release.version == version:
            return release
    raise ReleaseUnavailableError(f"no charts of Istio {version}; there are {', '.join(VERSIONS)}")


@contextmanager
def module(release: Release) -> Iterator[Path]:
    """Download the release's module, compare its checksum and give its folder while the block runs.

    To be used inside `lock("charts")`. Raises `ReleaseUnavailableError`.
    """
    with partial("charts") as scratch:
        # The checksum database is not used: the pin above is stricter, and some networks do not reach it.
        own = {"GONOSUMDB": MODULE, "GOMODCACHE": os.environ.get("GOMODCACHE", str(scratch))}
        command = [go_toolchain.go(), "mod", "download", "-json", f"{MODULE}@{release.module_version}"]
        done = subprocess.run(
            command, cwd=scratch, env=go_toolchain.environment() | own, capture_output=True, text=True, check=False
        )
        yield _checked(release, json.loads(done.stdout or "{}") or {"Error": done.stderr.strip()})


def _checked(release: Release, answer: dict[str, str]) -> Path:
    if reason := answer.get("Error"):
        raise ReleaseUnavailableError(f"the charts of Istio {release.version} can't be had: {' '.join(reason.split())}")
    if answer["Sum"] != release.checksum:
        raise ReleaseUnavailableError(
            f"the module of Istio {release.version} has checksum {answer['Sum']}, not the pinned {release.checksum}"
        )
    return Path(answer["Dir"])
