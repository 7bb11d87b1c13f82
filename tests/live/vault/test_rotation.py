"""A new CA under the same root, and a new life for the same key."""

import base64

import pytest
from cryptography import x509

from lab.workloads import Workload, apply, delete, manifests, service, wait_for
from pi_mesh.certificates import pem
from tests.live.traffic.load import steady
from tests.live.vault.mesh import VaultMesh, cacerts, issued, istiod_pods, roots, wait_for_issuer

pytestmark = pytest.mark.long

CLIENT = Workload("rotation-client")
SERVER = Workload("rotation-server", labels={"app": "rotation-server"})
OBJECTS = [*manifests(CLIENT), *manifests(SERVER), service("rotation-server", {"app": "rotation-server"}, http=8080)]


def signing_certificate() -> x509.Certificate:
    return pem.certificates(base64.b64decode(cacerts()["ca-cert.pem"]).decode(), "cacerts")[0]


@pytest.mark.row(29)
def test_a_rotation_loses_no_request_restarts_nothing_and_is_proven(vault_mesh: VaultMesh, figure):
    before, pods, trusted = issued(), istiod_pods(), roots()
    apply(OBJECTS)
    try:
        wait_for(CLIENT, SERVER)
        with steady(CLIENT, "http://rotation-server.trading") as tally:
            outcome = vault_mesh.operation("rotate-ca", "--yes")
    finally:
        delete(OBJECTS)
    assert outcome.status == 0, outcome.output
    assert "signs with another CA" in outcome.output
    assert tally.total > 0
    figure(str(tally))
    assert tally.failed == {}
    after = issued()
    assert after.issuer != before.issuer
    assert istiod_pods() == pods
    assert roots() == trusted
    for certificate in (before, after):
        assert certificate.verifies(pem.certificates(trusted, "the mesh"))


@pytest.mark.row(33)
def test_a_changed_life_is_signed_anew_for_the_same_key(vault_mesh: VaultMesh):
    before, key = signing_certificate(), cacerts()["ca-key.pem"]
    used = issued()
    vault_mesh.set("vault.ttl", "4000h")
    vault_mesh.must_up()
    after = signing_certificate()
    assert after.serial_number != before.serial_number
    assert (after.not_valid_after_utc - after.not_valid_before_utc).total_seconds() // 3600 == 4000
    assert cacerts()["ca-key.pem"] == key
    wait_for_issuer(other_than=used)


def test_a_rotation_is_refused_while_anything_but_the_ca_would_change(vault_mesh: VaultMesh):
    before, generation = signing_certificate(), vault_mesh.get("vault.generation", 1)
    vault_mesh.set("release.maxHistory", 4)
    try:
        refused = vault_mesh.operation("rotate-ca", "--yes")
    finally:
        vault_mesh.set("release.maxHistory", 5)
    assert refused.status == 1, refused.output
    assert "has changes besides the CA that are not applied yet" in refused.output
    assert vault_mesh.get("vault.generation", 1) == generation
    assert signing_certificate() == before
