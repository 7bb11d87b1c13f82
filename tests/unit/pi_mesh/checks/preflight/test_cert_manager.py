"""The preflight's findings about cert-manager, the stack's or a foreign one, and about the Issuer of the mesh's CA."""

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight.cert_manager import check_controller, check_issuer
from pi_mesh.cluster.cert_manager import SigningIssuer
from pi_mesh.cluster.objects import Crd, Deployment
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_snapshot

SIGNER = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
OURS = "cert-manager/cert-manager"
LABELS = {"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"}
OWN_CRD, FOREIGN_CRD = Crd("issuers.cert-manager.io", OURS), Crd("orders.acme.cert-manager.io", "")


def controller(release: str, namespace: str = "tls", labels: dict = LABELS) -> dict[str, tuple]:
    return {"deployments": (Deployment(namespace, "cert-manager", labels, release),)}


def findings(cluster: dict, vault: dict = SIGNER, **cert_manager: object) -> list[Finding]:
    settings = {**vault, "certManager": cert_manager}
    return [*check_controller(observation(make_snapshot(**cluster), vault=settings))]


OWN = {"crds": (OWN_CRD,), **controller(OURS, "cert-manager")}
THEIRS = {"install": False, "namespace": "tls"}
CARRIED = "namespace cert-manager: this stack's carries signing requests to Vault"
CONTROLLERS = {
    "a cluster without one gets ours": ({}, {}, "ok", CARRIED),
    "ours is no problem": (OWN, {}, "ok", CARRIED),
    "a deployment of another label is none": (controller("tls/cm", labels={"app": "x"}), {}, "ok", CARRIED),
    "another one beside ours":
        (controller("tls/cm"), {}, "error", "deployment tls/cert-manager: of tls/cm runs already; two would answer"),
    "one of no release": (controller(""), {}, "error", "deployment tls/cert-manager: of no Helm release runs already"),
    "CRDs of others": ({"crds": (FOREIGN_CRD,)}, {}, "error",
        "crd orders.acme.cert-manager.io: belongs to no Helm release; Helm refuses to take it into cert-manager/"),
    "the cluster's own is missing": ({}, THEIRS, "error", "crd issuers.cert-manager.io: is not there: the cluster has"),
    "the cluster's own is elsewhere": (OWN, THEIRS, "error", "namespace tls: has no controller of cert-manager"),
    "the cluster's own is there":
        ({"crds": (OWN_CRD,), **controller("")}, THEIRS, "ok", "namespace tls: the cluster's own carries signing"),
}  # fmt: skip


@pytest.mark.parametrize(("cluster", "settings", "level", "line"), CONTROLLERS.values(), ids=CONTROLLERS)
def test_one_cert_manager_carries_the_signing_requests(cluster, settings, level, line):
    (finding,) = findings(cluster, **settings)
    assert finding.level == level
    assert str(finding).startswith(line)


def test_with_an_exported_key_nothing_is_said_of_it():
    assert findings(controller(""), {**SIGNER, "key": "exported"}) == []


CRDS = (Crd("certificates.cert-manager.io"),)
GONE, KEPT = SigningIssuer("", "is not there"), SigningIssuer("ca", "no endpoints", has_signed=True)
STAYS = "the mesh's CA stays as it is, and is not renewed"
ISSUERS = {
    "one that is ready and keeps its root":
        (SigningIssuer("ca"), CRDS, {}, "ok", "Issuer istio-system/pi: signs the mesh's CA for 8760h"),
    "without cert-manager":
        (GONE, (), {}, "error", "crd certificates.cert-manager.io: is not there: the cluster has no cert-manager"),
    "missing": (GONE, CRDS, {"kind": "ClusterIssuer"}, "error",
        "ClusterIssuer pi: is not there; it has to sign the mesh's CA; make it, or correct ca.issuer"),
    "not ready": (SigningIssuer("ca", "secret not found"), CRDS, {}, "error",
        "Issuer istio-system/pi: secret not found; it has to sign the mesh's CA; `kubectl describe issuer pi`"),
    "self-signed": (SigningIssuer("selfSigned"), CRDS, {}, "error", "Issuer istio-system/pi: is of type selfSigned"),
    "ACME": (SigningIssuer("acme"), CRDS, {}, "error", "Issuer istio-system/pi: is of type acme, which signs no CAs"),
    "not ready, once the CA is signed": (KEPT, CRDS, {}, "warning", f"Issuer istio-system/pi: no endpoints; {STAYS}"),
    "without cert-manager, once the CA is signed": (KEPT, (), {}, "warning",
        f"crd certificates.cert-manager.io: is not there: the cluster has no cert-manager; {STAYS}"),
}  # fmt: skip


@pytest.mark.parametrize(("issuer", "crds", "settings", "level", "line"), ISSUERS.values(), ids=ISSUERS)
def test_the_issuer_of_the_ca_must_be_able_to_sign_it_first(issuer, crds, settings, level, line):
    ca = {"source": "issuer", "issuer": {"name": "pi", **settings}}
    (finding,) = check_issuer(observation(make_snapshot(issuer=issuer, crds=crds), ca=ca))
    assert finding.level == level
    assert str(finding).startswith(line)


def test_without_an_issuer_in_the_settings_nothing_is_said():
    assert [*check_issuer(observation(make_snapshot(issuer=GONE)))] == []
