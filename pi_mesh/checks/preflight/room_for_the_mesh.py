"""The whole mesh must fit on the nodes, including its rollouts, and beside it the pods that the namespaces promise."""

from collections.abc import Iterator, Sequence

from pi_mesh.budget.fit import Node, fill
from pi_mesh.budget.mesh import Promise, promises, total
from pi_mesh.checks.capacity import Demand, demand, placed, rooms
from pi_mesh.checks.finding import Finding, Subject, error, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.foreign_istio import is_installed
from pi_mesh.checks.preflight.nodes_ready import usable_nodes
from pi_mesh.cluster.pods import Pod, image_version
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Kind, Release, Workload
from pi_mesh.quantities import Resources, show_memory
from pi_mesh.words import agreeing, counted

FREE_MEMORY = "free memory"


def check_free_memory(observation: Observation) -> Iterator[Finding]:
    if is_installed(observation.mesh, observation.snapshot):
        message = "the mesh is installed already: free memory is checked before a first install only"
        yield ok(FREE_MEMORY, setting("cluster.freeMemory"), message)
        return
    needed = observation.settings.cluster.free_memory
    nodes = {node.name: node for node in usable_nodes(observation.snapshot)}
    left = {room.name: room.free.memory for room in rooms(nodes.values(), observation.snapshot.pods)}
    scarce = {name: free for name, free in left.items() if free < needed.bytes}
    for name, free in scarce.items():
        memory = f"{show_memory(free)} of {show_memory(nodes[name].allocatable.memory)} memory"
        fix = f"move pods away (`kubectl describe node {name}`) or lower cluster.freeMemory"
        yield error(FREE_MEMORY, Subject("node", name), f"{memory} are free, {needed} needed", fix, number=free)
    if not scarce:
        yield ok(FREE_MEMORY, Subject("node"), f"at least {needed} of memory are free on each")


ID = "room for the mesh"
FIX = "free CPU or memory, add a node, or lower the resources or replicas in the stack file"
OF_ISTIO = (Kind.ISTIOD, Kind.CANARY, Kind.GATEWAY)
"""Releases whose version is also that of their images."""


def check_room(observation: Observation) -> Iterator[Finding]:
    """Judge the mesh's own pods and their rollouts first, then the pods that the namespaces promise."""
    asked = demand(observation.mesh, observation.snapshot)
    nodes, rolls_out = observation.snapshot.nodes, not is_installed(observation.mesh, observation.snapshot)
    left, waiting = placed(asked.coming, nodes, asked.nodes)
    beside, delayed = placed((*asked.coming, *asked.surge), nodes, asked.nodes)
    yield _mesh_finding(asked, not waiting, not delayed, rolls_out or _rolls_out(observation))
    if not waiting:
        rest = left if delayed else beside
        yield from promise_findings(observation.mesh, observation.snapshot, (*rest, *asked.others))


def _mesh_finding(asked: Demand, fits: bool, surge_fits: bool, rolls_out: bool) -> Finding:
    """Judge the headroom; if no rollout is due, only the pods themselves have to fit."""
    pods, surge = (total(pod.requests for pod in part) for part in (asked.coming, asked.surge))
    subject, both, free = Subject("node"), (pods + surge).in_words, _shown(asked.nodes)
    if surge_fits:
        return ok(ID, subject, f"the mesh and the surge of its rollouts, {both}, fit")
    if rolls_out or not fits:
        needs = f"{both} with the surge of its rollouts" if rolls_out else f"{pods.in_words} beside what it holds"
        return error(ID, subject, f"the mesh needs {needs}, which do not fit: {free}", FIX)
    message = f"the mesh fits, but not the surge of its rollouts, {surge.in_words}: {free}"
    fix = "free CPU or memory before a change that restarts istiod or a gateway: its new pod would stay Pending"
    return warning(ID, subject, message, fix)


def _rolls_out(observation: Observation) -> bool:
    """Return True if running pods have other requests or another version than the settings ask for."""
    return any(
        workload.has_pod(pod.namespace, pod.labels) and _is_replaced(release, workload, pod)
        for release in observation.mesh.releases
        for workload in release.workloads
        for pod in observation.snapshot.pods
    )


def _is_replaced(release: Release, workload: Workload, pod: Pod) -> bool:
    requests = workload.resources.requests.resources
    if all(container.requests != requests for container in pod.containers):
        return True
    versions = {image_version(container.image) for container in pod.containers} - {""}
    return release.kind in OF_ISTIO and bool(versions) and release.image_version not in versions


def _shown(nodes: Sequence[Node]) -> str:
    free = {node.name: Resources(max(0, node.free.cpu), max(0, node.free.memory)) for node in nodes}
    return ", ".join(f"{name} has {room.in_words} free" for name, room in free.items()) or "no node accepts pods"


TRADING, NAMESPACES = "room for trading", "room for namespaces"


def promise_findings(mesh: Inventory, snapshot: Snapshot, left: Sequence[Node]) -> Iterator[Finding]:
    """Judge if the pods that the ResourceQuotas still admit fit beside the mesh; a promise alone stops no `up`."""
    for promise in promises(mesh.settings):
        there = [pod for pod in snapshot.pods if pod.namespace == promise.namespace.name and pod.node]
        row, used = promise.row, total(pod.requests for pod in there)
        # The ResourceQuota counts pods, CPU and memory.
        rest, size = row.total_requests - used, row.requests
        promised = max(0, min(row.pods - len(there), rest.cpu // size.cpu, rest.memory // size.memory))
        fits, left = fill(left, size, promised)
        yield _promise_finding(promise, counted(promised, f"{'more ' if there else ''}pod"), promised, fits)


def _promise_finding(promise: Promise, pods: str, promised: int, fits: int) -> Finding:
    namespace, row = promise
    check, key = TRADING if namespace.is_trading else NAMESPACES, namespace.setting
    subject, injected = setting(f"{key}.workloads"), namespace.own.injection
    if not promised:
        return ok(check, subject, "all promised pods run already", number=0)
    beside = "the mesh" if namespace.is_trading else "the mesh and the namespaces before it"
    if fits == promised:
        verb, sidecars = agreeing(promised, "fits", "fit"), " with sidecars" if injected else ""
        return ok(check, subject, f"{pods}{sidecars}, which it promises, {verb} beside {beside}", number=fits)
    message = (
        f"promises {pods}, each of {row.requests.in_words}{' with its sidecar' if injected else ''}, and "
        f"{fits or 'none'} of them {agreeing(fits, 'fits', 'fit')} beside {beside}"
    )
    return warning(check, subject, message, f"lower {key}.workloads or {key}.workload, or add a node", number=fits)
