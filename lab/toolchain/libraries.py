"""The shared libraries and other files that programs of this machine need beside them in an image."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

TABLES = ("xtables-nft-multi", "xtables-legacy-multi")
SBIN = Path("/usr/sbin")

USR_MERGE = {"/bin": "usr/bin", "/lib": "usr/lib", "/lib64": "usr/lib64", "/sbin": "usr/sbin"}
"""Links that make the paths inside programs (/lib64/ld-linux...) lead to where their files really are."""


def place_of(path: Path) -> str:
    """Return the path with links in its folders followed and its own name kept, by which libraries are looked up."""
    return str(path.parent.resolve() / path.name)


def libraries(program: Path) -> dict[str, Path]:
    """Return place in an image -> file of every shared library that the program names, its loader included."""
    said = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
    paths = [Path(found) for found in re.findall(r"(/\S+) \(0x", said)]
    return {place_of(path): path.resolve() for path in paths}


def with_libraries(programs: dict[str, Path]) -> dict[str, Path]:
    """Return the programs and all libraries that they link to."""
    needed = {place: file for program in programs.values() for place, file in libraries(program).items()}
    return needed | programs


def iptables() -> tuple[dict[str, Path], dict[str, str]]:
    """Return the files and the links of iptables on this machine: programs, libraries, extensions."""
    programs = {str(SBIN / name): SBIN / name for name in TABLES}
    extensions = [*Path("/usr").glob("lib*/xtables/*.so"), *Path("/usr").glob("lib/*/xtables/*.so")]
    files = with_libraries(programs) | {place_of(path): path.resolve() for path in extensions}
    return files, _table_links(SBIN.iterdir())


def _table_links(candidates: Iterable[Path]) -> dict[str, str]:
    links = {str(path): path.resolve().name for path in candidates if path.is_symlink()}
    return {place: goal for place, goal in links.items() if goal in TABLES}
