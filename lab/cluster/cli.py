"""The lab's command line."""

import argparse
import subprocess
import sys
from collections.abc import Callable

from lab.build.programs import MissingProgramError
from lab.cluster import switches, vault
from lab.cluster.down import down
from lab.cluster.shell import LabError
from lab.cluster.up import up

COMMANDS: dict[str, tuple[Callable[[], None], str]] = {
    "up": (up, "start the local cluster; one that is up stays as it is"),
    "down": (down, "stop it and remove all of it but the built programs"),
}
# group -> meaning, and its commands; those of a node take its name
GROUPS: dict[str, tuple[str, dict[str, Callable[..., None]]]] = {
    "vault": (
        "a Vault server beside the cluster",
        {"up": vault.up, "down": vault.down, "seal": vault.seal, "unseal": vault.unseal},
    ),
    "node": ("stop or start a real node", {"stop": switches.stop_node, "start": switches.start_node}),
}


def main() -> int:
    """Exit status: 0 done, 1 with one line on stderr that says what is wrong."""
    arguments = vars(_parser().parse_args())
    function = arguments.pop("function")
    try:
        function(**arguments)
    except (LabError, MissingProgramError, RuntimeError, OSError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="The local cluster of real parts.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (function, meaning) in COMMANDS.items():
        commands.add_parser(name, help=meaning).set_defaults(function=function)
    for group, (meaning, functions) in GROUPS.items():
        inner = commands.add_parser(group, help=f"{meaning}: {', '.join(functions)}").add_subparsers(required=True)
        for name, function in functions.items():
            command = inner.add_parser(name)
            command.set_defaults(function=function)
            if group == "node":
                command.add_argument("name", help="pi-1, pi-2 or pi-3")
    return parser
