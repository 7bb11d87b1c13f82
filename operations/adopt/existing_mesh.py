"""The mesh in the cluster, the resources that the stack would register, and the settings for its adoption."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from operations import pulumi, stacks
from operations.adopt import obstacles
from operations.adopt.obstacles import Living
from operations.repair import observed_state
from operations.repair.observed_state import RELEASE, ObservedState
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding
from pi_mesh.cluster import load_balancers
from pi_mesh.cluster.client import Client, Discovery
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import StackState
from pi_mesh.inventory import Inventory, Release
from pi_mesh.names import ADOPTED_ANNOTATION, OWNER_ANNOTATION, object_id
from pi_mesh.selectors import matches
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.tree_diff import value_at
from pi_mesh.values.gateway import serves_certificates
from pi_mesh.values.traffic.gateways import gateway_labels
from pi_mesh.words import text_before

MARKS = {OWNER_ANNOTATION, ADOPTED_ANNOTATION}


class Proposal(NamedTuple):
    """A value that `adopt --yes` writes into the stack file."""

    path: str
    value: str | bool
    why: str

    @property
    def text(self) -> str:
        """Return the value as the stack file has it."""
        return str(self.value).lower() if isinstance(self.value, bool) else self.value


def proposed_settings(
    settings: Settings,
    snapshot: Snapshot,
    state: StackState,
    names: Mapping[str, str],
    listeners: Sequence[Mapping] = (),
    labels: Mapping[str, dict[str, str]] = {},
) -> Iterator[Proposal]:
    """Yield the proposals. `names`, `labels`: as Helm has them, by key in releases.names; `listeners`: the Gateways."""
    expected = settings.releases.names.model_dump()
    for key, name in names.items():
        if name != expected[key]:
            yield Proposal(f"releases.names.{key}", name, "this is its name in Helm")
    istio, namespaces = settings.istio, settings.workload_namespaces
    homes = [(namespace.setting, namespace.name, namespace.own.adopt) for namespace in namespaces]
    for key, name, is_adopted in [("istio", istio.namespace, istio.adopt), *homes]:
        if (live := snapshot.namespace(name)) and not is_adopted and not state.holds(live.name, live.uid):
            yield Proposal(f"{key}.adopt", True, f"namespace {live.name} exists, and a destroy must keep it")
    for key, given in labels.items():
        gateway = settings.ingress if key == "ingress" else settings.egress
        own = {*gateway.labels, *(value_at(gateway.values, "labels") or {})}
        for label in sorted(given.keys() - own) if gateway.enabled else ():
            why = "the gateway has this label, and Kubernetes refuses to change one that its Deployment selects by"
            yield Proposal(f'{key}.labels["{label}"]' if "." in label else f"{key}.labels.{label}", given[label], why)
    pods = gateway_labels({**expected, **names}["ingress"], settings.ingress) | labels.get("ingress", {})
    yield from _certificates(settings, pods, listeners)
    for namespace in namespaces:
        yield from _bounds(settings, namespace, snapshot, state)


def _certificates(settings: Settings, pods: Mapping[str, str], listeners: Sequence[Mapping]) -> Iterator[Proposal]:
    """Keep the ingress gateway's right to read Secrets where a foreign Gateway serves a certificate from one."""
    if not settings.ingress.enabled or serves_certificates(settings) or settings.ingress.values.get("rbac"):
        return
    for listener in listeners:
        spec, meta = listener["spec"], listener["metadata"]
        serves = any((server.get("tls") or {}).get("credentialName") for server in spec.get("servers") or [])
        if serves and matches(spec.get("selector"), pods):
            why = f"Gateway {object_id(meta)} serves a certificate from a Secret, which takes this Role"
            yield Proposal("ingress.values.rbac.enabled", True, why)
            return


def _bounds(
    settings: Settings, namespace: WorkloadNamespace, snapshot: Snapshot, state: StackState
) -> Iterator[Proposal]:
    """Switch the bounds off that the running pods were made without, unless a stack of this project made them."""
    own, key, live = namespace.own.bounds, f"{namespace.setting}.bounds", snapshot.namespace(namespace.name)
    pods = [pod for pod in snapshot.pods if pod.namespace == namespace.name and not pod.ending]
    is_known = live and (state.holds(live.name, live.uid) or live.annotations.keys() & MARKS)
    if pods and live and not is_known:
        why = "its pods were made without it, and it may refuse the next; switch it on when you know that they fit"
        bounds = {"quota": own.quota, "limitRange": own.limit_range}
        yield from (Proposal(f"{key}.{bound}", False, why) for bound, is_on in bounds.items() if is_on)
    if namespace.own.is_scoped and (scope := _scope(settings, namespace, snapshot, pods)):
        yield Proposal(f"{key}.sidecar", False, scope)


def _scope(settings: Settings, namespace: WorkloadNamespace, snapshot: Snapshot, pods: list[Pod]) -> str:
    """Return the meshed workloads that the running proxies would no longer know."""
    scope = (text_before(host, "/") for host in namespace.own.sidecar_scope)
    known = {namespace.name, settings.istio.namespace, *scope}
    others = {pod.namespace for pod in snapshot.pods if pod.has_sidecar and pod.namespace not in known}
    if not others or "*" in known or not any(pod.has_sidecar for pod in pods):
        return ""
    where = ", ".join(sorted(others))
    return f"workloads of the mesh run in {where}: calls from {namespace.name} to them would leave in plain text"


@dataclass(frozen=True)
class ExistingRelease:
    """A release that the cluster has and the stack's state does not know."""

    release: Release
    living: Living
    registered: Mapping
    """The resource as the program registers it."""


@dataclass(frozen=True)
class ExistingObject:
    """An object that the cluster has and the stack's state does not know."""

    manifest: Mapping
    """The object's manifest, as the program registers it."""
    live: Mapping
    registered: Mapping

    @property
    def kind(self) -> str:
        return self.manifest["kind"]

    @property
    def id(self) -> str:
        """Return NAMESPACE/NAME, or NAME without a namespace, as the provider does."""
        return object_id(self.live["metadata"])


@dataclass(frozen=True)
class ExistingMesh:
    """The releases and objects to adopt, and the obstacles."""

    now: ObservedState
    """The observed state, under the settings as the adoption writes them."""
    obstacles: tuple[Finding, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    registered: tuple[Mapping, ...] = ()
    """Every resource that the program registers, in its order."""
    releases: tuple[ExistingRelease, ...] = ()
    objects: tuple[ExistingObject, ...] = ()
    living: tuple[Living, ...] = ()
    """Every release of the cluster."""
    live: Mapping[str, Mapping] = field(default_factory=dict)
    """The Deployments of the releases, by NAMESPACE/NAME."""

    @property
    def mesh(self) -> Inventory:
        settings = self.now.mesh_settings
        served = load_balancers.served_gateways(settings, self.now.snapshot)
        return inventory.mesh_inventory(settings, self.now.stack, served)


def read(stack: str) -> ExistingMesh:
    """Return the mesh to adopt, or no more than the obstacles, if any. Raises as `observed_state.read` does."""
    registered = ThreadPoolExecutor().submit(pulumi.registered, stack)  # in parallel, because this takes the longest
    now = observed_state.read(stack, stacks.load(stack))
    if findings := tuple(obstacles.stack_obstacles(now)):
        return ExistingMesh(now, findings)
    with Client(now.context) as client:
        living = obstacles.read_releases(client, now.snapshot)
        if findings := tuple(obstacles.mesh_obstacles(now, client, living)):
            return ExistingMesh(now, findings)
        return _compared(now, client, living, registered.result)


def _compared(
    now: ObservedState, client: Client, living: tuple[Living, ...], previewed: Callable[[], list[dict]]
) -> ExistingMesh:
    state = stacks.of_export(now.state)
    names = obstacles.release_names(now.mesh_settings, living)
    discovery = Discovery(client)
    paths = discovery.lists("networking.istio.io", ["Gateway"]).values()
    listeners = [item for path in paths for item in client.items(path)]
    labels = obstacles.given_labels(now.mesh_settings, living)
    proposals = tuple(proposed_settings(now.mesh_settings, now.snapshot, state, names, listeners, labels))
    changes = {proposal.path: proposal.value for proposal in proposals}
    after = replace(now, settings=stacks.load_changed(now.stack, changes))
    switched_off = {_place(item.manifest) for item in now.mesh.objects}
    switched_off -= {_place(item.manifest) for item in after.mesh.objects}
    registered = previewed()
    known = {entry["urn"] for entry in observed_state.resources(now.state)}
    # The state may have it under an alias, without the parent that components.mesh.Mesh gives it.
    unknown = [new for new in registered if new.get("custom") and not known & {new["urn"], *new.get("aliases", ())}]
    there = ExistingMesh(after, proposals=proposals, registered=tuple(registered), living=living)
    taken = tuple(_taken(there.mesh, unknown, living))
    timeout = after.mesh_settings.release.timeout
    refused = [line for release in taken for line in obstacles.release_obstacles(release.living, timeout)]
    objects = tuple(_objects(there.mesh, unknown, switched_off, discovery))
    refused += [line for item in objects for line in obstacles.object_obstacles(item.manifest, item.live)]
    installed = (entry for release in taken for entry in release.living.applied.objects)
    deployments = (discovery.fetch(entry, "") for entry in installed if entry["kind"] == "Deployment")
    live = {object_id(entry["metadata"]): entry for entry in deployments if entry}
    return replace(there, obstacles=tuple(refused), releases=taken, objects=objects, live=live)


def _taken(mesh: Inventory, unknown: list[dict], living: tuple[Living, ...]) -> Iterator[ExistingRelease]:
    by_component = {release.resource: release for release in mesh.releases}
    by_id = {release.record.id: release for release in living}
    for registered in unknown:
        release = by_component.get(registered["urn"].rpartition("::")[2])
        if registered["type"] == RELEASE and release and release.id in by_id:
            yield ExistingRelease(release, by_id[release.id], registered)


def _objects(
    mesh: Inventory, unknown: list[dict], switched_off: set[tuple[str, ...]], discovery: Discovery
) -> Iterator[ExistingObject]:
    manifests = {_place(item.manifest): item.manifest for item in mesh.objects}
    # A destroy would delete a namespace that can't be adopted: the preflight refuses it.
    refused = {_place(item.manifest) for item in mesh.namespaces if not item.adopted}
    for registered in unknown:
        inputs = registered.get("inputs") or {}
        if registered["type"] == RELEASE or "kind" not in inputs or _place(inputs) in switched_off | refused:
            continue
        manifest = manifests.get(_place(inputs), inputs)
        if live := discovery.fetch(manifest, ""):
            yield ExistingObject(manifest, live, registered)


def _place(manifest: Mapping) -> tuple[str, str, str]:
    meta = manifest["metadata"]
    return manifest["kind"], meta.get("namespace", ""), meta["name"]
