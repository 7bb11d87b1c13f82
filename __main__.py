"""The program: Istio on a Raspberry Pi cluster or, for a stack with `vault` alone, the CA of such a mesh."""

import sys

from pulumi import RunError, log

from pi_mesh import interpreter

REASON_SHOWN = 32
"""Exit status by which Pulumi's language host knows that the user has seen the reason (pulumi-language-python-exec)."""


def run() -> None:
    """Deploy what the stack's settings describe."""
    with interpreter.explained(RunError):
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
        else:
            mesh.deploy(settings)


try:
    with interpreter.no_search_for_cycles():
        run()
except RunError as problem:
    # Left to Pulumi, the reason would be followed by a second error, of an unhandled one.
    log.error(str(problem))
    sys.exit(REASON_SHOWN)
