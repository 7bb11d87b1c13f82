"""A CA outside of Vault signs: the request goes out, the signed chain comes in."""

import pytest

from pi_mesh.certificates import pem
from tests.live.vault.mesh import VaultMesh, wait_for_issued
from tests.live.vault.server import Server
from tests.support import authorities

pytestmark = pytest.mark.long


def test_the_request_goes_out_and_the_signed_chain_comes_in(vault_mesh: VaultMesh, server: Server):
    vault_mesh.unprotect()
    vault_mesh.set("vault", {"enabled": False})
    vault_mesh.must_up()

    outside = {"enabled": True, "address": server.address, "signedBy": "outside"}
    vault_mesh.set("vault", outside)
    vault_mesh.must_up()
    asked = vault_mesh.pulumi("stack", "output", "certificateRequest").output
    wait_for_issued("istiod still signs with its own root", lambda one: "Istio" not in pem.title(one.issuer))

    root = authorities.make_root("A root outside")
    chain = authorities.sign_request(asked, root) + root.pem
    vault_mesh.set("vault", {**outside, "signed": {"generation": 1, "chain": chain}})
    assert "from istiod's own" in vault_mesh.must_up().line_with("the mesh's root changes")
    trusted = pem.certificates(root.pem, "outside")
    wait_for_issued("istiod signs under the root outside", lambda one: one.verifies(trusted))
