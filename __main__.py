"""Istio on a Raspberry Pi cluster; or, where a stack has `vault` alone, the CA that such a mesh signs with."""

import mesh
from settings import CaSettings
from settings.program import load, plain_errors

with plain_errors():
    settings = load()
    if isinstance(settings, CaSettings):
        # Here: a mesh without Vault needs nothing of it.
        from vault.program import deploy_ca

        deploy_ca(settings)
    else:
        mesh.deploy(settings)
