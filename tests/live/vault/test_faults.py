"""Vault is not well: one line with the cause, the running mesh untouched, and the next `up` goes on."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.cluster import vault
from tests.live.vault.listener import listener
from tests.live.vault.mesh import VaultMesh, cacerts, issued, wait_for_issuer
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.live.vault.tls import serving_certificate


@contextmanager
def untouched() -> Iterator[None]:
    """Inside, the mesh keeps its CA, and istiod goes on signing with it; after it, `up` has nothing to make good."""
    secret, before = cacerts(), issued()
    yield
    assert cacerts() == secret
    assert issued().issuer == before.issuer


def refused(mesh: VaultMesh, cause: str) -> None:
    """`up` fails with one line, and a preview with the same one."""
    for outcome in (mesh.up(), mesh.preview()):
        assert outcome.status != 0
        line = outcome.line_with(cause)
        assert "Traceback" not in outcome.output
        assert line.strip().startswith("error: vault")


def goes_on(mesh: VaultMesh) -> None:
    outcome = mesh.up("--expect-no-changes")
    assert outcome.status == 0, outcome.output


@pytest.mark.row(30)
def test_a_sealed_vault_is_named_with_the_command_that_unseals_it(mesh: VaultMesh):
    with untouched():
        vault.seal()
        try:
            refused(mesh, "Vault is sealed; unseal it with `vault operator unseal`")
        finally:
            vault.unseal()
    goes_on(mesh)


@pytest.mark.row(30)
def test_a_vault_that_is_down_is_said_to_be_out_of_reach(mesh: VaultMesh):
    with untouched():
        vault.down()
        try:
            refused(mesh, "can't be reached")
        finally:
            vault.up()
    goes_on(mesh)


@pytest.mark.row(30)
@pytest.mark.parametrize(("token", "cause"), [("wrong", "does not take the token"), ("", "there is no token")])
def test_a_token_that_vault_does_not_take_is_named(mesh: VaultMesh, server: Server, token: str, cause: str):
    with untouched():
        mesh.give(token)
        try:
            refused(mesh, cause)
        finally:
            mesh.give(server.token())
    goes_on(mesh)


@contextmanager
def address(mesh: VaultMesh, server: Server, url: str) -> Iterator[None]:
    """Vault's address, wrong for a while."""
    mesh.set("vault.address", url)
    try:
        yield
    finally:
        mesh.set("vault.address", server.address)


@pytest.mark.row(30)
def test_a_tls_certificate_of_an_unknown_ca(mesh: VaultMesh, server: Server, tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(serving_certificate(tmp_path))
    with untouched(), listener(context) as port, address(mesh, server, f"https://127.0.0.1:{port}"):
        refused(mesh, "its TLS certificate is from an unknown CA; name that CA's PEM file in vault.caFile")
    goes_on(mesh)


@pytest.mark.row(30)
def test_a_vault_that_never_answers(mesh: VaultMesh, server: Server):
    with untouched(), listener() as port, address(mesh, server, f"http://127.0.0.1:{port}"):
        refused(mesh, "did not answer within 10 s")
    goes_on(mesh)


@pytest.mark.row(31)
def test_a_vault_that_was_wiped_has_no_root(mesh: VaultMesh):
    with untouched():
        mesh.set("vault.rootMount", "gone")
        try:
            refused(mesh, "has no CA there: it was wiped")
        finally:
            mesh.set("vault.rootMount", ROOT_MOUNT)
    goes_on(mesh)


@pytest.mark.row(32)
def test_a_token_that_runs_out_on_the_way_leaves_the_old_ca_and_the_next_up_goes_on(mesh: VaultMesh, server: Server):
    used = issued()
    with untouched():
        mesh.give(server.token(num_uses=2))
        mesh.set("vault.generation", mesh.get("vault.generation", 1) + 1)
        outcome = mesh.up()
        assert outcome.status != 0
        assert "permission denied" in outcome.output
    mesh.give(server.token())
    mesh.must_up()
    wait_for_issuer(other_than=used)


def test_a_lost_intermediate_mount_comes_back_with_a_new_key(mesh: VaultMesh, server: Server):
    used = issued()
    with untouched():
        server.remove("pki_int")
    refreshed = mesh.pulumi("refresh", "--yes", "--skip-preview", "--target", "**::mesh-ca-*")
    assert refreshed.status == 0, refreshed.output
    outcome = mesh.operation("rotate-ca")
    assert outcome.status == 0, outcome.output
    assert issued().issuer != used.issuer
    assert server.admin.read("pki_int/config/urls")["data"]["issuing_certificates"]
