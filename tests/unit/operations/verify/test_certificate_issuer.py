"""The check of `verify` that asks istiod for a certificate: its findings before and about it."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from operations.istiod_certificates import IssuedCertificate
from operations.verify import certificate_issuer
from pi_mesh import inventory
from pi_mesh.catalog import cert_manager
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster import mesh_ca
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.mesh_ca import Authority, issuer_path
from tests.support import authorities
from tests.support.factories import STACK, make_settings
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table
from tests.support.healthy_mesh import make_verification

ROOT = authorities.make_root()
PLUGGED, EARLIER = (authorities.make_ca(name, ROOT) for name in ("plugged-in CA", "earlier CA"))
VAULT = {"enabled": True, "address": "https://vault.example:8200", "key": "exported"}
EXTERNAL, EXPORTED = {"vault": {**VAULT, "key": "internal"}}, {"vault": VAULT}
SECRET = {"ca": {"source": "secret", "secret": "mesh-ca"}}
OWN, SIGNED = Authority(ROOT.pem), Authority(ROOT.pem, external_signer_root=ROOT.pem)
CACERTS = Authority(ROOT.pem, {"ca-cert.pem": PLUGGED.pem})
VERIFIED = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
NEVER = AssertionError("istiod was asked")


@pytest.fixture
def judged(monkeypatch):
    """Return `judged(settings, authority, answer)`: the findings where that CA, or a failure, answers for istiod."""

    def run(
        settings: dict, live: Authority, answer: object, kubectl: str | None = "kubectl", vault: str = ""
    ) -> list[Finding]:
        @contextmanager
        def asked(*where: object):
            assert where == ("test", "istio-system", "trading")
            if isinstance(answer, Exception):
                raise answer
            leaf = authorities.make_ca("leaf", answer, ca=False, days=1.5)
            certificate = IssuedCertificate((leaf.certificate, answer.certificate), b"")
            yield type("Istiod", (), {"issue": lambda _: certificate})()

        monkeypatch.setattr(certificate_issuer, "issuer", asked)
        monkeypatch.setattr(certificate_issuer, "unavailable", lambda _: vault)
        monkeypatch.setattr(certificate_issuer.shutil, "which", lambda _: kubectl)
        mesh = make_verification(inventory.mesh_inventory(make_settings(**settings), STACK))
        return certificate_issuer.check(replace(mesh, authority=live))

    return run


@pytest.mark.parametrize(("days", "level", "says"), [(300, Level.OK, ""), (5, Level.ERROR, "rotate-ca")])
def test_a_certificate_of_vaults_ca_is_proof_and_the_cas_end_is_told(judged, days, level, says):
    proof, end = judged(EXTERNAL, SIGNED, authorities.make_ca("Istio Intermediate CA", ROOT, days=days))
    assert (proof.level, "signs with 'Istio Intermediate CA'" in proof.message) == (Level.OK, True)
    assert (end.level, says in str(end)) == (level, True)


@pytest.mark.parametrize(("settings", "live", "answer", "level", "says"), [
    (EXTERNAL, OWN, NEVER, Level.ERROR, "signs certificates itself instead of having Vault sign them"),
    (EXTERNAL, replace(SIGNED, cacerts=CACERTS.cacerts), NEVER, Level.ERROR, "contains a key of the CA"),
    (EXTERNAL, replace(SIGNED, issuer="sealed"), NEVER, Level.ERROR, "cannot get certificates signed: sealed"),
    (EXPORTED, OWN, ROOT, Level.ERROR, "instead of signing with Vault's CA"),
    (SECRET, OWN, ROOT, Level.ERROR, "instead of signing with the CA of ca.source: secret"),
    (SECRET, OWN, ROOT, Level.ERROR, "secret cacerts: "),
    (SECRET, OWN, ROOT, Level.ERROR, "`pulumi up`, then `kubectl rollout restart -n istio-system deploy/istiod`"),
    (EXPORTED, CACERTS, PLUGGED, Level.OK, "signs with 'plugged-in CA'"),
    (EXPORTED, CACERTS, EARLIER, Level.ERROR, "not with the CA in secret cacerts"),
    ({}, OWN, authorities.make_root("other"), Level.ERROR, "does not chain to the roots that workloads trust"),
    ({}, OWN, ClusterUnreachable("no answer"), Level.ERROR, "gives no certificate: no answer"),
    ({}, OWN, ClusterUnreachable("no answer"), Level.ERROR, "see the checks of the mesh's pods"),
    (EXTERNAL, SIGNED, ClusterUnreachable("no answer"), Level.ERROR, "whether cert-manager's pod is Ready"),
    pytest.param({}, OWN, ROOT, Level.OK, "signs with 'root'", id="a root whose end is judged elsewhere"),
])  # fmt: skip
def test_a_ca_is_right_or_the_one_finding_says_what_is_wrong(judged, settings, live, answer, level, says):
    (finding,) = judged(settings, live, answer)
    assert (finding.level, finding.number) == (level, None)
    assert says in str(finding)


@table(
    case("that cert-manager found so", replace(SIGNED, issuer="503"), NEVER),
    case("of which cert-manager has said nothing yet", SIGNED, ClusterUnreachable("can't reach istiod")),
)
def test_a_vault_that_can_sign_nothing_is_named_with_its_remedy(judged, live, answer):
    reason = "vault.address https://vault.example:8200: Vault is sealed; unseal it with `vault operator unseal`"
    (finding,) = judged(EXTERNAL, live, answer, vault=reason)
    assert (finding.level, finding.fix) == (Level.ERROR, reason)


def test_without_kubectl_nothing_is_asked_and_that_is_said(judged):
    (finding,) = judged({}, OWN, NEVER, kubectl=None)
    assert (finding.level, str(finding.subject)) == (Level.UNKNOWN, "kubectl")


@pytest.mark.parametrize(("issuer", "complaint"), [(None, "is not there"), (VERIFIED, "")])
def test_the_issuers_own_words_are_read_from_the_cluster(monkeypatch, issuer, complaint):
    root = {"data": {"root-cert.pem": ROOT.pem}}
    known = {f"/api/v1/namespaces/istio-system/configmaps/{cert_manager.ROOT}": root}
    known[issuer_path("istio-system", cert_manager.ISSUER)] = issuer
    monkeypatch.setattr(mesh_ca, "Client", FakeClient(known))
    authority = mesh_ca.read_authority("test", "istio-system")
    assert (authority.external_signer_root, authority.issuer) == (ROOT.pem, complaint)
