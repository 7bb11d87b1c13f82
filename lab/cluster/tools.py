"""The programs, gathered in `.lab/bin`: found or built once, at the start; the first folder of the user's PATH."""

from pathlib import Path

from lab.build import programs
from lab.build.parts import BY_PROGRAM, DEFAULT
from lab.cluster.names import LAB

FOLDER = LAB / "bin"
LANGUAGE_HELPER = "pulumi-language-python-exec"


def ensure() -> None:
    """Builds what is missing, with progress."""
    programs.ensure(DEFAULT)


def gather() -> None:
    """Links every program that the lab starts with."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, part in BY_PROGRAM.items():
        if part.name in DEFAULT:
            link(name, programs.program(name))
    link(LANGUAGE_HELPER, programs.file("language-python", f"bin/{LANGUAGE_HELPER}"))


def link(name: str, target: Path) -> None:
    """Links one program."""
    place = FOLDER / name
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def program(name: str) -> Path:
    """Where a gathered program is."""
    return FOLDER / name
