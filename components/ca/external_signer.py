"""External signer: the CA's key stays in Vault, and cert-manager has Vault sign istiod's requests."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from components import manifest
from components.release import ReleaseArgs, ReleaseComponent
from pi_mesh.certificates import pem
from pi_mesh.inventory import Inventory, Kind, ManagedObject
from pi_mesh.values import cert_manager

if TYPE_CHECKING:
    from components.ca.intermediate import VaultCa


class CertManager(ReleaseComponent):
    """The chart `cert-manager`. Its CRDs stay after an uninstall, because other owners' certificates use them."""

    token = "pi-mesh:vault:CertManager"


@dataclass(frozen=True)
class CertManagerIssuerArgs:
    """The ConfigMap with the root, the Issuer, and the RBAC objects that both need."""

    rights: tuple[ManagedObject, ...]
    root: ManagedObject
    issuer: ManagedObject


class CertManagerIssuer(pulumi.ComponentResource):
    """The cert-manager Issuer of the mesh, created after Vault accepts cert-manager's requests."""

    def __init__(self, name: str, args: CertManagerIssuerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:vault:Signer", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        rights = [manifest.register(name, item, inside) for item in args.rights]
        manifest.register(name, args.root, inside)
        manifest.register(name, args.issuer, pulumi.ResourceOptions(parent=self, depends_on=rights))
        self.register_outputs({})


def plug_in(
    mesh: Inventory, ca: "VaultCa", checked: Callable[[str], pem.Certificates], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Register the external signer, after Vault accepts requests of this mesh and its chain is `checked`."""
    assert ca.chain is not None  # settings with `external_signer` always have a signed chain
    component, settings = "mesh-signer", mesh.settings
    pem_of_root = ca.chain.apply(lambda chain: pem.text(checked(chain)[-1:]))
    installed = _installed(mesh, opts)
    vaults_ca = Path(settings.vault.ca_file).read_text() if settings.vault.ca_file else None
    args = CertManagerIssuerArgs(
        tuple(item for item in mesh.objects_of(component) if item.kind != "Issuer"),
        ManagedObject(component, cert_manager.root(settings, pem_of_root)),
        ManagedObject(component, cert_manager.issuer(settings, vaults_ca)),
    )
    return [*installed, CertManagerIssuer(component, args, _after([ca, *installed], opts))]


def _installed(mesh: Inventory, opts: pulumi.ResourceOptions) -> list[CertManager]:
    if not (releases := mesh.of_kind(Kind.CERT_MANAGER)):
        return []
    home = manifest.make_namespace("cert-manager-namespace", mesh.namespace("cert-manager"), opts)
    return [CertManager(ReleaseArgs(release, mesh.settings.release), _after([home], opts)) for release in releases]


def _after(these: list[pulumi.Resource], opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=these))
