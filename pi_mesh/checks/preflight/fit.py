"""The whole mesh must fit on the nodes, including its rollouts; pods that run already keep their place."""

from collections.abc import Iterator, Sequence

from pi_mesh.budget.fit import Node, place
from pi_mesh.budget.mesh import total
from pi_mesh.checks.capacity import Demand, demand
from pi_mesh.checks.finding import Finding, Subject, error, ok, warning
from pi_mesh.checks.ownership import is_installed
from pi_mesh.checks.preflight import promised_fit
from pi_mesh.cluster.image_name import version
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory, Kind, Release, Workload
from pi_mesh.quantities import Resources

ID = "room for the mesh"
FIX = "free CPU or memory, add a node, or lower the resources or replicas in the stack file"
OF_ISTIO = (Kind.ISTIOD, Kind.CANARY, Kind.GATEWAY)
"""Releases whose version is also that of their images."""


def check(mesh: Inventory, snapshot: Snapshot) -> Iterator[Finding]:
    """Judge the mesh's own pods and their rollouts first, then the pods that the namespaces promise."""
    asked = demand(mesh, snapshot)
    finding = _finding(asked, not is_installed(mesh, snapshot) or _rolls_out(mesh, snapshot))
    yield finding
    left = place(asked.nodes, (*asked.pods, *asked.surge)) or place(asked.nodes, asked.pods)
    if left is not None:
        yield from promised_fit.findings(mesh, snapshot, (*left, *asked.others))


def _finding(asked: Demand, rolls_out: bool) -> Finding:
    """Judge the headroom; if no rollout is due, only the pods themselves have to fit."""
    pods, surge, subject = total(asked.pods), total(asked.surge), Subject("node")
    if place(asked.nodes, (*asked.pods, *asked.surge)) is not None:
        return ok(ID, subject, f"the mesh and the surge of its rollouts, {(pods + surge).in_words}, fit")
    if place(asked.nodes, asked.pods) is None:
        message = f"the mesh needs {pods.in_words} beside what it holds, which do not fit: {_shown(asked.nodes)}"
        if rolls_out:
            message = _needed(pods + surge, asked.nodes)
        return error(ID, subject, message, FIX)
    if rolls_out:
        return error(ID, subject, _needed(pods + surge, asked.nodes), FIX)
    message = f"the mesh fits, but not the surge of its rollouts, {surge.in_words}: {_shown(asked.nodes)}"
    fix = "free CPU or memory before a change that restarts istiod or a gateway: its new pod would stay Pending"
    return warning(ID, subject, message, fix)


def _needed(amount: Resources, nodes: Sequence[Node]) -> str:
    return f"the mesh needs {amount.in_words} with the surge of its rollouts, which do not fit: {_shown(nodes)}"


def _rolls_out(mesh: Inventory, snapshot: Snapshot) -> bool:
    """Return True if running pods have other requests or another version than the settings ask for."""
    return any(
        workload.has_pod(pod.namespace, pod.labels) and _is_replaced(release, workload, pod)
        for release in mesh.releases
        for workload in release.workloads
        for pod in snapshot.pods
    )


def _is_replaced(release: Release, workload: Workload, pod: Pod) -> bool:
    wanted = workload.resources.requests.resources
    if all(container.requests != wanted for container in pod.containers):
        return True
    versions = {version(container.image) for container in pod.containers} - {""}
    return release.kind in OF_ISTIO and bool(versions) and release.image_version not in versions


def _shown(nodes: Sequence[Node]) -> str:
    return (
        ", ".join(f"{node.name} has {_positive(node.free).in_words} free" for node in nodes) or "no node accepts pods"
    )


def _positive(free: Resources) -> Resources:
    return Resources(max(0, free.cpu), max(0, free.memory))
