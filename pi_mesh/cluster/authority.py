"""Which CA the mesh lives with now: what istiod was given, and the roots that it hands to every workload."""

import base64
from dataclasses import dataclass, field
from datetime import timedelta

from pi_mesh.catalog import cert_manager, istio
from pi_mesh.cluster.cert_manager import not_ready
from pi_mesh.cluster.client import Client
from pi_mesh.names import EXTERNAL_CA_LABEL

PUBLIC = ("ca-cert.pem", "cert-chain.pem", "root-cert.pem")
"""What is taken of the secret: never the key."""
OF_TLS = {"ca-cert.pem": "tls.crt", "cert-chain.pem": "tls.crt", "root-cert.pem": "ca.crt"}
"""The same in a secret of type kubernetes.io/tls."""
OF_CERT_MANAGER = "/apis/cert-manager.io/v1/namespaces/{}"


@dataclass(frozen=True)
class Authority:
    """PEM texts."""

    root_cert: str = ""
    """The roots that workloads get; empty where no istiod has run yet."""
    cacerts: dict[str, str] = field(default_factory=dict)
    """The certificates of the secret `cacerts`, by file name; empty where istiod makes its own root."""
    ours: bool = False
    """Whether a stack of this project made that secret."""
    external_signer_root: str = ""
    """The root of a mesh whose certificates Vault signs one by one; empty for any other."""
    issuer: str = ""
    """There, why cert-manager's Issuer can't have anything signed now; empty when it can."""
    issued: str = ""
    """The CA that cert-manager holds ready, the chain below its root; empty where none was asked for."""
    not_issued: str = ""
    """There, why cert-manager has not signed it."""
    longest_lifetime: timedelta = istio.CERTIFICATE_LIFETIME
    """The longest life that a running proxy asks for its certificate; Istio's default where nobody looked."""


def read(context: str, namespace: str, *, secrets: bool = True, issued: bool = False) -> Authority:
    """Reads it from istiod's namespace; without `secrets` what ConfigMaps tell. Raises as `Client` does.

    `issued`: also what cert-manager holds ready for `ca.issuer`.
    """
    path = f"/api/v1/namespaces/{namespace}"
    with Client(context) as client:
        roots = client.get(f"{path}/configmaps/istio-ca-root-cert") or {}
        secret = (client.get(f"{path}/secrets/cacerts") if secrets else None) or {}
        external_signer_map = client.get(f"{path}/configmaps/{cert_manager.ROOT}") or {}
        asked = bool(external_signer_map) and secrets
        issuer = client.get(f"{OF_CERT_MANAGER.format(namespace)}/issuers/{cert_manager.ISSUER}") if asked else None
        own = f"{OF_CERT_MANAGER.format(namespace)}/certificates/{cert_manager.CERTIFICATE}"
        certificate = client.get(own) if issued and secrets else None
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
    """Return them by Istio's names; `tls.crt` counts before those, as in istiod (pilot/pkg/bootstrap/istio_ca.go)."""
    names = OF_TLS if "tls.crt" in data else {name: name for name in PUBLIC}
    return {name: base64.b64decode(data[key]).decode() for name, key in names.items() if key in data}
