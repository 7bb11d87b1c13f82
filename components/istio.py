"""Components for Istio itself (base chart, istiod, gateways, mesh-wide mTLS), and the wait for istiod's webhook."""

import asyncio
from dataclasses import dataclass

import pulumi

from components import manifest
from components.release import ReleaseComponent
from pi_mesh.cluster import istiods
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.inventory import ManagedObject
from pi_mesh.settings import Settings


class IstioBase(ReleaseComponent):
    """The chart `base`. Its CRDs stay after an uninstall, as Istio intends: with a CRD go all its objects."""

    token = "pi-mesh:istio:Base"
    has_workloads = False


class Istiod(ReleaseComponent):
    """The chart `istiod`: injects sidecars, configures proxies and signs their certificates."""

    token = "pi-mesh:istio:Istiod"


class Gateway(ReleaseComponent):
    """The chart `gateway`. istiod's webhook fills in the image of the gateway's pods, so istiod is installed first."""

    token = "pi-mesh:istio:Gateway"


@dataclass(frozen=True)
class MeshMtlsArgs:
    """The object in the mesh's root namespace that sets the mode of mutual TLS."""

    policy: ManagedObject


class MeshMtls(pulumi.ComponentResource):
    """Mutual TLS that every workload of the mesh demands of its callers."""

    mode: pulumi.Output[str]
    """The mode of the object as the API server has it."""

    def __init__(self, name: str, args: MeshMtlsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:istio:MeshMtls", name, None, opts)
        policy = manifest.register(name, args.policy, pulumi.ResourceOptions(parent=self))
        self.mode = policy.spec.apply(lambda spec: spec["mtls"]["mode"])
        self.register_outputs({"mode": self.mode})


def webhook_wait(settings: Settings) -> pulumi.ResourceHookBinding | None:
    """Return the hook that waits for the webhook after each change of istiod's release, and warns if it is silent."""
    if pulumi.runtime.is_dry_run():
        return None  # a preview calls no hooks

    def problem() -> str:
        try:
            with Client(settings.cluster.context) as client:
                return istiods.wait_for_webhook(client, settings.istio.namespace)
        except ClusterError as unread:
            return str(unread)

    async def wait(_: pulumi.ResourceHookArgs) -> None:
        if told := await asyncio.to_thread(problem):
            pulumi.log.warn(f"istiod's webhook does not answer yet; the next object may be refused: {told}")

    hook = pulumi.ResourceHook("istiod-webhook-answers", wait)
    return pulumi.ResourceHookBinding(after_create=[hook], after_update=[hook])
