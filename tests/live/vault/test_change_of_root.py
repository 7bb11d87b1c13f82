"""Another root while requests run: none is lost, whatever signs before and after."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.calls import settled, status
from lab.workloads import apply, delete, wait_for
from pi_mesh.certificates import pem
from tests.live.traffic import cast
from tests.live.traffic.load import Tally, streams
from tests.live.traffic.rules import rules
from tests.live.traffic.shop import ALL, OBJECTS, SERVICE, SHORT_LIVED, VISITOR, WAYS
from tests.live.vault.mesh import VaultMesh, issued, roots
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.live.vault.trust import proxies, table
from tests.support.project import STACK, kill_session
from tests.support.project import wait_for as seen

pytestmark = pytest.mark.long

OTHER = "pki_second"
AFTERMATH = 10
"""Seconds: pods that were told to stop drain on when the change is done."""


@pytest.fixture(scope="module")
def mesh_with_gateway(vault_mesh: VaultMesh, server: Server) -> Iterator[VaultMesh]:
    """A gateway whose certificates live for a minute; the mesh of the other tests is made anew after it."""
    vault_mesh.set("ingress", {"enabled": True, "values": {"podAnnotations": SHORT_LIVED}})
    yield vault_mesh
    vault_mesh.end()
    server.remove(OTHER)
    server.allow(ROOT_MOUNT)
    vault_mesh.reset()
    vault_mesh.begin(server)
    vault_mesh.must_up()


@contextmanager
def shop() -> Iterator[dict[str, Tally]]:
    """The shop behind the gateway, all with certificates that live for a minute; the requests that run to it inside."""
    apply(OBJECTS)
    try:
        with rules(**cast.front_door(SERVICE)):
            wait_for(*ALL)
            assert settled(lambda: status(VISITOR, cast.INGRESS_URL), 200) == 200
            with streams(**WAYS) as tallies:
                yield tallies
                time.sleep(AFTERMATH)
    finally:
        delete(OBJECTS)


def test_from_istiods_own_root_to_vaults_no_request_is_lost(mesh_with_gateway: VaultMesh, server: Server, figure):
    mesh_with_gateway.unprotect()
    mesh_with_gateway.set("vault", {"enabled": False, "address": server.address})
    mesh_with_gateway.must_up()
    (own,) = pem.certificates(roots(), "the mesh")
    (vaults,) = pem.certificates(server.root(), "Vault")
    with shop() as tallies:
        before = table(own, vaults)
        assert all(proxy.roots == (own,) for proxy in proxies())
        outcome = mesh_with_gateway.operation("rotate-ca", "--root", "--root-mount", ROOT_MOUNT)
        after, trusted = table(own, vaults), {proxy.roots for proxy in proxies()}
    _told(figure, tallies, before, after, outcome.output)
    assert outcome.status == 0, outcome.output
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}
    assert trusted == {(vaults,)}
    assert issued().verifies((vaults,))


def test_from_one_root_of_vault_to_another_killed_in_the_middle_no_request_is_lost(
    mesh_with_gateway: VaultMesh, server: Server, figure
):
    mesh_with_gateway.must_up()
    (first,) = pem.certificates(server.root(), "Vault")
    (second,) = pem.certificates(server.make_root(OTHER, "Second root"), "Vault")
    server.allow(ROOT_MOUNT, OTHER)
    change = ("rotate-ca", "--root", "--root-mount", OTHER, "--no-policies")
    with shop() as tallies:
        before = table(first, second)
        run = mesh_with_gateway.start("python", "-m", "operations", *change, "--stack", STACK)
        try:
            seen("the settings name the new root", lambda: mesh_with_gateway.get("vault.rootMount", "") == OTHER, 240)
            time.sleep(2)
        finally:
            kill_session(run)
        between = table(first, second)
        outcome = mesh_with_gateway.operation(*change)
        after, trusted = table(first, second), {proxy.roots for proxy in proxies()}
    _told(figure, tallies, before, [*between, "resumed", *after], outcome.output)
    assert outcome.status == 0, outcome.output
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}
    assert trusted == {(second,)}
    assert issued().verifies((second,))


def _told(figure, tallies: dict[str, Tally], before: list[str], after: list[str], output: str) -> None:
    figure("; ".join(f"{name}: {tally}" for name, tally in tallies.items()))
    print("\n".join([*map(str, tallies.items()), "before", *before, "after", *after, output]))
