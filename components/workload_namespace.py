"""The component for a namespace of workloads."""

from dataclasses import dataclass

import pulumi

from components import manifest
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
        for bound in args.bounds:
            manifest.register(name, bound, pulumi.ResourceOptions(parent=self, depends_on=[namespace]))
        self.namespace = args.namespace.name
        self.register_outputs({"namespace": self.namespace})
