"""The lab's programs, gathered in `.lab/bin`: found or built once, at the start; the first folder of the user's PATH."""

from pathlib import Path

from lab.build import programs
from lab.build.parts import BY_PROGRAM, DEFAULT
from lab.cluster.names import LAB

FOLDER = LAB / "bin"


def gather() -> None:
    """Links every program that the lab starts with. Those that must be built first are built, with progress."""
    programs.ensure(DEFAULT)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, part in BY_PROGRAM.items():
        if part.name in DEFAULT:
            link(name)


def link(name: str) -> None:
    """Links one program."""
    link = FOLDER / name
    link.unlink(missing_ok=True)
    link.symlink_to(programs.program(name))


def program(name: str) -> Path:
    """Where a gathered program is."""
    return FOLDER / name
