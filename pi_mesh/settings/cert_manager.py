"""cert-manager, where Vault signs each of the mesh's certificates: it carries istiod's requests there."""

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
    """How cert-manager logs in to Vault: by a short token of a service account of its own, so no secret is kept."""

    mount: MountPath = "jwt"
    """Where Vault's auth method for the cluster's service accounts is: of type jwt or kubernetes."""
    role: Annotated[str, matching(r"^[A-Za-z0-9_.-]+$", 'a name of letters, digits, "_", "." and "-"')] = "pi-mesh"
    """Its role; made beforehand by Vault's owner."""


class CertManagerSettings(Model):
    """The controller that has istiod's requests signed; no one else's, unless `install` is false."""

    install: bool = True
    """False where the cluster has one, with its feature gate ExperimentalCertificateSigningRequestControllers on."""
    namespace: NamespaceName = "cert-manager"
    """Where it runs."""
    service_account: ServiceAccountName = cert_manager.CHART
    """Of its controller."""
    charts: ChartSource = cert_manager.REPOSITORY
    """A chart repository, or a directory of packaged charts (NAME-VERSION.tgz)."""
    version: ChartVersion = cert_manager.VERSION
    """Of the chart."""
    resources: ResourceProfile = profile("50m", "64Mi", "200m", "192Mi")
    """Of its one container."""
    address: VaultAddress | None = None
    """Vault's API as its pod reaches it; if not given, the service `vault` in `vault.namespace`, port 8200."""
    login: VaultLogin = VaultLogin()
    values: HelmValues = {}
    """Extra values of its chart, merged last; may not contradict a typed setting."""
