"""The program: Istio on a Raspberry Pi cluster or, for a stack with `vault` alone, the CA of such a mesh."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pulumi

from pi_mesh import interpreter

REASON_SHOWN = 32
"""Exit status by which Pulumi's language host knows that the user has seen the reason (pulumi-language-python-exec)."""


def run() -> None:
    """Deploy what the stack's settings describe."""
    with interpreter.explained(pulumi.RunError):
        from components import engine_version, mesh
        from components.config import load, plain_errors
        from pi_mesh.settings import CaSettings

    engine_version.require()
    with plain_errors():
        settings = load()
        if isinstance(settings, CaSettings):
            # Imported here, because a mesh without Vault does not need it.
            from components.ca.program import deploy_ca

            deploy_ca(settings)
            return

    async def deploy() -> None:
        with _one_line(), plain_errors():
            await mesh.deploy(settings)

    # Pulumi awaits it after this module, and meanwhile sends what is registered to the engine.
    pulumi.run(deploy)


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
