"""The announcement of the time, disk and packages that the local cluster's first start takes."""

import shutil
from collections.abc import Iterable
from functools import cache
from math import ceil

from lab.toolchain import debian, disk, programs
from lab.toolchain.cache import cache_root
from lab.toolchain.part import Part
from lab.toolchain.progress import CAUTION

KEPT = 1.6e9
"""Bytes of the finished programs, images and charts (2026-11-26, amd64)."""


@cache
def announce() -> None:
    """Print, once in a process, what is about to be taken; nothing where all of it is there.

    Raises `DiskSpaceError` for too little free disk, before anything is taken.
    """
    packages, parts = [one.name for one in debian.missing()], programs.missing(programs.DEFAULT)
    disk.require_space(parts)
    if packages or parts:
        print(*lines(packages, parts, shutil.disk_usage(cache_root()).free), sep="\n", flush=True)


def lines(packages: Iterable[str], parts: list[Part], free: float) -> Iterable[str]:
    """Yield the lines for the Debian packages and parts that this machine lacks."""
    yield "The first start of the local cluster takes of this machine, once:"
    if parts:
        minutes, needed = ceil(sum(part.seconds for part in parts) * CAUTION / 60), disk.needed(parts)
        yield f"  time      about {minutes} minutes on 2 quiet cores, to build {counted(parts)} from source"
        space = f"{_gb(needed)} while they are built, {_gb(KEPT)} for good; {_gb(free)} are free"
        yield f"  disk      {space} in {cache_root()}"
    if packages:
        yield f"  packages  apt-get install {' '.join(packages)}"
    yield "  root      for network namespaces, cgroups and mounts of its own; it listens on 127.0.0.1 alone"


def counted(parts: list[Part]) -> str:
    return "1 program" if len(parts) == 1 else f"{len(parts)} programs"


def _gb(size: float) -> str:
    return f"{size / 1e9:.0f} GB"
