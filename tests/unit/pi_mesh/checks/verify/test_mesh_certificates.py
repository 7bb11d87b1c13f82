"""The verification's findings about the mesh's certificates."""

from dataclasses import replace

from pi_mesh.certificates import pem
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import mesh_certificates
from pi_mesh.cluster.mesh_ca import Authority
from tests.support.authorities import NOW, make_ca, make_root
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY

ISSUER = {"ca": {"source": "issuer", "issuer": {"name": "pi"}}}
VAULT = {"vault": {"enabled": True, "address": "https://v"}}
ROOT, LATE = make_root(), make_root(days=5).pem
CA = {"ca-cert.pem": make_ca("before", ROOT).pem, "root-cert.pem": ROOT.pem}
RENEWED, ELSEWHERE = (make_ca("renewed", root).pem for root in (ROOT, make_root("another")))
SIGNER = {"ca-cert.pem": LATE, "root-cert.pem": ROOT.pem}
THREE = "OK \nOK \nOK "
OLD_CA = "mesh-ca: is renewed, but istiod signs with the previous CA…; `pulumi up`"
STEPS = "WARNING its root is another: `python -m operations rotate-ca --root --issuer`"
UNSIGNED = "WARNING is not signed, so the CA is not renewed: the Issuer is gone"


def with_ca(
    root: str = ROOT.pem, cacerts: dict | None = None, settings: dict | None = None, **more: str
) -> Observation:
    mesh = make_mesh(**settings) if settings else HEALTHY.mesh
    return replace(HEALTHY, authority=Authority(root, cacerts or {}, **more), mesh=mesh)


@table(
    case("a root", with_ca(), "OK workloads trust\nOK "),
    case("a root near its end", with_ca(LATE), "OK workloads trust\nERROR in less than 7 days"),
    case("no root", with_ca(""), "ERROR ConfigMap istio-system/istio-ca-root-cert: is not there"),
    case("no certificate", with_ca("no PEM"), "ERROR ConfigMap istio-system/istio-ca-root-cert: "),
    case("a signing CA", with_ca(cacerts=SIGNER, settings=VAULT), "OK \nERROR in less than 7 days…rotate-ca\nOK "),
    case("a renewed CA", with_ca(cacerts=CA, settings=ISSUER, issued=RENEWED), f"{THREE}\nWARNING {OLD_CA}"),
    case("one under another root", with_ca(cacerts=CA, settings=ISSUER, issued=ELSEWHERE), f"{THREE}\n{STEPS}"),
    case("the CA that signs", with_ca(cacerts=CA, settings=ISSUER, issued=CA["ca-cert.pem"]), "OK \nOK \nOK "),
    case("one without a signer", with_ca(settings=ISSUER, not_issued="the Issuer is gone"), f"OK \nOK \n{UNSIGNED}"),
)
def test_certificates_are_judged_by_their_ends_and_a_renewal_by_its_root(observed, lines):
    assert_lines(mesh_certificates.check(observed), lines)


def test_the_days_that_a_certificate_has_left_are_a_field_of_their_own():
    (root,) = pem.certificates(HEALTHY.authority.root_cert, "test")
    *_, row = mesh_certificates.check(HEALTHY)
    assert row.number == (root.not_valid_after_utc - HEALTHY.now).days


@table(
    case("istiod", {}, "istiod renews its own root before its end"),
    case("secret", {"ca": {"source": "secret", "secret": "a"}}, "`python -m operations rotate-ca --root -s STACK`"),
    case("issuer", ISSUER, "`python -m operations rotate-ca -s STACK`"),
    case("vault", VAULT, "`python -m operations rotate-ca -s STACK`"),
)
def test_the_remedy_of_an_ending_ca_is_that_of_its_source(settings, fix):
    ending = make_root(days=5).certificate
    assert mesh_certificates.end_of(ending, make_settings(**settings), NOW).fix.startswith(fix)
