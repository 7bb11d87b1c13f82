"""cert-manager's own objects: their paths, and the fields that checks need."""

from dataclasses import dataclass

from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.cluster.conditions import conditions

API = "/apis/cert-manager.io/v1"


@dataclass(frozen=True)
class SigningIssuer:
    """cert-manager's Issuer that signs the mesh's CA."""

    type: str
    """Type of the Issuer, such as "ca" or "selfSigned"."""
    problem: str = ""
    """Reason why the Issuer is not ready; empty if it is."""
    has_signed: bool = False
    """True if the CA has been signed, so that the mesh works without the Issuer."""


def issuer_path(namespace: str, name: str, kind: str = "Issuer") -> str:
    """Return the path of an Issuer in a namespace, or of a ClusterIssuer, which is in none."""
    return f"{API}/{'clusterissuers' if kind == 'ClusterIssuer' else f'namespaces/{namespace}/issuers'}/{name}"


def certificate_path(namespace: str) -> str:
    return f"{API}/namespaces/{namespace}/certificates/{CERTIFICATE}"


def not_ready(item: dict | None) -> str:
    """Return the reason why an object of cert-manager is not ready; empty if it is."""
    if item is None:
        return "is not there"
    ready = conditions(item).get("Ready", {})
    return "" if ready.get("status") == "True" else ready.get("message") or "cert-manager has not checked it yet"
