"""The command `python -m operations`: every task of a mesh's owner besides `pulumi up`."""

import sys
from functools import partial
from importlib import import_module
from typing import Annotated, Any

from pi_mesh import interpreter


def _stop(line: str) -> SystemExit:
    """Print why no command can run, and return the exit status of a wrong usage."""
    print(f"error: {line}", file=sys.stderr)
    return SystemExit(2)


with interpreter.explained(_stop):
    import typer
    from typer.core import TyperGroup
    from typer.main import get_command

    from operations import command_line
    from operations.command_line import HELP, Command, Flags

COMMANDS = {
    "preflight": "preflight",
    "rehearse": "rehearse.command",
    "verify": "verify.command",
    "repair": "repair.command",
    "adopt": "adopt.command",
    "budget": "budget",
    "rotate-ca": "rotate_ca.command",
    "proxies": "proxies",
    "connectivity": "connectivity.command",
    "refresh": "refresh",
    "upgrade": "upgrade.command",
    "charts": "charts.command",
    "report": "report.command",
    "dashboard": "dashboard",
}
"""Module of each command, in which the function has the command's name."""
Typer = partial(typer.Typer, add_completion=False, pretty_exceptions_enable=False)


def _function(name: str) -> Any:
    """Return the function of a command."""
    return getattr(import_module(f"operations.{COMMANDS[name]}"), name.replace("-", "_"))


class Commands(Flags, TyperGroup):
    """The operations, each imported only when it is called: only some need gRPC, psutil or the budget.

    The parameters have click's names and no types: typer brings its own copy of click, under a private name.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        one = Typer()
        one.command(cmd_name, cls=Command, epilog=HELP)(_function(cmd_name))
        return get_command(one)


app = Typer(cls=Commands, name="operations", no_args_is_help=True)


def _show_version(asked: bool) -> None:
    if asked:
        print(command_line.program_version())
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
]


@app.callback(help=f"Check, repair and change the mesh of a stack. {HELP}")
def operations(version: Version = False) -> None:
    """Do nothing before a command."""


if __name__ == "__main__":
    with interpreter.explained(_stop):
        app()
