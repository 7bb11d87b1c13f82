"""cert-manager's chart, and the names by which cert-manager, istiod and Vault refer to each other."""

CHART = "cert-manager"
"""Name of the chart, the release, and the controller's Deployment and service account."""
REPOSITORY = "https://charts.jetstack.io"
# renovate: datasource=helm depName=cert-manager registryUrl=https://charts.jetstack.io
VERSION = "v1.21.2"
"""Version of the chart and of cert-manager itself."""

ISSUER = "mesh-ca"
"""Name of the Issuer in istiod's namespace, and of the service account there with which it logs in to Vault."""
ROOT = "mesh-ca-root"
"""Name of the ConfigMap in istiod's namespace with the root certificate that istiod hands to workloads."""
CERTIFICATE = "mesh-ca"
"""Name of the Certificate of the mesh's CA, signed by the Issuer of `ca.issuer`, and of the Secret with its key."""
ROLE = "mesh-istiod"
"""Name of the Vault PKI role that signs istiod's requests."""


def signer(namespace: str) -> str:
    """Return the name by which a CertificateSigningRequest refers to the Issuer of a namespace."""
    return f"issuers.cert-manager.io/{namespace}.{ISSUER}"


def audience(namespace: str) -> str:
    return f"vault://{namespace}/{ISSUER}"
