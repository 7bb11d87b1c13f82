"""A Secret in the cluster that holds a CA with its key, by Istio's file names."""

import base64

from pi_mesh.cluster.client import Client

OF_ISTIOD = "istio-ca-secret"
"""Where istiod keeps the root that it made (security/pkg/pki/ca/ca.go, CASecret)."""
NAMES = ("ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem")
OF_TLS = ("tls.crt", "tls.key", "tls.crt", "ca.crt")
"""The same in a Secret of type kubernetes.io/tls, as cert-manager writes it."""


def read(context: str, namespace: str, name: str) -> dict[str, str] | None:
    """Return the files of a Secret, the key too; None where there is no such Secret. Raises as `Client` does."""
    with Client(context) as client:
        secret = client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    if secret is None:
        return None
    data = secret.get("data") or {}
    keys = OF_TLS if "tls.crt" in data else NAMES
    return {file: base64.b64decode(data[key]).decode() for file, key in zip(NAMES, keys, strict=True) if key in data}
