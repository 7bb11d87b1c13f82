"""Istio releases as Go modules, whose zips carry the charts (`manifests/charts`), with their pinned checksums."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.toolchain import go_toolchain
from lab.toolchain.cache import partial

MODULE = "istio.io/istio"


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
    Release("1.27.9", "v0.0.0-20260403063052-b9159ca3e5d5", "h1:7jPkixzr2Ye4hEWCQgKSp4a50itfep8rDIsczwEHH78="),
    Release("1.28.10", "v0.0.0-20260629163924-ff49c1889eba", "h1:A9+clb8NIlM/3OkhNJ8ZnWYk5b/y4UiLkPMTZFA2JVI="),
    Release("1.29.5", "v0.0.0-20260624015733-fe1d6ad98611", "h1:stfY2bwpO0An0m0coOjVRhtLK+XsGann+KcICLWaa3M="),
    # Not a release: a commit of 2026-04-23 that the 1.30 branch grew from. Every module proxy that was tried serves it,
    # so that there is always a neighbour of 1.31 to upgrade from.
    Release("1.30.0", "v0.0.0-20260423205519-b01690e6db7d", "h1:A+Us0Ium1V2WFsOJYZAfeNfWmPQULLUVdgwNm7KjLF8="),
    Release("1.30.2", "v0.0.0-20260624003133-f888ab4c8a0c", "h1:hdOR5oV8JVSOBZSPKtrfSu/oa6OCLSJE2QYbbWeOs0w="),
)

BY_VERSION = {release.version: release for release in RELEASES}


class ReleaseUnavailableError(RuntimeError):
    """A release's module can't be downloaded, or is not what was pinned."""


@contextmanager
def module(release: Release) -> Iterator[Path]:
    """Download the release's module, compare its checksum and give its folder while the block runs.

    To be used inside `lock("charts")`. Raises `ReleaseUnavailableError`.
    """
    with partial("charts") as scratch:
        # The checksum database is not asked: the pin above is stricter, and some networks don't reach it.
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
