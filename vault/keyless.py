"""The mode in which the CA's key stays in Vault: cert-manager carries istiod's requests there."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi

from certificates import pem
from components.cert_manager import CertManager, Signer, SignerArgs
from components.namespace import NamespaceArgs, make_namespace
from components.release import ReleaseArgs
from settings import Settings
from settings.sources import ChartSettings
from values import cert_manager
from values.objects import cert_manager_namespace

if TYPE_CHECKING:
    from components.vault_ca import VaultCa


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
