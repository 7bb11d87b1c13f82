"""The routing and access objects of the trading namespace."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pulumi

from components import manifest


@dataclass(frozen=True)
class TrafficArgs:
    """Istio's objects, as plain dicts."""

    objects: tuple[dict[str, Any], ...]
    """In an order in which each may refer to those before it."""
    last: tuple[dict[str, Any], ...] = ()
    """Those that come when all of `objects` are there, and go before them."""


class Traffic(pulumi.ComponentResource):
    """One resource for each object, named after its kind and name."""

    count: int
    """How many there are."""

    def __init__(self, name: str, args: TrafficArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:trading:Traffic", name, None, opts)
        self._name = name
        first = self._made(args.objects, [])
        # A default deny before the policies it relies on would cut off who is using the services.
        last = self._made(args.last, first)
        self.count = len(first) + len(last)
        self.register_outputs({"count": self.count})

    def _made(
        self, objects: Iterable[dict[str, Any]], after: list[pulumi.CustomResource]
    ) -> list[pulumi.CustomResource]:
        opts = pulumi.ResourceOptions(parent=self, depends_on=after)
        return [manifest.make(self._name, item, opts) for item in objects]
