"""The options that all commands share."""

from typing import Annotated

import typer

Stack = Annotated[str, typer.Option("--stack", "-s", help="The Pulumi stack, such as pi-cluster.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts instead of a table.")]
