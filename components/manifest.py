"""From an object of the inventory to the resource that makes it."""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from pi_mesh.inventory import ManagedObject

BUILT_IN = ("v1", "rbac.authorization.k8s.io/v1", "admissionregistration.k8s.io/v1")
"""API versions of Kubernetes' own kinds that the program makes; all others are custom resources."""


class KubernetesObject(pulumi.CustomResource):
    """An object of a built-in kind, under the type that the provider's own class for it has.

    Not `pulumi_kubernetes.core.v1`: the SDK loads an API group as a whole, and the core group costs each preview 0.14
    to 0.34 s of CPU (2 cores, quiet and busy), where `apiextensions` costs nothing beside the loaded Helm classes.
    """

    def __init__(self, name: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        version = manifest["apiVersion"]
        group = version if "/" in version else f"core/{version}"
        super().__init__(f"kubernetes:{group}:{manifest['kind']}", name, manifest, opts)


def register(prefix: str, item: ManagedObject, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Register the object under the name PREFIX-KIND-NAME."""
    name = f"{prefix}-{item.kind.lower()}-{item.name}"
    manifest: dict[str, Any] = item.manifest
    if manifest["apiVersion"] in BUILT_IN:
        return KubernetesObject(name, manifest, opts)
    return CustomResource(
        name,
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        metadata=manifest["metadata"],
        spec=manifest["spec"],
        opts=opts,
    )


def make_namespace(name: str, item: ManagedObject, opts: pulumi.ResourceOptions) -> KubernetesObject:
    """Register a namespace; an adopted one keeps all but the labels and annotations that its manifest names."""
    # With others' objects in it, a destroy must not delete it.
    own = pulumi.ResourceOptions(retain_on_delete=item.adopted)
    return KubernetesObject(name, item.manifest, pulumi.ResourceOptions.merge(opts, own))
