"""The mode in which the CA's key stays in Vault: cert-manager has istiod's signing requests signed there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from components import manifest
from components.release import ReleaseArgs, ReleaseComponent
from components.trading import NamespaceArgs, make_namespace
from pi_mesh.certificates import pem
from pi_mesh.settings import Settings
from pi_mesh.settings.sources import ChartSettings
from pi_mesh.values import cert_manager
from pi_mesh.values.objects import cert_manager_namespace


class CertManager(ReleaseComponent):
    """The chart `cert-manager`. Its CRDs stay when it goes: others' certificates would go with them."""

    token = "pi-mesh:vault:CertManager"


@dataclass(frozen=True)
class SignerArgs:
    """Plain Kubernetes objects; `root` and the Issuer are made when the rights are there."""

    rights: Sequence[dict[str, Any]]
    root: dict[str, Any]
    issuer: dict[str, Any]


class Signer(pulumi.ComponentResource):
    """Made when Vault has let cert-manager in."""

    def __init__(self, name: str, args: SignerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:vault:Signer", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        rights = [manifest.make(name, one, inside) for one in args.rights]
        manifest.make(name, args.root, inside)
        manifest.make(name, args.issuer, pulumi.ResourceOptions(parent=self, depends_on=rights))
        self.register_outputs({})


if TYPE_CHECKING:
    from components.ca.intermediate import VaultCa


def plug_in(
    settings: Settings, ca: "VaultCa", checked: Callable[[str], pem.Certificates], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Made as soon as Vault takes requests of this mesh, and its chain is `checked`."""
    assert ca.chain is not None  # `keyless` says that it is signed
    root = ca.chain.apply(lambda chain: pem.text(checked(chain)[-1:]))
    wanted = settings.vault.cert_manager
    before: list[pulumi.Resource] = [ca, *([_installed(settings, opts)] if wanted.install else [])]
    tls = Path(settings.vault.ca_file).read_text() if settings.vault.ca_file else None
    args = SignerArgs(
        cert_manager.rights(settings), cert_manager.root(settings, root), cert_manager.issuer(settings, tls)
    )
    return Signer("mesh-signer", args, _after(before, opts))


def _installed(settings: Settings, opts: pulumi.ResourceOptions) -> CertManager:
    made, namespace = cert_manager.release(settings), cert_manager_namespace(settings, pulumi.get_stack())
    home = make_namespace("cert-manager-namespace", NamespaceArgs(namespace), opts)
    args = ReleaseArgs(
        release=made.release,
        version=made.version,
        namespace=settings.vault.cert_manager.namespace,
        charts=ChartSettings(source=made.source),
        how=settings.release,
    )
    return CertManager("cert-manager", args, _after([home], opts))


def _after(these: list[pulumi.Resource], opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=these))
