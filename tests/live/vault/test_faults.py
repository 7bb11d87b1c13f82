"""Vault is not well: one line with the cause, the running mesh untouched, and the next `up` goes on."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.cluster import vault
from tests.live.vault import server as servers
from tests.live.vault.listener import listener
from tests.live.vault.mesh import VaultMesh, cacerts, issued, wait_for_issuer
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.live.vault.tls import serving_certificate

pytestmark = pytest.mark.long


@contextmanager
def untouched() -> Iterator[None]:
    """Inside, the mesh keeps its CA, and istiod goes on signing with it; after it, `up` has nothing to make good."""
    secret, before = cacerts(), issued()
    yield
    assert cacerts() == secret
    assert issued().issuer == before.issuer


def refused(vault_mesh: VaultMesh, cause: str) -> None:
    """`up` fails with one line, and a preview with the same one."""
    for outcome in (vault_mesh.up(), vault_mesh.preview()):
        assert outcome.status != 0
        line = outcome.line_with(cause)
        assert "Traceback" not in outcome.output
        assert line.strip().startswith("error: vault")


def goes_on(vault_mesh: VaultMesh) -> None:
    vault_mesh.must_up("--expect-no-changes")


@pytest.mark.row(30)
def test_a_sealed_vault_is_named_with_the_command_that_unseals_it(vault_mesh: VaultMesh):
    with untouched():
        vault.seal()
        try:
            refused(vault_mesh, "Vault is sealed; unseal it with `vault operator unseal`")
        finally:
            vault.unseal()
    goes_on(vault_mesh)


@pytest.mark.row(30)
def test_a_vault_that_is_down_is_said_to_be_out_of_reach(vault_mesh: VaultMesh):
    with untouched():
        vault.down()
        try:
            refused(vault_mesh, "can't be reached")
        finally:
            vault.up()
    goes_on(vault_mesh)


@pytest.mark.row(30)
@pytest.mark.parametrize(("token", "cause"), [("wrong", "does not take the token"), ("", "there is no token")])
def test_a_token_that_vault_does_not_take_is_named(vault_mesh: VaultMesh, server: Server, token: str, cause: str):
    with untouched():
        vault_mesh.give(token)
        try:
            refused(vault_mesh, cause)
        finally:
            vault_mesh.give(server.token())
    goes_on(vault_mesh)


@contextmanager
def address(vault_mesh: VaultMesh, server: Server, url: str) -> Iterator[None]:
    """Vault's address, wrong for a while."""
    vault_mesh.set("vault.address", url)
    try:
        yield
    finally:
        vault_mesh.set("vault.address", server.address)


@pytest.mark.row(30)
def test_a_tls_certificate_of_an_unknown_ca(vault_mesh: VaultMesh, server: Server, tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(serving_certificate(tmp_path))
    with untouched(), listener(context) as port, address(vault_mesh, server, f"https://127.0.0.1:{port}"):
        refused(vault_mesh, "its TLS certificate is from an unknown CA; name that CA's PEM file in vault.caFile")
    goes_on(vault_mesh)


@pytest.mark.row(30)
def test_a_vault_that_never_answers(vault_mesh: VaultMesh, server: Server):
    with untouched(), listener() as port, address(vault_mesh, server, f"http://127.0.0.1:{port}"):
        refused(vault_mesh, "did not answer within 10 s")
    goes_on(vault_mesh)


@pytest.mark.row(31)
def test_a_vault_that_was_wiped_between_runs_is_named_and_its_new_root_refused(vault_mesh: VaultMesh, server: Server):
    try:
        with untouched(), servers.wiped() as fresh:
            fresh.allow(ROOT_MOUNT)
            vault_mesh.give(fresh.token())
            refused(vault_mesh, "has no CA there: it was wiped")
            fresh.make_root(ROOT_MOUNT, "Pi root")
            refused(vault_mesh, "in one step from 'Pi root'")
    finally:
        vault_mesh.give(server.token())
    goes_on(vault_mesh)


@pytest.mark.row(32)
def test_a_token_that_runs_out_on_the_way_leaves_the_old_ca_and_the_next_up_goes_on(
    vault_mesh: VaultMesh, server: Server
):
    used = issued()
    with untouched():
        vault_mesh.give(server.token(num_uses=2))
        vault_mesh.set("vault.generation", vault_mesh.get("vault.generation", 1) + 1)
        outcome = vault_mesh.up()
        assert outcome.status != 0
        assert "permission denied" in outcome.output
    vault_mesh.give(server.token())
    vault_mesh.must_up()
    wait_for_issuer(other_than=used)


def test_a_lost_intermediate_mount_comes_back_with_a_new_key(vault_mesh: VaultMesh, server: Server):
    used = issued()
    with untouched():
        server.remove("pki_int")
    vault_mesh.pulumi("refresh", "--yes", "--skip-preview", "--target", "**::mesh-ca-*").must()
    vault_mesh.operation("rotate-ca").must()
    assert issued().issuer != used.issuer
    assert server.admin.read("pki_int/config/urls")["data"]["issuing_certificates"]
