"""The programs of the lab: found in the cache or on PATH, built when missing."""

import os
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

from lab.toolchain import disk, go_toolchain
from lab.toolchain.cache import cache_root, lock, part_folder
from lab.toolchain.catalog import BY_NAME, BY_PROGRAM, DEFAULT, Part, UnknownPartError, select
from lab.toolchain.go_build import build, fetch
from lab.toolchain.path_lookup import find_on_path
from lab.toolchain.progress import Estimate, show_progress

KEEP_SCRATCH = "PI_MESH_KEEP_SCRATCH"
"""Environment variable for work on the parts: Go's caches are kept, so that the next build is quick."""

DROPPED = "dropped-"
"""What the folders of the cache begin with that are being deleted."""

DELETE = """
import os, shutil, sys
if os.fork() == 0:
    os.nice(19)
    for folder in sys.argv[1:]:
        shutil.rmtree(folder, ignore_errors=True)
"""


class MissingProgramError(LookupError):
    """A program is neither built nor on PATH."""


def program(name: str) -> Path:
    """Return the path of a program. Raises `MissingProgramError` when it must be built first, `UnknownPartError`."""
    if name not in BY_PROGRAM:
        raise UnknownPartError(f"no part of the lab has a program {name}")
    part = BY_PROGRAM[name]
    if found := _find(name, part):
        return found
    raise MissingProgramError(
        f"{name} {part.version} is neither on PATH nor in the tool cache {cache_root()}: "
        f"build it with `python -m lab.toolchain ensure {part.name}`"
    )


def file(part: str, place: str) -> Path:
    """Return a file or folder of a built part, such as ("kwok", "stage"). Raises `MissingProgramError`."""
    path = part_folder(BY_NAME[part]) / place
    if not path.exists():
        raise MissingProgramError(f"{path} does not exist: build it with `python -m lab.toolchain ensure {part}`")
    return path


def _find(name: str, part: Part) -> Path | None:
    built = part_folder(part) / "bin" / name
    return built if built.is_file() else find_on_path(name, part)


def missing(names: Iterable[str]) -> list[Part]:
    """Return the parts that must be built, in the order of their builds."""
    return [part for part in select(names) if not _complete(part)]


def _complete(part: Part) -> bool:
    folder = part_folder(part)
    places = [*(f"bin/{name}" for name in part.programs), *part.files]
    if all((folder / place).exists() for place in places):
        return True
    return not part.files and all(find_on_path(name, part) for name in part.programs)


def ensure(names: Iterable[str] = DEFAULT) -> None:
    """Build those of these parts that are missing, showing progress, and then remove the build's scratch.

    Raises `DiskSpaceError` before anything is built, `GoMissingError`, or `BuildError` naming the part and its log.
    """
    names = list(names)
    if missing(names):
        with lock("parts"):
            if still_missing := missing(names):  # another process may have built them while this one waited
                _build(still_missing)


def _build(parts: list[Part]) -> None:
    disk.require_space(parts)
    go_toolchain.go()  # before anything is drawn: it may have to be installed, which draws a bar of its own
    print(f"building {', '.join(part.name for part in parts)}, once, into {cache_root()}", flush=True)
    estimate = Estimate({f"{part.name} {part.version}": float(part.seconds) for part in parts})
    with ThreadPoolExecutor(max_workers=1) as ahead, show_progress(estimate):
        fetches = [ahead.submit(fetch, part) for part in parts]
        try:
            for part, fetched, step in zip(parts, fetches, estimate.steps, strict=True):
                with estimate.step(step):
                    fetched.result()
                    build(part)
        finally:
            ahead.shutdown(wait=False, cancel_futures=True)
    if not os.environ.get(KEEP_SCRATCH):
        drop_scratch()


def drop_scratch() -> None:
    """Remove Go's build cache and module cache of this tool cache: many GB, and no program needs them.

    They are only renamed here. A process of its own deletes them: on a disk mounted with `discard` that takes minutes.
    What a killed one left is deleted by the next.
    """
    for folder in go_toolchain.scratch():
        if folder.is_dir():
            folder.rename(Path(mkdtemp(prefix=DROPPED, dir=cache_root())) / folder.name)
    if dropped := list(cache_root().glob(f"{DROPPED}*")):
        subprocess.run(
            [sys.executable, "-c", DELETE, *dropped],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
