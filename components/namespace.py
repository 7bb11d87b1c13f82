"""A namespace that a stack makes, or takes over."""

from dataclasses import dataclass
from typing import Any

import pulumi

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
