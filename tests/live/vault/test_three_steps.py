"""Another root: in one step it is refused, in three it goes through and nobody loses trust."""

import pytest

from lab.cluster.waiting import wait_until
from pi_mesh.certificates import pem
from tests.live.vault.mesh import VaultMesh, cacerts, issued, roots, wait_for_issuer, wait_for_roots
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.live.vault.tls import handshake

pytestmark = pytest.mark.long

OTHER = "pki_other"
SHORTEST = "10m"
"""The shortest life of a workload's certificate."""


@pytest.fixture
def other_root(server: Server):
    """A second root in Vault, which the program's token may have sign."""
    made = server.make_root(OTHER, "Other root")
    server.allow(ROOT_MOUNT, OTHER)
    return made


@pytest.mark.row(28)
def test_the_three_steps_and_no_other(vault_mesh: VaultMesh, server: Server, other_root: str):
    first_root, secret = server.root(), cacerts()
    old = issued()
    generation = vault_mesh.get("vault.generation", 1)

    vault_mesh.set("vault.rootMount", OTHER)
    vault_mesh.set("vault.generation", generation + 1)
    for outcome in (vault_mesh.preview(), vault_mesh.up()):
        assert outcome.status != 0
        assert "in one step from 'Pi root'" in outcome.line_with("in one step")
    assert cacerts() == secret

    vault_mesh.set("vault.rootMount", ROOT_MOUNT)
    vault_mesh.set("vault.generation", generation)
    vault_mesh.set("vault.alsoTrust", [other_root])
    assert "the mesh's trust changes" in vault_mesh.must_up().output
    wait_for_roots(first_root, other_root)

    vault_mesh.set("vault.rootMount", OTHER)
    vault_mesh.set("vault.generation", generation + 1)
    vault_mesh.set("vault.alsoTrust", [first_root])
    assert "the mesh's trust changes" in vault_mesh.must_up().output
    new = wait_for_issuer(other_than=old)
    assert new.verifies(pem.certificates(other_root, "Other root"))
    assert handshake(old, new, roots()) == handshake(new, old, roots())

    vault_mesh.set("vault.alsoTrust", [])
    assert "leave it in vault.alsoTrust so long" in vault_mesh.up().output


def test_the_old_root_goes_when_the_last_certificate_of_it_has_ended(vault_mesh: VaultMesh, server: Server):
    """Goes on from the steps before: B signs, A and B are trusted."""
    vault_mesh.set("mtls.certificateLifetime", SHORTEST)
    vault_mesh.set("vault.alsoTrust", [])
    wait_until("the last certificate of the old root has ended", lambda: vault_mesh.up().status == 0, 720)
    wait_for_roots(server.root(OTHER))
    assert issued().verifies(pem.certificates(server.root(OTHER), "Other root"))
