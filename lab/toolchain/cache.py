"""The tool cache outside the checkout, with one folder per part and content of its module files."""

import fcntl
import hashlib
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from lab.toolchain.catalog import PARTS, Part

MODULES = Path(__file__).parent / "go"

HEARTBEAT = 8
"""Seconds between two lines while another process holds a lock."""

SECOND = 1.0


def cache_root() -> Path:
    """Return `$PI_MESH_CACHE`, else `pi-mesh` in the user's cache folder."""
    if chosen := os.environ.get("PI_MESH_CACHE"):
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base).absolute() / "pi-mesh"


def key(*inputs: bytes) -> str:
    """Return twelve hex digits that change with any of the inputs."""
    digest = hashlib.sha256()
    for content in inputs:
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:12]


def file_key(paths: Iterable[Path], *more: str) -> str:
    """Return a key of files' contents and of further words; a file that is absent counts as empty."""
    contents = [path.read_bytes() if path.is_file() else b"" for path in paths]
    return key(*contents, *(word.encode() for word in more))


def module_folder(part: Part) -> Path:
    """Return the folder of the part's Go module in the checkout."""
    return MODULES / part.name


def part_folder(part: Part) -> Path:
    """Return the part's folder, built or not: `bin/` holds its programs. Parts of one home share a folder."""
    home = part.home or part.name
    keys = [_recipe_key(other) for other in PARTS if home in (other.name, other.home)]
    return cache_root() / "parts" / "-".join([home, *keys])


def _recipe_key(part: Part) -> str:
    module = module_folder(part)
    recipe = (*part.tags, part.ldflags, repr(sorted(part.programs.items())), repr(sorted(part.files.items())))
    recipe += tuple(map(repr, sorted(part.without.items())))
    return file_key((module / name for name in ("go.sum", "go.mod", "main.go")), *recipe)


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Keep other processes on this cache waiting while the block runs; they print that they wait."""
    cache_root().mkdir(parents=True, exist_ok=True)
    with (cache_root() / f"{name}.lock").open("w") as held:
        for second in itertools.count():
            if _acquired(held):
                break
            if second % HEARTBEAT == 0:
                print(f"waiting for another process that makes the lab's {name} in {cache_root()}", flush=True)
            time.sleep(SECOND)
        yield


def _acquired(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def partial(name: str) -> Iterator[Path]:
    """Create a folder of the cache for files that are not complete yet, and remove it after the block.

    To be used inside `lock(name)`: the folders that killed processes left are removed first.
    """
    prefix = f"partial-{name}-"
    for left_behind in cache_root().glob(f"{prefix}*"):
        shutil.rmtree(left_behind)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=cache_root()) as folder:
        yield Path(folder)
