"""The program: Istio on a Raspberry Pi cluster or, for a stack with `vault` alone, the CA of such a mesh."""

from pulumi import RunError

from pi_mesh import interpreter

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
