"""The command `python -m operations`: every task of a mesh's owner besides `pulumi up`."""

import ast
import sys
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

from pi_mesh import interpreter


def _stop(line: str) -> SystemExit:
    """Print why no command can run, and return the exit status of a wrong usage."""
    print(f"error: {line}", file=sys.stderr)
    return SystemExit(2)


with interpreter.explained(_stop):
    import typer
    from typer.core import TyperCommand, TyperGroup
    from typer.main import get_command

    from operations import command_line
    from operations.command_line import HELP, Command, Flags

COMMANDS = {
    "preflight": ("-s pi-cluster", "-s pi-cluster --json"),
    "rehearse": ("-s pi-cluster", "-s pi-cluster --json"),
    "verify": ("-s pi-cluster --probe", "-s pi-cluster --window 60"),
    "diff": ("-s pi-cluster", "-s pi-cluster --json"),
    "repair": ("-s pi-cluster", "-s pi-cluster --yes"),
    "adopt": ("-s pi-cluster", "-s pi-cluster --yes"),
    "budget": ("-s pi-cluster", "-s pi-cluster --json"),
    "rotate-ca": ("-s pi-cluster", "-s pi-cluster --root --dry-run"),
    "proxies": ("-s pi-cluster", "-s pi-cluster --json"),
    "calls": ("-s pi-cluster", "-s pi-cluster --namespace trading --window 60"),
    "connectivity": ("-s pi-cluster", "-s pi-cluster --json"),
    "learn": ("remember -s pi-cluster --yes", "policies -s pi-cluster --days 30"),
    "refresh": ("-s pi-cluster --dry-run", "-s pi-cluster --yes --wait 600"),
    "upgrade": ("-s pi-cluster --to 1.31.0 --dry-run", "-s pi-cluster --to 1.31.0"),
    "charts": ("lock -s pi-cluster", "vendor -s pi-cluster"),
    "images": ("check -s pi-cluster", "pull -s pi-cluster --to 1.31.0"),
    "report": ("-s pi-cluster", "-s pi-cluster --output report.tar.gz"),
    "dashboard": ("kiali -s pi-cluster", "grafana -s pi-cluster"),
    "backup": ("-s pi-cluster", "-s pi-cluster --check mesh.age"),
    "restore": ("mesh.age -s pi-cluster --dry-run", "mesh.age -s pi-cluster --yes"),
}
"""Two examples of what is given to each command, which is the function of its name in the module of its name."""
SHORT = {"help_option_names": ["-h", "--help"]}
Typer = partial(typer.Typer, add_completion=False, pretty_exceptions_enable=False, context_settings=SHORT)


def _sentence(name: str) -> str:
    """Return the first line of a command's docstring from its source: on a Pi an import takes seconds."""
    module = name.replace("-", "_")
    file = Path(__file__).with_name(f"{module}.py")
    tree = ast.parse((file if file.exists() else Path(__file__).with_name(module) / "__init__.py").read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return (ast.get_docstring(functions[module]) or "").partition("\n")[0]


def _loaded(name: str) -> Any:
    """Import a command, with its options and its whole help."""
    examples = (f"python -m operations {name} {example}" for example in COMMANDS[name])
    epilog = "\n\n".join(["Examples:", *examples, HELP])
    command, module = Typer(), name.replace("-", "_")
    function = getattr(import_module(f"operations.{module}"), module)
    command.command(name, cls=Command, epilog=epilog, context_settings=SHORT)(function)
    return get_command(command)


class Commands(Flags, TyperGroup):
    """The operations, each imported only when it is called: on a Pi an import takes seconds.

    The parameters have click's names and no types: typer brings its own copy of click, under a private name.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        return TyperCommand(cmd_name, help=_sentence(cmd_name)) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS and (close := get_close_matches(args[0], COMMANDS, 1)):
            ctx.fail(f"No such command '{args[0]}'. Did you mean '{close[0]}'?")
        name, command, rest = super().resolve_command(ctx, args)
        return name, _loaded(name) if name else command, rest


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
