"""The reader of the ingress gateway's certificates: the Secrets of its listeners, and the Issuers that write them."""

import base64
from dataclasses import replace

from pi_mesh.cluster.cert_manager import issuer_path, not_ready
from pi_mesh.cluster.client import Client, Forbidden
from pi_mesh.cluster.ingress_secrets import IngressCertificates, IngressSecret
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings
from pi_mesh.settings.traffic.gateways import CertificateIssuer

FILES = (("cert", "key"), ("tls.crt", "tls.key"))
"""Names of the certificate and its key in a Secret, in the order in which istiod looks for them
(istio 1.20.3 pilot/pkg/credentials/kube/secrets.go)."""
CLIENT_CA = ("cacert", "ca.crt")
"""Names of the CA of clients' certificates, in the same Secret or in one called NAME-cacert."""


def seen(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with the listeners' certificates, if a listener has one. Raises as `Client` does."""
    found = [listener.tls for listener in settings.traffic.gateways.values() if listener.tls]
    if not (found and settings.ingress.enabled):
        return snapshot
    issuers = dict.fromkeys(tls.issuer for tls in found if tls.issuer)
    with Client(settings.cluster.context) as client:
        secrets = tuple(_secret(client, settings, name) for name in dict.fromkeys(tls.secret for tls in found))
        states = tuple((issuer, _problem(client, settings, issuer)) for issuer in issuers)
    return replace(snapshot, ingress_certificates=IngressCertificates(secrets, states))


def _secret(client: Client, settings: Settings, name: str) -> IngressSecret:
    home = settings.ingress_namespace
    try:
        data = _data(client, home, name)
        if data is None:
            others = sorted({settings.istio.namespace, settings.trading.namespace} - {home})
            return IngressSecret(
                name, False, tuple(other for other in others if _data(client, other, name) is not None)
            )
        client_ca = {**(_data(client, home, f"{name}-cacert") or {}), **data}
    except Forbidden:
        return IngressSecret(name, unreadable=True)
    chain, key = next(((data[cert], data[key]) for cert, key in FILES if data.get(cert) and data.get(key)), (b"", b""))
    return IngressSecret(
        name,
        chain=chain.decode(errors="replace"),
        fits=_fits(chain, key),
        has_client_ca=any(client_ca.get(file) for file in CLIENT_CA),
    )


def _data(client: Client, namespace: str, name: str) -> dict[str, bytes] | None:
    """Return the content of a Secret; None if there is no such Secret."""
    secret = client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    return secret and {file: base64.b64decode(text) for file, text in (secret.get("data") or {}).items()}


def _fits(chain: bytes, key: bytes) -> bool:
    """Return True if the key is the first certificate's; also for texts that are none, about which others speak."""
    # Imported here, because it loads slowly and few stacks have listeners with certificates.
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        certificate = x509.load_pem_x509_certificate(chain)
        return load_pem_private_key(key, password=None).public_key() == certificate.public_key()
    except (ValueError, TypeError):
        return True


def _problem(client: Client, settings: Settings, issuer: CertificateIssuer) -> str:
    """Return the reason why an Issuer signs nothing; empty if it does."""
    return not_ready(client.get(issuer_path(settings.ingress_namespace, issuer.name, issuer.kind)))
