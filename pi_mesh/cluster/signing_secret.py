"""A Secret in the cluster with a CA and its key, under Istio's file names."""

import base64

from pi_mesh.cluster.client import Client

OF_ISTIOD = "istio-ca-secret"
"""Name of the Secret in which istiod keeps the root that it made (security/pkg/pki/ca/ca.go, CASecret)."""
NAMES = ("ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem")
OF_TLS = ("tls.crt", "tls.key", "tls.crt", "ca.crt")
"""The same files in a Secret of type kubernetes.io/tls, as cert-manager writes it."""


def read(context: str, namespace: str, name: str) -> dict[str, str] | None:
    """Return the files of a Secret, including the key; None if the Secret does not exist. Raises as `Client` does."""
    with Client(context) as client:
        secret = client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    if secret is None:
        return None
    data = secret.get("data") or {}
    keys = OF_TLS if "tls.crt" in data else NAMES
    return {file: base64.b64decode(data[key]).decode() for file, key in zip(NAMES, keys, strict=True) if key in data}
