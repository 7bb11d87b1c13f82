"""The preflight's findings about listeners' certificates, and about the Issuers that sign them."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.preflight.ingress_certificates import check
from pi_mesh.cluster.ingress_secrets import IngressCertificates, IngressSecret
from pi_mesh.cluster.objects import Crd
from pi_mesh.settings.traffic.gateways import CertificateIssuer
from tests.support.factories import make_mesh
from tests.support.snapshots import make_snapshot

ISSUER = CertificateIssuer(name="home")
CRDS = (Crd("certificates.cert-manager.io"),)
MISSING = IngressSecret("shop", there=False)


def found(problem: str | None = None, crds: tuple[Crd, ...] = CRDS) -> list[Finding]:
    """Return the findings about an Issuer; without one about the Secret alone."""
    tls = {"secret": "shop", **({} if problem is None else {"issuer": {"name": "home"}})}
    issuers = () if problem is None else ((ISSUER, problem),)
    secrets = (MISSING,) if problem is None else ()
    snapshot = make_snapshot(crds=crds, ingress_certificates=IngressCertificates(secrets, issuers))
    traffic = {"gateways": {"web": {"hosts": ["shop.example"], "tls": tls}}}
    return list(check(make_mesh(traffic=traffic), snapshot))


def test_a_certificate_that_may_still_come_stops_nothing():
    (finding,) = found()
    assert finding.level is Level.WARNING
    assert "web is not served with TLS" in finding.message


@pytest.mark.parametrize(
    ("problem", "crds", "level", "said"),
    [
        ("", CRDS, Level.OK, "Issuer istio-system/home: signs the listeners' certificates"),
        ("is not there", CRDS, Level.ERROR, "Issuer istio-system/home: is not there; it has to sign certificates"),
        ("no account", CRDS, Level.WARNING, "Issuer istio-system/home: no account; until this is fixed"),
        ("is not there", (), Level.ERROR, "crd certificates.cert-manager.io: is not there"),
    ],
    ids=["ready", "missing", "not ready", "no cert-manager"],
)
def test_an_issuer_must_be_there_before_a_certificate_refers_to_it(problem, crds, level, said):
    (finding,) = found(problem, crds)
    assert finding.level is level
    assert str(finding).startswith(said)
