"""The resource that is deleted before every other one, so that a refused `pulumi destroy` has touched nothing."""

from dataclasses import asdict

import pulumi
from pulumi.runtime import register_stack_transformation

from pi_mesh.checks.destroy import Destroyed
from pi_mesh.cluster.stack_state import GUARD
from pi_mesh.inventory import Inventory


class DestroyGuard(pulumi.CustomResource):
    """The guard, with all that the plugin needs at a time when no program runs; no credentials are among it."""

    def __init__(self, mesh: Inventory, cluster_uid: str, guarded: list[pulumi.Resource]) -> None:
        destroyed = asdict(Destroyed.of(mesh, cluster_uid))
        inputs = {name: list(value) if isinstance(value, tuple) else value for name, value in destroyed.items()}
        super().__init__(GUARD, "destroy-guard", inputs, pulumi.ResourceOptions(depends_on=list(guarded)))


def collect() -> list[pulumi.Resource]:
    """Return a list that every later resource of the stack joins; a component stands for its children."""
    guarded: list[pulumi.Resource] = []

    def join(args: pulumi.ResourceTransformationArgs) -> None:
        if args.opts.parent is None and not isinstance(args.resource, pulumi.ProviderResource):
            guarded.append(args.resource)

    register_stack_transformation(join)
    return guarded
