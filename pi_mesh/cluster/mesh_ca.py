"""The CA that the mesh uses now, cert-manager's objects that issue it, and the lifetimes that proxies request."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pi_mesh.catalog import cert_manager
from pi_mesh.catalog.cert_manager import CERTIFICATE
from pi_mesh.catalog.istio import CERTIFICATE_LIFETIME
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.conditions import conditions, is_true
from pi_mesh.cluster.errors import ClusterUnreachable
from pi_mesh.cluster.snapshot import SigningIssuer, Snapshot
from pi_mesh.facts import duration
from pi_mesh.names import EXTERNAL_CA_LABEL
from pi_mesh.settings import Settings

ISTIOD_SECRET = "istio-ca-secret"
"""Name of the Secret in which istiod keeps the root that it made (security/pkg/pki/ca/ca.go, CASecret)."""
PUBLIC = {"ca-cert.pem": "tls.crt", "cert-chain.pem": "tls.crt", "root-cert.pem": "ca.crt"}
"""Istio's names of a CA's certificates in a Secret, each with its name in a Secret of type kubernetes.io/tls, as
cert-manager writes it; istiod looks for that first (pilot/pkg/bootstrap/istio_ca.go)."""
WITH_KEY = {**PUBLIC, "ca-key.pem": "tls.key"}


def read_signing_secret(context: str, namespace: str, name: str) -> dict[str, str] | None:
    """Return the files of a Secret, including the key; None if the Secret does not exist. Raises as `Client` does."""
    with Client(context) as client:
        secret = client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    return None if secret is None else files_of(secret, WITH_KEY)


def files_of(secret: Mapping[str, Any], tls_names: Mapping[str, str]) -> dict[str, str]:
    """Return the files of a Secret by Istio's names, and nothing else that is in it."""
    data = secret.get("data") or {}
    names = tls_names.items() if "tls.crt" in data else zip(tls_names, tls_names, strict=True)
    return {file: base64.b64decode(data[name]).decode() for file, name in names if name in data}


DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:h|ms|m|s))+")
"""Pattern of a Go duration such as "1h30m"."""


def longest_lifetime(snapshot: Snapshot) -> timedelta:
    """Return the longest lifetime; Istio's default if the pods may not be listed."""
    if "pods" in snapshot.unreadable:
        return CERTIFICATE_LIFETIME
    texts = (pod.secret_ttl for pod in snapshot.pods if pod.has_sidecar)
    # A proxy takes the default for a text that is not a duration.
    lifetimes = (duration(text) if DURATION.fullmatch(text) else CERTIFICATE_LIFETIME for text in texts)
    return max(lifetimes, default=timedelta())


@dataclass(frozen=True)
class Authority:
    """PEM texts of the mesh's CA, and the state of its issuer."""

    root_cert: str = ""
    """Roots that workloads get; empty if no istiod has run yet."""
    cacerts: dict[str, str] = field(default_factory=dict)
    """Certificates of the Secret `cacerts` by file name; empty if istiod makes its own root."""
    ours: bool = False
    """True if a stack of this project created the Secret `cacerts`."""
    external_signer_root: str = ""
    """Root of a mesh with an external signer; empty for any other mesh."""
    issuer: str = ""
    """Reason why cert-manager's Issuer cannot have requests signed now; empty if it can."""
    issued: str = ""
    """CA that cert-manager issued, the chain without its root; empty if none was asked for."""
    not_issued: str = ""
    """Reason why cert-manager has not signed that CA; empty if it has."""
    longest_lifetime: timedelta = CERTIFICATE_LIFETIME
    """Longest lifetime that a running proxy requests for its certificate; Istio's default if it was not read."""


def read_authority(context: str, namespace: str, *, secrets: bool = True, issued: bool = False) -> Authority:
    """Read the CA from istiod's namespace; without `secrets` from ConfigMaps alone. Raises as `Client` does.

    With `issued` the CA that cert-manager issued for `ca.issuer` is read too.
    """
    path = f"/api/v1/namespaces/{namespace}"
    with Client(context) as client:
        roots = client.get(f"{path}/configmaps/istio-ca-root-cert") or {}
        secret = (client.get(f"{path}/secrets/cacerts") if secrets else None) or {}
        external_signer_map = client.get(f"{path}/configmaps/{cert_manager.ROOT}") or {}
        asked = bool(external_signer_map) and secrets
        issuer = client.get(issuer_path(namespace, cert_manager.ISSUER)) if asked else None
        certificate = client.get(certificate_path(namespace)) if issued and secrets else None
        offered = client.get(f"{path}/secrets/{cert_manager.CERTIFICATE}") if certificate else None
    return Authority(
        root_cert=(roots.get("data") or {}).get("root-cert.pem", ""),
        cacerts=files_of(secret, PUBLIC),
        ours=EXTERNAL_CA_LABEL in (secret.get("metadata", {}).get("labels") or {}),
        external_signer_root=(external_signer_map.get("data") or {}).get("root-cert.pem", ""),
        issuer=not_ready(issuer) if asked else "",
        issued=files_of(offered or {}, PUBLIC).get("ca-cert.pem", ""),
        not_issued=not_ready(certificate) if issued and secrets else "",
    )


API = "/apis/cert-manager.io/v1"


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


def with_ca_issuer(snapshot: Snapshot, settings: Settings) -> Snapshot:
    """Return the snapshot with the Issuer of `ca.issuer`, if the settings name one. Raises as `Client` does."""
    chosen, namespace = settings.ca.issuer, settings.istio.namespace
    if chosen is None:
        return snapshot
    with Client(settings.cluster.context) as client:
        issuer = client.get(issuer_path(namespace, chosen.name, chosen.kind))
        signed = client.get(f"/api/v1/namespaces/{namespace}/secrets/{CERTIFICATE}")
    kind = next(iter((issuer or {}).get("spec", {})), "")
    return replace(snapshot, issuer=SigningIssuer(kind, not_ready(issuer), signed is not None))


def is_certificate_signed(context: str, namespace: str) -> bool:
    """Return True if cert-manager has signed the Certificate as it is now, and not only an earlier version."""
    with Client(context) as client:
        certificate = client.get(certificate_path(namespace))
    if certificate is None or not_ready(certificate):
        return False
    signed = conditions(certificate)["Ready"].get("observedGeneration")
    return not is_true(certificate, "Issuing") and signed == certificate["metadata"]["generation"]


def renew_certificate(context: str, namespace: str) -> int:
    """Have cert-manager sign a new key, as `cmctl renew` does; return the old revision. Raises ClusterUnreachable."""
    path = certificate_path(namespace)
    with Client(context) as client:
        certificate = client.get(path)
        if certificate is None:
            raise ClusterUnreachable(f"Certificate {namespace}/{CERTIFICATE} is not there; `pulumi up` makes it")
        metadata, status = certificate["metadata"], certificate.get("status", {})
        others = [condition for kind, condition in conditions(certificate).items() if kind != "Issuing"]
        asked = {"type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "by rotate-ca"}
        asked |= {"observedGeneration": metadata["generation"], "lastTransitionTime": f"{datetime.now(UTC):%FT%TZ}"}
        version = {"resourceVersion": metadata["resourceVersion"]}
        client.patch(f"{path}/status", {"metadata": version, "status": {"conditions": [*others, asked]}})
    return status.get("revision", 0)


def certificate_revision(context: str, namespace: str) -> int:
    """Return how often cert-manager has had the Certificate signed."""
    with Client(context) as client:
        certificate = client.get(certificate_path(namespace))
    return (certificate or {}).get("status", {}).get("revision", 0)
