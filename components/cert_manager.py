"""What has the mesh's signing requests signed in Vault: cert-manager, and its Issuer in istiod's namespace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components import manifest
from components.release import ReleaseComponent


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
