"""The preflight's findings about cert-manager, the stack's or a foreign one."""

import pytest

from pi_mesh import inventory
from pi_mesh.checks.finding import Level, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import cert_manager
from pi_mesh.cluster.cert_manager import SigningIssuer
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Crd, Deployment, Namespace
from tests.support.factories import make_mesh, make_settings
from tests.support.preflight_problems import run
from tests.support.snapshots import STACK, make_snapshot, owned_namespace, state_of

KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
OURS = "cert-manager/cert-manager"
LABELS = {"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"}
CRD = Crd("issuers.cert-manager.io", OURS)


def problems(vault: dict = KEYLESS, cert_manager: dict | None = None, **snapshot: object) -> list[str]:
    settings = make_settings(vault={**vault, "certManager": cert_manager or {}})
    return [
        str(finding)
        for finding in errors(
            run(inventory.mesh_inventory(settings, STACK), make_snapshot(**snapshot), state_of("cert-manager"))
        )
    ]


def controller(namespace: str = "cert-manager", release: str = OURS) -> tuple[Deployment, ...]:
    return (Deployment(namespace, "cert-manager", LABELS, release),)


def test_a_cluster_without_one_gets_ours_and_ours_is_no_problem():
    assert problems() == []
    home = (owned_namespace("cert-manager"),)
    assert problems(deployments=controller(), crds=(CRD,), namespaces=home) == []


@pytest.mark.parametrize(
    ("snapshot", "line"),
    [
        ({"deployments": controller("tls", "tls/cm")}, "of tls/cm runs already; two would answer"),
        ({"deployments": controller("tls", "")}, "of no Helm release runs already"),
        ({"crds": (Crd("orders.acme.cert-manager.io", ""),)}, "belongs to no Helm release; Helm refuses to take it"),
        ({"namespaces": (Namespace("cert-manager"),)}, "vault.certManager.install: false to use what is there"),
        (
            {"releases": (ReleaseRecord("cert-manager", "cert-manager", status="pending-install"),)},
            "is pending-install",
        ),
    ],
)
def test_what_is_in_the_way_of_ours(snapshot, line):
    (problem,) = problems(**snapshot)
    assert line in problem


def test_a_chart_that_is_not_in_its_directory_is_found_before_anything_is_touched():
    (problem,) = problems(cert_manager={"charts": "nowhere"})
    assert "nowhere/cert-manager-v1.21.2.tgz is not there" in problem


@pytest.mark.parametrize(
    ("snapshot", "line"),
    [
        ({}, "the cluster has no cert-manager"),
        ({"crds": (CRD,)}, "namespace tls: has no controller of cert-manager"),
        ({"crds": (CRD,), "deployments": controller("tls", "")}, ""),
    ],
)
def test_the_clusters_own_must_be_there(snapshot, line):
    found = problems(cert_manager={"install": False, "namespace": "tls"}, **snapshot)
    assert [line in problem for problem in found] == ([True] if line else [])


def test_with_an_exported_key_nothing_is_said_of_it():
    exported = {**KEYLESS, "key": "exported"}
    assert problems(exported, deployments=controller("tls", "")) == []


@pytest.mark.parametrize(("install", "whose"), [(True, "this stack's"), (False, "the cluster's own")])
def test_the_row_says_whose_cert_manager_carries_the_requests(install, whose):
    settings = make_settings(vault={**KEYLESS, "certManager": {"install": install}})
    release = OURS if install else "tls/cm"
    snapshot = make_snapshot(deployments=controller(release=release), crds=(Crd(CRD.name, release),))
    (finding,) = cert_manager.check_controller(Observation(inventory.mesh_inventory(settings, STACK), snapshot))
    assert finding.message == f"{whose} carries signing requests to Vault"


CRDS = (Crd("certificates.cert-manager.io"),)
GONE = SigningIssuer("", "is not there")


def found(issuer: SigningIssuer | None, crds: tuple = CRDS, **wanted: str) -> list[tuple[Level, str]]:
    mesh = make_mesh(ca={"source": "issuer", "issuer": {"name": "pi", **wanted}})
    return [
        (one.level, str(one))
        for one in cert_manager.check_issuer(Observation(mesh, make_snapshot(issuer=issuer, crds=crds)))
    ]


def test_one_that_is_ready_and_keeps_its_root_is_well():
    assert found(SigningIssuer("ca")) == [(Level.OK, "Issuer istio-system/pi: signs the mesh's CA for 8760h")]


@pytest.mark.parametrize(
    ("issuer", "crds", "line"),
    [
        (GONE, (), "certificates.cert-manager.io: is not there: the cluster has no cert-manager"),
        (GONE, CRDS, "ClusterIssuer pi: is not there; it has to sign the mesh's CA; make it, or correct ca.issuer"),
        (SigningIssuer("ca", "secret not found"), CRDS, "secret not found; it has to sign"),
        (SigningIssuer("selfSigned"), CRDS, "is of type selfSigned, which makes another root at each renewal"),
        (SigningIssuer("acme"), CRDS, "is of type acme, which signs no CAs"),
    ],
)
def test_what_keeps_it_from_signing_is_refused(issuer, crds, line):
    ((level, text),) = found(issuer, crds, kind="ClusterIssuer")
    assert level is Level.ERROR
    assert line in text


@pytest.mark.parametrize("crds", [CRDS, ()])
def test_the_mesh_goes_on_without_it_once_the_ca_is_signed(crds):
    ((level, text),) = found(SigningIssuer("ca", "no endpoints", has_signed=True), crds)
    assert level is Level.WARNING
    assert "the mesh's CA stays as it is" in text


def test_without_an_issuer_in_the_settings_nothing_is_said():
    assert [*cert_manager.check_issuer(Observation(make_mesh(), make_snapshot()))] == []
