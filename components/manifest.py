"""Registration of the inventory's objects as Kubernetes resources."""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from pi_mesh.inventory import ManagedObject

BUILT_IN = ("v1", "rbac.authorization.k8s.io/v1", "admissionregistration.k8s.io/v1")
"""API versions of the built-in kinds that the program creates; all other kinds are custom resources."""


class KubernetesObject(pulumi.CustomResource):
    """An object of a built-in kind, under the resource type of the provider's own class.

    `pulumi_kubernetes.core.v1` is avoided: the SDK loads an API group as a whole, and the core group costs each preview
    0.14 to 0.34 s of CPU (2 cores, quiet and busy). `apiextensions` costs nothing once the Helm classes are loaded.
    """

    def __init__(self, name: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        version = manifest["apiVersion"]
        group = version if "/" in version else f"core/{version}"
        super().__init__(f"kubernetes:{group}:{manifest['kind']}", name, manifest, opts)


def register(prefix: str, item: ManagedObject, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Register the object as a resource named PREFIX-KIND-NAME."""
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
    """Register a namespace. An adopted namespace keeps all its labels and annotations except those in the manifest."""
    # An adopted namespace holds objects of other owners, so `pulumi destroy` must not delete it.
    own = pulumi.ResourceOptions(retain_on_delete=item.adopted)
    return KubernetesObject(name, item.manifest, pulumi.ResourceOptions.merge(opts, own))
