"""From a plain Kubernetes object to the resource that makes it."""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import LimitRange, ResourceQuota

BUILT_IN = {"LimitRange": LimitRange, "ResourceQuota": ResourceQuota}


def make(prefix: str, manifest: dict[str, Any], opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """The resource, named after the object: PREFIX-KIND-NAME."""
    kind, metadata, spec = manifest["kind"], manifest["metadata"], manifest["spec"]
    name = f"{prefix}-{kind.lower()}-{metadata['name']}"
    if kind in BUILT_IN:
        return BUILT_IN[kind](name, metadata=metadata, spec=spec, opts=opts)
    return CustomResource(name, api_version=manifest["apiVersion"], kind=kind, metadata=metadata, spec=spec, opts=opts)
