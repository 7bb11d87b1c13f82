"""The reader of the objects that the settings name or depend on, beside the snapshot's own."""

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from pi_mesh.cluster import mesh_ca, routes
from pi_mesh.cluster.client import METADATA_ONLY, Client, Forbidden
from pi_mesh.cluster.mesh_ca import issuer_path, not_ready
from pi_mesh.cluster.snapshot import IngressCertificates, IngressSecret, Snapshot
from pi_mesh.settings import Settings

API = "/apis/networking.istio.io/v1beta1"
KINDS = {
    "Gateway": "gateways",
    "VirtualService": "virtualservices",
    "DestinationRule": "destinationrules",
    "ServiceEntry": "serviceentries",
}
"""Kinds that change gateways and other namespaces' sidecars; the rest apply to their own namespace's sidecars."""
UNREADABLE = "istio objects"


def with_shared_objects(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with these objects, if `istio.discovery` is limited. Raises as `Client` does."""
    if settings.watched_namespaces is None:
        return snapshot
    with Client(settings.cluster.context) as client, ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        try:
            lists = list(pool.map(lambda plural: client.items(f"{API}/{plural}", METADATA_ONLY), KINDS.values()))
        except Forbidden:
            return replace(snapshot, unreadable=(*snapshot.unreadable, UNREADABLE))
    listed = [(kind, item["metadata"]) for kind, items in zip(KINDS, lists, strict=True) for item in items]
    return replace(snapshot, shared_objects=tuple((meta["namespace"], kind, meta["name"]) for kind, meta in listed))


FILES = (("cert", "key"), ("tls.crt", "tls.key"))
"""Names of the certificate and its key in a Secret, in the order in which istiod looks for them
(istio 1.20.3 pilot/pkg/credentials/kube/secrets.go)."""
CLIENT_CA = ("cacert", "ca.crt")
"""Names of the CA of clients' certificates, in the same Secret or in one called NAME-cacert."""


def with_ingress_certificates(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with the gateways' certificates, if the settings name one. Raises as `Client` does."""
    traffic, homes = settings.traffic, (settings.ingress_namespace, settings.istio.namespace)
    served = [listener.tls for listener in traffic.gateways.values() if listener.tls and settings.ingress.enabled]
    shown = [host.tls for host in traffic.external.values() if host.tls and host.tls.secret and settings.egress.enabled]
    if not (served or shown):
        return snapshot
    issuers = [tls.issuer for tls in served if tls.issuer]
    with Client(settings.cluster.context) as client:
        listening, calling = (
            tuple(_secret(client, settings, home, name) for name in dict.fromkeys(tls.secret or "" for tls in users))
            for home, users in zip(homes, (served, shown), strict=True)
        )
        paths = {issuer: issuer_path(settings.ingress_namespace, issuer.name, issuer.kind) for issuer in issuers}
        states = tuple((issuer, not_ready(client.get(path))) for issuer, path in paths.items())
    return replace(snapshot, ingress_certificates=IngressCertificates(listening, states, calling))


def _secret(client: Client, settings: Settings, home: str, name: str) -> IngressSecret:
    try:
        data = _data(client, home, name)
        if data is None:
            others = sorted({settings.istio.namespace, settings.trading.namespace} - {home})
            elsewhere = tuple(other for other in others if _data(client, other, name) is not None)
            return IngressSecret(name, there=False, elsewhere=elsewhere)
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


READERS = (mesh_ca.with_ca_issuer, with_shared_objects, routes.with_routes, with_ingress_certificates)


def with_settings_objects(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with these objects, as far as the settings ask for them. Raises as `Client` does."""
    for reader in READERS:
        snapshot = reader(snapshot, settings)
    return snapshot
