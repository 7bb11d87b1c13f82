"""The mesh: all its components in the order of their installation."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi
from pulumi import Input, Output, Resource, ResourceHookBinding, ResourceOptions, runtime

from components import ca, config, engine, istio, manifest, outputs, preflight, provider
from components.guard.resource import DestroyDrain, DestroyGuard, collect
from components.istio import Gateway, IstioBase, Istiod, MeshMtls, MeshMtlsArgs
from components.manifest import make_namespace
from components.preflight import Told
from components.provider import GuardPlugin, KubernetesProvider, Providers
from components.release import ReleaseArgs, ReleaseComponent
from components.workloads import Observability, ObservabilityArgs, Traffic, WorkloadNamespace, WorkloadNamespaceArgs
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.observe import mesh_on
from pi_mesh.cluster.ca_state import Answer
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import MESH, with_recorded_versions
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.settings import Settings
from pi_mesh.values.gateway import serves_certificates, shows_certificates


@dataclass(frozen=True)
class Deployment:
    """The mesh, the cluster before the deployment, and the provider, which every resource of one deployment uses."""

    mesh: Inventory
    snapshot: Snapshot | None
    """The cluster before the deployment; None in a preview whose cluster does not answer."""
    cluster: KubernetesProvider
    parent: Resource | None = None
    """The component `Mesh`; None in this project's own program, whose resources are the stack's."""

    def placed(self, **options: Any) -> ResourceOptions:
        """Return the options of a resource of the mesh, which a stack of this project's own program has at its root."""
        aliases = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)] if self.parent else None
        return ResourceOptions(parent=self.parent, aliases=aliases, **options)

    def after(self, *resources: Resource, deleted_with: Resource | None = None) -> ResourceOptions:
        """Return the options of a resource in the cluster that is registered after others."""
        return self.placed(provider=self.cluster, depends_on=resources, deleted_with=deleted_with)

    def release(self, release: Release, hooks: ResourceHookBinding | None = None) -> ReleaseArgs:
        return ReleaseArgs(release, self.mesh.settings.release, hooks)


@dataclass(frozen=True)
class Foundations:
    """The resources that stand before the first control plane."""

    namespace: Resource
    ready: Sequence[Resource]
    """The namespace, and the wait for its gateways when it is deleted."""
    pull_secrets: Sequence[Resource]
    signers: Sequence[Resource]
    """The resources of the CA that istiod needs when it starts."""
    base: IstioBase


async def deploy(settings: Settings, begun: Providers | None = None) -> None:
    """Register the mesh at the stack's root, after all checks. `begun`: the providers, if registered already."""
    checked = await asyncio.to_thread(preflight.guard, settings, engine.recorded_state())
    for name, value in _register(*checked, begun).items():
        pulumi.export(name, value)


class MeshArgs(TypedDict, total=False):
    """The arguments of a mesh. All may be known later: then the checks run, and say so, when they are known."""

    settings: Input[dict[str, Any]]
    """Settings by the keys of docs/config.md, which go before those that the stack's config has below `pi-mesh:`."""
    secrets: Input[dict[str, Input[str]]]
    """Values of `vaultToken`, `caKey` and `registryPassword`, which go before those of the stack's config."""


class Mesh(pulumi.ComponentResource):
    """The mesh as one component of a user's own program, at most one in a stack.

    Its two providers, and the guard that `pulumi destroy` deletes first, stay at the stack's root.
    """

    outputs: Output[dict[str, Any]]
    """Outputs by the names that the stack of this project's own program has for them."""

    def __init__(self, name: str, args: MeshArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(MESH, name, None, opts)
        given = [args.get("settings", {}), args.get("secrets", {})]
        if _is_late(given):
            # A secret would make secrets of all outputs; in the config each of its values is one again.
            late = Output.all(given[0], Output.unsecret(Output.from_input(given[1])))
            self.outputs = late.apply(self._deploy, run_with_unknowns=True)
        else:
            self.outputs = self._deploy(given)
        self.register_outputs({"outputs": self.outputs})

    def _deploy(self, given: list[Any]) -> Any:
        if pulumi.contains_unknowns(given):
            shown = "a preview leaves the mesh out, and shows what is installed of it as deleted, which `up` does not"
            pulumi.log.warn(f"settings are not known before `up`, which checks them then; {shown}", self)
            return pulumi.UNKNOWN
        with config.plain_errors():
            checked = preflight.guard(config.load_mesh(*given), engine.recorded_state())
            return Output.from_input(_register(*checked, parent=self))


def _is_late(value: object) -> bool:
    """Return True for a value with a part that the engine alone knows."""
    if isinstance(value, Mapping):
        value = [*value.values()]
    return any(map(_is_late, value)) if isinstance(value, list | tuple) else isinstance(value, Output | Awaitable)


def _register(
    checked: Observation, told: Told, begun: Providers | None = None, parent: Resource | None = None
) -> dict[str, Any]:
    """Register every resource of the mesh in order, and return the outputs."""
    settings, snapshot, recorded, mesh = checked.settings, checked.snapshot, checked.state, checked.mesh
    cluster, plugin = begun or provider.register(settings.cluster.context)
    uid = (snapshot and snapshot.uid) or recorded.cluster_uid
    answer = ca.ask(settings, recorded)
    if answer.root:
        mesh = mesh_on(settings, mesh.stack, snapshot, mesh.lock, answer.root)
    mesh = with_recorded_versions(mesh, recorded)
    guarded = collect(parent)
    deployment = Deployment(mesh, snapshot, cluster, parent)

    foundations = _foundations(deployment, plugin, uid, answer)
    watch = None
    if not runtime.is_dry_run():  # a preview waits for nothing, and pays nothing for it
        from components import startup_watch

        watch = startup_watch.begin(mesh, snapshot.pods if snapshot else ())
    istiods, injecting = _control_planes(deployment, foundations)
    gateways, namespaces = _gateways(deployment, foundations, injecting)
    addons, mode = _workloads(deployment, injecting, gateways, namespaces)

    parts = (foundations.base, *istiods, *gateways, *foundations.signers, *addons)
    releases = [part for part in parts if isinstance(part, ReleaseComponent)]
    if watch:
        watch.follow(releases)
    # Deleted by itself, it would keep the gateways from beginning to drain for a second or two.
    gone_with = None if mesh.namespace("istio").adopted else foundations.namespace
    roots = outputs.register_record(mesh, releases, deployment.after(*foundations.ready, deleted_with=gone_with))
    DestroyGuard(mesh, uid, ResourceOptions(provider=plugin, depends_on=guarded))
    return {**outputs.of_mesh(mesh, uid, releases, gateways), "mutualTls": mode, "roots": roots, "findings": told}


def _foundations(deployment: Deployment, plugin: GuardPlugin, uid: str, answer: Answer) -> Foundations:
    """Register the mesh's namespace, its CA, and the chart `base` with Istio's CRDs."""
    mesh, settings = deployment.mesh, deployment.mesh.settings
    last: list[Resource] = []
    if settings.destroy.crds or settings.destroy.root_certificates:
        # Imported here, because the dynamic provider loads slowly and few stacks use it.
        from components.uninstall import Uninstall

        last = [Uninstall("leftovers", mesh, uid, deployment.placed())]
    namespace = make_namespace("istio-namespace", mesh.namespace("istio"), deployment.after(*last))
    ready: list[Resource] = [namespace]
    if not mesh.namespace("istio").adopted:  # such a namespace is not deleted
        ready.append(DestroyDrain(settings, deployment.placed(provider=plugin, depends_on=[namespace])))
    pull_secrets = manifest.make_pull_secret(settings, settings.istio.namespace, deployment.after(*ready))
    signers = ca.plug_in(mesh, deployment.snapshot, answer, deployment.after(*ready))
    base = IstioBase(deployment.release(mesh.the(Kind.BASE)), deployment.after(*ready))
    return Foundations(namespace, ready, pull_secrets, signers, base)


def _control_planes(deployment: Deployment, foundations: Foundations) -> tuple[Sequence[Istiod], Sequence[Resource]]:
    """Register istiod, a second one in an upgrade, and the tags; return them, and what an injected pod waits for."""
    mesh, settings, snapshot = deployment.mesh, deployment.mesh.settings, deployment.snapshot
    opts = deployment.after(foundations.base, *foundations.signers, *foundations.pull_secrets)
    istiod = Istiod(deployment.release(mesh.the(Kind.ISTIOD), istio.webhook_wait(settings)), opts)
    istiods = [istiod, *(Istiod(deployment.release(canary), opts) for canary in mesh.of_kind(Kind.CANARY))]
    after = deployment.after(*istiods)
    tags = [manifest.register("revision-tag", tag, after) for tag in mesh.objects_of("revision-tag")]
    ca.empty_exported_key(settings, snapshot, deployment.after(*istiods, *tags))
    return istiods, [*istiods, *tags]


def _gateways(
    deployment: Deployment, foundations: Foundations, injecting: Sequence[Resource]
) -> tuple[Sequence[Gateway], Mapping[str, Resource]]:
    """Register the gateways, whose proxies istiod injects, and the namespace of an ingress that has its own."""
    mesh, pull_secrets = deployment.mesh, [*foundations.pull_secrets]
    namespaces = {
        item.name: make_namespace("ingress-namespace", item, deployment.after(*foundations.ready))
        for item in mesh.namespaces
        if item.component == "ingress"
    }
    for name, namespace in namespaces.items():
        pull_secrets += manifest.make_pull_secret(mesh.settings, name, deployment.after(namespace))
    before = [*injecting, *pull_secrets]
    gateways = [
        Gateway(
            deployment.release(release),
            deployment.after(*before, *(home for name, home in namespaces.items() if name == release.namespace)),
        )
        for release in mesh.of_kind(Kind.GATEWAY)
    ]
    return gateways, namespaces


def _workloads(
    deployment: Deployment,
    injecting: Sequence[Resource],
    gateways: Sequence[Gateway],
    namespaces: Mapping[str, Resource],
) -> tuple[Sequence[ReleaseComponent], Output[str]]:
    """Register what the workloads meet: mutual TLS, whose mode is returned, namespaces, rules, and addons, returned."""
    mesh, settings = deployment.mesh, deployment.mesh.settings
    injected = deployment.after(*injecting)
    (policy,) = mesh.objects_of("mesh-mtls")
    mode = MeshMtls("mesh-mtls", MeshMtlsArgs(policy), injected).mode
    # When a gateway first names a certificate, istiod asks once whether it may read Secrets. It remembers a refusal for
    # a minute, and asks again only when the Secret changes (istio/istio, pilot/pkg/credentials/kube/secrets.go).
    reads_secrets = serves_certificates(settings) or shows_certificates(settings)
    readers = gateways if reads_secrets or settings.network_policies.enabled else ()
    api_crds = manifest.make_api_crds(mesh, deployment.after())
    traffic: list[Traffic] = []
    for workloads in settings.workload_namespaces:
        args = WorkloadNamespaceArgs(mesh.namespace(workloads.setting), mesh.objects_of(workloads.setting))
        namespace = WorkloadNamespace(workloads.setting, args, injected)
        if workloads.own.injection:
            manifest.make_pull_secret(settings, workloads.name, deployment.after(namespace))
        if rules := mesh.objects_of(workloads.traffic_component):
            # Allow-lists and certificates of listeners are in the gateway's namespace.
            before = [namespace, *namespaces.values(), *readers, *api_crds]
            traffic.append(Traffic(workloads.traffic_component, rules, deployment.after(*before)))
    for component in traffic:
        component.open_listeners(traffic)
    releases, objects = mesh.of_kind(Kind.ADDON), mesh.objects_of("observability")
    if not (releases or objects):
        return [], mode
    addons = ObservabilityArgs(tuple(map(deployment.release, releases)), objects)
    return Observability("observability", addons, deployment.after(*injecting, *namespaces.values())).addons, mode
