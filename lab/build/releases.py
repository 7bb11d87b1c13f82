"""Istio releases whose charts the Go module proxy serves: a module's zip carries `manifests/charts`."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lab.build import toolchain
from lab.build.cache import cache_root

MODULE = "istio.io/istio"


@dataclass(frozen=True)
class Release:
    """A module version of Istio and the checksum (`h1:`, as in a go.sum) that its content must have."""

    version: str
    module_version: str
    checksum: str


RELEASES = (
    Release("1.27.9", "v0.0.0-20260403063052-b9159ca3e5d5", "h1:7jPkixzr2Ye4hEWCQgKSp4a50itfep8rDIsczwEHH78="),
    # Not a release: the commit of 2026-04-23 that the 1.30 branch grew from, and the nearest one that is served.
    Release("1.30.0", "v0.0.0-20260423205519-b01690e6db7d", "h1:A+Us0Ium1V2WFsOJYZAfeNfWmPQULLUVdgwNm7KjLF8="),
)


class ReleaseUnavailableError(RuntimeError):
    """A release's module can't be downloaded, or is not what was pinned."""


def download(release: Release) -> Path:
    """Folder of the release's module, its checksum compared with the pinned one. Raises `ReleaseUnavailableError`."""
    # The checksum database is not asked: the pin above is stricter, and some networks don't reach it.
    environment = toolchain.environment() | {"GONOSUMDB": MODULE}
    cache_root().mkdir(parents=True, exist_ok=True)
    command = [toolchain.go(), "mod", "download", "-json", f"{MODULE}@{release.module_version}"]
    done = subprocess.run(command, cwd=cache_root(), env=environment, capture_output=True, text=True)
    return _checked(release, json.loads(done.stdout or "{}") or {"Error": done.stderr.strip()})


def _checked(release: Release, answer: dict[str, str]) -> Path:
    if reason := answer.get("Error"):
        raise ReleaseUnavailableError(
            f"the charts of Istio {release.version} can't be downloaded: {reason.splitlines()[0]}"
        )
    if answer["Sum"] != release.checksum:
        raise ReleaseUnavailableError(
            f"the module of Istio {release.version} has checksum {answer['Sum']}, not the pinned {release.checksum}"
        )
    return Path(answer["Dir"])
