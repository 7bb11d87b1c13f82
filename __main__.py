"""The program: Istio on a Raspberry Pi cluster or, for a stack with `vault` alone, the CA of such a mesh."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pulumi

from pi_mesh import interpreter

if TYPE_CHECKING:
    from pi_mesh.settings import CaSettings, Settings

REASON_SHOWN = 32
"""Exit status by which Pulumi's language host knows that the user has seen the reason (pulumi-language-python-exec)."""


def run() -> None:
    """Deploy what the stack's settings describe."""
    with interpreter.explained(pulumi.RunError):
        from components import engine

    engine.require_version()
    # Pulumi awaits it after this module, and meanwhile sends what is registered to the engine.
    pulumi.run(_deploy)


async def _deploy() -> None:
    with _one_line():
        # First and alone: the plugins take as long to start as the rest of the program to load.
        from components import provider

        begun = provider.begin()
        settings = await asyncio.to_thread(_load)
        from components import config, mesh

        with config.plain_errors():
            if isinstance(settings, config.Settings):
                await mesh.deploy(settings, begun)
                return
            # Imported here, because a mesh without Vault does not need it.
            from components.ca.program import deploy_ca

            deploy_ca(settings)


def _load() -> "Settings | CaSettings":
    """Import the rest of the program, and return the settings."""
    with interpreter.explained(pulumi.RunError):
        from components import config, mesh  # noqa: F401 - the mesh is deployed outside this thread

    with config.plain_errors():
        return config.load()


@contextmanager
def _one_line() -> Iterator[None]:
    """End the program after one line for an error of the user's."""
    try:
        with interpreter.no_search_for_cycles():
            yield
    except pulumi.RunError as problem:
        # Left to Pulumi, the reason would be followed by a second error, of an unhandled one.
        pulumi.log.error(str(problem))
        sys.exit(REASON_SHOWN)


interpreter.leave_at_once()
with _one_line():
    run()
