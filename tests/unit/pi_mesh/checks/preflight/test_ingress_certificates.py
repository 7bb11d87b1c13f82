"""The judgement of a listener's certificate."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.ingress_certificates import certificate_findings, check, check_served
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.snapshot import IngressCertificates, IngressSecret
from pi_mesh.settings.traffic.gateways import CertificateIssuer
from tests.support.authorities import NOW, Authority, make_ca, make_server
from tests.support.factories import make_mesh, make_settings
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_snapshot

GOOD = IngressSecret("shop", chain=make_server("shop.example").pem)
MISSING = IngressSecret("shop", there=False)
SHOP = {"hosts": ["shop.example"], "tls": {"secret": "shop"}}


def found(secret: IngressSecret, hosts: tuple[str, ...] = ("shop.example",), **tls: object) -> list[Finding]:
    listener = {"hosts": [*hosts], "tls": {"secret": "shop", **tls}}
    others = {"other": {"hosts": ["x.example"], "tls": {"secret": "x"}}, "plain": {"hosts": ["y.example"]}}
    settings = make_settings(traffic={"gateways": {"web": listener, **others}})
    snapshot = make_snapshot(ingress_certificates=IngressCertificates((secret,)))
    return [*certificate_findings(settings, snapshot, NOW)]


def with_chain(server: Authority) -> IngressSecret:
    return replace(GOOD, chain=server.pem)


def test_a_certificate_for_the_hosts_of_its_own_listeners_says_until_when():
    (finding,) = found(GOOD)
    assert (finding.level, finding.number, str(finding.subject)) == ("ok", 89, "secret istio-system/shop")
    assert finding.message.startswith("serves web for shop.example until ")


CREATE = "`kubectl create secret tls -n istio-system shop "
UNSERVED = {
    "missing": (MISSING, "is not there", CREATE),
    "elsewhere":
        (replace(MISSING, elsewhere=("trading",)), "is in trading, and the gateway reads istio-system", "create it"),
    "no key": (replace(GOOD, chain=""), "has no certificate with its key", CREATE),
    "another key": (replace(GOOD, fits=False), "has a key (tls.key) that is not its certificate's", CREATE),
    "no certificate": (replace(GOOD, chain="nonsense"), "is not a certificate in PEM form", "put the certificate into"),
}  # fmt: skip


@pytest.mark.parametrize(("secret", "words", "fix"), UNSERVED.values(), ids=UNSERVED)
def test_a_listener_that_is_not_served_is_an_error(secret, words, fix):
    (finding,) = found(secret)
    assert finding.level == "error"
    assert finding.message.startswith(words)
    assert finding.message.endswith(": web is not served with TLS")
    assert finding.fix.startswith(fix)


@pytest.mark.parametrize(
    ("start", "days", "level", "words"),
    [
        (-91, 90, "error", "ended at "),
        (1, 90, "error", "begins at "),
        (-80, 90, "warning", "ends at "),
        (-90, 90, "warning", "ends at "),
        (-69, 90, "ok", "serves web"),
        (0, 90, "ok", "serves web"),
    ],
    ids=["ended", "not yet", "soon", "now", "in three weeks", "begins now"],
)
def test_the_end_of_a_certificate_is_named_before_it_comes(start, days, level, words):
    (finding,) = found(with_chain(make_server("shop.example", start=timedelta(days=start), days=days)))
    assert finding.level == level
    assert finding.message.startswith(words)


@pytest.mark.parametrize(
    ("server", "names"),
    [(make_server("a.example", "b.example"), "a.example, b.example"), (make_ca("shop.example"), "no host")],
    ids=["other", "no name"],
)
def test_a_certificate_for_another_host_is_an_error(server, names):
    (finding,) = found(with_chain(server))
    assert finding.level == "error"
    assert finding.message == f"is for {names}, and not for shop.example: clients refuse it there"


def test_a_listener_for_every_host_says_nothing_of_its_certificates_hosts():
    assert [finding.level for finding in found(with_chain(make_server("other.example")), hosts=("*",))] == ["ok"]


def test_mutual_tls_needs_the_clients_ca():
    bare = replace(GOOD, has_client_ca=False)
    finding, served = found(bare, mode="MUTUAL")
    assert (finding.level, served.level) == ("error", "ok")
    assert finding.message.startswith("has no ca.crt, which tls.mode: MUTUAL needs")
    assert [finding.level for finding in found(bare)] == ["ok"]


def test_a_secret_that_cert_manager_has_not_written_yet_is_a_warning():
    (finding,) = found(MISSING, issuer={"name": "home"})
    assert (finding.level, finding.fix) == ("warning", "`kubectl describe certificate -n istio-system shop`")


def test_a_secret_that_may_not_be_read_is_unknown():
    assert [finding.level for finding in found(replace(MISSING, unreadable=True))] == ["unknown"]


def test_without_a_look_at_the_cluster_nothing_is_said():
    assert [*check(observation(make_snapshot()))] == []


CRDS = (Crd("certificates.cert-manager.io"),)
ISSUERS = {
    "ready": ("", CRDS, "ok", "Issuer istio-system/home: signs the listeners' certificates"),
    "missing": ("is not there", CRDS, "error", "Issuer istio-system/home: is not there; it has to sign certificates"),
    "not ready": ("no account", CRDS, "warning", "Issuer istio-system/home: no account; until this is fixed"),
    "no cert-manager": ("is not there", (), "error", "crd certificates.cert-manager.io: is not there"),
}


@pytest.mark.parametrize(("problem", "crds", "level", "words"), ISSUERS.values(), ids=ISSUERS)
def test_an_issuer_must_be_there_before_a_certificate_refers_to_it(problem, crds, level, words):
    certificates = IngressCertificates((), ((CertificateIssuer(name="home"), problem),))
    (finding,) = check(observation(make_snapshot(crds=crds, ingress_certificates=certificates)))
    assert finding.level == level
    assert str(finding).startswith(words)


def test_a_listener_that_is_not_served_fails_the_verification_but_stops_no_up():
    mesh = make_mesh(traffic={"gateways": {"web": SHOP}})
    observed = in_cluster(make_verification(mesh), ingress_certificates=IngressCertificates((MISSING,)))
    levels = [(finding.name, finding.level) for finding in (*check(observed), *check_served(observed))]
    assert levels == [("istio-system/shop", "warning"), ("istio-system/shop", "error")]
