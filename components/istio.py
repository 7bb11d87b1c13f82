"""Istio itself: the base chart, istiod, the gateways and mesh-wide mutual TLS."""

from dataclasses import dataclass
from typing import Any

import pulumi

from components import manifest
from components.release import ReleaseComponent


class IstioBase(ReleaseComponent):
    """The chart `base`. Its CRDs stay when it goes, by Istio's own choice: Istio's objects would go with them."""

    token = "pi-mesh:istio:Base"
    has_workloads = False


class Istiod(ReleaseComponent):
    """The chart `istiod`: injects sidecars, tells them what to do, signs their certificates."""

    token = "pi-mesh:istio:Istiod"


class Gateway(ReleaseComponent):
    """The chart `gateway`. istiod's webhook fills the pod's image in, so istiod comes first."""

    token = "pi-mesh:istio:Gateway"


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
