"""cert-manager: where its chart comes from, and the names by which it, istiod and Vault know each other."""

CHART = "cert-manager"
"""Also the name of the release, and of the controller's Deployment and service account."""
REPOSITORY = "https://charts.jetstack.io"
# renovate: datasource=helm depName=cert-manager registryUrl=https://charts.jetstack.io
VERSION = "v1.21.2"
"""Of the chart and of cert-manager."""

ISSUER = "mesh-ca"
"""The Issuer in istiod's namespace, and the service account there by which it logs in to Vault."""
ROOT = "mesh-ca-root"
"""The ConfigMap there with the root that istiod hands to workloads."""
CERTIFICATE = "mesh-ca"
"""The Certificate there by which the Issuer of `ca.issuer` signs the mesh's CA, and the Secret that it fills."""
ROLE = "mesh-istiod"
"""Vault's role for what istiod has signed."""


def signer(namespace: str) -> str:
    """How a signing request in Kubernetes names the Issuer of a namespace."""
    return f"issuers.cert-manager.io/{namespace}.{ISSUER}"


def audience(namespace: str) -> str:
    """For whom the service account's token is made."""
    return f"vault://{namespace}/{ISSUER}"
