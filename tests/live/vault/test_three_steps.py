"""A change of root: refused in one step, and without lost trust in three."""

from collections.abc import Iterator

import pytest

from lab.cluster.waiting import wait_until
from lab.workloads import Workload, apply, delete, manifests, wait_for
from pi_mesh.certificates import pem
from tests.live.vault.mesh import VaultMesh, cacerts, issued, roots, wait_for_issuer, wait_for_roots
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.live.vault.tls import handshake

pytestmark = pytest.mark.long

OTHER = "pki_other"
HOLDER = Workload("holder")
"""A workload whose proxy keeps its certificate for an hour."""


@pytest.fixture(scope="module")
def holder(vault_mesh: VaultMesh) -> Iterator[None]:  # noqa: ARG001 - the mesh comes first
    apply(manifests(HOLDER))
    try:
        wait_for(HOLDER)
        yield
    finally:
        delete(manifests(HOLDER))


@pytest.fixture
def other_root(server: Server):
    """Return a second root in Vault, at which the program's token may sign."""
    made = server.make_root(OTHER, "Other root")
    server.allow(ROOT_MOUNT, OTHER)
    return made


@pytest.mark.row(28)
@pytest.mark.usefixtures("holder")
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
    assert "pod trading/holder-" in vault_mesh.up().line_with("can't be dropped yet")


def test_the_old_root_goes_when_no_proxy_holds_a_certificate_of_it(vault_mesh: VaultMesh, server: Server):
    # Goes on from the steps before: B signs, A and B are trusted.
    delete(manifests(HOLDER))
    vault_mesh.set("vault.alsoTrust", [])
    wait_until("no proxy holds a certificate of the old root", lambda: vault_mesh.up().status == 0, 240)
    wait_for_roots(server.root(OTHER))
    assert issued().verifies(pem.certificates(server.root(OTHER), "Other root"))
