"""Components for Istio itself (base chart, istiod, gateways, mesh-wide mTLS), and the waits for istiod's webhook."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi.resource import DependencyResource

from components import manifest
from components.release import ReleaseComponent
from pi_mesh.cluster import istiods, workloads
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.errors import ClusterError
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory, Kind, ManagedObject, Release
from pi_mesh.settings import Settings
from pi_mesh.settings.mtls import MtlsSettings


class IstioBase(ReleaseComponent):
    """The chart `base`.

    Its CRDs stay when the release is uninstalled, as Istio's chart intends: deleting a CRD deletes all its objects.
    """

    token = "pi-mesh:istio:Base"
    has_workloads = False


class Istiod(ReleaseComponent):
    """The chart `istiod`: injects sidecars, configures proxies and signs their certificates."""

    token = "pi-mesh:istio:Istiod"


class Gateway(ReleaseComponent):
    """The chart `gateway`.

    istiod's webhook fills in the image of the gateway's pods, so istiod is installed first.
    """

    token = "pi-mesh:istio:Gateway"


@dataclass(frozen=True)
class MeshMtlsArgs:
    """The mutual TLS mode, and the object in the mesh's root namespace that sets it."""

    mtls: MtlsSettings
    objects: tuple[ManagedObject, ...]


class MeshMtls(pulumi.ComponentResource):
    """Mutual TLS that every workload of the mesh demands of its callers."""

    mode: str

    def __init__(self, name: str, args: MeshMtlsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("pi-mesh:istio:MeshMtls", name, None, opts)
        for item in args.objects:
            manifest.register(name, item, pulumi.ResourceOptions(parent=self))
        self.mode = args.mtls.mode
        self.register_outputs({"mode": self.mode})


LOOK = 0.2
"""Seconds between two looks at a new istiod."""


def webhook_wait(settings: Settings) -> pulumi.ResourceHookBinding | None:
    """Return the hook that waits for the webhook after each change of istiod's release.

    A webhook that still does not answer is a warning.
    """
    if pulumi.runtime.is_dry_run():
        return None  # a preview calls no hooks

    async def wait(_: pulumi.ResourceHookArgs) -> None:
        if problem := await asyncio.to_thread(_wait, settings):
            pulumi.log.warn(f"istiod's webhook does not answer yet; the next object may be refused: {problem}")

    hook = pulumi.ResourceHook("istiod-webhook-answers", wait)
    return pulumi.ResourceHookBinding(after_create=[hook], after_update=[hook])


def _wait(settings: Settings) -> str:
    try:
        with Client(settings.cluster.context) as client:
            return istiods.wait_for_webhook(client, settings.istio.namespace)
    except ClusterError as problem:
        return str(problem)


async def webhook_dependencies(
    control: Sequence[Istiod], mesh: Inventory, recorded: StackState, snapshot: Snapshot | None
) -> Sequence[pulumi.Resource]:
    """Return what all that needs the webhook depends on: the releases of the control planes.

    The first istiod of a cluster is awaited here: Helm looks only every two seconds whether its pods are Ready, so its
    release is done up to two seconds later. The rest then depends on its component. A destroy still deletes it before
    the release, because the engine deletes layer by layer, and the children of two components that depend on each other
    are two layers (ScheduleDeletes in pulumi/pulumi, pkg/resource/deploy/step_generator.go).
    """
    release = mesh.the(Kind.ISTIOD)
    if len(control) > 1 or not _is_new(release, recorded, snapshot):
        return control
    (istiod,), ended = control, threading.Event()
    helm = asyncio.ensure_future(istiod.status.future())
    helm.add_done_callback(_noticed)
    ready = asyncio.ensure_future(asyncio.to_thread(_are_ready, release, mesh.settings.cluster.context, ended))
    await asyncio.wait({helm, ready}, return_when=asyncio.FIRST_COMPLETED)
    ended.set()
    is_ready = ready.done() and ready.result()
    return [DependencyResource(str(await istiod.urn.future()))] if is_ready else control


def _noticed(release: asyncio.Future) -> None:
    """Take note of a failed release, which the engine reports; asyncio would report it once more."""
    if not release.cancelled():
        release.exception()


def _is_new(release: Release, recorded: StackState, snapshot: Snapshot | None) -> bool:
    """Return True for an `up` that installs a release which neither the state nor the cluster has."""
    if pulumi.runtime.is_dry_run() or snapshot is None or release.id in recorded.releases:
        return False
    (workload,) = release.workloads
    return not any(workload.has_pod(pod.namespace, pod.labels) for pod in snapshot.pods)


def _are_ready(release: Release, context: str, ended: threading.Event) -> bool:
    """Wait until all pods are Ready and the webhook answers; False if `ended` came first, or nobody can tell."""
    (workload,) = release.workloads
    try:
        with Client(context) as client:
            while not ended.wait(LOOK):
                deployment = workloads.read_workload(client, "Deployment", workload.namespace, workload.name)
                if deployment and deployment.is_rolled_out:
                    return not istiods.wait_for_webhook(client, workload.namespace, pause=LOOK)
    except ClusterError:
        pass  # Helm waits on
    return False
