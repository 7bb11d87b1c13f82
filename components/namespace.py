"""A namespace that a stack makes, or takes over."""

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import Namespace


@dataclass(frozen=True)
class NamespaceArgs:
    """`adopt`: it may be there already, and stays at destroy."""

    manifest: dict[str, Any]
    adopt: bool = False


def make_namespace(name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions) -> Namespace:
    """The namespace; with `adopt`, what is there is kept but for the labels and annotations that the manifest names."""
    # With others' objects in it, a destroy must not delete it.
    own = pulumi.ResourceOptions(retain_on_delete=args.adopt)
    return Namespace(name, metadata=args.manifest["metadata"], opts=pulumi.ResourceOptions.merge(opts, own))
