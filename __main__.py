"""Istio on a Raspberry Pi cluster; or, where a stack has `vault` alone, the CA that such a mesh signs with."""

from components import mesh
from components.config import load, plain_errors
from pi_mesh.settings import CaSettings

with plain_errors():
    settings = load()
    if isinstance(settings, CaSettings):
        # Here: a mesh without Vault needs nothing of it.
        from components.ca.program import deploy_ca

        deploy_ca(settings)
    else:
        mesh.deploy(settings)
