"""Components for workloads: their namespaces with bounds, their routing and access objects, and the addons."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components import manifest
from components.release import ReleaseArgs, ReleaseComponent
from pi_mesh.inventory import ManagedObject


@dataclass(frozen=True)
class WorkloadNamespaceArgs:
    """The namespace, and the objects that bound its workloads (ResourceQuota, LimitRange, Sidecar)."""

    namespace: ManagedObject
    bounds: tuple[ManagedObject, ...]


class WorkloadNamespace(pulumi.ComponentResource):
    """A namespace with sidecar injection, and bounds that keep its workloads from overloading the Pis."""

    namespace: str

    def __init__(self, name: str, args: WorkloadNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        # The type is part of the URNs in running stacks, from the time when trading's was the only such namespace.
        super().__init__("pi-mesh:trading:TradingNamespace", name, None, opts)
        namespace = manifest.make_namespace(f"{name}-namespace", args.namespace, pulumi.ResourceOptions(parent=self))
        # The namespace takes its bounds along, unless a destroy retains it. By itself a Sidecar can take 5 s to go: it
        # waits for Kubernetes' garbage collector, which looks for new kinds every 30 s.
        gone_with = None if args.namespace.adopted else namespace
        for bound in args.bounds:
            opts = pulumi.ResourceOptions(parent=self, depends_on=[namespace], deleted_with=gone_with)
            manifest.register(name, bound, opts)
        self.namespace = args.namespace.name
        self.register_outputs({"namespace": self.namespace})


class Traffic(pulumi.ComponentResource):
    """Istio objects, each one resource named after its kind and name, which refer only to earlier ones."""

    count: int
    """Number of the registered objects."""

    def __init__(self, name: str, objects: Sequence[ManagedObject], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:trading:Traffic", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self)
        first = [manifest.register(name, item, inside) for item in objects if item.first]
        guarded = pulumi.ResourceOptions(parent=self, depends_on=first)
        own = (item for item in objects if not (item.first or item.last or item.opens))
        rest = [manifest.register(name, item, guarded) for item in own]
        # A default deny created before the allow policies would cut off running callers.
        after = pulumi.ResourceOptions(parent=self, depends_on=[*first, *rest])
        last = [manifest.register(name, item, after) for item in objects if item.last]
        self.registered = [*first, *rest, *last]
        self._name, self._listeners = name, [item for item in objects if item.opens]

    def open_listeners(self, traffic: Sequence["Traffic"]) -> None:
        """Register the listeners after all routes, so that they go before: a listener without routes answers 404."""
        routes = [resource for each in traffic for resource in each.registered]
        opts = pulumi.ResourceOptions(parent=self, depends_on=routes)
        opened = [manifest.register(self._name, item, opts) for item in self._listeners]
        self.count = len(self.registered) + len(opened)
        self.register_outputs({"count": self.count})


@dataclass(frozen=True)
class ObservabilityArgs:
    """The enabled addons, and the objects that they need or that lead to them."""

    addons: tuple[ReleaseArgs, ...]
    objects: tuple[ManagedObject, ...] = ()
    """The dashboards, the Telemetry by which proxies report to the addons, and what a Prometheus operator reads."""


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
        # Registered after the addons, because proxies would otherwise report to addons that do not exist yet.
        for item in (item for item in args.objects if not item.first):
            manifest.register(name, item, pulumi.ResourceOptions(parent=self, depends_on=self.addons))
        self.register_outputs({"addons": {addon.release_name: addon.status for addon in self.addons}})
