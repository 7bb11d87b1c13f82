"""Components for the observability addons."""

from dataclasses import dataclass

import pulumi

from components import manifest
from components.release import ReleaseArgs, ReleaseComponent
from pi_mesh.inventory import ManagedObject


@dataclass(frozen=True)
class ObservabilityArgs:
    """The enabled addons, and the objects that they need or that lead to them."""

    addons: tuple[ReleaseArgs, ...]
    objects: tuple[ManagedObject, ...] = ()
    """The dashboards, the Telemetry that makes the proxies send data to the addons, and the monitors and rules that a
    Prometheus operator reads."""


class Addon(ReleaseComponent):
    token = "pi-mesh:observability:Addon"


class Observability(pulumi.ComponentResource):
    """The addons together with the objects that feed them."""

    addons: list[Addon]

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:observability:Observability", name, None, opts)
        own = pulumi.ResourceOptions(parent=self)
        mounted = [manifest.register(name, item, own) for item in args.objects if item.first]
        after = pulumi.ResourceOptions(parent=self, depends_on=mounted)
        self.addons = [Addon(release, after) for release in args.addons]
        for item in args.objects:
            if not item.first:
                # Registered after the addons, because proxies would otherwise report to addons that do not exist yet.
                manifest.register(name, item, pulumi.ResourceOptions(parent=self, depends_on=self.addons))
        self.register_outputs({"addons": {addon.release_name: addon.status for addon in self.addons}})
