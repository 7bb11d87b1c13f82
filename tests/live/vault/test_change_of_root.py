"""A change of root between any two signers: all proxies are asked before each step, and no request is lost."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.calls import settled, status
from lab.cluster.kubectl import kubectl
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL
from pi_mesh.certificates import pem
from tests.live.traffic import cast
from tests.live.traffic.load import Tally, must_lose_nothing, streams
from tests.live.traffic.shop import ALL, SERVICE, SERVICES, SHORT_LIVED, VISITOR, WAYS
from tests.live.vault.mesh import VaultMesh, issued, proxies, table, trusted_roots
from tests.live.vault.server import ROOT_MOUNT, Server
from tests.support import authorities
from tests.support.objects import present
from tests.support.project import STACK_FILE, Holds, Project, kill_session

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("alone", "environment")]

OTHER = "pki_second"
AFTERMATH = 10  # seconds in which stopping pods drain after the change


@pytest.fixture
def new_ca(tmp_path: Path) -> tuple[authorities.Authority, tuple[str, ...]]:
    """Return the root of a CA in two files, and the options that name them."""
    root = authorities.make_root("Another root")
    signing = authorities.make_ca("Another CA", root)
    (tmp_path / "chain.pem").write_text(signing.pem + root.pem)
    (tmp_path / "key.pem").write_text(signing.key)
    return root, ("--chain", str(tmp_path / "chain.pem"), "--key", str(tmp_path / "key.pem"))


def _refused(mesh: Project, options: tuple[str, ...]) -> str:
    """Return the one error of a change of root that waits for a second."""
    outcome = mesh.operation("rotate-ca", "--root", *options, "--wait", "1", "--yes", "--json")
    assert outcome.status == 1, outcome.output
    (message,) = [one["message"] for one in outcome.findings if one["level"] == "error"]
    return message


def test_the_old_root_signs_on_while_a_proxy_does_not_trust_the_new_one(alone: Project, new_ca):
    # The shipped mesh's gateways learn of a new root with their next certificate, in an hour.
    alone.must_hold_the_shipped_mesh()
    root, options = new_ca
    signer = trusted_roots()[0]
    try:
        message = _refused(alone, options)
        assert "not all trust" in message
        assert "istio-system/istio-ingressgateway" in message
        assert {proxy.pod.split("/")[0] for proxy in proxies()} == {"istio-system"}
        assert all(proxy.roots == (signer,) for proxy in proxies())
        wait_until("both roots", lambda: set(trusted_roots()) == {signer, root.certificate})
        assert issued().verifies((signer,))
        stack_file = (alone.folder / STACK_FILE).read_text()
        assert "alsoTrust" in stack_file
        assert "caKey" not in stack_file
        assert _refused(alone, options) == message
    finally:
        alone.must_hold_nothing()


@pytest.fixture(scope="module")
def mesh_with_gateway(
    project: Project, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[VaultMesh]:
    """Yield a mesh under istiod's own root, beside a Vault that it may go to."""
    project.must_hold_nothing()
    project.holds = Holds.UNKNOWN
    mesh = VaultMesh(tmp_path_factory.mktemp("change-of-root"))
    mesh.begin(server)
    mesh.change({"ingress.enabled": True, "vault.enabled": False})
    try:
        mesh.must_up()
        _renew_each_minute("deployment/istio-ingressgateway")
        yield mesh
    finally:
        mesh.end()
        server.remove(OTHER)
        server.allow(ROOT_MOUNT)


def _renew_each_minute(gateway: str) -> None:
    """Shorten the life of a gateway's certificates below what settings allow."""
    config = f"terminationDrainDuration: 20s\n{SHORT_LIVED['proxy.istio.io/config']}"
    template = {"metadata": {"annotations": {"proxy.istio.io/config": config}}}
    kubectl("patch", gateway, "-n", CONTROL, "--type=merge", "-p", json.dumps({"spec": {"template": template}}))
    kubectl("rollout", "status", "-n", CONTROL, gateway, "--timeout=120s")


@contextmanager
def shop() -> Iterator[Mapping[str, Tally]]:
    """Open the shop, with certificates that live for a minute, and yield the requests that run to it."""
    with present(SERVICES, *ALL), cast.rules(**cast.front_door(SERVICE)):
        assert settled(lambda: status(VISITOR, cast.INGRESS_URL), 200) == 200
        with streams(**WAYS) as tallies:
            yield tallies
            time.sleep(AFTERMATH)


def test_from_istiods_own_root_to_vaults_no_request_is_lost(mesh_with_gateway: VaultMesh, server: Server, figure):
    (own,) = trusted_roots()
    (vaults,) = pem.certificates(server.root(), "Vault")
    with shop() as tallies:
        before = table(own, vaults)
        assert all(proxy.roots == (own,) for proxy in proxies())
        outcome = mesh_with_gateway.operation("rotate-ca", "--yes", "--root", "--root-mount", ROOT_MOUNT)
        after, trusted = table(own, vaults), {proxy.roots for proxy in proxies()}
    print("\n".join(["before", *before, "after", *after, outcome.must().output]))
    figure(must_lose_nothing(tallies))
    assert trusted == {(vaults,)}
    assert issued().verifies((vaults,))


def test_from_one_root_of_vault_to_another_killed_in_the_middle_no_request_is_lost(
    mesh_with_gateway: VaultMesh, server: Server, figure: Callable[[str], None]
):
    mesh_with_gateway.set("vault.enabled", True)
    mesh_with_gateway.must_up()
    (first,) = pem.certificates(server.root(), "Vault")
    (second,) = pem.certificates(server.make_root(OTHER, "Second root"), "Vault")
    server.allow(ROOT_MOUNT, OTHER)
    change = ("rotate-ca", "--yes", "--root", "--root-mount", OTHER, "--no-policies")
    with shop() as tallies:
        before = table(first, second)
        run = mesh_with_gateway.start_operation(*change)
        try:
            new_root = "the settings name the new root"
            wait_until(new_root, lambda: mesh_with_gateway.get("vault.rootMount", "") == OTHER, 240)
            time.sleep(2)
        finally:
            kill_session(run)
        between = table(first, second)
        outcome = mesh_with_gateway.operation(*change)
        after, trusted = table(first, second), {proxy.roots for proxy in proxies()}
    print("\n".join(["before", *before, "killed", *between, "after", *after, outcome.must().output]))
    figure(must_lose_nothing(tallies))
    assert trusted == {(second,)}
    assert issued().verifies((second,))
