"""A change from Vault to a CA that cert-manager's Issuer signs, without a lost request."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from lab.cluster.kubectl import kubectl
from lab.workloads import apply, delete, manifests, service, wait_for
from pi_mesh.certificates import pem
from tests.live.traffic.load import steady
from tests.live.traffic.shop import SHORT_LIVED
from tests.live.vault import external_signer, own_issuer
from tests.live.vault.external_signer import certificate_of, restarts
from tests.live.vault.mesh import CONTROL, VaultMesh, issued, istiod_pods, roots, wait_for_issuer
from tests.live.vault.server import Server
from tests.live.vault.trust import proxies, table

pytestmark = pytest.mark.long

CLIENT = replace(external_signer.CLIENT, annotations=SHORT_LIVED)
SERVER = replace(external_signer.SERVER, annotations=SHORT_LIVED)
OBJECTS = [*manifests(CLIENT), *manifests(SERVER), service(SERVER.name, SERVER.labels, http=8080)]
ISSUER = {"name": own_issuer.ROOT, "kind": "ClusterIssuer"}


@pytest.fixture(scope="module")
def root(vault_mesh: VaultMesh, server: Server) -> Iterator[pem.x509.Certificate]:
    """Yield the root of the Issuer in the settings; the mesh uses Vault before this file and after it."""
    with own_issuer.issuer() as made:
        vault_mesh.set("ca", {"issuer": ISSUER})
        vault_mesh.must_up()
        apply(OBJECTS)
        try:
            wait_for(CLIENT, SERVER)
            yield made
        finally:
            delete(OBJECTS)
            vault_mesh.end()
            vault_mesh.set("ca", {})
            vault_mesh.set("vault", {"enabled": True, "address": server.address})
    vault_mesh.must_up()


def test_vaults_ca_goes_only_when_its_owner_says_so_and_no_request_is_lost(
    vault_mesh: VaultMesh, server: Server, root: pem.x509.Certificate, figure
):
    (vaults,) = pem.certificates(roots(), "the mesh")
    refused = vault_mesh.operation("rotate-ca", "--yes", "--root", "--issuer")
    assert "pulumi state unprotect" in refused.line_with("is protected")
    assert pem.certificates(roots(), "the mesh") == (vaults,)
    vault_mesh.unprotect()
    with steady(CLIENT, external_signer.URL) as tally:
        before = table(vaults, root)
        outcome = vault_mesh.operation("rotate-ca", "--yes", "--root", "--issuer")
        after = table(vaults, root)
    figure(str(tally))
    print("\n".join([str(tally), "before", *before, "after", *after, outcome.output]))
    assert outcome.status == 0, outcome.output
    assert (tally.failed, tally.total > 0) == ({}, True)
    assert {proxy.roots for proxy in proxies()} == {(root,)}
    assert "pki_int/" not in server.admin.sys.list_mounted_secrets_engines()["data"]


def test_each_proxys_chain_ends_at_the_issuers_root(vault_mesh: VaultMesh, root: pem.x509.Certificate):
    chain = certificate_of(SERVER)
    assert pem.issued(chain[-1], root) or chain[-1] == root
    assert issued().verifies((root,))
    vault_mesh.preview("--expect-no-changes").must()


def test_preflight_and_verify_say_that_all_is_well(vault_mesh: VaultMesh, root: pem.x509.Certificate):  # noqa: ARG001
    assert "signs the mesh's CA for 8760h" in vault_mesh.operation("preflight", "--all").must().output
    assert "pi-root of the issuer" in vault_mesh.operation("verify", "--all").must().output


def test_a_rotation_has_cert_manager_make_another_key_and_restarts_nothing(
    vault_mesh: VaultMesh, root: pem.x509.Certificate
):
    before, pods = issued(), istiod_pods()
    outcome = vault_mesh.operation("rotate-ca", "--yes")
    assert outcome.status == 0, outcome.output
    after = wait_for_issuer(other_than=before)
    assert (istiod_pods(), restarts(CONTROL)) == (pods, 0)
    assert (before.verifies((root,)), after.verifies((root,))) == (True, True)
    assert after.issuer.public_key() != before.issuer.public_key()


def test_when_the_issuers_root_changes_up_leaves_the_ca_until_all_trust_the_new_one(
    vault_mesh: VaultMesh, root: pem.x509.Certificate
):
    before, other = issued(), own_issuer.use_root("pi-other")
    vault_mesh.set("ca.issuer.ttl", "4000h")
    assert "rotate-ca --root --issuer" in vault_mesh.must_up().line_with("CA unchanged")
    assert (issued().issuer, pem.certificates(roots(), "the mesh")) == (before.issuer, (root,))
    with steady(CLIENT, external_signer.URL) as tally:
        outcome = vault_mesh.operation("rotate-ca", "--yes", "--root", "--issuer")
    assert outcome.status == 0, outcome.output
    assert (tally.failed, tally.total > 0) == ({}, True)
    assert {proxy.roots for proxy in proxies()} == {(other,)}
    vault_mesh.preview("--expect-no-changes").must()


def test_without_its_issuer_the_mesh_goes_on_and_a_preview_says_so(vault_mesh: VaultMesh, root: pem.x509.Certificate):  # noqa: ARG001
    trusted = pem.certificates(roots(), "the mesh")
    kubectl("delete", "clusterissuer", own_issuer.ROOT)
    outcome = vault_mesh.preview("--expect-no-changes").must()
    assert "the mesh's CA stays as it is" in outcome.line_with(f"ClusterIssuer {own_issuer.ROOT}")
    assert issued().verifies(trusted)
