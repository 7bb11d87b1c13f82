"""cert-manager, where Vault signs each of the mesh's certificates: it carries istiod's requests there."""

from typing import Annotated

from pydantic import Field

from pi_mesh.catalog import cert_manager
from pi_mesh.model.base import HelmValues, Model, MountPath, NamespaceName
from pi_mesh.model.patterns import matching
from pi_mesh.model.resources import ResourceProfile, profile

ChartVersion = Annotated[str, matching(r"^v[0-9]+\.[0-9]+\.[0-9]+$", 'an exact chart version such as "v1.21.2"')]


class VaultLogin(Model):
    """How cert-manager logs in to Vault: by a short token of a service account of its own, so no secret is kept."""

    mount: MountPath = "jwt"
    """Where Vault's auth method for the cluster's service accounts is: of type jwt or kubernetes."""
    role: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] = "pi-mesh"
    """Its role; made beforehand by Vault's owner."""


class CertManagerSettings(Model):
    """The controller that has istiod's requests signed; no one else's, unless `install` is false."""

    install: bool = True
    """False where the cluster has one, with its feature gate ExperimentalCertificateSigningRequestControllers on."""
    namespace: NamespaceName = "cert-manager"
    """Where it runs."""
    service_account: Annotated[str, Field(pattern=r"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$")] = cert_manager.CHART
    """Of its controller."""
    charts: Annotated[str, Field(min_length=1)] = cert_manager.REPOSITORY
    """A chart repository, or a directory of packaged charts (NAME-VERSION.tgz)."""
    version: ChartVersion = cert_manager.VERSION
    """Of the chart."""
    resources: ResourceProfile = profile("50m", "64Mi", "200m", "192Mi")
    """Of its one container."""
    address: Annotated[str, Field(pattern=r"^https?://[^/\s]+$")] | None = None
    """Vault's API as its pod reaches it; if not given, the service `vault` in `vault.namespace`, port 8200."""
    login: VaultLogin = VaultLogin()
    values: HelmValues = {}
    """Extra values of its chart, merged last; may not contradict a typed setting."""
