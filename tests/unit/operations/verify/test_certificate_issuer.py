"""The command `verify` with an external signer: its findings before and about the requested certificate."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from cryptography import x509

from operations import istiod_certificates
from operations.istiod_certificates import IssuedCertificate, Issuer
from operations.verify import certificate_issuer
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.settings import Settings
from tests.support import authorities
from tests.support.factories import STACK, make_settings
from tests.support.healthy_mesh import make_verification

ROOT = authorities.make_root()
KEYLESS = make_settings(vault={"enabled": True, "address": "https://vault.example:8200", "key": "internal"})
LIVE = Authority(ROOT.pem, external_signer_root=ROOT.pem)


def observation(settings: Settings, live: Authority) -> Observation:
    return replace(make_verification(inventory.mesh_inventory(settings, STACK)), authority=live)


@pytest.fixture
def told(monkeypatch):
    """Return `told(authority, days)`: the findings for a CA in Vault with so many days left.

    A forbidden request fails.
    """

    def run(live: Authority, days: float | None = None) -> list[tuple[Level, str]]:
        @contextmanager
        def asked(*_: object):
            assert days is not None
            signer = authorities.make_ca("Istio Intermediate CA", ROOT, days=days)
            leaf = authorities.make_ca("leaf", signer, ca=False, days=1.5)
            yield type(
                "Istiod", (), {"issue": lambda _: IssuedCertificate((leaf.certificate, signer.certificate), b"")}
            )()

        monkeypatch.setattr(certificate_issuer, "issuer", asked)
        monkeypatch.setattr(certificate_issuer.shutil, "which", lambda _: "kubectl")
        return [(finding.level, str(finding)) for finding in certificate_issuer.check(observation(KEYLESS, live))]

    return run


def test_a_certificate_of_vaults_ca_is_proof_and_the_cas_end_is_told(told):
    (proof, end) = told(LIVE, days=300)
    assert proof[0] is Level.OK
    assert "signs with 'Istio Intermediate CA'" in proof[1]
    assert end[0] is Level.OK


def test_a_ca_that_ends_within_a_week_is_an_error(told):
    (_, (level, line)) = told(LIVE, days=5)
    assert level is Level.ERROR
    assert "rotate-ca" in line


@pytest.mark.parametrize(
    ("live", "line"),
    [
        (Authority(ROOT.pem), "signs certificates itself instead of having Vault sign them"),
        (Authority(ROOT.pem, {"ca-cert.pem": ROOT.pem}, external_signer_root=ROOT.pem), "contains a key of the CA"),
        (
            Authority(ROOT.pem, external_signer_root=ROOT.pem, issuer="Vault is sealed"),
            "cannot get certificates signed: Vault is sealed",
        ),
    ],
)
def test_what_can_not_be_right_is_told_without_asking(told, live, line):
    ((level, message),) = told(live)
    assert level is Level.ERROR
    assert line in message


@pytest.fixture
def judged(monkeypatch):
    """Return `judged(settings, authority, signer)`: the findings where that CA, or a failure, answers for istiod."""

    def run(settings: Settings, live: Authority, answer: object, kubectl: str | None = "kubectl") -> list[Finding]:
        @contextmanager
        def asked(*where: object):
            assert where == ("test", "istio-system", "trading")
            if isinstance(answer, Exception):
                raise answer
            leaf = authorities.make_ca("leaf", answer, ca=False, days=1.5)
            yield type(
                "Istiod", (), {"issue": lambda _: IssuedCertificate((leaf.certificate, answer.certificate), b"")}
            )()

        monkeypatch.setattr(certificate_issuer, "issuer", asked)
        monkeypatch.setattr(certificate_issuer.shutil, "which", lambda _: kubectl)
        return certificate_issuer.check(observation(settings, live))

    return run


PLUGGED = authorities.make_ca("plugged-in CA", ROOT)
CACERTS = Authority(ROOT.pem, {"ca-cert.pem": PLUGGED.pem})
VAULT = {"enabled": True, "address": "https://vault.example:8200", "key": "exported"}


def test_istiods_own_root_is_proof_and_its_end_is_judged_elsewhere(judged):
    (finding,) = judged(make_settings(), Authority(ROOT.pem), ROOT)
    assert (finding.level, finding.number) == (Level.OK, None)
    assert "signs with 'root'" in finding.message


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        ({"vault": VAULT}, "Vault's CA"),
        ({"ca": {"source": "secret", "secret": "mesh-ca"}}, "the CA of ca.source: secret"),
    ],
)
def test_a_ca_that_istiod_never_got_is_named(judged, settings, source):
    (finding,) = judged(make_settings(**settings), Authority(ROOT.pem), ROOT)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "secret cacerts")
    assert finding.message.endswith(f"instead of signing with {source}")
    assert finding.fix == "`pulumi up`, then `kubectl rollout restart -n istio-system deploy/istiod`"


def test_the_plugged_in_ca_is_proof(judged):
    (finding,) = judged(make_settings(vault=VAULT), CACERTS, PLUGGED)
    assert finding.level is Level.OK


def test_another_ca_than_that_of_the_secret_is_an_error(judged):
    (finding,) = judged(make_settings(vault=VAULT), CACERTS, authorities.make_ca("earlier CA", ROOT))
    assert finding.level is Level.ERROR
    assert "not with the CA in secret cacerts" in finding.message


def test_a_ca_below_another_root_is_an_error(judged):
    (finding,) = judged(make_settings(), Authority(ROOT.pem), authorities.make_root("other"))
    assert finding.level is Level.ERROR
    assert "does not chain to the roots that workloads trust" in finding.message


def test_without_kubectl_nothing_is_asked_and_that_is_said(judged):
    (finding,) = judged(make_settings(), Authority(ROOT.pem), AssertionError(), kubectl=None)
    assert (finding.level, str(finding.subject)) == (Level.UNKNOWN, "kubectl")


@pytest.mark.parametrize(
    ("settings", "fix"), [(make_settings(), "see the checks of the mesh's pods"), (KEYLESS, "whether Vault is up")]
)
def test_an_istiod_without_an_answer_is_an_error(judged, settings, fix):
    live = LIVE if settings is KEYLESS else Authority(ROOT.pem)
    (finding,) = judged(settings, live, ClusterUnreachable("no answer"))
    assert (finding.level, finding.message) == (Level.ERROR, "gives no certificate: no answer")
    assert fix in finding.fix


class Cluster:
    """A cluster of these objects."""

    def __init__(self, **objects: dict) -> None:
        self._objects = objects

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get(self, path: str) -> dict | None:
        return self._objects.get(path.rpartition("/")[2].replace("-", "_"))


@pytest.mark.parametrize(
    ("issuer", "complaint"),
    [
        (None, "is not there"),
        ({"status": {}}, "cert-manager has not checked it yet"),
        ({"status": {"conditions": [{"type": "Ready", "status": "False", "message": "sealed"}]}}, "sealed"),
        ({"status": {"conditions": [{"type": "Ready", "status": "True", "message": "Vault verified"}]}}, ""),
    ],
)
def test_the_issuers_own_words_are_read_from_the_cluster(monkeypatch, issuer, complaint):
    objects = {"mesh_ca_root": {"data": {"root-cert.pem": ROOT.pem}}, **({"mesh_ca": issuer} if issuer else {})}
    monkeypatch.setattr(mesh_ca, "Client", lambda _: Cluster(**objects))
    found = mesh_ca.read_authority("test", "istio-system")
    assert (found.external_signer_root, found.issuer) == (ROOT.pem, complaint)


def test_a_request_is_written_as_a_proxy_writes_it():
    key = istiod_certificates.ec.generate_private_key(istiod_certificates.ec.SECP256R1())
    asker = Issuer(None, istiod_certificates.grpc.insecure_channel("127.0.0.1:1"), "trading")  # type: ignore[arg-type]
    request = x509.load_pem_x509_csr(asker._request(key).encode())
    (extension,) = request.extensions
    uris = extension.value.get_values_for_type(x509.UniformResourceIdentifier)
    assert uris == ["spiffe://cluster.local/ns/trading/sa/default"]
    assert [attribute.value for attribute in request.subject] == [""]
