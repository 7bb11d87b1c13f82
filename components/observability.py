"""The observability addons."""

from dataclasses import dataclass

import pulumi

from components import manifest
from components.release import ReleaseArgs, ReleaseComponent
from pi_mesh.inventory import ManagedObject


@dataclass(frozen=True)
class ObservabilityArgs:
    """What is switched on."""

    addons: tuple[ReleaseArgs, ...]
    telemetry: tuple[ManagedObject, ...] = ()
    """Objects that make the proxies tell the addons something."""


class Addon(ReleaseComponent):
    """One chart."""

    token = "pi-mesh:observability:Addon"


class Observability(pulumi.ComponentResource):
    """The addons, and what makes the mesh feed them."""

    addons: list[Addon]

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:observability:Observability", name, None, opts)
        self.addons = [Addon(one, pulumi.ResourceOptions(parent=self)) for one in args.addons]
        for item in args.telemetry:
            # Before the addons are there proxies would call in vain.
            manifest.register(name, item, pulumi.ResourceOptions(parent=self, depends_on=self.addons))
        self.register_outputs({"addons": {one.release_name: one.status for one in self.addons}})
