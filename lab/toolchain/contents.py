"""The contents of the tool cache: all that a local cluster starts with, announced before it is built, and no more."""

import shutil
from collections.abc import Iterable
from functools import cache
from math import ceil
from pathlib import Path

from lab.toolchain import charts, debian, images, programs
from lab.toolchain.cache import cache_root, lock, part_folder
from lab.toolchain.catalog import PARTS
from lab.toolchain.part import Part
from lab.toolchain.progress import CAUTION

KEPT = 1.6e9
"""Bytes of the finished programs, images and charts (2026-11-26, amd64)."""


def ensure_all() -> list[Path]:
    """Build and package what is missing, with progress: programs, charts, images. Return the images' archives."""
    announce()
    debian.ensure_packages()  # the images take files of some
    programs.ensure()
    charts.chart_dir()
    return [archive for _, archive in images.image_tars()]


def prune() -> list[Path]:
    """Remove built parts, images and charts that this checkout doesn't use, and what a killed build left.

    By hand only: another checkout may still use them. Return the folders that were removed.
    """
    used = {charts.chart_dir([]), images.folder(), *(part_folder(part) for part in PARTS)}
    cached = [*cache_root().glob("parts/*"), *cache_root().glob("charts-*"), *cache_root().glob("images-*")]
    unused = [folder for folder in cached if folder not in used]
    for folder in unused:
        shutil.rmtree(folder)
    with lock("parts"):
        programs.drop_scratch()
    return unused


@cache
def announce() -> None:
    """Print, once in a process, what is about to be taken; nothing where all of it is there.

    Raises `DiskSpaceError` for too little free disk, before anything is taken.
    """
    packages, parts = [one.name for one in debian.missing()], programs.missing(programs.DEFAULT)
    programs.require_space(parts)
    if packages or parts:
        print(*lines(packages, parts, shutil.disk_usage(cache_root()).free), sep="\n", flush=True)


def lines(packages: Iterable[str], parts: list[Part], free: float) -> Iterable[str]:
    """Yield the lines for the Debian packages and parts that this machine lacks."""
    yield "The first start of the local cluster takes of this machine, once:"
    if parts:
        minutes, needed = ceil(sum(part.seconds for part in parts) * CAUTION / 60), programs.disk_needed(parts)
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
