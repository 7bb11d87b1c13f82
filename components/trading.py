"""Namespaces, and the trading platform's with what bounds its workloads."""

from dataclasses import dataclass
from typing import Any

import pulumi

from components import manifest
from components.manifest import KubernetesObject


@dataclass(frozen=True)
class NamespaceArgs:
    """`adopt`: it may be there already, and stays at destroy."""

    manifest: dict[str, Any]
    adopt: bool = False


def make_namespace(name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions) -> KubernetesObject:
    """The namespace; with `adopt`, what is there is kept but for the labels and annotations that the manifest names."""
    # With others' objects in it, a destroy must not delete it.
    own = pulumi.ResourceOptions(retain_on_delete=args.adopt)
    return KubernetesObject(name, args.manifest, pulumi.ResourceOptions.merge(opts, own))


@dataclass(frozen=True)
class TradingNamespaceArgs:
    """The namespace and what bounds its workloads, as plain Kubernetes objects."""

    namespace: NamespaceArgs
    bounds: tuple[dict[str, Any], ...]


class TradingNamespace(pulumi.ComponentResource):
    """A namespace with sidecar injection, and bounds that keep its workloads from overrunning the Pis."""

    namespace: str

    def __init__(self, name: str, args: TradingNamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:trading:TradingNamespace", name, None, opts)
        namespace = make_namespace(f"{name}-namespace", args.namespace, pulumi.ResourceOptions(parent=self))
        for bound in args.bounds:
            manifest.make(name, bound, pulumi.ResourceOptions(parent=self, depends_on=[namespace]))
        self.namespace = args.namespace.manifest["metadata"]["name"]
        self.register_outputs({"namespace": self.namespace})
