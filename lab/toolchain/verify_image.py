"""The image of `verify --read-only`: what its Dockerfile says, on this machine's Python instead of its base image."""

import json
import re
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

from lab.toolchain import libraries
from lab.toolchain.image_archive import Image

CHECKOUT = Path(__file__).parents[2]
DOCKERFILE = CHECKOUT / "docs" / "drift" / "Dockerfile"
COMMAND = "/usr/local/bin/python"
"""Python's place in the Dockerfile's base image, which is on PATH there and here."""
PACKAGES = PurePosixPath("/packages")
LEFT_OUT = ("test", "idlelib", "tkinter", "lib2to3", "ensurepip", "turtledemo", "__pycache__", "site-packages")
"""Folders of Python's library that the program does not need."""


def image(reference: str) -> Image:
    """Return the image. Raises ValueError for an instruction that this function does not know."""
    said = _instructions()
    home = PurePosixPath(said["WORKDIR"][0])
    files = {str(home / place): file for line in said["COPY"] for place, file in _copied(line)}
    for line in said["RUN"]:
        files |= {str(PACKAGES / place): file for name in _installed(line) for place, file in _package(name)}
    environment = dict(line.split("=", 1) for line in said["ENV"])
    python = Path(sys.executable).resolve()
    return Image(
        reference,
        tuple(json.loads(said["ENTRYPOINT"][0])),
        _whole({str(python): python, **_library(), **files}),
        {COMMAND: str(python), **libraries.USR_MERGE},
        folders=("/tmp",),
        user=said["USER"][0],
        environment={**environment, "PYTHONPATH": str(PACKAGES)},
        workdir=str(home),
    )


def _instructions() -> dict[str, list[str]]:
    """Return the Dockerfile's lines by instruction."""
    found: dict[str, list[str]] = {
        "FROM": [],
        "WORKDIR": [],
        "ENV": [],
        "COPY": [],
        "RUN": [],
        "USER": [],
        "ENTRYPOINT": [],
    }
    for line in DOCKERFILE.read_text().splitlines():
        if line and not line.startswith("#"):
            instruction, _, rest = line.partition(" ")
            if instruction not in found:
                raise ValueError(f"{DOCKERFILE.name}: {instruction} is not known here")
            found[instruction].append(rest)
    return found


def _copied(line: str) -> Iterator[tuple[PurePosixPath, Path]]:
    """Yield place and file of each file that a COPY takes along; of folders Python's sources alone."""
    *sources, target = line.split()
    for source in sources:
        path = CHECKOUT / source
        if path.is_file():
            yield PurePosixPath(target) / path.name, path
        for file in path.rglob("*.py"):
            yield PurePosixPath(target) / file.relative_to(path).as_posix(), file


def _installed(line: str) -> Iterator[str]:
    """Yield the packages that `pip install --requirement FILE` installs on this machine."""
    match = re.fullmatch(r"pip install .*--requirement (\S+)", line)
    if match is None:
        raise ValueError(f"{DOCKERFILE.name}: RUN {line} is not known here")
    for entry in re.findall(r"^([\w.-]+)==\S+(?: ; (.*))?", (CHECKOUT / match[1]).read_text(), re.MULTILINE):
        name, condition = entry
        if "sys_platform == " not in condition:  # of Windows and the browser
            yield name


def _package(name: str) -> Iterator[tuple[str, Path]]:
    """Yield place and file of each file of an installed package."""
    for entry in distribution(name).files or ():
        if ".." not in entry.parts and entry.suffix != ".pyc":
            yield str(entry), Path(str(entry.locate()))


def _library() -> dict[str, Path]:
    """Return the files of Python's library."""
    folder = Path(sysconfig.get_path("stdlib")).resolve()
    kept = (path for path in folder.rglob("*") if path.is_file() and not _is_left_out(path.relative_to(folder)))
    return {str(path): path for path in kept}


def _whole(files: dict[str, Path]) -> dict[str, Path]:
    """Return the files, with the shared libraries of the programs and extensions among them."""
    linked = {place: path for place, path in files.items() if path.suffix == ".so" or path.parent.name == "bin"}
    return libraries.with_libraries(linked) | files


def _is_left_out(path: Path) -> bool:
    return path.suffix == ".a" or any(part in LEFT_OUT or part.startswith("config-") for part in path.parts)
