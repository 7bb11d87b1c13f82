"""The resources `destroy-guard` and `destroy-drain`, which the plugin `pi-mesh` provides."""

import asyncio
from dataclasses import asdict

import pulumi
from pulumi.runtime import get_root_resource, register_stack_transformation

from pi_mesh.checks.destroy import Destroyed
from pi_mesh.cluster.stack_state import DRAIN, GUARD
from pi_mesh.inventory import Inventory
from pi_mesh.settings import Settings
from pi_mesh.values.gateway import STOPPING


class DestroyGuard(pulumi.CustomResource):
    """The resource that is deleted before every other one, so that a refused `pulumi destroy` has touched nothing.

    It has all that the plugin needs at a time when no program runs; no credentials are among it.
    """

    def __init__(self, mesh: Inventory, cluster_uid: str, opts: pulumi.ResourceOptions) -> None:
        destroyed = asdict(Destroyed.by_destroy_of(mesh, cluster_uid))
        inputs = {name: list(value) if isinstance(value, tuple) else value for name, value in destroyed.items()}
        super().__init__(GUARD, "destroy-guard", inputs, opts)


class DestroyDrain(pulumi.CustomResource):
    """The resource that is deleted directly before a namespace, and waits for the gateways that drain there."""

    def __init__(self, settings: Settings, opts: pulumi.ResourceOptions) -> None:
        # A gateway that waits for its last connection may use up its grace period.
        waits = settings.ingress.max_drain_seconds or settings.egress.max_drain_seconds
        inputs = {
            "context": settings.cluster.context,
            "namespace": settings.istio.namespace,
            "spare": 0 if waits else STOPPING,
        }
        super().__init__(DRAIN, "destroy-drain", inputs, opts)


def collect(mesh: pulumi.Resource | None) -> pulumi.Output[list[pulumi.Resource]]:
    """Return the component `Mesh`, if any, and every later resource at the stack's root, for their children too.

    It is known when the program first awaits something, so that what follows the mesh is in it.
    """
    guarded = [mesh] if mesh else []

    def join(args: pulumi.ResourceTransformationArgs) -> None:
        if args.opts.parent is None and not isinstance(args.resource, pulumi.ProviderResource | DestroyGuard):
            guarded.append(args.resource)

    if get_root_resource():  # a provider of components has none
        register_stack_transformation(join)
    return pulumi.Output.from_input(asyncio.sleep(0, guarded))
