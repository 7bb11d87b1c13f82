"""The judgement of a listener's certificate."""

from dataclasses import replace
from datetime import timedelta

from pi_mesh.checks.preflight.ingress_certificates import check, check_served
from pi_mesh.cluster.objects import Crd
from pi_mesh.cluster.snapshot import IngressCertificates, IngressSecret
from pi_mesh.settings.traffic.gateways import CertificateIssuer
from tests.support.authorities import NOW, Authority, make_ca, make_server
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.healthy_mesh import in_cluster, make_verification
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_snapshot


def secret(server: Authority, **more: object) -> IngressSecret:
    return replace(IngressSecret("shop", chain=server.pem), **more)


def of_shop(start: int, days: int = 90) -> IngressSecret:
    return secret(make_server("shop.example", start=timedelta(days=start), days=days))


GOOD, STRAY, MISSING = of_shop(-1), secret(make_server("a.example", "b.example")), IngressSecret("shop", there=False)
SERVED, CREATE = "ok secret istio-system/shop: serves web", "; `kubectl create secret tls -n istio-system shop "
ERROR, UNSERVED = "error secret istio-system/shop:", ": web is not served with TLS"
CRDS = (Crd("certificates.cert-manager.io"),)


@table(
    case("one for the hosts says until when", GOOD, {}, [f"{SERVED} for shop.example until …[89]"]),
    case("missing", MISSING, {}, [f"{ERROR} is not there{UNSERVED}{CREATE}"]),
    case("elsewhere", replace(MISSING, elsewhere=("trading",)), {},
        [f"{ERROR} is in trading, and the gateway reads istio-system alone{UNSERVED}; create it in istio-system"]),
    case("no key", replace(GOOD, chain=""), {}, [f"{ERROR} has no certificate with its key…{UNSERVED}{CREATE}"]),
    case("another key", replace(GOOD, fits=False), {}, [f"{ERROR} has a key (tls.key) that is not its certificate's"]),
    case("no certificate", replace(GOOD, chain="nonsense"), {},
        [f"{ERROR} is not a certificate in PEM form…{UNSERVED}; put the certificate into tls.crt again"]),
    case("ended", of_shop(-91), {}, [f"{ERROR} ended at "]),
    case("not yet", of_shop(1), {}, [f"{ERROR} begins at "]),
    case("ends soon", of_shop(-80), {}, ["warning secret istio-system/shop: ends at …, in 10 days; …[10]"]),
    case("ends now", of_shop(-90), {}, ["warning secret istio-system/shop: ends at …, in 0 days; …[0]"]),
    case("ends in three weeks", of_shop(-69), {}, [SERVED]),
    case("begins now", of_shop(0), {}, [SERVED]),
    case("of other hosts", STRAY, {}, [f"{ERROR} is for a.example, b.example, and not for shop.example"]),
    case("of no host", secret(make_ca("x")), {}, [f"{ERROR} is for no host, and not for shop.example"]),
    case("for a listener for every host", STRAY, {"hosts": ["*"]}, [f"{SERVED} until "]),
    case("mutual TLS needs the clients' CA", replace(GOOD, has_client_ca=False), {"mode": "MUTUAL"},
        [f"{ERROR} has no ca.crt, which tls.mode: MUTUAL needs{UNSERVED}", SERVED]),
    case("other TLS needs none", replace(GOOD, has_client_ca=False), {}, [SERVED]),
    case("one that cert-manager has not written yet", MISSING, {"issuer": {"name": "home"}},
        ["warning secret istio-system/shop: is not there…; `kubectl describe certificate -n istio-system shop`"]),
    case("one that may not be read", replace(MISSING, unreadable=True), {}, ["unknown secret istio-system/shop: may"]),
)  # fmt: skip
def test_a_listener_must_have_a_certificate_that_is_valid_now_and_names_its_hosts(secret, listener, lines):
    tls = {"secret": "shop", **listener}
    web = {"hosts": tls.pop("hosts", ["shop.example"]), "tls": tls}
    others = {"other": {"hosts": ["x.example"], "tls": {"secret": "x"}}, "plain": {"hosts": ["y.example"]}}
    snapshot = make_snapshot(ingress_certificates=IngressCertificates((secret,)))
    observed = observation(snapshot, traffic={"gateways": {"web": web, **others}})
    assert_told(check_served(replace(observed, now=NOW)), *lines)


BROKER = {"hosts": ["fix.broker.example"], "protocol": "TCP", "port": 9898, "throughGateway": True}
CUT = ": traffic.external.fix gets no connection from the egress gateway"
CREATE_CLIENT = "; `kubectl create secret generic -n istio-system shop --from-file="


@table(
    case("a good one", GOOD, {}, ["ok secret istio-system/shop: is shown to traffic.external.fix until …[89]"]),
    case("missing", MISSING, {}, [f"{ERROR} is not there{CUT}{CREATE_CLIENT}tls.crt=FILE"]),
    case("no key", replace(GOOD, chain=""), {}, [f"{ERROR} has no certificate with its key…{CUT}"]),
    case("ended", of_shop(-91), {}, [f"{ERROR} ended at … UTC: the host refuses it"]),
    case("no CA of the host", replace(GOOD, has_client_ca=False), {},
        [f"{ERROR} has no ca.crt, which tls.secret needs{CUT}; add the CA of the host's certificate", "ok "]),
    case("a CA alone for the host's certificate", IngressSecret("shop"), {"mode": "SIMPLE"}, []),
    case("no CA at all", MISSING, {"mode": "SIMPLE"}, [f"{ERROR} is not there{CUT}{CREATE_CLIENT}ca.crt=FILE`"]),
)  # fmt: skip
def test_a_host_outside_must_get_a_client_certificate_that_is_valid_now(secret, tls, lines):
    snapshot = make_snapshot(ingress_certificates=IngressCertificates(egress=(secret,)))
    external = {"fix": {**BROKER, "tls": {"secret": "shop", **tls}}, "other": BROKER | {"hosts": ["x.example"]}}
    observed = observation(snapshot, traffic={"external": external})
    assert_told(check_served(replace(observed, now=NOW)), *lines)


def test_without_a_look_at_the_cluster_nothing_is_said():
    assert [*check(observation(make_snapshot()))] == []


@table(
    case("ready", "", CRDS, "ok Issuer istio-system/home: signs the listeners' certificates"),
    case("missing", "is not there", CRDS, "error Issuer istio-system/home: is not there; it has to sign certificates"),
    case("not ready", "no account", CRDS, "warning Issuer istio-system/home: no account; until this is fixed"),
    case("no cert-manager", "is not there", (), "error crd certificates.cert-manager.io: is not there"),
)
def test_an_issuer_must_be_there_before_a_certificate_refers_to_it(problem, crds, line):
    certificates = IngressCertificates((), ((CertificateIssuer(name="home"), problem),))
    assert_told(check(observation(make_snapshot(crds=crds, ingress_certificates=certificates))), line)


def test_a_listener_that_is_not_served_fails_the_verification_but_stops_no_up():
    mesh = make_mesh(traffic={"gateways": {"web": {"tls": {"secret": "shop"}}}})
    observed = in_cluster(make_verification(mesh), ingress_certificates=IngressCertificates((MISSING,)))
    line = f"secret istio-system/shop: is not there{UNSERVED}"
    assert_told((*check(observed), *check_served(observed)), f"warning {line}", f"error {line}")
