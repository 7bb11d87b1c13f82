"""cert-manager's Issuer of the mesh's CA must exist, be ready, and keep one root."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory

ID = "ca.issuer"
CERTIFICATES = "certificates.cert-manager.io"
UNFIT = {
    "selfSigned": (
        "is of type selfSigned, which makes another root at each renewal",
        "have it sign a root once, and make an Issuer of type ca from that",
    ),
    "acme": ("is of type acme, which signs no CAs", "name an Issuer of another type"),
}
"""Types of Issuers that cannot be used, each with the reason and the remedy."""


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    """Yield an error before the first signature; once the CA is signed, the mesh works on with a warning."""
    wanted, issuer = mesh.settings.ca.issuer, snapshot.issuer
    if wanted is None or issuer is None:
        return
    place = "" if wanted.kind == "ClusterIssuer" else f"{mesh.settings.istio.namespace}/"
    subject = Subject(wanted.kind, f"{place}{wanted.name}")
    problem, fix = UNFIT.get(issuer.type, (issuer.problem, f"`kubectl describe {wanted.kind.lower()} {wanted.name}`"))
    if not any(crd.name == CERTIFICATES for crd in snapshot.crds):
        subject, problem = Subject("crd", CERTIFICATES), "is not there: the cluster has no cert-manager"
        fix = "install cert-manager, or remove ca.issuer"
    elif problem == "is not there":
        fix = "make it, or correct ca.issuer"
    if not problem:
        yield ok(ID, subject, f"signs the mesh's CA for {wanted.ttl}")
    elif issuer.has_signed:
        yield warning(
            ID, subject, f"{problem}; the mesh's CA stays as it is, and is not renewed until this is fixed", fix
        )
    else:
        yield error(ID, subject, f"{problem}; it has to sign the mesh's CA", fix)
