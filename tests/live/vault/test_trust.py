"""Changes of the root that a mesh trusts: Vault off and on, three steps to another root, and a root outside of Vault.

The tests go on from each other, and come after all that need the first root.
"""

from collections.abc import Iterator

import pytest

from lab.cluster.waiting import wait_until
from lab.workloads import Workload, delete, manifests
from pi_mesh.certificates import pem
from tests.live.vault.mesh import (
    VaultMesh,
    cacerts,
    issued,
    istiod_pods,
    roots,
    trusted_roots,
    wait_for_issued,
    wait_for_issuer,
    wait_for_roots,
)
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.live.vault.tls import handshake
from tests.support import authorities
from tests.support.authorities import Authority
from tests.support.objects import present

pytestmark = pytest.mark.long


@pytest.mark.row(27)
@pytest.mark.row(36)
def test_vault_switched_off_and_on_again_announces_each_change_of_root(vault_mesh: VaultMesh, server: Server):
    vault_mesh.unprotect()
    vault_mesh.set("vault", {"enabled": False})
    assert "to one that istiod makes itself" in vault_mesh.preview().line_with("the mesh's root changes")
    vault_mesh.must_up()
    assert cacerts() == {}
    assert "pki_int/" not in server.admin.sys.list_mounted_secrets_engines()["data"]
    wait_for_issued("istiod signs with its own root", lambda one: "Istio" not in pem.title(one.issuer))
    vault_mesh.more.pop("VAULT_TOKEN")
    assert "root changes" not in vault_mesh.preview("--expect-no-changes").must().output

    vault_mesh.give(server.token())
    vault_mesh.set("vault", {"enabled": True, "address": server.address})
    assert "from istiod's own" in vault_mesh.preview().line_with("the mesh's root changes")
    vault_mesh.must_up()
    trusted = pem.certificates(server.root(), "Vault")
    wait_for_issued("istiod signs with Vault's CA", lambda one: one.verifies(trusted))


OTHER = "pki_other"
HOLDER = Workload("holder")  # a workload whose proxy keeps its certificate for an hour


@pytest.fixture(scope="module")
def holder(vault_mesh: VaultMesh) -> Iterator[None]:  # noqa: ARG001 - the mesh comes first
    with present([], HOLDER):
        yield


@pytest.fixture
def other_root(server: Server) -> str:
    """Return a second root in Vault, at which the program's token may sign."""
    root = server.make_root(OTHER, "Other root")
    server.allow(ROOT_MOUNT, OTHER)
    return root


@pytest.mark.row(28)
@pytest.mark.usefixtures("holder")
def test_the_three_steps_and_no_other(vault_mesh: VaultMesh, server: Server, other_root: str):
    first_root, secret = server.root(), cacerts()
    old = issued()
    generation = vault_mesh.get("vault.generation", 1)
    moved = {"vault.rootMount": OTHER, "vault.generation": generation + 1}

    vault_mesh.change(moved)
    for outcome in (vault_mesh.preview(), vault_mesh.up()):
        assert "in one step from 'Pi root'" in outcome.refused("in one step")
    assert cacerts() == secret

    stayed = {"vault.rootMount": ROOT_MOUNT, "vault.generation": generation}
    vault_mesh.change({**stayed, "vault.alsoTrust": [other_root]})
    assert "the mesh's trust changes" in vault_mesh.must_up().output
    wait_for_roots(first_root, other_root)

    vault_mesh.change({**moved, "vault.alsoTrust": [first_root]})
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


UNDER = "pki_under"  # a mount with a CA that the external root signed


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
    titles = [pem.title(one).split("'")[1] for one in first.chain[1:]]
    assert titles == ["Istio Intermediate CA", "Vault pki", "A root outside"]
    vault_mesh.must_be_unchanged()

    key = cacerts()["ca-key.pem"]
    vault_mesh.set("vault.ttl", "4000h")
    vault_mesh.must_up()
    assert cacerts()["ca-key.pem"] == key
    vault_mesh.operation("rotate-ca", "--yes").must()
    assert cacerts()["ca-key.pem"] != key
    trusted = pem.certificates(root.pem, "outside")
    assert trusted_roots() == trusted
    assert issued().verifies(trusted)
    assert istiod_pods() == pods
