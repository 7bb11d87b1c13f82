"""The program: Istio on a Raspberry Pi cluster or, for a stack with `vault` alone, the CA of such a mesh."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pulumi

from pi_mesh import interpreter

if TYPE_CHECKING:
    from components.provider import Providers

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
        deploy = await asyncio.to_thread(_load)
        await deploy(begun)


def _load() -> "Callable[[Providers | None], Awaitable[None]]":
    """Return the rest of the program, for providers that are registered already, or None."""
    with interpreter.explained(pulumi.RunError):
        from components import mesh
        from components.config import load, plain_errors
        from pi_mesh.settings import CaSettings

    with plain_errors():
        settings = load()

    async def deploy(begun: "Providers | None") -> None:
        with plain_errors():
            if not isinstance(settings, CaSettings):
                await mesh.deploy(settings, begun)
                return
            # Imported here, because a mesh without Vault does not need it.
            from components.ca.program import deploy_ca

            deploy_ca(settings)

    return deploy


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
