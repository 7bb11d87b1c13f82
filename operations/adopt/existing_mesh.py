"""The mesh in the cluster beside the resources that the stack would register: the basis of an adoption."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from operations import pulumi, stacks
from operations.adopt import obstacles, proposals, release_search
from operations.adopt.proposals import Proposal
from operations.adopt.release_search import Living
from operations.repair import observed_state
from operations.repair.observed_state import Situation
from pi_mesh import inventory
from pi_mesh.checks.finding import Finding
from pi_mesh.cluster import load_balancer
from pi_mesh.cluster.client import Client
from pi_mesh.cluster.discovery import Discovery
from pi_mesh.inventory import Inventory, Release

RELEASE = "kubernetes:helm.sh/v3:Release"
ISTIO = "networking.istio.io"


@dataclass(frozen=True)
class Taken:
    """A release that the cluster has and the stack's state does not know."""

    release: Release
    living: Living
    registered: Mapping
    """The resource as the program registers it."""


@dataclass(frozen=True)
class Found:
    """An object that the cluster has and the stack's state does not know."""

    wanted: Mapping
    """The object's manifest, as the program registers it."""
    live: Mapping
    registered: Mapping


@dataclass(frozen=True)
class ExistingMesh:
    """The releases and objects to adopt, and the obstacles."""

    now: Situation
    """The observed state, under the settings as the adoption writes them."""
    obstacles: tuple[Finding, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    registered: tuple[Mapping, ...] = ()
    """Every resource that the program registers, in its order."""
    releases: tuple[Taken, ...] = ()
    objects: tuple[Found, ...] = ()
    living: tuple[Living, ...] = ()
    """Every release of the cluster."""
    live: Mapping[str, Mapping] = field(default_factory=dict)
    """The Deployments of the releases, by NAMESPACE/NAME."""

    @property
    def mesh(self) -> Inventory:
        now = self.now
        return inventory.of(now.mesh_settings, now.stack, load_balancer.served(now.mesh_settings, now.snapshot))


def read(stack: str) -> ExistingMesh:
    """Return the mesh to adopt, or no more than the obstacles, if any. Raises as `observed_state.read` does."""
    registered = ThreadPoolExecutor().submit(pulumi.registered, stack)  # in parallel, because this takes the longest
    now = observed_state.read(stack, stacks.load(stack))
    if found := tuple(obstacles.of_stack(now)):
        return ExistingMesh(now, found)
    with Client(now.context) as client:
        living = release_search.read(client, now.snapshot)
        if found := tuple(obstacles.of_mesh(now, client, living)):
            return ExistingMesh(now, found)
        return _compared(now, client, living, registered.result)


def _compared(
    now: Situation, client: Client, living: tuple[Living, ...], previewed: Callable[[], list[dict]]
) -> ExistingMesh:
    state = stacks.of_export(now.state)
    names = release_search.names(now.mesh_settings, living)
    discovery = Discovery(client)
    listeners = [item for path in discovery.lists(ISTIO, ["Gateway"]).values() for item in client.items(path)]
    wanted = tuple(proposals.of(now.mesh_settings, now.snapshot, state, names, listeners))
    before = {_place(item.manifest) for item in inventory.of(now.mesh_settings, now.stack).objects}
    after = replace(now, settings=stacks.load_changed(now.stack, {one.path: one.value for one in wanted}))
    switched_off = before - {_place(item.manifest) for item in after.mesh.objects}
    registered = previewed()
    known = {entry["urn"] for entry in (now.state["deployment"] or {}).get("resources") or []}
    unknown = [one for one in registered if one["urn"] not in known and one.get("custom")]
    there = ExistingMesh(after, proposals=wanted, registered=tuple(registered), living=living)
    taken = tuple(_taken(there.mesh, unknown, living))
    refused = [line for one in taken for line in obstacles.of_release(one.living, after.mesh_settings.release.timeout)]
    objects = tuple(_objects(there.mesh, unknown, switched_off, discovery))
    refused += [line for one in objects for line in obstacles.of_object(one.wanted, one.live)]
    deployments = [entry for one in taken for entry in one.living.applied.objects if entry["kind"] == "Deployment"]
    live = {f"{_place(entry)[1]}/{_place(entry)[2]}": discovery.fetch(entry, "") for entry in deployments}
    found = {name: entry for name, entry in live.items() if entry}
    return replace(there, obstacles=tuple(refused), releases=taken, objects=objects, live=found)


def _taken(mesh: Inventory, unknown: list[dict], living: tuple[Living, ...]) -> Iterator[Taken]:
    by_component = {f"{one.component or one.name}-release": one for one in mesh.releases}
    by_id = {one.record.id: one for one in living}
    for registered in unknown:
        release = by_component.get(registered["urn"].rpartition("::")[2])
        if registered["type"] == RELEASE and release and release.id in by_id:
            yield Taken(release, by_id[release.id], registered)


def _objects(
    mesh: Inventory, unknown: list[dict], switched_off: set[tuple[str, ...]], discovery: Discovery
) -> Iterator[Found]:
    manifests = {_place(item.manifest): item.manifest for item in mesh.objects}
    # A destroy would delete a namespace that can't be adopted: the preflight refuses it.
    refused = {_place(item.manifest) for item in mesh.namespaces if not item.adopted}
    for registered in unknown:
        inputs = registered.get("inputs") or {}
        if registered["type"] == RELEASE or "kind" not in inputs or _place(inputs) in switched_off | refused:
            continue
        wanted = manifests.get(_place(inputs), inputs)
        if live := discovery.fetch(wanted, ""):
            yield Found(wanted, live, registered)


def _place(manifest: Mapping) -> tuple[str, str, str]:
    meta = manifest["metadata"]
    return manifest["kind"], meta.get("namespace", ""), meta["name"]
