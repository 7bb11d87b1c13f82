"""The build of one part from its Go module into its folder of the cache."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import IO

from lab.toolchain import go_toolchain
from lab.toolchain.cache import cache_root, module_folder, part_folder, partial
from lab.toolchain.catalog import Part


class BuildError(RuntimeError):
    """A part could not be built; the message names the part, the reason and its log."""


def build(part: Part) -> None:
    """Build the part: its folder holds all of it or nothing, its log holds the output.

    To be used inside `lock("parts")`. Raises `BuildError`.
    """
    target, log = part_folder(part), log_file(part)
    log.parent.mkdir(parents=True, exist_ok=True)
    with partial("parts") as scratch, log.open("w") as output:
        whole = scratch / part.name
        try:
            _compile(part, whole / "bin", output)
            _take_files(part, whole, output)
        except subprocess.CalledProcessError as error:
            reason = f"{_last_line(log)} (all of it: {log})"
            raise BuildError(f"building {part.name} {part.version} failed: {reason}") from error
        merge(whole, target)


def log_file(part: Part) -> Path:
    """Return the log of the part's last build."""
    return cache_root() / "logs" / f"{part.name}.log"


def _go(part: Part, *arguments: str, output: IO[str]) -> str:
    said = subprocess.PIPE if arguments[0] == "list" else output
    ended = subprocess.run(
        # However a build is stopped, its compiler must stop too.
        ["setpriv", "--pdeathsig", "TERM", go_toolchain.go(), *arguments],
        cwd=module_folder(part),
        env=go_toolchain.environment(),
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=output,
        text=True,
        check=True,
    )
    return ended.stdout or ""


def _compile(part: Part, folder: Path, output: IO[str]) -> None:
    folder.mkdir(parents=True)
    flags = ("-tags", ",".join(part.tags), "-ldflags", part.ldflags)
    _go(part, "build", "-v", *flags, "-o", f"{folder}/", *part.programs.values(), output=output)
    for program, package in part.programs.items():
        (folder / default_name(package, part)).rename(folder / program)


def default_name(package: str, part: Part) -> str:
    """Return the name that `go build` gives a program: its path's last element that is not a major version."""
    elements = part.name if package == "." else re.sub(r"/v\d+$", "", package)
    return elements.rsplit("/", 1)[-1]


def _take_files(part: Part, folder: Path, output: IO[str]) -> None:
    for place, (module, inside) in part.files.items():
        source = Path(_go(part, "list", "-m", "-f", "{{.Dir}}", module, output=output).strip()) / inside
        copy_writable(source, folder / place)
        if place.startswith("bin/"):
            (folder / place).chmod(0o755)


def copy_writable(source: Path, target: Path) -> None:
    """Copy a file or a folder's content out of Go's read-only module cache."""
    if source.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        for child in source.iterdir():
            copy_writable(child, target / child.name)
    else:
        shutil.copyfile(source, target)


def merge(source: Path, target: Path) -> None:
    """Move the files of one folder into another, its programs (`bin`) last: they tell that the part is whole."""
    for file in sorted((path for path in source.rglob("*") if path.is_file()), reverse=True):
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
