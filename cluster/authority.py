"""Which CA the mesh lives with now: what istiod was given, and the roots that it hands to every workload."""

import base64
from dataclasses import dataclass, field

from cluster.client import Client
from facts.project import PLUGGED_IN_LABEL

PUBLIC = ("ca-cert.pem", "cert-chain.pem", "root-cert.pem")
"""What is taken of the secret: never the key."""


@dataclass(frozen=True)
class Authority:
    """PEM texts."""

    root_cert: str = ""
    """The roots that workloads get; empty where no istiod has run yet."""
    cacerts: dict[str, str] = field(default_factory=dict)
    """The certificates of the secret `cacerts`, by file name; empty where istiod makes its own root."""
    ours: bool = False
    """Whether a stack of this project made that secret."""


def read(context: str, namespace: str) -> Authority:
    """Reads it from istiod's namespace. Raises as `cluster.client.Client` does."""
    path = f"/api/v1/namespaces/{namespace}"
    with Client(context) as client:
        roots = client.get(f"{path}/configmaps/istio-ca-root-cert") or {}
        secret = client.get(f"{path}/secrets/cacerts") or {}
    labels = secret.get("metadata", {}).get("labels") or {}
    return Authority(
        root_cert=(roots.get("data") or {}).get("root-cert.pem", ""),
        cacerts=_certificates(secret.get("data") or {}),
        ours=PLUGGED_IN_LABEL in labels,
    )


def _certificates(data: dict[str, str]) -> dict[str, str]:
    return {name: base64.b64decode(data[name]).decode() for name in PUBLIC if name in data}
