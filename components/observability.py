"""Prometheus, Kiali, Grafana and Jaeger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components import manifest
from components.release import ReleaseArgs, ReleaseComponent


@dataclass(frozen=True)
class ObservabilityArgs:
    """What is switched on."""

    addons: tuple[ReleaseArgs, ...]
    telemetry: Sequence[dict[str, Any]] = ()
    """Objects that make the proxies tell the addons something."""


class Addon(ReleaseComponent):
    """One chart."""

    token = "pi-mesh:observability:Addon"


class Observability(pulumi.ComponentResource):
    """What shows the mesh at work."""

    addons: list[Addon]

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:observability:Observability", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        self.addons = [Addon(one.release.name, one, inside) for one in args.addons]
        for item in args.telemetry:
            # Before the addons are there proxies would call in vain.
            manifest.make(name, item, pulumi.ResourceOptions(parent=self, depends_on=self.addons))
        self.register_outputs({"addons": {one.release_name: one.status for one in self.addons}})
