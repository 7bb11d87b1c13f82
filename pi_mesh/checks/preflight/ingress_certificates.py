"""Listeners with TLS need a certificate for their hosts; those without it are named before `up`."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from pi_mesh.checks import listener_certificates
from pi_mesh.checks.finding import Finding, Level, Subject, error, ok, warning
from pi_mesh.checks.listener_certificates import ID
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

CERTIFICATES = "certificates.cert-manager.io"


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield warnings, because a certificate may come later; an Issuer that is missing is an error."""
    yield from _issuers(mesh, snapshot)
    for finding in listener_certificates.judge(mesh.settings, snapshot, datetime.now(UTC)):
        yield replace(finding, level=Level.WARNING) if finding.level is Level.ERROR else finding


def _issuers(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    for issuer, problem in snapshot.ingress_certificates.issuers if snapshot.ingress_certificates else ():
        place = "" if issuer.kind == "ClusterIssuer" else f"{mesh.settings.ingress_namespace}/"
        subject = Subject(issuer.kind, f"{place}{issuer.name}")
        if not any(crd.name == CERTIFICATES for crd in snapshot.crds):
            message, fix = "is not there: the cluster has no cert-manager", "install cert-manager, or remove tls.issuer"
            yield error(ID, Subject("crd", CERTIFICATES), message, fix)
        elif problem == "is not there":
            yield error(ID, subject, f"{problem}; it has to sign certificates", "make it, or correct tls.issuer")
        elif problem:
            look = f"`kubectl describe {issuer.kind.lower()} {issuer.name}`"
            yield warning(ID, subject, f"{problem}; until this is fixed it signs nothing", look)
        else:
            yield ok(ID, subject, "signs the listeners' certificates")
