"""An external root: it signs the mesh's CA itself, or a CA in Vault that signs the mesh's."""

import pytest

from pi_mesh.certificates import pem
from tests.live.vault.mesh import VaultMesh, cacerts, issued, istiod_pods, roots, wait_for_issued, wait_for_issuer
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.support import authorities
from tests.support.authorities import Authority

pytestmark = pytest.mark.long

UNDER = "pki_under"
"""A mount with a CA that the external root signed."""


@pytest.fixture(scope="module")
def root() -> Authority:
    return authorities.make_root("A root outside")


def test_the_request_goes_out_and_the_signed_chain_comes_in(vault_mesh: VaultMesh, server: Server, root: Authority):
    vault_mesh.unprotect()
    vault_mesh.set("vault", {"enabled": False})
    vault_mesh.must_up()

    outside = {"enabled": True, "address": server.address, "signedBy": "outside"}
    vault_mesh.set("vault", outside)
    vault_mesh.must_up()
    asked = vault_mesh.pulumi("stack", "output", "certificateRequest").output
    wait_for_issued("istiod still signs with its own root", lambda one: "Istio" not in pem.title(one.issuer))

    chain = authorities.sign_request(asked, root) + root.pem
    vault_mesh.set("vault", {**outside, "signed": {"generation": 1, "chain": chain}})
    assert "from istiod's own" in vault_mesh.must_up().line_with("the mesh's root changes")
    trusted = pem.certificates(root.pem, "outside")
    wait_for_issued("istiod signs under the root outside", lambda one: one.verifies(trusted))


def test_a_ca_in_vault_under_that_root_signs_the_meshs_ca_renews_and_rotates_it(
    vault_mesh: VaultMesh, server: Server, root: Authority
):
    # Goes on from the test before: the mesh trusts the root outside already.
    server.make_intermediate(UNDER, "Vault pki", root)
    server.allow(ROOT_MOUNT, UNDER)
    before, pods = issued(), istiod_pods()
    vault_mesh.set("vault", {"enabled": True, "address": server.address, "rootMount": UNDER, "generation": 2})
    assert "root changes" not in vault_mesh.must_up().output
    first = wait_for_issuer(other_than=before)
    assert [pem.title(one).split("'")[1] for one in first.chain[1:]] == [
        "Istio Intermediate CA", "Vault pki", "A root outside",
    ]  # fmt: skip
    vault_mesh.preview("--expect-no-changes").must()

    key = cacerts()["ca-key.pem"]
    vault_mesh.set("vault.ttl", "4000h")
    vault_mesh.must_up()
    assert cacerts()["ca-key.pem"] == key
    vault_mesh.operation("rotate-ca", "--yes").must()
    assert cacerts()["ca-key.pem"] != key
    trusted = pem.certificates(root.pem, "outside")
    assert pem.certificates(roots(), "the mesh") == trusted
    assert issued().verifies(trusted)
    assert istiod_pods() == pods
