"""`python -m operations`: what an owner of the mesh does besides `pulumi up`."""

import typer

from operations.budget import budget
from operations.command_line import HELP
from operations.preflight import preflight
from operations.repair import repair
from operations.rotate_ca import rotate_ca
from operations.verify import verify

app = typer.Typer(
    name="operations",
    help=f"Look after the mesh of a stack. {HELP}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (preflight, verify, repair, budget, rotate_ca):
    app.command(epilog=HELP)(command)

if __name__ == "__main__":
    app()
