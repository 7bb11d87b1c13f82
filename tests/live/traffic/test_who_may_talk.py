"""The allowed and denied calls between workloads, and their certificates on the wire."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from lab.calls import REFUSED, call, settled, status, statuses
from lab.cluster.kubectl import get
from lab.workloads import CONTROL
from tests.live.traffic import cast
from tests.live.traffic.cast import rules
from tests.live.traffic.outside import root_certificates, shake
from tests.support.authorities import Authority, make_root

pytestmark = pytest.mark.usefixtures("workloads")

AGENT_POLICY = {
    "trading-agent-policy": {
        "selector": cast.AGENT,
        "rules": [
            {"namespaces": [cast.ARGOCD]},
            {"principals": [f"cluster.local/ns/{CONTROL}/sa/prometheus"], "ports": [8888]},
        ],
    }
}
"""The Ansible role's policy."""


@pytest.mark.row(40)
def test_a_client_with_a_sidecar_reaches_the_server_over_mutual_tls(figure):
    answer = call(cast.CLIENT, f"{cast.APPLICATION_URL}/debug")
    assert answer.status == 200
    assert f"URI={cast.CLIENT.identity}" in answer.body
    figure("200; the server sees " + cast.CLIENT.identity)


@pytest.mark.row(40)
def test_a_client_without_a_sidecar_is_refused(figure):
    seen = statuses(cast.OUTSIDER, cast.APPLICATION_URL, 20)
    assert seen == {-1: 20}
    figure("20 of 20 connections closed")


def test_a_legacy_workload_is_reached_with_and_without_a_sidecar(figure):
    with rules(legacy={"legacy-service-permissive": {"selector": cast.APP}}):
        assert settled(lambda: status(cast.OUTSIDER, cast.APPLICATION_URL), 200) == 200
        assert status(cast.CLIENT, cast.APPLICATION_URL) == 200
    assert settled(lambda: status(cast.OUTSIDER, cast.APPLICATION_URL), REFUSED) == REFUSED
    figure("200 and 200; refused again when the exception is gone")


def test_the_policy_of_the_agent_lets_argocd_in_and_prometheus_to_its_port_alone(figure):
    with rules(authorization={"policies": AGENT_POLICY}):
        assert settled(lambda: status(cast.CLIENT, cast.AGENT_URL), 403) == 403
        assert status(cast.DEPLOYER, cast.AGENT_URL) in (200, 202)
        assert status(cast.PROMETHEUS, cast.METRICS_URL) == 200
        assert status(cast.PROMETHEUS, cast.AGENT_URL) == 403
        assert status(cast.CLIENT, cast.METRICS_URL) == 403
        assert status(cast.CLIENT, cast.APPLICATION_URL) == 200
    figure("argocd 200; prometheus 200 on 8888, 403 else; trading 403")


def test_a_rule_for_a_path_holds_for_every_way_to_write_it(figure):
    denial = {"no-admin": {"selector": cast.APP, "action": "DENY", "rules": [{"paths": ["/admin*"]}]}}
    ways = ("/admin", "//admin", "/x/..//admin", "/%2Fadmin", "/%2fadmin", "/%5Cadmin")
    with rules(authorization={"policies": denial}):
        refused = dict.fromkeys(ways, 403)
        # Connections that the client's proxy holds are the application's former listener's until that is drained.
        seen = settled(lambda: {way: status(cast.CLIENT, f"{cast.APPLICATION_URL}{way}") for way in ways}, refused)
        assert seen == refused
        assert status(cast.CLIENT, f"{cast.APPLICATION_URL}/other") == 200
    figure(f"403 for {', '.join(ways)}; 200 for /other")


def test_the_default_deny_leaves_what_it_allows_and_nothing_else(figure):
    with rules(authorization={"defaultDeny": {"enabled": True}}, **cast.front_door()):
        assert settled(lambda: status(cast.DEPLOYER, cast.APPLICATION_URL), 403) == 403
        assert settled(lambda: status(cast.OUTSIDER, cast.INGRESS_URL), 200) == 200
        assert status(cast.CLIENT, cast.APPLICATION_URL) == 200
        assert status(cast.PROMETHEUS, cast.APPLICATION_URL) == 403
    figure("ingress gateway and trading 200; argocd and istio-system 403")


@pytest.fixture
def roots(tmp_path) -> Path:
    """Return the mesh's root certificates, as every workload trusts them."""
    file = tmp_path / "roots.pem"
    file.write_text(root_certificates())
    return file


@pytest.fixture
def authority() -> Authority:
    """Return the CA that istiod signs with: its own, or a plugged-in one."""
    names = {one["metadata"]["name"] for one in get("secrets", "-n", CONTROL)["items"]}
    secret = get("secret", "cacerts" if "cacerts" in names else "istio-ca-secret", "-n", CONTROL)["data"]
    pem = {key: base64.b64decode(value) for key, value in secret.items()}
    key = load_pem_private_key(pem["ca-key.pem"], password=None)
    return Authority(x509.load_pem_x509_certificate(pem["ca-cert.pem"]), key)


def client_file(authority: Authority, identity: str, folder: Path) -> Path:
    """Return a client's certificate of this authority, with the chain and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(minutes=10))
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)]), critical=True)
        .sign(authority.private_key, hashes.SHA256())
    )
    file = folder / "client.pem"
    pem = [one.public_bytes(Encoding.PEM) for one in (certificate, authority.certificate)]
    file.write_bytes(b"".join(pem) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


def test_the_certificate_of_a_server_chains_to_the_root_of_the_mesh_and_names_its_account(roots, figure):
    seen = [shake(server, roots).identity for server in (cast.APPLICATION, cast.AGENT_V1, cast.DEPLOYER)]
    assert seen == [one.identity for one in (cast.APPLICATION, cast.AGENT_V1, cast.DEPLOYER)]
    figure(", ".join(seen))


def test_it_chains_to_no_other_root(tmp_path):
    other = tmp_path / "other.pem"
    other.write_text(make_root().pem)
    assert "CERTIFICATE_VERIFY_FAILED" in shake(cast.APPLICATION, other).trouble


def test_a_client_of_the_mesh_is_let_in_and_one_of_another_root_is_refused(roots, authority, tmp_path, figure):
    mine = shake(cast.APPLICATION, roots, client_file(authority, cast.CLIENT.identity, tmp_path))
    assert "200 OK" in mine.answer
    assert f"URI={cast.CLIENT.identity}" in mine.answer
    refused = shake(cast.APPLICATION, roots, client_file(make_root(), cast.CLIENT.identity, tmp_path))
    assert refused.answer == ""
    assert refused.trouble
    figure("200; connection closed")


def test_a_client_without_a_certificate_is_refused(roots, figure):
    refused = shake(cast.APPLICATION, roots)
    assert refused.answer == ""
    assert refused.trouble
    figure("connection closed")
