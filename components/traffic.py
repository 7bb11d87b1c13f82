"""The component for the routing and access objects of a namespace of workloads."""

from dataclasses import dataclass

import pulumi

from components import manifest
from pi_mesh.inventory import ManagedObject


@dataclass(frozen=True)
class TrafficArgs:
    """Istio objects, in an order in which each object refers only to earlier ones."""

    objects: tuple[ManagedObject, ...]


class Traffic(pulumi.ComponentResource):
    """The Istio objects, each one resource named after its kind and name."""

    count: int
    """Number of the registered objects."""

    def __init__(self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:trading:Traffic", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        first = [manifest.register(name, item, inside) for item in args.objects if item.first]
        guarded = pulumi.ResourceOptions(parent=self, depends_on=first)
        rest = [manifest.register(name, item, guarded) for item in args.objects if not (item.first or item.last)]
        # A default deny created before the allow policies would cut off running callers.
        after = pulumi.ResourceOptions(parent=self, depends_on=[*first, *rest])
        last = [manifest.register(name, item, after) for item in args.objects if item.last]
        self.count = len(first) + len(rest) + len(last)
        self.register_outputs({"count": self.count})
