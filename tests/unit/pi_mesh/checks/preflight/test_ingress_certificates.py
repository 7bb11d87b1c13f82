"""The judgement of a listener's certificate."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.ingress_certificates import certificate_findings, check, check_served
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.snapshot import IngressCertificates, IngressSecret
from pi_mesh.settings.traffic.gateways import CertificateIssuer
from tests.support.authorities import NOW, Authority, make_ca, make_server
from tests.support.factories import make_mesh, make_settings
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.snapshots import make_snapshot

HOSTS = ["shop.example"]
GOOD = IngressSecret("shop", chain=make_server("shop.example").pem)


def found(secret: IngressSecret, tls: dict | None = None, hosts: list[str] | None = None) -> list[Finding]:
    listener = {"hosts": hosts or HOSTS, "tls": {"secret": "shop", **(tls or {})}}
    snapshot = make_snapshot(ingress_certificates=IngressCertificates((secret,)))
    return list(certificate_findings(make_settings(traffic={"gateways": {"web": listener}}), snapshot, NOW))


def with_chain(server: Authority) -> IngressSecret:
    return replace(GOOD, chain=server.pem)


def test_a_certificate_for_the_hosts_says_until_when():
    (finding,) = found(GOOD)
    assert (finding.level, finding.number) == (Level.OK, 89)
    assert (finding.kind, finding.name) == ("secret", "istio-system/shop")
    assert finding.message.startswith("serves web for shop.example until ")


@pytest.mark.parametrize(
    ("secret", "said", "fix"),
    [
        (IngressSecret("shop", there=False), "is not there", "kubectl create secret tls -n istio-system shop"),
        (
            IngressSecret("shop", there=False, elsewhere=("trading",)),
            "is in trading, and the gateway reads istio-system alone",
            "create it in istio-system",
        ),
        (replace(GOOD, chain=""), "has no certificate with its key", "kubectl create secret tls"),
        (replace(GOOD, fits=False), "has a key (tls.key) that is not its certificate's", "kubectl create secret tls"),
        (replace(GOOD, chain="nonsense"), "is not a certificate in PEM form", "put the certificate into tls.crt again"),
    ],
    ids=["missing", "elsewhere", "no key", "another key", "no certificate"],
)
def test_a_listener_that_is_not_served_is_an_error(secret, said, fix):
    (finding,) = found(secret)
    assert finding.level is Level.ERROR
    assert finding.message.startswith(said)
    assert finding.message.endswith(": web is not served with TLS")
    assert fix in finding.fix


@pytest.mark.parametrize(
    ("start", "days", "level", "said"),
    [
        (-timedelta(days=91), 90, Level.ERROR, "ended at "),
        (timedelta(days=1), 90, Level.ERROR, "begins at "),
        (-timedelta(days=80), 90, Level.WARNING, "ends at "),
        (-timedelta(days=90), 90, Level.WARNING, "ends at "),
        (-timedelta(days=69), 90, Level.OK, "serves web"),
        (timedelta(), 90, Level.OK, "serves web"),
    ],
    ids=["ended", "not yet", "soon", "now", "in three weeks", "begins now"],
)
def test_the_end_of_a_certificate_is_named_before_it_comes(start, days, level, said):
    (finding,) = found(with_chain(make_server("shop.example", start=start, days=days)))
    assert (finding.level, finding.message[: len(said)]) == (level, said)


@pytest.mark.parametrize(
    ("server", "names"),
    [(make_server("a.example", "b.example"), "a.example, b.example"), (make_ca("shop.example"), "no host")],
    ids=["other", "no name"],
)
def test_a_certificate_for_another_host_is_an_error(server, names):
    (finding,) = found(with_chain(server))
    assert finding.level is Level.ERROR
    assert finding.message == f"is for {names}, and not for shop.example: clients refuse it there"


def test_a_listener_for_every_host_says_nothing_of_its_certificates_hosts():
    assert [one.level for one in found(with_chain(make_server("other.example")), hosts=["*"])] == [Level.OK]


def test_mutual_tls_needs_the_clients_ca():
    (finding, _) = found(replace(GOOD, has_client_ca=False), {"mode": "MUTUAL"})
    assert (finding.level, finding.message[:19]) == (Level.ERROR, "has no ca.crt, whic")
    assert [one.level for one in found(replace(GOOD, has_client_ca=False))] == [Level.OK]


def test_a_secret_that_cert_manager_has_not_written_yet_is_a_warning():
    (finding,) = found(IngressSecret("shop", there=False), {"issuer": {"name": "home"}})
    assert finding.level is Level.WARNING
    assert finding.fix == "`kubectl describe certificate -n istio-system shop`"


def test_a_secret_that_may_not_be_read_is_unknown():
    assert [one.level for one in found(IngressSecret("shop", unreadable=True))] == [Level.UNKNOWN]


def test_without_a_look_at_the_cluster_nothing_is_said():
    assert list(certificate_findings(make_settings(), make_snapshot(), NOW)) == []


def test_a_listener_with_another_secret_does_not_use_this_one():
    tls = {
        "web": {"hosts": HOSTS, "tls": {"secret": "shop"}},
        "other": {"hosts": ["x.example"], "tls": {"secret": "x"}},
    }
    snapshot = make_snapshot(ingress_certificates=IngressCertificates((GOOD,)))
    plain = {"plain": {"hosts": ["y.example"]}}
    (finding,) = certificate_findings(make_settings(traffic={"gateways": {**tls, **plain}}), snapshot, NOW)
    assert finding.message.startswith("serves web for shop.example until ")


ISSUER = CertificateIssuer(name="home")
CRDS = (Crd("certificates.cert-manager.io"),)
MISSING = IngressSecret("shop", there=False)


def found_of_ingress_certificates(problem: str | None = None, crds: tuple[Crd, ...] = CRDS) -> list[Finding]:
    """Return the findings about an Issuer; without one about the Secret alone."""
    tls = {"secret": "shop", **({} if problem is None else {"issuer": {"name": "home"}})}
    issuers = () if problem is None else ((ISSUER, problem),)
    secrets = (MISSING,) if problem is None else ()
    snapshot = make_snapshot(crds=crds, ingress_certificates=IngressCertificates(secrets, issuers))
    traffic = {"gateways": {"web": {"hosts": ["shop.example"], "tls": tls}}}
    return list(check(Observation(make_mesh(traffic=traffic), snapshot)))


def test_a_certificate_that_may_still_come_stops_nothing():
    (finding,) = found_of_ingress_certificates()
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
    (finding,) = found_of_ingress_certificates(problem, crds)
    assert finding.level is level
    assert str(finding).startswith(said)


def test_a_listener_that_is_not_served_fails_the_verification():
    mesh = make_mesh(traffic={"gateways": {"web": {"tls": {"secret": "shop"}}}})
    missing = IngressCertificates((IngressSecret("shop", there=False),))
    (finding,) = check_served(in_cluster(make_verification(mesh), ingress_certificates=missing))
    assert (finding.level, finding.name) == (Level.ERROR, "istio-system/shop")
