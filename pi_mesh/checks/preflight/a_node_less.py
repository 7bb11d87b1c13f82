"""If any one node is lost, its pods must fit on the other nodes; pods that would not are named."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pi_mesh.budget import fit
from pi_mesh.checks.capacity import Demand, demand, placed, rooms
from pi_mesh.checks.finding import Finding, Subject, ok, setting, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.values.placement import UNREACHABLE
from pi_mesh.words import counted, enumerated, listed

ID = "a node less"
STAYS = ("DaemonSet", "Node")
"""Controllers whose pods are of one node and go with it: daemons, and the kubelet's own static pods."""
SHOWN = 4


@dataclass(frozen=True)
class Loss:
    """The pods that lose their place when one node dies."""

    node: str
    moved: int
    """Pods that find another node."""
    pending: tuple[Pod, ...]
    """Pods that the scheduler leaves Pending."""
    gone: tuple[Pod, ...]
    """Pods without a controller, which nothing makes anew."""


def check(observation: Observation) -> Iterator[Finding]:
    """Judge the loss of each node that pods are on, of the mesh as the settings want it and of all else that runs."""
    node_losses = losses(observation.mesh, observation.snapshot)
    if len(node_losses) == 1:
        yield ok(ID, Subject("node", node_losses[0].node), "is the only node that runs pods: without it nothing runs")
        return
    yield from map(_finding, node_losses)


def losses(mesh: Inventory, snapshot: Snapshot) -> list[Loss]:
    """Return the loss of each node that is Ready; the scheduler places the rest by requests, selectors and taints."""
    asked = demand(mesh, snapshot)
    free = rooms(snapshot.nodes, asked.staying)
    return [_loss(node, snapshot.nodes, free, asked) for node in snapshot.nodes if node.ready]


def _loss(dead: Node, nodes: Sequence[Node], free: Sequence[fit.Node], asked: Demand) -> Loss:
    places = [node for node in nodes if node.ready and node != dead]
    lost = {node.name for node in nodes} - {node.name for node in places}
    here = [pod for pod in asked.staying if pod.node in lost and pod.owner.partition("/")[0] not in STAYS]
    orphans = tuple(pod for pod in here if not pod.owner)
    moving = [pod for pod in here if pod.owner and not pod.ending]
    _, pending = placed((*moving, *asked.coming), places, free)
    return Loss(dead.name, len(moving) + len(asked.coming) - len(pending), tuple(pending), orphans)


def _finding(loss: Loss) -> Finding:
    subject, count = Subject("node", loss.node), len(loss.pending)
    if not count:
        gone = f"; nothing makes {named(loss.gone)} anew" if loss.gone else ""
        return ok(ID, subject, f"all that must run still fits if it dies{gone}", number=0)
    message = f"if it dies, {counted(count, 'pod fits', 'pods fit')} on no other node: {named(loss.pending)}"
    return warning(ID, subject, message, "lower requests or replicas, or add a node", number=count)


def named(pods: Iterable[Pod]) -> str:
    """Return the workloads of pods, each with the number of its pods: "2 of trading/orders, 1 of trading/quotes"."""
    workloads = Counter(pod.workload for pod in pods).most_common()
    return listed((f"{count} of {workload}" for workload, count in workloads), SHOWN, more="workload")


LOST, SECONDS = "lost nodes", "cluster.unreachableSeconds"


def check_lost(observation: Observation) -> Iterator[Finding]:
    """Name the mesh's single pods that are missing for more than five minutes when their node is lost."""
    settings, seconds = observation.settings, observation.settings.cluster.unreachable_seconds
    parts = {"istiod": settings.istio, "the ingress gateway": settings.ingress, "the egress gateway": settings.egress}
    enabled = ((name, part) for name, part in parts.items() if getattr(part, "enabled", True))
    single = [name for name, part in enabled if part.least_pods == 1 and UNREACHABLE not in str(part.values)]
    if seconds or not single or settings.cluster.nodes == 1:
        yield ok(LOST, setting(SECONDS), f"is {seconds}" if seconds else "nothing that orders need waits for it")
        return
    message = f"is not set: if the Pi of {enumerated(single)} is lost, Kubernetes makes the pod anew after 340 s"
    yield warning(LOST, setting(SECONDS), message, "set it to 60, which restarts them, or run two pods of each")
