"""Mutual TLS for the whole mesh."""

from dataclasses import dataclass
from typing import Any

import pulumi

from components import manifest


@dataclass(frozen=True)
class MeshMtlsArgs:
    """`peer_authentication`: the object in the mesh's root namespace, as a plain dict."""

    peer_authentication: dict[str, Any]


class MeshMtls(pulumi.ComponentResource):
    """What every workload of the mesh demands of its callers."""

    mode: str

    def __init__(self, name: str, args: MeshMtlsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:istio:MeshMtls", name, None, opts)
        manifest.make(name, args.peer_authentication, pulumi.ResourceOptions(parent=self))
        self.mode = args.peer_authentication["spec"]["mtls"]["mode"]
        self.register_outputs({"mode": self.mode})
