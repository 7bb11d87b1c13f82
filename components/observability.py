"""Components for the observability addons."""

from dataclasses import dataclass

import pulumi

from components import manifest
from components.release import ReleaseArgs, ReleaseComponent
from pi_mesh.inventory import ManagedObject


@dataclass(frozen=True)
class ObservabilityArgs:
    """The enabled addons, and the objects that make proxies report."""

    addons: tuple[ReleaseArgs, ...]
    telemetry: tuple[ManagedObject, ...] = ()
    """Telemetry objects that make the proxies send data to the addons, and the gateways write access logs."""


class Addon(ReleaseComponent):
    """The Helm release of one addon."""

    token = "pi-mesh:observability:Addon"


class Observability(pulumi.ComponentResource):
    """The addons together with the telemetry objects that feed them."""

    addons: list[Addon]

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:observability:Observability", name, None, opts)
        self.addons = [Addon(one, pulumi.ResourceOptions(parent=self)) for one in args.addons]
        for item in args.telemetry:
            # Registered after the addons, because proxies would otherwise report to addons that do not exist yet.
            manifest.register(name, item, pulumi.ResourceOptions(parent=self, depends_on=self.addons))
        self.register_outputs({"addons": {one.release_name: one.status for one in self.addons}})
