"""The CA that the mesh uses now: istiod's Secret or ConfigMap, and the roots that workloads get."""

import base64
from dataclasses import dataclass, field
from datetime import timedelta

from pi_mesh.catalog import cert_manager, istio
from pi_mesh.cluster.cert_manager import certificate_path, issuer_path, not_ready
from pi_mesh.cluster.client import Client
from pi_mesh.names import EXTERNAL_CA_LABEL

PUBLIC = ("ca-cert.pem", "cert-chain.pem", "root-cert.pem")
"""Files that are read from the Secret; the key is never read."""
OF_TLS = {"ca-cert.pem": "tls.crt", "cert-chain.pem": "tls.crt", "root-cert.pem": "ca.crt"}
"""The same files in a Secret of type kubernetes.io/tls."""


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
    longest_lifetime: timedelta = istio.CERTIFICATE_LIFETIME
    """Longest lifetime that a running proxy requests for its certificate; Istio's default if the proxies were not
    read."""


def read(context: str, namespace: str, *, secrets: bool = True, issued: bool = False) -> Authority:
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
    labels = secret.get("metadata", {}).get("labels") or {}
    return Authority(
        root_cert=(roots.get("data") or {}).get("root-cert.pem", ""),
        cacerts=_certificates(secret.get("data") or {}),
        ours=EXTERNAL_CA_LABEL in labels,
        external_signer_root=(external_signer_map.get("data") or {}).get("root-cert.pem", ""),
        issuer=not_ready(issuer) if asked else "",
        issued=_certificates((offered or {}).get("data") or {}).get("ca-cert.pem", ""),
        not_issued=not_ready(certificate) if issued and secrets else "",
    )


def _certificates(data: dict[str, str]) -> dict[str, str]:
    """Return the certificates by Istio's file names; `tls.crt` comes first (pilot/pkg/bootstrap/istio_ca.go)."""
    names = OF_TLS if "tls.crt" in data else {name: name for name in PUBLIC}
    return {name: base64.b64decode(data[key]).decode() for name, key in names.items() if key in data}
