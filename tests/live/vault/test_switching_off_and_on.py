"""Vault off and on again: each change of root is announced before it happens."""

import pytest

from pi_mesh.certificates import pem
from tests.live.vault.mesh import VaultMesh, cacerts, wait_for_issued
from tests.live.vault.server import Server


@pytest.mark.row(27)
@pytest.mark.row(36)
def test_vault_switched_off_and_on_again_announces_each_change_of_root(mesh: VaultMesh, server: Server):
    mesh.unprotect()
    mesh.set("vault", {"enabled": False})
    announced = mesh.preview()
    assert "to one that istiod makes itself" in announced.line_with("the mesh's root changes")
    mesh.must_up()
    assert cacerts() == {}
    assert "pki_int/" not in server.admin.sys.list_mounted_secrets_engines()["data"]
    wait_for_issued("istiod signs with its own root", lambda one: "Istio" not in pem.title(one.issuer))
    mesh.more.pop("VAULT_TOKEN")
    quiet = mesh.preview("--expect-no-changes")
    assert quiet.status == 0, quiet.output
    assert "root changes" not in quiet.output

    mesh.give(server.token())
    mesh.set("vault", {"enabled": True, "address": server.address})
    announced = mesh.preview()
    assert "from istiod's own" in announced.line_with("the mesh's root changes")
    mesh.must_up()
    trusted = pem.certificates(server.root(), "Vault")
    wait_for_issued("istiod signs with Vault's CA", lambda one: one.verifies(trusted))
