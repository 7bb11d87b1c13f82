"""The mesh: all its components in the order of their installation."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from pulumi import Resource, ResourceOptions, get_stack, runtime

from components import applied_record, ca, engine, istio, manifest, outputs, provider
from components.guard.resource import DestroyDrain, DestroyGuard, collect
from components.istio import Gateway, IstioBase, Istiod, MeshMtls, MeshMtlsArgs
from components.manifest import make_namespace
from components.observability import Observability, ObservabilityArgs
from components.preflight import guard
from components.provider import GuardPlugin, Providers
from components.release import ReleaseArgs, ReleaseComponent
from components.workloads import Traffic, TrafficArgs, WorkloadNamespace, WorkloadNamespaceArgs
from pi_mesh import inventory
from pi_mesh.cluster import load_balancers
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import with_recorded_versions
from pi_mesh.inventory import Inventory, Kind, chart_lock
from pi_mesh.settings import Settings
from pi_mesh.values.gateway import serves_certificates

if TYPE_CHECKING:
    from components.startup_watch import Watch


async def deploy(settings: Settings, begun: Providers | None = None) -> None:
    """Register every resource of the mesh in order. All checks run before the first resource is registered.

    `begun`: the providers, if they are registered already.
    """
    recorded = engine.recorded_state()
    lock = chart_lock.read(get_stack())
    snapshot = await asyncio.to_thread(guard, settings, recorded)
    cluster, plugin = begun or provider.register(settings.cluster.context)
    uid = (snapshot and snapshot.uid) or recorded.cluster_uid
    answer = ca.ask(settings, recorded)
    wanted = inventory.mesh_inventory(
        settings, get_stack(), load_balancers.served_gateways(settings, snapshot), answer.root, lock
    )
    mesh = with_recorded_versions(wanted, recorded)
    guarded = collect()
    on_cluster = partial(ResourceOptions, provider=cluster)
    release = partial(ReleaseArgs, how=settings.release)
    home = make_namespace(
        "istio-namespace", mesh.namespace("istio"), on_cluster(depends_on=_uninstalled_last(mesh, uid))
    )
    at_home = [home, *_drained(mesh, home, plugin)]
    pulls = manifest.make_pull_secret(settings, settings.istio.namespace, on_cluster(depends_on=at_home))
    signers = ca.plug_in(mesh, snapshot, answer, on_cluster(depends_on=at_home))
    base = IstioBase(release(mesh.the(Kind.BASE)), on_cluster(depends_on=at_home))
    stands = on_cluster(depends_on=[base, *signers, *pulls])
    istiod = Istiod(release(mesh.the(Kind.ISTIOD), hooks=istio.webhook_wait(settings)), stands)
    canaries = [Istiod(release(one), stands) for one in mesh.of_kind(Kind.CANARY)]
    control = [istiod, *canaries]
    watch = _watch(mesh, snapshot)
    led = await istio.webhook_dependencies(control, mesh, recorded, snapshot)
    tags = [
        manifest.register("revision-tag", item, on_cluster(depends_on=led)) for item in mesh.objects_of("revision-tag")
    ]
    served = on_cluster(depends_on=[*led, *tags])
    ca.empty_exported_key(settings, snapshot, served)
    own = {
        item.name: make_namespace("ingress-namespace", item, on_cluster(depends_on=at_home))
        for item in mesh.namespaces
        if item.component == "ingress"
    }
    for name, namespace in own.items():
        pulls += manifest.make_pull_secret(settings, name, on_cluster(depends_on=[namespace]))
    gateways = [
        Gateway(
            release(one),
            on_cluster(depends_on=[*led, *tags, *pulls, *(own[name] for name in own if name == one.namespace)]),
        )
        for one in mesh.of_kind(Kind.GATEWAY)
    ]
    MeshMtls("mesh-mtls", MeshMtlsArgs(settings.mtls, mesh.objects_of("mesh-mtls")), served)
    for one in settings.workload_namespaces:
        bounds = mesh.objects_of(one.setting)
        namespace = WorkloadNamespace(one.setting, WorkloadNamespaceArgs(mesh.namespace(one.setting), bounds), served)
        inside = on_cluster(depends_on=[namespace])
        if one.own.injection:
            manifest.make_pull_secret(settings, one.name, inside)
        if rules := mesh.objects_of(one.traffic_component):
            # Allow-lists and certificates of listeners are in the gateway's namespace.
            there = on_cluster(depends_on=[namespace, *own.values(), *_readers(settings, gateways)])
            Traffic(one.traffic_component, TrafficArgs(rules), there)
    addons = _addons(mesh, on_cluster(depends_on=[*led, *tags, *own.values()]))
    made = [one for one in (base, *control, *gateways, *signers, *addons) if isinstance(one, ReleaseComponent)]
    if watch:
        watch.follow(made)
    # Deleted by itself, it would keep the gateways from beginning to drain for a second or two.
    gone_with = None if mesh.namespace("istio").adopted else home
    applied_record.register_record(mesh, made, on_cluster(depends_on=at_home, deleted_with=gone_with))
    DestroyGuard(mesh, uid, ResourceOptions(provider=plugin, depends_on=list(guarded)))
    outputs.export(mesh, made, gateways)
    outputs.export_cluster(settings.cluster.context, uid)


def _watch(mesh: Inventory, snapshot: Snapshot | None) -> "Watch | None":
    """Begin the watch of an `up`: a preview waits for nothing, and pays nothing for it."""
    if runtime.is_dry_run():
        return None
    from components import startup_watch

    return startup_watch.begin(mesh, snapshot.pods if snapshot else ())


def _addons(mesh: Inventory, opts: ResourceOptions) -> list[ReleaseComponent]:
    releases, objects = mesh.of_kind(Kind.ADDON), mesh.objects_of("observability")
    if not (releases or objects):
        return []
    shown = tuple(ReleaseArgs(one, mesh.settings.release) for one in releases)
    args = ObservabilityArgs(shown, objects)
    return [*Observability("observability", args, opts).addons]


def _readers(settings: Settings, gateways: list[Gateway]) -> list[Gateway]:
    """Return the gateways that must have the right to read Secrets before their listeners exist.

    When a gateway first names a certificate, istiod asks once whether it may read Secrets. It remembers a refusal for a
    minute, and asks again only when the Secret changes (istio/istio, pilot/pkg/credentials/kube/secrets.go).
    """
    return gateways if serves_certificates(settings) else []


def _drained(mesh: Inventory, home: Resource, plugin: GuardPlugin) -> list[Resource]:
    """Register the wait for the gateways before their namespace is deleted; an adopted namespace is not."""
    settings = mesh.settings
    if mesh.namespace("istio").adopted:
        return []
    opts = ResourceOptions(provider=plugin, depends_on=[home])
    return [DestroyDrain(settings.cluster.context, settings.istio.namespace, opts)]


def _uninstalled_last(mesh: Inventory, cluster_uid: str) -> list[Resource]:
    wanted = mesh.settings.destroy
    if not (wanted.crds or wanted.root_certificates):
        return []
    # Imported here, because the dynamic provider loads slowly and few stacks use it.
    from components.uninstall import Uninstall, UninstallArgs

    return [Uninstall("leftovers", UninstallArgs.of(mesh, cluster_uid))]
