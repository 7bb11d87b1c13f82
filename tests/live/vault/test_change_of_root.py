"""Another root while requests run: none is lost, whatever signs before and after."""

import time
from collections.abc import Iterator

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

OTHER = "pki_other"
AFTERMATH = 10


@pytest.fixture(scope="module")
def shop(vault_mesh: VaultMesh, server: Server) -> Iterator[None]:
    """The shop behind a gateway, all with certificates that live for a minute, under istiod's own root."""
    vault_mesh.unprotect()
    vault_mesh.set("vault", {"enabled": False, "address": server.address})
    vault_mesh.set("ingress", {"enabled": True, "values": {"podAnnotations": SHORT_LIVED}})
    vault_mesh.must_up()
    apply(OBJECTS)
    try:
        with rules(**cast.front_door(SERVICE)):
            wait_for(*ALL)
            assert settled(lambda: status(VISITOR, cast.INGRESS_URL), 200) == 200
            yield
    finally:
        delete(OBJECTS)
        vault_mesh.set("ingress", {"enabled": False})


@pytest.mark.usefixtures("shop")
def test_from_istiods_own_root_to_vaults_no_request_is_lost(vault_mesh: VaultMesh, server: Server, figure):
    (own,) = pem.certificates(roots(), "the mesh")
    (vaults,) = pem.certificates(server.root(), "Vault")
    before = table(own, vaults)
    assert all(proxy.roots == (own,) for proxy in proxies())
    with streams(**WAYS) as tallies:
        outcome = vault_mesh.operation("rotate-ca", "--root", "--root-mount", ROOT_MOUNT)
        time.sleep(AFTERMATH)
    after = table(own, vaults)
    _told(figure, tallies, before, after, outcome.output)
    assert outcome.status == 0, outcome.output
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}
    assert all(proxy.roots == (vaults,) for proxy in proxies())
    assert issued().verifies((vaults,))


@pytest.mark.usefixtures("shop")
def test_from_one_root_of_vault_to_another_killed_in_the_middle_no_request_is_lost(
    vault_mesh: VaultMesh, server: Server, figure
):
    """Goes on from the test before; run by itself, it goes the first way without requests."""
    vault_mesh.operation("rotate-ca", "--root", "--root-mount", ROOT_MOUNT).must()
    (first,) = pem.certificates(server.root(), "Vault")
    (second,) = pem.certificates(server.make_root(OTHER, "Other root"), "Vault")
    server.allow(ROOT_MOUNT, OTHER)
    before = table(first, second)
    change = ("rotate-ca", "--root", "--root-mount", OTHER)
    with streams(**WAYS) as tallies:
        run = vault_mesh.start("python", "-m", "operations", *change, "--stack", STACK)
        try:
            seen("the new root signs by the settings", lambda: vault_mesh.get("vault.rootMount", "") == OTHER, 240)
            time.sleep(2)
        finally:
            kill_session(run)
        between = table(first, second)
        outcome = vault_mesh.operation(*change)
        time.sleep(AFTERMATH)
    after = table(first, second)
    _told(figure, tallies, before, [*between, "resumed", *after], outcome.output)
    assert outcome.status == 0, outcome.output
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}
    assert all(proxy.roots == (second,) for proxy in proxies())
    assert issued().verifies((second,))


def _told(figure, tallies: dict[str, Tally], before: list[str], after: list[str], output: str) -> None:
    figure("; ".join(f"{name}: {tally}" for name, tally in tallies.items()))
    print("\n".join([*map(str, tallies.items()), "before", *before, "after", *after, output]))
