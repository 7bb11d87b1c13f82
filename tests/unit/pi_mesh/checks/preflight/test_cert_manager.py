"""The preflight's findings about cert-manager, the stack's or a foreign one, and about the Issuer of the mesh's CA."""

from pi_mesh.checks.preflight.cert_manager import check_controller, check_issuer
from pi_mesh.cluster.objects import Crd, Deployment
from pi_mesh.cluster.snapshot import SigningIssuer
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_snapshot

SIGNER = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
OURS, CRD = "cert-manager/cert-manager", "issuers.cert-manager.io"
LABELS = {"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"}
CRDS = (Crd("certificates.cert-manager.io"),)
GONE, KEPT = SigningIssuer("", "is not there"), SigningIssuer("ca", "no endpoints", has_signed=True)
NONE, PI = "crd certificates.cert-manager.io: is not there: the cluster has no cert-manager", "Issuer istio-system/pi:"
STAYS = "the mesh's CA stays as it is, and is not renewed"


def controller(release: str, namespace: str = "tls", labels: dict = LABELS) -> dict[str, tuple]:
    return {"deployments": (Deployment(namespace, "cert-manager", labels, release),)}


OWN = {"crds": (Crd(CRD, OURS),), **controller(OURS, "cert-manager")}
THEIRS = {"certManager": {"install": False, "namespace": "tls"}}
CARRIED = ["ok namespace cert-manager: this stack's carries signing requests to Vault"]


@table(
    case("a cluster without one gets ours", {}, {}, CARRIED),
    case("ours is no problem", OWN, {}, CARRIED),
    case("a deployment of another label is none", controller("tls/cm", labels={"app": "x"}), {}, CARRIED),
    case("one beside ours", controller("tls/cm"), {}, ["error deployment tls/cert-manager: of tls/cm runs already"]),
    case("one of no release", controller(""), {}, ["error deployment tls/cert-manager: of no Helm release runs"]),
    case("CRDs of others", {"crds": (Crd("orders.acme.cert-manager.io", ""),)}, {},
        ["error crd orders.acme.cert-manager.io: belongs to no Helm release; Helm refuses to take it into "]),
    case("the cluster's own is missing", {}, THEIRS, [f"error crd {CRD}: is not there: the cluster has no"]),
    case("the cluster's own is elsewhere", OWN, THEIRS, ["error namespace tls: has no controller of cert-manager"]),
    case("the cluster's own is there", {"crds": (Crd(CRD, "tls/cm"),), **controller("tls/cm")}, THEIRS,
        ["ok namespace tls: the cluster's own carries signing requests to Vault"]),
    case("nobody's business with an exported key", controller(""), {"key": "exported"}, []),
)  # fmt: skip
def test_one_cert_manager_carries_the_signing_requests(cluster, vault, lines):
    assert_told(check_controller(observation(make_snapshot(**cluster), vault={**SIGNER, **vault})), *lines)


@table(
    case("a ready one that keeps its root", SigningIssuer("ca"), CRDS, {}, f"ok {PI} signs the mesh's CA for 8760h"),
    case("without cert-manager", GONE, (), {}, f"error {NONE}"),
    case("missing", GONE, CRDS, {"kind": "ClusterIssuer"},
        "error ClusterIssuer pi: is not there; it has to sign the mesh's CA; make it, or correct ca.issuer"),
    case("not ready", SigningIssuer("ca", "secret not found"), CRDS, {},
        f"error {PI} secret not found; it has to sign the mesh's CA; `kubectl describe issuer pi`"),
    case("self-signed", SigningIssuer("selfSigned"), CRDS, {}, f"error {PI} is of type selfSigned, which makes "),
    case("ACME", SigningIssuer("acme"), CRDS, {}, f"error {PI} is of type acme, which signs no CAs"),
    case("not ready, once the CA is signed", KEPT, CRDS, {}, f"warning {PI} no endpoints; {STAYS}"),
    case("without cert-manager, once the CA is signed", KEPT, (), {}, f"warning {NONE}; {STAYS}"),
)  # fmt: skip
def test_the_issuer_of_the_ca_must_be_able_to_sign_it_first(issuer, crds, settings, line):
    ca = {"source": "issuer", "issuer": {"name": "pi", **settings}}
    assert_told(check_issuer(observation(make_snapshot(issuer=issuer, crds=crds), ca=ca)), line)


def test_without_an_issuer_in_the_settings_nothing_is_said():
    assert [*check_issuer(observation(make_snapshot(issuer=GONE)))] == []
