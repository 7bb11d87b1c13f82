"""The CA's key stays in Vault, which signs each certificate."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from lab.calls import status
from lab.cluster import node_images, power, vault
from lab.cluster.kubectl import kubectl
from lab.cluster.names import LAB
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL, SELF, TRADING, Workload, apply, delete, manifests, wait_for
from pi_mesh.certificates import pem
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.waiting import until
from tests.live.traffic.load import Tally, must_lose_nothing, streams
from tests.live.vault.mesh import (
    CLIENT,
    IN_BETWEEN,
    INTERNAL,
    LATER,
    SERVER,
    SERVICE,
    URL,
    VaultMesh,
    cacerts,
    certificate_of,
    identity,
    issued,
    istiod_pods,
    restarts,
    roots,
    secrets_with_a_key,
    wait_for_issued,
    wait_for_issuer,
)
from tests.live.vault.server import Server
from tests.support import pods
from tests.support.objects import present

pytestmark = pytest.mark.long
WAY = {"sidecars": (CLIENT, URL)}
WORKLOADS = f"{SELF} in ({CLIENT.name}, {SERVER.name})"
UNSEAL = "Vault is sealed; unseal it with `vault operator unseal`"
AFTER_THE_CUT = Workload("keyless-after-the-cut")
LONGEST = 600
"""Seconds until all is served again: cert-manager, istiod's container and a ReplicaSet each try again within five
minutes at the latest."""


@dataclass(frozen=True)
class ChangedOver:
    """The change of a running mesh from an exported key to one in Vault, as a client saw it."""

    tallies: dict[str, Tally]
    pods: set[str]  # pods of the workloads before the change
    trusted: str  # roots (PEM) before the change


def workload_pods() -> set[str]:
    return pods.names(TRADING, WORKLOADS)


@pytest.fixture(scope="module")
def changed_over(vault_mesh: VaultMesh, server: Server) -> Iterator[ChangedOver]:
    """Yield the shared mesh with the key in Vault for this file; afterwards istiod signs itself again."""
    node_images.provide_cert_manager()
    server.open_for_cert_manager()
    try:
        with present([SERVICE], CLIENT, SERVER):
            running, trusted = workload_pods(), roots()
            vault_mesh.change(INTERNAL)
            with streams(**WAY) as tallies:
                vault_mesh.must_up()
            yield ChangedOver(tallies, running, trusted)
    finally:
        delete([*manifests(LATER), *manifests(IN_BETWEEN)])
        vault_mesh.set("vault.key", "exported")
        vault_mesh.must_up()
        wait_for_issued("istiod signs again", lambda one: one.verifies(pem.certificates(server.root(), "Vault")))


def remedies_of_verify(vault_mesh: VaultMesh) -> list[str]:
    """Return what `verify`, which fails, tells to do so that certificates are signed again."""
    outcome = vault_mesh.operation("verify", "--json")
    assert outcome.status != 0, outcome.output
    return [finding["fix"] for finding in outcome.findings if finding["id"] == "certificate issuer"]


def test_a_running_mesh_changes_over_and_loses_no_request(changed_over: ChangedOver, figure):
    figure(must_lose_nothing(changed_over.tallies))
    assert workload_pods() == changed_over.pods
    assert roots() == changed_over.trusted


def test_vault_signs_what_istiod_vouches_for(changed_over: ChangedOver, server: Server, figure):  # noqa: ARG001
    certificate = issued()
    assert identity(certificate.chain[0]) == ["spiffe://cluster.local/ns/trading/sa/default"]
    assert certificate.verifies(pem.certificates(server.root(), "Vault"))
    assert certificate.issuer == pem.certificates(server.root("pki_int"), "Vault")[0]
    figure(f"signed by {pem.title(certificate.issuer)}, with a key that never left Vault")


def test_a_new_pod_is_ready_with_a_certificate_of_vaults(changed_over: ChangedOver, server: Server):  # noqa: ARG001
    apply(manifests(LATER))
    wait_for(LATER)
    chain = certificate_of(LATER)
    assert identity(chain[0]) == [LATER.identity]
    assert pem.issued(chain[0], pem.certificates(server.root("pki_int"), "Vault")[0])


@pytest.mark.usefixtures("changed_over")
def test_the_key_is_neither_in_the_cluster_nor_in_state_preview_or_logs(vault_mesh: VaultMesh):
    assert cacerts() == {}
    assert secrets_with_a_key() == []
    vault_mesh.preview("--diff")
    state = vault_mesh.pulumi("stack", "export", "--show-secrets")
    assert "Istio Intermediate CA" in state.output
    logs = [file.read_text(errors="replace") for file in (LAB / "logs").iterdir()]
    assert "PRIVATE KEY" not in "\n".join([*vault_mesh.said, *logs])


def test_a_second_run_changes_nothing(changed_over: ChangedOver, vault_mesh: VaultMesh):  # noqa: ARG001
    vault_mesh.must_be_unchanged()


def test_preflight_and_verify_say_that_all_is_well(changed_over: ChangedOver, vault_mesh: VaultMesh):  # noqa: ARG001
    for operation in ("preflight", "verify"):
        outcome = vault_mesh.operation(operation, "--all").must()
    assert "Istio Intermediate CA" in outcome.output


def test_vault_sealed_the_mesh_goes_on_and_a_new_pod_waits(changed_over: ChangedOver, vault_mesh: VaultMesh, figure):  # noqa: ARG001
    with streams(**WAY) as tallies:
        vault.seal()
        try:
            apply(manifests(IN_BETWEEN))
            with pytest.raises(ClusterUnreachable):
                issued()
            remedies = remedies_of_verify(vault_mesh)
        finally:
            vault.unseal()
        wait_for_issued("Vault signs again", lambda _: True)
        wait_for(IN_BETWEEN)
    assert any(UNSEAL in remedy for remedy in remedies)
    figure(must_lose_nothing(tallies))


def is_served() -> bool:
    """Return True if a request between the two sidecars is answered; where a pod is away, none can be sent."""
    with contextlib.suppress(RuntimeError):
        return status(CLIENT, URL) == 200
    return False


def seconds_until_served(began: datetime, cut: datetime) -> str:
    """Return when, since `began`, each became Ready that the next one needs, and when a request was answered."""
    places = {
        "cert-manager": ("cert-manager", "app.kubernetes.io/name=cert-manager"),
        "istiod": (CONTROL, "app=istiod"),
        "sidecars": (TRADING, WORKLOADS),
    }
    reached: dict[str, float] = {}

    def look() -> bool:
        for name, place in places.items():
            if name not in reached and pods.ready_since(cut, *place) == pods.names(*place):
                reached[name] = (datetime.now(UTC) - began).total_seconds()
        return len(reached) == len(places) and is_served()

    wait_until("requests are served", look, LONGEST)
    reached["a request"] = (datetime.now(UTC) - began).total_seconds()
    return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in reached.items())


def must_be_well(vault_mesh: VaultMesh) -> None:
    """Assert that `verify` comes to find nothing and an `up` has nothing to do, without a hand."""
    verified = until(lambda: vault_mesh.operation("verify"), 120, 5, done=lambda outcome: outcome.status == 0)
    verified.must()
    vault_mesh.must_be_unchanged()


@pytest.mark.usefixtures("changed_over")
def test_after_a_power_cut_all_comes_back_by_a_vault_that_had_power(vault_mesh: VaultMesh, figure):
    before = workload_pods()
    cut = datetime.now(UTC)
    power.off((vault.SERVER,))
    began = datetime.now(UTC)
    power.on([])
    seconds = seconds_until_served(began, cut)
    figure(f"after the power: {seconds}; 0 pods without a sidecar")
    assert (workload_pods(), pods.without_sidecar(TRADING)) == (before, [])
    must_be_well(vault_mesh)


@pytest.mark.usefixtures("changed_over")
def test_after_a_power_cut_that_sealed_vault_all_waits_for_the_unseal_and_needs_no_other_hand(
    vault_mesh: VaultMesh, figure
):
    before = workload_pods()
    cut = datetime.now(UTC)
    power.off()
    power.on([])
    began = restarts(CONTROL)
    try:
        apply(manifests(AFTER_THE_CUT))
        wait_until("istiod's container ends without a certificate", lambda: restarts(CONTROL) > began + 1, LONGEST)
        remedies = remedies_of_verify(vault_mesh)
        assert pods.ready_since(cut, CONTROL, "app=istiod") | pods.ready_since(cut, TRADING, SELF) == set()
        assert not is_served()
        assert (workload_pods(), pods.without_sidecar(TRADING)) == (before, [])
        assert any(UNSEAL in remedy for remedy in remedies)
        vault.unseal()
        seconds = seconds_until_served(datetime.now(UTC), cut)
        wait_for(AFTER_THE_CUT, seconds=LONGEST)
        assert pods.without_sidecar(TRADING) == []
        must_be_well(vault_mesh)
    finally:
        vault.unseal()
        delete(manifests(AFTER_THE_CUT))
    figure(f"sealed: no certificate for istiod and the sidecars; after the unseal: {seconds}; 0 pods without a sidecar")


@pytest.mark.usefixtures("changed_over")
def test_a_rotation_is_a_new_key_in_vault_and_restarts_nothing(vault_mesh: VaultMesh, figure):
    before, unchanged = issued(), (istiod_pods(), restarts(CONTROL), roots())
    with streams(**WAY) as tallies:
        vault_mesh.operation("rotate-ca", "--yes").must()
    after = wait_for_issuer(other_than=before)
    assert (istiod_pods(), restarts(CONTROL), roots()) == unchanged
    for certificate in (before, after):
        assert certificate.verifies(pem.certificates(roots(), "the mesh"))
    figure(must_lose_nothing(tallies))


@pytest.mark.usefixtures("changed_over")
def test_a_ca_that_vault_lost_comes_back_with_a_new_key_under_the_same_root(vault_mesh: VaultMesh, server: Server):
    before, trusted = issued(), roots()
    server.remove("pki_int")
    assert "python -m operations repair" in vault_mesh.preview().must().line_with("nothing is mounted there")
    vault_mesh.operation("repair", "--yes").must()
    vault_mesh.must_up()
    after = wait_for_issuer(other_than=before)
    assert roots() == trusted
    for certificate in (before, after):
        assert certificate.verifies(pem.certificates(trusted, "the mesh"))
    vault_mesh.must_be_unchanged()


@pytest.mark.usefixtures("changed_over")
def test_on_new_boards_the_same_ca_signs_once_vault_knows_the_new_clusters_key(
    vault_mesh: VaultMesh, server: Server, figure
):
    before = issued()
    vault_mesh.operation("backup", "--output", "keyless.age").must()
    vault_mesh.pulumi("stack", "rm", "--force", "--yes", "--preserve-config").must()
    power.burn()
    vault.unseal()
    server.open_for_cert_manager()
    vault_mesh.operation("restore", "keyless.age", "--yes").must()
    after = wait_for_issued("Vault signs", lambda _: True)
    assert after.issuer == before.issuer
    assert before.verifies(pem.certificates(roots(), "the mesh"))
    must_be_well(vault_mesh)
    figure("the same CA in Vault signs; a client of before is trusted; `up` then changes nothing")


@pytest.mark.usefixtures("changed_over")
def test_from_nothing_the_mesh_comes_up_with_its_gateways(vault_mesh: VaultMesh, server: Server):
    vault_mesh.end()
    vault_mesh.set("ingress.enabled", True)
    try:
        vault_mesh.must_up()
        kubectl("rollout", "status", "--timeout=60s", f"--namespace={CONTROL}", "deployment/istio-ingressgateway")
        assert issued().verifies(pem.certificates(server.root(), "Vault"))
        assert secrets_with_a_key() == []
    finally:
        vault_mesh.set("ingress.enabled", False)
