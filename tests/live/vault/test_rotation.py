"""A new CA under the same root, a new life for the same key, and a CA in a stack of its own."""

import base64
from collections.abc import Iterator

import pytest
import yaml
from cryptography import x509

from lab.cluster import vault
from lab.workloads import Workload, service
from pi_mesh.certificates import pem
from tests.live.traffic.load import must_lose_nothing, streams
from tests.live.vault.mesh import VaultMesh, cacerts, issued, istiod_pods, roots, trusted_roots, wait_for_issuer
from tests.live.vault.server import Server
from tests.support.objects import present

pytestmark = pytest.mark.long

APP = {"app": "rotation-server"}
CLIENT, SERVER = Workload("rotation-client"), Workload("rotation-server", labels=APP)
STACK, MOUNT = "ca", "pki_ca"


def signing_certificate() -> x509.Certificate:
    return pem.certificates(base64.b64decode(cacerts()["ca-cert.pem"]).decode(), "cacerts")[0]


@pytest.mark.row(29)
def test_a_rotation_loses_no_request_restarts_nothing_and_is_proven(vault_mesh: VaultMesh, figure):
    before, pods, trusted = issued(), istiod_pods(), roots()
    objects, way = [service("rotation-server", APP, http=8080)], (CLIENT, "http://rotation-server.trading")
    with present(objects, CLIENT, SERVER), streams(sidecars=way) as tallies:
        outcome = vault_mesh.operation("rotate-ca", "--yes")
    assert "signs with another CA" in outcome.must().output
    figure(must_lose_nothing(tallies))
    after = issued()
    assert after.issuer != before.issuer
    assert istiod_pods() == pods
    assert roots() == trusted
    assert (before.verifies(trusted_roots()), after.verifies(trusted_roots())) == (True, True)


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


@pytest.fixture
def ca_stack(vault_mesh: VaultMesh, server: Server) -> Iterator[str]:
    """Create the CA with `vault` alone in the settings, and yield the name of its stack."""
    server.allow_mount(MOUNT)
    settings = {"enabled": True, "address": server.address, "mount": MOUNT}
    (vault_mesh.folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": {"pi-mesh:vault": settings}}))
    vault_mesh.run("pulumi", "stack", "init", STACK, "--non-interactive")
    common = ("--stack", STACK, "--non-interactive", "--color", "never")
    vault_mesh.run("pulumi", "up", "--yes", "--skip-preview", *common).must()
    yield f"organization/pi-mesh/{STACK}"
    vault_mesh.set("vault", {"enabled": True, "address": server.address})
    vault_mesh.must_up()
    vault_mesh.run("pulumi", "state", "unprotect", "--all", "--yes", *common)
    vault_mesh.run("pulumi", "destroy", "--yes", "--skip-preview", *common)


def test_the_mesh_takes_its_ca_from_there_with_vault_down_and_no_token(vault_mesh: VaultMesh, ca_stack: str):
    before = issued()
    vault_mesh.unprotect()
    vault_mesh.set("vault", {"enabled": True, "stack": ca_stack})
    vault_mesh.must_up()
    wait_for_issuer(other_than=before)
    token = vault_mesh.more.pop("VAULT_TOKEN")
    vault.down()
    try:
        vault_mesh.must_up("--expect-no-changes")
    finally:
        vault.up()
        vault_mesh.give(token)
    assert "signs with another CA" in vault_mesh.operation("rotate-ca", "--yes").must().output
