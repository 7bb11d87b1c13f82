"""Scripts in the place of programs that are not built yet: the first call builds the program, every call becomes it."""

import shlex
import sys
from pathlib import Path

from lab.toolchain.cache import MODULES, cache_root, part_folder
from lab.toolchain.catalog import BY_PROGRAM

CHECKOUT = MODULES.parents[2]
HEAD = "#!/bin/sh\n# Written by lab/toolchain/shims.py"


def write(program: str, place: Path) -> None:
    """Write the script of a program. It shows the progress of the build on stderr: stdout is the program's."""
    part = BY_PROGRAM[program]
    built = shlex.quote(str(part_folder(part) / "bin" / program))
    ensure = shlex.join([f"PI_MESH_CACHE={cache_root()}", sys.executable, "-m", "lab.toolchain", "ensure", part.name])
    place.write_text(
        f"{HEAD}: the first call builds {part.name} {part.version}.\n"
        f"[ -x {built} ] || (cd {shlex.quote(str(CHECKOUT))} && env {ensure}) < /dev/null >&2 || exit\n"
        f'exec {built} "$@"\n'
    )
    place.chmod(0o755)


def is_shim(program: Path) -> bool:
    """Return True for such a script: to ask it for its version would build its program."""
    with program.open("rb") as file:
        return file.read(len(HEAD)) == HEAD.encode()
