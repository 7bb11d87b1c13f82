"""The lab's command line."""

import argparse
import sys
from collections.abc import Callable

from lab.build.programs import MissingProgramError
from lab.cluster.down import down
from lab.cluster.shell import LabError
from lab.cluster.up import up

COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "up": (up, "start the local cluster; one that is up stays as it is"),
    "down": (down, "stop it and remove all of it but the built programs"),
}


def main() -> int:
    """Exit status: 0 done, 1 with one line on stderr that says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m lab", description="The local cluster of real parts.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (function, meaning) in COMMANDS.items():
        commands.add_parser(name, help=meaning).set_defaults(function=function)
    arguments = parser.parse_args()
    try:
        arguments.function()
    except (LabError, MissingProgramError, RuntimeError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0
