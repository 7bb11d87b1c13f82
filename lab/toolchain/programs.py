"""The programs of the lab: found in the cache or on PATH, built when missing, or by a script at their first call."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

from lab.toolchain import go_toolchain
from lab.toolchain.cache import MODULES, cache_root, lock, part_folder
from lab.toolchain.catalog import BY_NAME, BY_PROGRAM, DEFAULT, PARTS, Part, UnknownPartError, select
from lab.toolchain.go_build import build, fetch
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

SCRATCH_OF_ALL = 34e9
"""Bytes that Go's build cache (about 23 GB), its modules (8 GB) and the programs take while every part is built."""

SMALLEST = 1e9

_VERSION_ARGUMENTS = {
    "coredns": ["-version"],
    "containerd-shim-runc-v2": ["-v"],
    "fortio": ["version"],
    "helm": ["version", "--short"],
    "istioctl": ["version", "--remote=false"],
    "kubectl": ["version", "--client"],
    "pilot-agent": ["version"],
    "pilot-discovery": ["version"],
    "pulumi": ["version"],
    "streams": ["version"],
    "vault": ["version"],
}
"""Arguments that make a program print its version where `--version` does not."""

SILENT = {"pulumi-language-python", "pulumi-resource-kubernetes"}
"""Programs that print no version: never taken from PATH."""

_EXACT = {"pulumi"}

CHECKOUT = MODULES.parents[2]
_SHIM = "#!/bin/sh\n# Written by lab/toolchain/programs.py"


class MissingProgramError(LookupError):
    """A program is neither built nor on PATH."""


class DiskSpaceError(OSError):
    """The disk has too little free space for a build."""


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


def version_matches(program: str, part: Part, output: str) -> bool:
    """Return True when a program's output names the part's major and minor version, for pulumi the very version."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", output)
    version = part.version if program in _EXACT else part.version.rsplit(".", 1)[0]
    return bool(found) and (found[0] == version or found[0].startswith(f"{version}."))


def version_output(program: str, found: str | Path) -> str:
    """Return what a program prints when asked for its version; nothing when it doesn't run."""
    command = [str(found), *_VERSION_ARGUMENTS.get(program, ["--version"])]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout + said.stderr


def find_on_path(program: str, part: Part) -> Path | None:
    """Return the path of the program on PATH when its version matches the part, else None."""
    found = None if program in SILENT else shutil.which(program)
    if not found or is_shim(Path(found)):
        return None
    return Path(found) if version_matches(program, part, version_output(program, found)) else None


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
    require_space(parts)
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


def disk_needed(parts: Sequence[Part]) -> float:
    """Return the bytes that a build of these parts takes for a while: a share of the whole by their build time."""
    share = sum(part.seconds for part in parts) / sum(part.seconds for part in PARTS)
    return SMALLEST + share * (SCRATCH_OF_ALL - SMALLEST) if parts else 0.0


def require_space(parts: Sequence[Part]) -> None:
    """Raise `DiskSpaceError` where fewer bytes are free than a build of these parts needs."""
    cache_root().mkdir(parents=True, exist_ok=True)
    free, need = shutil.disk_usage(cache_root()).free, disk_needed(parts)
    if free < need:
        raise DiskSpaceError(
            f"building needs {need / 1e9:.1f} GB of disk for a while, {free / 1e9:.1f} GB are free in {cache_root()}: "
            "free some, or set PI_MESH_CACHE to a folder on a larger disk"
        )


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


def write_shim(program: str, place: Path) -> None:
    """Write the script of a program. It shows the progress of the build on stderr: stdout is the program's."""
    part = BY_PROGRAM[program]
    built = shlex.quote(str(part_folder(part) / "bin" / program))
    ensure = shlex.join([f"PI_MESH_CACHE={cache_root()}", sys.executable, "-m", "lab.toolchain", "ensure", part.name])
    place.write_text(
        f"{_SHIM}: the first call builds {part.name} {part.version}.\n"
        f"[ -x {built} ] || (cd {shlex.quote(str(CHECKOUT))} && env {ensure}) < /dev/null >&2 || exit\n"
        f'exec {built} "$@"\n'
    )
    place.chmod(0o755)


def is_shim(program: Path) -> bool:
    """Return True for such a script: to ask it for its version would build its program."""
    with program.open("rb") as file:
        return file.read(len(_SHIM)) == _SHIM.encode()
