"""A change from Vault to a CA that cert-manager's Issuer signs, without a lost request."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from lab.cluster import node_images
from lab.cluster.kubectl import get, kubectl
from lab.cluster.names import CONTEXT
from lab.toolchain import cert_manager_package
from lab.workloads import CONTROL, apply
from pi_mesh.certificates import pem
from pi_mesh.cluster.mesh_ca import read_signing_secret
from tests.live.traffic.load import must_lose_nothing, streams
from tests.live.traffic.shop import SHORT_LIVED
from tests.live.vault import mesh
from tests.live.vault.mesh import (
    SERVICE,
    URL,
    VaultMesh,
    certificate_of,
    issued,
    istiod_pods,
    proxies,
    restarts,
    table,
    trusted_roots,
    wait_for_issuer,
)
from tests.live.vault.server import Server
from tests.support.helm import helm
from tests.support.objects import present

pytestmark = pytest.mark.long

CLIENT = replace(mesh.CLIENT, annotations=SHORT_LIVED)
SERVER = replace(mesh.SERVER, annotations=SHORT_LIVED)
HOME, API = "cert-manager", "cert-manager.io/v1"
ROOT, FIRST = "pi-root", "pi-self-signed"
LACKING = "webhook.replicaCount=0,cainjector.enabled=false,startupapicheck.enabled=false,prometheus.enabled=false"
"""Values for the lab, which has the controller alone."""
WEBHOOKS = ("validatingwebhookconfiguration", "mutatingwebhookconfiguration")
ISSUER = {"name": ROOT, "kind": "ClusterIssuer"}


def cluster_issuer(name: str, spec: dict) -> dict:
    return {"apiVersion": API, "kind": "ClusterIssuer", "metadata": {"name": name}, "spec": spec}


@contextmanager
def own_issuer() -> Iterator[pem.x509.Certificate]:
    """Create the cluster's own cert-manager with a ClusterIssuer, as its owner does, for the block; yield its root."""
    node_images.provide_cert_manager()
    chart = str(node_images.CERT_MANAGER_CHARTS / cert_manager_package.CHART)
    more = ("--namespace", HOME, "--create-namespace", "--wait", "--set", f"crds.enabled=true,{LACKING}")
    helm("upgrade", "--install", HOME, chart, *more)
    for kind in WEBHOOKS:
        kubectl("delete", kind, "--selector=app.kubernetes.io/instance=cert-manager", "--ignore-not-found")
    try:
        apply([cluster_issuer(FIRST, {"selfSigned": {}})])
        yield use_root(ROOT)
    finally:
        kubectl("delete", "clusterissuer", ROOT, FIRST, "--ignore-not-found")
        helm("uninstall", HOME, "--namespace", HOME, "--wait")
        crds = [one["metadata"]["name"] for one in get("customresourcedefinitions")["items"]]
        kubectl("delete", "customresourcedefinition", *(name for name in crds if name.endswith("cert-manager.io")))
        kubectl("delete", "namespace", HOME)


def use_root(name: str) -> pem.x509.Certificate:
    """Create a root of this name, make the ClusterIssuer sign under it, and return it."""
    certificate = {
        "isCA": True,
        "commonName": f"{name} of the issuer",
        "secretName": name,
        "duration": "87600h",
        "privateKey": {"algorithm": "ECDSA", "size": 256},
        "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": FIRST},
    }
    metadata = {"name": name, "namespace": HOME}
    apply([{"apiVersion": API, "kind": "Certificate", "metadata": metadata, "spec": certificate}])
    kubectl("wait", "--for=condition=Ready", f"certificate/{name}", f"--namespace={HOME}", "--timeout=60s")
    apply([cluster_issuer(ROOT, {"ca": {"secretName": name}})])
    kubectl("wait", "--for=condition=Ready", f"clusterissuer/{ROOT}", "--timeout=60s")
    files = read_signing_secret(CONTEXT, HOME, name)
    assert files is not None
    return pem.certificates(files["root-cert.pem"], name)[0]


@pytest.fixture(scope="module")
def root(vault_mesh: VaultMesh, server: Server) -> Iterator[pem.x509.Certificate]:
    """Yield the root of the Issuer in the settings; the mesh uses Vault before this file and after it."""
    with own_issuer() as certificate:
        vault_mesh.set("ca", {"issuer": ISSUER})
        vault_mesh.must_up()
        try:
            with present([SERVICE], CLIENT, SERVER):
                yield certificate
        finally:
            vault_mesh.end()
            vault_mesh.change({"ca": {}, "vault": {"enabled": True, "address": server.address}})
    vault_mesh.must_up()


def test_vaults_ca_goes_only_when_its_owner_says_so_and_no_request_is_lost(
    vault_mesh: VaultMesh, server: Server, root: pem.x509.Certificate, figure
):
    (vaults,) = trusted_roots()
    refused = vault_mesh.operation("rotate-ca", "--root", "--issuer", "--yes")
    assert "pulumi state unprotect" in refused.line_with("is protected")
    assert trusted_roots() == (vaults,)
    vault_mesh.unprotect()
    with streams(sidecars=(CLIENT, URL)) as tallies:
        before = table(vaults, root)
        outcome = vault_mesh.operation("rotate-ca", "--root", "--issuer", "--yes")
        after = table(vaults, root)
    print("\n".join(["before", *before, "after", *after, outcome.output]))
    assert outcome.status == 0, outcome.output
    figure(must_lose_nothing(tallies))
    assert {proxy.roots for proxy in proxies()} == {(root,)}
    assert "pki_int/" not in server.admin.sys.list_mounted_secrets_engines()["data"]


def test_each_proxys_chain_ends_at_the_issuers_root(vault_mesh: VaultMesh, root: pem.x509.Certificate):
    chain = certificate_of(SERVER)
    assert pem.issued(chain[-1], root) or chain[-1] == root
    assert issued().verifies((root,))
    vault_mesh.must_be_unchanged()


def test_preflight_and_verify_say_that_all_is_well(vault_mesh: VaultMesh, root: pem.x509.Certificate):  # noqa: ARG001
    assert "signs the mesh's CA for 8760h" in vault_mesh.operation("preflight", "--all").must().output
    assert "pi-root of the issuer" in vault_mesh.operation("verify", "--all").must().output


def test_a_rotation_has_cert_manager_make_another_key_and_restarts_nothing(
    vault_mesh: VaultMesh, root: pem.x509.Certificate
):
    before, pods = issued(), istiod_pods()
    vault_mesh.operation("rotate-ca", "--yes").must()
    after = wait_for_issuer(other_than=before)
    assert (istiod_pods(), restarts(CONTROL)) == (pods, 0)
    assert (before.verifies((root,)), after.verifies((root,))) == (True, True)
    assert after.issuer.public_key() != before.issuer.public_key()


def test_when_the_issuers_root_changes_up_leaves_the_ca_until_all_trust_the_new_one(
    vault_mesh: VaultMesh, root: pem.x509.Certificate
):
    before, other = issued(), use_root("pi-other")
    vault_mesh.set("ca.issuer.ttl", "4000h")
    assert "rotate-ca --root --issuer" in vault_mesh.must_up().line_with("CA unchanged")
    assert (issued().issuer, trusted_roots()) == (before.issuer, (root,))
    with streams(sidecars=(CLIENT, URL)) as tallies:
        vault_mesh.operation("rotate-ca", "--root", "--issuer", "--yes").must()
    must_lose_nothing(tallies)
    assert {proxy.roots for proxy in proxies()} == {(other,)}
    vault_mesh.must_be_unchanged()


def test_without_its_issuer_the_mesh_goes_on_and_a_preview_says_so(vault_mesh: VaultMesh, root: pem.x509.Certificate):  # noqa: ARG001
    trusted = trusted_roots()
    kubectl("delete", "clusterissuer", ROOT)
    outcome = vault_mesh.preview("--expect-no-changes").must()
    assert "the mesh's CA stays as it is" in outcome.line_with(f"ClusterIssuer {ROOT}")
    assert issued().verifies(trusted)
