"""The preflight's findings about cert-manager, the stack's or a foreign one."""

import pytest

from pi_mesh import inventory
from pi_mesh.checks.finding import errors
from pi_mesh.checks.preflight import cert_manager, run
from pi_mesh.cluster.objects import Crd, Deployment, Namespace
from pi_mesh.cluster.release_records import ReleaseRecord
from tests.support.factories import make_settings
from tests.support.snapshots import STACK, make_snapshot, owned_namespace, state_of

KEYLESS = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}
OURS = "cert-manager/cert-manager"
LABELS = {"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"}
CRD = Crd("issuers.cert-manager.io", OURS)


def problems(vault: dict = KEYLESS, cert_manager: dict | None = None, **snapshot: object) -> list[str]:
    settings = make_settings(vault={**vault, "certManager": cert_manager or {}})
    return [
        str(finding)
        for finding in errors(run(inventory.of(settings, STACK), make_snapshot(**snapshot), state_of("cert-manager")))
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
    (finding,) = cert_manager.check(inventory.of(settings, STACK), snapshot)
    assert finding.message == f"{whose} carries signing requests to Vault"
