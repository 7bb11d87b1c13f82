"""Registration of the inventory's objects as Kubernetes resources."""

from typing import Any

import pulumi

from pi_mesh.inventory import ManagedObject


class KubernetesObject(pulumi.CustomResource):
    """An object under the resource type that the provider's own classes have for its kind.

    `pulumi_kubernetes` is avoided: with the Helm classes it loads 170 modules (requests, urllib3 and others) in 0.07 s
    of CPU, and with the core group it costs each preview another 0.14 to 0.34 s (2 busy cores).
    """

    def __init__(self, name: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        version = manifest["apiVersion"]
        group = version if "/" in version else f"core/{version}"
        super().__init__(f"kubernetes:{group}:{manifest['kind']}", name, manifest, opts)


def register(prefix: str, item: ManagedObject, opts: pulumi.ResourceOptions) -> KubernetesObject:
    """Register the object as a resource named PREFIX-KIND-NAME."""
    return KubernetesObject(f"{prefix}-{item.kind.lower()}-{item.name}", item.manifest, opts)


def make_namespace(name: str, item: ManagedObject, opts: pulumi.ResourceOptions) -> KubernetesObject:
    """Register a namespace. An adopted namespace keeps all its labels and annotations except those in the manifest."""
    # An adopted namespace holds objects of other owners, so `pulumi destroy` must not delete it.
    own = pulumi.ResourceOptions(retain_on_delete=item.adopted)
    return KubernetesObject(name, item.manifest, pulumi.ResourceOptions.merge(opts, own))
