"""The folder `.lab/bin`: links to the lab's programs, gathered at its start; the first folder of the user's PATH."""

import shutil
from pathlib import Path

from lab.cluster.names import LAB
from lab.toolchain import programs
from lab.toolchain.catalog import BY_PROGRAM, DEFAULT

FOLDER = LAB / "bin"
BUNDLED = ("pulumi", "pulumi-language-python")
AT_FIRST_CALL = ("helm", "kwok")
PLUGIN = "pulumi-resource-kubernetes"  # is installed into PULUMI_HOME; one on PATH draws a warning


def gather() -> None:
    """Gather every program that the lab starts with, and a script for each that its first call builds."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, part in BY_PROGRAM.items():
        if part.name in DEFAULT and name not in (*BUNDLED, PLUGIN):
            link(name, programs.program(name))
    for name in AT_FIRST_CALL:
        _link_or_shim(name)
    for name, target in (*((name, programs.program(name)) for name in BUNDLED), _language_helper()):
        _bundle(name, target)
    _dynamic_resources()


def link(name: str, target: Path) -> None:
    """Link one program into the folder."""
    place = FOLDER / name
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def _link_or_shim(name: str) -> None:
    try:
        link(name, programs.program(name))
    except programs.MissingProgramError:
        programs.write_shim(name, FOLDER / name)


def _language_helper() -> tuple[str, Path]:
    name = "pulumi-language-python-exec"
    return name, programs.file("language-python", f"bin/{name}")


def _dynamic_resources() -> None:
    """Write the script that pulumi starts for a dynamic resource provider, as its own script of this name does."""
    script = FOLDER / "pulumi-resource-pulumi-python"
    script.write_text('#!/bin/sh\nexec "$PWD/.venv/bin/python" -u -m pulumi.dynamic "$@"\n')
    script.chmod(0o755)


def _bundle(name: str, target: Path) -> None:
    """Put the file itself into the folder.

    Pulumi looks for its companions beside itself, and follows links to find itself.
    """
    try:
        (FOLDER / name).hardlink_to(target.resolve())
    except OSError:  # another file system
        shutil.copy2(target, FOLDER / name)


def program(name: str) -> Path:
    """Return the path of a gathered program."""
    return FOLDER / name
