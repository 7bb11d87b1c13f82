"""cert-manager must be fit for what the mesh needs: to carry signing requests to Vault, or to sign its CA."""

from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Kind

ID = "cert-manager"
GROUP = "cert-manager.io"
ISSUERS = f"issuers.{GROUP}"
OTHER = "set vault.certManager.install: false, and vault.certManager.namespace to where it runs"


def check_controller(observation: Observation) -> Iterator[Finding]:
    settings = observation.settings
    if not settings.vault.external_signer:
        return
    chosen = settings.vault.cert_manager
    whose = "this stack's" if chosen.install else "the cluster's own"
    well = ok(ID, Subject("namespace", chosen.namespace), f"{whose} carries signing requests to Vault")
    yield from [*(_ours if chosen.install else _theirs)(observation)] or [well]


def _ours(observation: Observation) -> Iterator[Finding]:
    mine = observation.mesh.the(Kind.CERT_MANAGER).id
    for other in _controllers(observation.snapshot):
        if other.release != mine:
            message = f"of {other.release or 'no Helm release'} runs already; two would answer the same requests"
            yield error(ID, Subject("deployment", other.id), message, OTHER)
    foreign = [crd for crd in observation.snapshot.crds if crd.name.endswith(f".{GROUP}") and crd.release != mine]
    if foreign:
        owners = ", ".join(sorted({crd.release or "no Helm release" for crd in foreign}))
        message = f"belongs to {owners}; Helm refuses to take it into {mine}"
        yield error(ID, Subject("crd", foreign[0].name), message, OTHER)


def _theirs(observation: Observation) -> Iterator[Finding]:
    home = observation.settings.vault.cert_manager.namespace
    install = "install it, or set vault.certManager.install: true"
    if not any(crd.name == ISSUERS for crd in observation.snapshot.crds):
        yield error(ID, Subject("crd", ISSUERS), "is not there: the cluster has no cert-manager", install)
    elif not any(controller.namespace == home for controller in _controllers(observation.snapshot)):
        message = "has no controller of cert-manager"
        yield error(ID, Subject("namespace", home), message, "set vault.certManager.namespace")


def _controllers(snapshot: Snapshot) -> list[Deployment]:
    labels = {"app.kubernetes.io/name": "cert-manager", "app.kubernetes.io/component": "controller"}.items()
    return [deployment for deployment in snapshot.deployments if labels <= deployment.labels.items()]


CA_ISSUER = "ca.issuer"
CERTIFICATES = "certificates.cert-manager.io"
UNFIT = {
    "selfSigned": (
        "is of type selfSigned, which makes another root at each renewal",
        "have it sign a root once, and make an Issuer of type ca from that",
    ),
    "acme": ("is of type acme, which signs no CAs", "name an Issuer of another type"),
}
"""Types of Issuers that cannot be used, each with the reason and the remedy."""


def check_issuer(observation: Observation) -> Iterator[Finding]:
    """Yield an error before the first signature; once the CA is signed, the mesh works on with a warning."""
    chosen, issuer = observation.settings.ca.issuer, observation.snapshot.issuer
    if chosen is None or issuer is None:
        return
    place = "" if chosen.kind == "ClusterIssuer" else f"{observation.settings.istio.namespace}/"
    subject = Subject(chosen.kind, f"{place}{chosen.name}")
    problem, fix = UNFIT.get(issuer.type, (issuer.problem, f"`kubectl describe {chosen.kind.lower()} {chosen.name}`"))
    if not any(crd.name == CERTIFICATES for crd in observation.snapshot.crds):
        subject, problem = Subject("crd", CERTIFICATES), "is not there: the cluster has no cert-manager"
        fix = "install cert-manager, or remove ca.issuer"
    elif problem == "is not there":
        fix = "make it, or correct ca.issuer"
    if not problem:
        yield ok(CA_ISSUER, subject, f"signs the mesh's CA for {chosen.ttl}")
    elif issuer.has_signed:
        effect = "the mesh's CA stays as it is, and is not renewed until this is fixed"
        yield warning(CA_ISSUER, subject, f"{problem}; {effect}", fix)
    else:
        yield error(CA_ISSUER, subject, f"{problem}; it has to sign the mesh's CA", fix)
