"""From a plain Kubernetes object to the resource that makes it."""

from typing import Any

import pulumi


class KubernetesObject(pulumi.CustomResource):
    """Any object, under the type that the provider's own class for its kind has.

    Those classes are loaded a whole API group at once; for the core group that is a quarter of a preview's time.
    """

    def __init__(self, name: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        version = manifest["apiVersion"]
        group = version if "/" in version else f"core/{version}"
        super().__init__(f"kubernetes:{group}:{manifest['kind']}", name, manifest, opts)


def make(prefix: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> KubernetesObject:
    """The resource, named after the object: PREFIX-KIND-NAME."""
    return KubernetesObject(f"{prefix}-{manifest['kind'].lower()}-{manifest['metadata']['name']}", manifest, opts)
