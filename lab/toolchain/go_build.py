"""The build of one part from its Go module into its folder of the cache."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from lab.toolchain import go_toolchain
from lab.toolchain.cache import cache_root, module_folder, part_folder, partial
from lab.toolchain.catalog import Part

DOWNLOADS = 16
"""Modules that are downloaded at once."""


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
            _compile(part, whole / "bin", leave_out(part, scratch, output), output)
            _take_files(part, whole, output)
        except subprocess.CalledProcessError as error:
            reason = f"{_last_line(log)} (all of it: {log})"
            raise BuildError(f"building {part.name} {part.version} failed: {reason}") from error
        merge(whole, target)


def fetch(part: Part) -> None:
    """Download the part's modules, so that its build needs not wait for them. A failure is the build's to tell.

    Go downloads as many modules at once as it has processors: two would wait for the network most of the time.
    """
    command = [go_toolchain.go(), "list", "-deps", "-tags", ",".join(part.tags), *part.programs.values()]
    subprocess.run(
        ["setpriv", "--pdeathsig", "TERM", *command],
        cwd=module_folder(part),
        env=go_toolchain.environment() | {"GOMAXPROCS": str(DOWNLOADS)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )


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


def leave_out(part: Part, scratch: Path, output: IO[str]) -> list[str]:
    """Copy the modules that the part changes, without the lines that it leaves out. Return the flags to build so.

    `go build -overlay` refuses files of the module cache.
    """
    if not part.without:
        return []
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(module_folder(part) / name, scratch / name)
    for number, ((module, inside), words) in enumerate(part.without.items()):
        copy = scratch / str(number)
        copy_writable(_module_source(part, module, output), copy)
        (copy / inside).write_text(without((copy / inside).read_text(), words))
        _go(part, "mod", "edit", f"-replace={module}={copy}", str(scratch / "go.mod"), output=output)
    return ["-modfile", str(scratch / "go.mod")]


def without(text: str, words: Iterable[str]) -> str:
    """Return a text without the lines that have one of the words. Raises `BuildError` for a word that no line has."""
    if absent := [word for word in words if word not in text]:
        raise BuildError(f"no line has {', '.join(absent)}, which is to be left out")
    return "".join(line for line in text.splitlines(keepends=True) if not any(word in line for word in words))


def _compile(part: Part, folder: Path, changed: list[str], output: IO[str]) -> None:
    folder.mkdir(parents=True)
    flags = (*changed, "-tags", ",".join(part.tags), "-ldflags", part.ldflags)
    _go(part, "build", "-v", *flags, "-o", f"{folder}/", *part.programs.values(), output=output)
    for program, package in part.programs.items():
        (folder / default_name(package, part)).rename(folder / program)


def default_name(package: str, part: Part) -> str:
    """Return the name that `go build` gives a program: its path's last element that is not a major version."""
    elements = part.name if package == "." else re.sub(r"/v\d+$", "", package)
    return elements.rsplit("/", 1)[-1]


def _take_files(part: Part, folder: Path, output: IO[str]) -> None:
    for place, (module, inside) in part.files.items():
        copy_writable(_module_source(part, module, output) / inside, folder / place)
        if place.startswith("bin/"):
            (folder / place).chmod(0o755)


def _module_source(part: Part, module: str, output: IO[str]) -> Path:
    return Path(_go(part, "list", "-m", "-f", "{{.Dir}}", module, output=output).strip())


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
