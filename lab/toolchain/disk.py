"""The free disk that a build needs, checked before it begins."""

import shutil
from collections.abc import Sequence

from lab.toolchain.cache import cache_root
from lab.toolchain.catalog import PARTS, Part

SCRATCH_OF_ALL = 34e9
"""Bytes that Go's build cache (about 23 GB), its modules (8 GB) and the programs take while every part is built."""

SMALLEST = 1e9


class DiskSpaceError(OSError):
    """The disk has too little free space for a build."""


def needed(parts: Sequence[Part]) -> float:
    """Return the bytes that a build of these parts takes for a while: a share of the whole by their build time."""
    share = sum(part.seconds for part in parts) / sum(part.seconds for part in PARTS)
    return SMALLEST + share * (SCRATCH_OF_ALL - SMALLEST) if parts else 0.0


def require_space(parts: Sequence[Part]) -> None:
    """Raise `DiskSpaceError` where fewer bytes are free than a build of these parts needs."""
    cache_root().mkdir(parents=True, exist_ok=True)
    free, need = shutil.disk_usage(cache_root()).free, needed(parts)
    if free < need:
        raise DiskSpaceError(
            f"building needs {need / 1e9:.1f} GB of disk for a while, {free / 1e9:.1f} GB are free in {cache_root()}: "
            "free some, or set PI_MESH_CACHE to a folder on a larger disk"
        )
