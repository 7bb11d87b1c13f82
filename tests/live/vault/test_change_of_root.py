"""A change of root while requests run, between any two signers: no request is lost."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.calls import settled, status
from lab.cluster.kubectl import kubectl
from lab.workloads import CONTROL, apply, delete, wait_for
from pi_mesh.certificates import pem
from tests.live.traffic import cast
from tests.live.traffic.load import Tally, streams
from tests.live.traffic.rules import rules
from tests.live.traffic.shop import ALL, OBJECTS, SERVICE, SHORT_LIVED, VISITOR, WAYS
from tests.live.vault.mesh import VaultMesh, issued, roots
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.live.vault.trust import proxies, table
from tests.support.project import STACK, Holds, Project, kill_session
from tests.support.project import wait_for as seen

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("alone")]

OTHER = "pki_second"
AFTERMATH = 10
"""Seconds in which stopping pods drain after the change."""


@pytest.fixture(scope="module")
def mesh_with_gateway(
    project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VaultMesh]:
    """Yield a mesh under istiod's own root, beside a Vault that it may go to."""
    project.must_hold_nothing()
    project.holds = Holds.UNKNOWN
    made = VaultMesh(tmp_path_factory.mktemp("change-of-root"))
    made.begin(server)
    made.set("ingress.enabled", True)
    made.set("vault.enabled", False)
    try:
        made.must_up()
        _renew_each_minute("deployment/istio-ingressgateway")
        yield made
    finally:
        made.end()
        server.remove(OTHER)
        server.allow(ROOT_MOUNT)


def _renew_each_minute(gateway: str) -> None:
    """Shorten the life of a gateway's certificates below what settings allow."""
    config = f"terminationDrainDuration: 20s\n{SHORT_LIVED['proxy.istio.io/config']}"
    template = {"metadata": {"annotations": {"proxy.istio.io/config": config}}}
    kubectl("patch", gateway, "-n", CONTROL, "--type=merge", "-p", json.dumps({"spec": {"template": template}}))
    kubectl("rollout", "status", "-n", CONTROL, gateway, "--timeout=120s")


@contextmanager
def shop() -> Iterator[dict[str, Tally]]:
    """Open the shop, with certificates that live for a minute, and yield the requests that run to it."""
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
    (own,) = pem.certificates(roots(), "the mesh")
    (vaults,) = pem.certificates(server.root(), "Vault")
    with shop() as tallies:
        before = table(own, vaults)
        assert all(proxy.roots == (own,) for proxy in proxies())
        outcome = mesh_with_gateway.operation("rotate-ca", "--yes", "--root", "--root-mount", ROOT_MOUNT)
        after, trusted = table(own, vaults), {proxy.roots for proxy in proxies()}
    _told(figure, tallies, before, after, outcome.output)
    assert outcome.status == 0, outcome.output
    assert {name: tally.failed for name, tally in tallies.items()} == {name: {} for name in tallies}
    assert trusted == {(vaults,)}
    assert issued().verifies((vaults,))


def test_from_one_root_of_vault_to_another_killed_in_the_middle_no_request_is_lost(
    mesh_with_gateway: VaultMesh, server: Server, figure
):
    mesh_with_gateway.set("vault.enabled", True)
    mesh_with_gateway.must_up()
    (first,) = pem.certificates(server.root(), "Vault")
    (second,) = pem.certificates(server.make_root(OTHER, "Second root"), "Vault")
    server.allow(ROOT_MOUNT, OTHER)
    change = ("rotate-ca", "--yes", "--root", "--root-mount", OTHER, "--no-policies")
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
