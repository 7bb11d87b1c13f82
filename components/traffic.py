"""The routing and access objects of the trading namespace."""

from dataclasses import dataclass

import pulumi

from components import manifest
from pi_mesh.inventory import ManagedObject


@dataclass(frozen=True)
class TrafficArgs:
    """Istio's objects, in an order in which each may refer to those before it."""

    objects: tuple[ManagedObject, ...]


class Traffic(pulumi.ComponentResource):
    """One resource for each object, named after its kind and name."""

    count: int
    """How many there are."""

    def __init__(self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:trading:Traffic", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        first = [manifest.register(name, item, inside) for item in args.objects if not item.last]
        # A default deny before the policies it relies on would cut off who is using the services.
        after = pulumi.ResourceOptions(parent=self, depends_on=first)
        last = [manifest.register(name, item, after) for item in args.objects if item.last]
        self.count = len(first) + len(last)
        self.register_outputs({"count": self.count})
