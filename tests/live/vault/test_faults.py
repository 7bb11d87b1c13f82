"""Faults of Vault: one line with the cause, an unchanged CA, and everything else goes on."""

import base64
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.cluster import power, vault
from lab.cluster.kubectl import get
from lab.workloads import TRADING
from pi_mesh.certificates import pem
from tests.live.vault import server as servers
from tests.live.vault.mesh import VaultMesh, cacerts, issued, roots, wait_for_issued, wait_for_issuer, wait_for_roots
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.live.vault.tls import handshake, listener, serving_certificate
from tests.support.project import Outcome

pytestmark = pytest.mark.long


@contextmanager
def untouched() -> Iterator[None]:
    """Assert that the mesh keeps its CA, istiod goes on signing with it, and the next `up` has nothing to repair."""
    secret = cacerts()
    (signer,) = pem.certificates(base64.b64decode(secret["ca-cert.pem"]).decode(), "secret cacerts")
    before = wait_for_issued("istiod signs with what the secret has", lambda one: one.issuer == signer)
    yield
    assert cacerts() == secret
    assert issued().issuer == before.issuer


def refused(outcome: Outcome, cause: str) -> None:
    """Assert that nothing was done, and that one line names the cause."""
    line = outcome.refused(cause)
    assert "Traceback" not in outcome.output
    assert line.strip().startswith("error: vault")


def not_needed(outcome: Outcome, cause: str) -> None:
    """Assert success without Vault, with one warning that names the cause."""
    warnings = {line.strip() for line in outcome.must().output.splitlines() if line.strip().startswith("warning:")}
    (line,) = [line for line in warnings if "CA unchanged: Vault could not be asked" in line]
    assert cause in line


def goes_on_without(vault_mesh: VaultMesh, cause: str, workloads: int) -> None:
    """Assert that a change of the ResourceQuota is applied and one of the CA is refused."""
    vault_mesh.set("trading.workloads", workloads)
    not_needed(vault_mesh.up(), cause)
    (quota,) = get("resourcequotas", f"--namespace={TRADING}")["items"]
    assert quota["spec"]["hard"]["pods"] == str(workloads)
    generation = vault_mesh.get("vault.generation", 1)
    vault_mesh.set("vault.generation", generation + 1)
    try:
        refused(vault_mesh.preview(), cause)
    finally:
        vault_mesh.set("vault.generation", generation)


@contextmanager
def goes_on(vault_mesh: VaultMesh) -> Iterator[None]:
    """Assert that the mesh is untouched by the block, and that an `up` after it changes nothing."""
    with untouched():
        yield
    vault_mesh.must_up("--expect-no-changes")


@pytest.mark.row(30)
def test_a_sealed_vault_is_named_with_the_command_that_unseals_it(vault_mesh: VaultMesh):
    with goes_on(vault_mesh):
        vault.seal()
        try:
            goes_on_without(vault_mesh, "Vault is sealed; unseal it with `vault operator unseal`", workloads=31)
        finally:
            vault.unseal()


@pytest.mark.row(30)
def test_a_vault_that_is_down_is_said_to_be_out_of_reach(vault_mesh: VaultMesh):
    with goes_on(vault_mesh):
        vault.down()
        try:
            goes_on_without(vault_mesh, "can't be reached", workloads=30)
        finally:
            vault.up()


@pytest.mark.row(30)
@pytest.mark.parametrize(("token", "cause"), [("wrong", "rejects the token"), ("", "there is no token")])
def test_a_token_that_vault_does_not_take_is_named(vault_mesh: VaultMesh, server: Server, token: str, cause: str):
    with goes_on(vault_mesh):
        vault_mesh.give(token)
        try:
            not_needed(vault_mesh.preview("--expect-no-changes"), cause)
        finally:
            vault_mesh.give(server.token())


@contextmanager
def address(vault_mesh: VaultMesh, server: Server, url: str) -> Iterator[None]:
    """Set Vault's address to `url` for the block."""
    vault_mesh.set("vault.address", url)
    try:
        yield
    finally:
        vault_mesh.set("vault.address", server.address)


@pytest.mark.row(30)
def test_a_tls_certificate_of_an_unknown_ca(vault_mesh: VaultMesh, server: Server, tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(serving_certificate(tmp_path))
    with goes_on(vault_mesh), listener(context) as port, address(vault_mesh, server, f"https://127.0.0.1:{port}"):
        cause = "its TLS certificate is from an unknown CA; name that CA's PEM file in vault.caFile"
        not_needed(vault_mesh.preview("--expect-no-changes"), cause)


@pytest.mark.row(30)
def test_a_vault_that_never_answers(vault_mesh: VaultMesh, server: Server):
    with goes_on(vault_mesh), listener() as port, address(vault_mesh, server, f"http://127.0.0.1:{port}"):
        not_needed(vault_mesh.preview("--expect-no-changes"), "did not answer within 10 s")


@pytest.mark.row(31)
def test_a_vault_that_was_wiped_between_runs_is_named_and_its_new_root_refused(vault_mesh: VaultMesh, server: Server):
    with goes_on(vault_mesh):
        try:
            with servers.wiped() as fresh:
                fresh.allow(ROOT_MOUNT)
                vault_mesh.give(fresh.token())
                refused(vault_mesh.preview(), "has no CA there: it was wiped")
                fresh.make_root(ROOT_MOUNT, "Pi root")
                refused(vault_mesh.up(), "in one step from 'Pi root'")
        finally:
            vault_mesh.give(server.token())


@pytest.mark.row(32)
def test_a_token_that_runs_out_on_the_way_leaves_the_old_ca_and_the_next_up_goes_on(
    vault_mesh: VaultMesh, server: Server
):
    used = issued()
    with untouched():
        vault_mesh.give(server.token(num_uses=2))
        vault_mesh.set("vault.generation", vault_mesh.get("vault.generation", 1) + 1)
        vault_mesh.up().refused("permission denied")
    vault_mesh.give(server.token())
    vault_mesh.must_up()
    wait_for_issuer(other_than=used)


def test_a_lost_intermediate_mount_comes_back_with_a_new_key(vault_mesh: VaultMesh, server: Server):
    used = issued()
    with untouched():
        server.remove("pki_int")
        assert "python -m operations repair" in vault_mesh.preview().must().line_with("nothing is mounted there")
        refreshed = vault_mesh.pulumi("refresh", "--yes", "--skip-preview", "--target", "**::mesh-ca-*")
        assert 'got nil response from Vault from path: "pki_int/config/auto-tidy"' in refreshed.output
    vault_mesh.operation("repair", "--yes").must()
    vault_mesh.must_up()
    wait_for_issuer(other_than=used)
    assert server.admin.read("pki_int/config/urls")["data"]["issuing_certificates"]


def test_a_vault_that_lost_its_root_for_good_takes_the_mesh_to_another_in_three_steps(
    vault_mesh: VaultMesh, server: Server
):
    first, before = server.root(), issued()
    try:
        with servers.wiped() as fresh:
            other = fresh.make_root(ROOT_MOUNT, "New root")
            fresh.allow(ROOT_MOUNT)
            vault_mesh.give("")
            vault_mesh.set("vault.alsoTrust", [other])
            vault_mesh.must_up()
            wait_for_roots(first, other)
            vault_mesh.give(fresh.token())
            vault_mesh.set("vault.alsoTrust", [first])
            vault_mesh.operation("repair", "--yes").must()
            vault_mesh.must_up()
            after = wait_for_issuer(other_than=before)
            assert after.verifies(pem.certificates(other, "New root"))
            assert handshake(before, after, roots()) == handshake(after, before, roots())
            vault_mesh.end()
    finally:
        server.remove("pki_int")
        vault_mesh.give(server.token())
        vault_mesh.set("vault.alsoTrust", [])
        vault_mesh.must_up()


@pytest.mark.parametrize("keep", [(), ("vault",)], ids=["with Vault, which is sealed then", "of the boards alone"])
def test_after_a_power_cut_istiod_signs_with_the_same_ca_and_asks_no_vault(
    vault_mesh: VaultMesh, keep: tuple[str, ...], figure
):
    with goes_on(vault_mesh):
        power.off(keep)
        begun = time.monotonic()
        power.on([])
        wait_for_issued("istiod signs", lambda _: True)
        seconds = time.monotonic() - begun
        vault.unseal()
    figure(f"{seconds:.0f} s after the power came back istiod signed, with the CA of before; `up` then changed nothing")


def test_a_mesh_that_rises_on_new_boards_has_the_ca_that_vault_signed(vault_mesh: VaultMesh, figure):
    secret, client = cacerts(), issued()
    vault_mesh.operation("backup", "--output", "mesh.age").must()
    vault_mesh.pulumi("stack", "rm", "--force", "--yes", "--preserve-config").must()
    power.burn()
    vault.unseal()
    vault_mesh.operation("restore", "mesh.age", "--yes").must()
    server = wait_for_issued("istiod signs", lambda _: True)
    assert cacerts() == secret
    assert handshake(client, server, roots())
    vault_mesh.must_up("--expect-no-changes")
    figure(
        "the same intermediate CA, with nothing signed anew; a client of before is trusted; a second up changes nothing"
    )
