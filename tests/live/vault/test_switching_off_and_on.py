"""Vault off and on again: each change of root is announced beforehand."""

import pytest

from pi_mesh.certificates import pem
from tests.live.vault.mesh import VaultMesh, cacerts, wait_for_issued
from tests.live.vault.server import Server

pytestmark = pytest.mark.long


@pytest.mark.row(27)
@pytest.mark.row(36)
def test_vault_switched_off_and_on_again_announces_each_change_of_root(vault_mesh: VaultMesh, server: Server):
    vault_mesh.unprotect()
    vault_mesh.set("vault", {"enabled": False})
    announced = vault_mesh.preview()
    assert "to one that istiod makes itself" in announced.line_with("the mesh's root changes")
    vault_mesh.must_up()
    assert cacerts() == {}
    assert "pki_int/" not in server.admin.sys.list_mounted_secrets_engines()["data"]
    wait_for_issued("istiod signs with its own root", lambda one: "Istio" not in pem.title(one.issuer))
    vault_mesh.more.pop("VAULT_TOKEN")
    quiet = vault_mesh.preview("--expect-no-changes").must()
    assert "root changes" not in quiet.output

    vault_mesh.give(server.token())
    vault_mesh.set("vault", {"enabled": True, "address": server.address})
    announced = vault_mesh.preview()
    assert "from istiod's own" in announced.line_with("the mesh's root changes")
    vault_mesh.must_up()
    trusted = pem.certificates(server.root(), "Vault")
    wait_for_issued("istiod signs with Vault's CA", lambda one: one.verifies(trusted))
