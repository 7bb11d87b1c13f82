"""cert-manager, which carries istiod's signing requests to Vault if Vault is the external signer."""

from typing import Annotated

from pi_mesh.catalog import cert_manager
from pi_mesh.model.base import HelmValues, Model, MountPath, NamespaceName
from pi_mesh.model.patterns import VaultAddress, matching
from pi_mesh.model.resources import ResourceProfile, profile
from pi_mesh.settings.sources import ChartSource

ChartVersion = Annotated[str, matching(r"^v[0-9]+\.[0-9]+\.[0-9]+$", 'an exact chart version such as "v1.21.2"')]

ServiceAccountName = Annotated[
    str,
    matching(r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$", "the name of a service account: small letters, digits, dots, dashes"),
]


class VaultLogin(Model):
    """Login of cert-manager to Vault by a short-lived token of its own service account; no secret is stored."""

    mount: MountPath = "jwt"
    """Path of Vault's auth method for the cluster's service accounts, of type jwt or kubernetes."""
    role: Annotated[str, matching(r"^[A-Za-z0-9_.-]+$", 'a name of letters, digits, "_", "." and "-"')] = "pi-mesh"
    """Name of the auth role in Vault for cert-manager, which Vault's owner creates beforehand."""


class CertManagerSettings(Model):
    """cert-manager, which has istiod's requests signed. It serves the mesh alone, unless `install` is false."""

    install: bool = True
    """Install cert-manager. Set false if the cluster has one with the feature gate
    ExperimentalCertificateSigningRequestControllers enabled."""
    namespace: NamespaceName = "cert-manager"
    """Namespace of cert-manager."""
    service_account: ServiceAccountName = cert_manager.CHART
    """Service account of cert-manager's controller."""
    charts: ChartSource = cert_manager.REPOSITORY
    """Chart repository of cert-manager, or a directory of packaged charts (NAME-VERSION.tgz)."""
    version: ChartVersion = cert_manager.VERSION
    """Version of the cert-manager chart."""
    resources: ResourceProfile = profile("50m", "64Mi", "200m", "192Mi")
    """Requests and limits of cert-manager's one container."""
    address: VaultAddress | None = None
    """Vault's API as cert-manager's pod reaches it; by default the Service `vault` in `vault.namespace`, port 8200."""
    login: VaultLogin = VaultLogin()
    """Login of cert-manager to Vault."""
    values: HelmValues = {}
    """Extra values of the cert-manager chart, merged last; they may not contradict a typed setting."""
