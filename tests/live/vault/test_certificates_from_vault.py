"""The mesh's certificates chain to Vault's root."""

import ssl
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lab.cluster.kubectl import get, kubectl
from lab.cluster.names import LAB
from lab.workloads import CONTROL, Workload
from operations.istiod_certificates import IssuedCertificate
from pi_mesh.certificates import pem
from tests.live.traffic.outside import shake
from tests.live.vault.mesh import VaultMesh, cacerts, identity, issued, roots, trusted_roots
from tests.live.vault.server import Server
from tests.live.vault.tls import handshake
from tests.support import authorities
from tests.support.objects import present

IDENTITY = "spiffe://cluster.local/ns/trading/sa/default"
SERVER = Workload("vault-server", labels={"app": "vault-server"})


@pytest.mark.usefixtures("vault_mesh")
def test_a_certificate_from_istiod_names_its_workload_and_chains_to_vaults_root(server: Server, figure):
    certificate = issued()
    assert identity(certificate.chain[0]) == [IDENTITY]
    assert certificate.verifies(pem.certificates(server.root(), "Vault"))
    assert pem.title(certificate.issuer).startswith("'Istio Intermediate CA'")
    figure(f"{IDENTITY}, signed by {pem.title(certificate.issuer)}")


def test_there_is_no_root_of_istiods_own(vault_mesh: VaultMesh, server: Server):  # noqa: ARG001
    assert trusted_roots() == pem.certificates(server.root(), "Vault")
    secrets = {item["metadata"]["name"] for item in get("secrets", f"--namespace={CONTROL}")["items"]}
    assert "istio-ca-secret" not in secrets


@pytest.mark.usefixtures("vault_mesh")
def test_what_a_pod_shows_on_the_wire_chains_to_vaults_root(server: Server, tmp_path, figure):
    roots_of_vault = tmp_path / "vault.pem"
    roots_of_vault.write_text(server.root())
    with present([], SERVER):
        seen = shake(SERVER, roots_of_vault)
    assert seen.identity == SERVER.identity
    figure(seen.identity)


def test_two_certificates_complete_a_mutual_handshake(vault_mesh: VaultMesh):  # noqa: ARG001
    assert handshake(issued(), issued(), roots()) == IDENTITY


def test_a_certificate_of_another_root_is_refused(vault_mesh: VaultMesh, figure):  # noqa: ARG001
    with pytest.raises(ssl.SSLCertVerificationError, match="verify failed") as refused:
        handshake(issued(), _foreign(), roots())
    figure(refused.value.verify_message)


def _foreign() -> IssuedCertificate:
    root = authorities.make_root("another root")
    leaf = authorities.make_ca("leaf", root, ca=False)
    key = leaf.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return IssuedCertificate((leaf.certificate, root.certificate), key)


def test_a_workload_outside_of_the_cluster_gets_its_certificate_from_vault(vault_mesh: VaultMesh, server: Server):  # noqa: ARG001
    name = "spiffe://cluster.local/ns/trading/sa/vm"
    role = {"allowed_uri_sans": name, "require_cn": False, "key_type": "ec", "key_bits": 256, "max_ttl": "24h"}
    server.admin.write_data("pki_int/roles/vm", data=role)
    made = server.admin.write_data("pki_int/issue/vm", data={"uri_sans": name})["data"]
    chain = pem.certificates("\n".join([made["certificate"], *made["ca_chain"]]), "Vault")
    outside = replace(issued(), chain=chain, key=made["private_key"].encode())
    assert handshake(outside, issued(), roots()) == name


@pytest.mark.long
def test_a_second_run_changes_nothing(vault_mesh: VaultMesh):
    vault_mesh.must_be_unchanged()


@pytest.mark.long
@pytest.mark.row(38)
def test_neither_key_nor_token_is_in_state_preview_or_logs(vault_mesh: VaultMesh, server: Server):
    vault_mesh.preview("--diff")
    vault_mesh.pulumi("stack", "export")
    vault_mesh.pulumi("stack", "output", "--json")
    logs = [file.read_text(errors="replace") for file in (LAB / "logs").iterdir()]
    searched = "\n".join([*vault_mesh.said, *logs, kubectl("logs", "deployment/istiod", f"--namespace={CONTROL}")])
    assert "Istio Intermediate CA" in searched
    assert "PRIVATE KEY" not in searched
    assert cacerts()["ca-key.pem"] not in searched
    for token in (vault_mesh.more["VAULT_TOKEN"], server.admin.token):
        assert token not in searched
