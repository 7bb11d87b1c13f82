"""Containers of the mesh must not be stopped at their CPU limit in a large share of their CPU periods."""

from collections.abc import Iterator
from dataclasses import dataclass

from pi_mesh.checks.finding import Finding, Subject, ok, unknown, warning
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import remedies
from pi_mesh.cluster.kubelet import ContainerId, Reading
from pi_mesh.cluster.pods import SIDECAR, Container, Pod
from pi_mesh.quantities import show_cpu
from pi_mesh.words import counted

ANNOTATIONS = {"cpu": "sidecar.istio.io/proxyCPULimit", "memory": "sidecar.istio.io/proxyMemoryLimit"}
"""Annotations of a pod that take the place of the settings' limits (istiod's files/injection-template.yaml)."""


@dataclass(frozen=True)
class LimitedContainer:
    """A container of the mesh and the setting of its limits."""

    pod: Pod
    container: Container
    branch: str
    """Config key of the branch with its `resources`; that of the sidecars is `proxy`."""

    @property
    def id(self) -> ContainerId:
        return ContainerId(self.pod.namespace, self.pod.name, self.container.name)

    def remedy(self, resource: str) -> str:
        """Return what raises the limit of a resource, `cpu` or `memory`."""
        annotation = ANNOTATIONS[resource]
        if self.branch == "proxy" and annotation in self.pod.annotations:
            return f"raise the annotation {annotation} of its pod template"
        return f"raise {self.branch}.resources.limits.{resource}"


def limited_containers(observation: Observation) -> Iterator[LimitedContainer]:
    """Yield the containers of the mesh, without pods that are ending."""
    for pod in (pod for pod in observation.snapshot.pods if pod.containers and not pod.ending):
        workloads = observation.mesh.workloads
        if workload := next((entry for entry in workloads if entry.has_pod(pod.namespace, pod.labels)), None):
            main, *_ = pod.containers
            yield LimitedContainer(pod, main, workload.setting)
        elif pod.has_lasting_proxy:
            sidecar = next(entry for entry in pod.containers if entry.name == SIDECAR)
            yield LimitedContainer(pod, sidecar, "proxy")


ID = "cpu throttling"
TOO_MUCH = 0.25
"""Share of throttled periods at which kubernetes-mixin's alert CPUThrottlingHigh begins."""
FEWEST, FEWEST_OF_WINDOW = 600, 50
"""CPU periods with which a container's whole life, or a window, is judged: a minute, or 5 s, of work. The start of a
proxy is always throttled at the Pi's limits."""
RIGHTS = "the right to get nodes/proxy also runs commands in pods: give it to nobody who may not"


@dataclass(frozen=True)
class Share:
    """The throttled share of one container's CPU periods."""

    container: LimitedContainer
    periods: int
    throttled: int
    seconds: float = 0
    """Length of the window; 0 for the whole life of the container."""

    @property
    def part(self) -> float:
        return self.throttled / self.periods

    @property
    def counted(self) -> str:
        return f"counted over {self.seconds:.0f} s" if self.seconds else "counted since its start"


def nodes_to_ask(observation: Observation) -> list[str]:
    """Return the Ready nodes with a container of the mesh."""
    used = {limited.pod.node for limited in limited_containers(observation)}
    return [node.name for node in observation.snapshot.nodes if node.ready and node.name in used]


def check(observation: Observation) -> Iterator[Finding]:
    """Yield a warning for each workload with a throttled container, and what could not be read."""
    if observation.cpu_window is None:
        return
    first, last = observation.cpu_window.readings()
    for node, reason in last.problems.items():
        message = f"is unknown for the containers on it: {reason}"
        yield unknown(ID, Subject("node", node), message, RIGHTS if "nodes/proxy" in reason else "")
    known = [container for container in limited_containers(observation) if container.id in last.counters]
    judged = filter(None, (_share(container, first, last) for container in known))
    shares = sorted(judged, key=lambda share: share.part)
    worst = {remedies.workload_of(share.container.pod): share for share in shares}
    high = {workload: share for workload, share in worst.items() if share.part >= TOO_MUCH}
    for workload, share in high.items():
        percent, limit = round(100 * share.part), show_cpu(share.container.container.limits.cpu)
        whose = "its sidecar is" if share.container.branch == "proxy" else "is"
        message = f"{whose} throttled in {percent} % of its CPU periods at {limit}, {share.counted}"
        yield warning(ID, workload, message, share.container.remedy("cpu"), number=percent)
    if shares and not high:
        highest, short = round(100 * shares[-1].part), len(known) - len(shares)
        brief = f"; {counted(short, 'has', 'have')} worked too briefly to be judged" if short else ""
        message = f"{len(shares)} of the mesh are throttled in at most {highest} % of their CPU periods{brief}"
        yield ok(ID, Subject("container"), message, number=highest)
    elif not shares and not last.problems:
        yield ok(ID, Subject("container"), "none has worked for long enough to be judged; see --window", number=0)


def _share(container: LimitedContainer, first: Reading, last: Reading) -> Share | None:
    """Return the share of the window, else of the container's life; None for one that hardly worked."""
    now, before = last.counters[container.id], first.counters.get(container.id)
    if before and now.at > before.at and now.periods - before.periods >= FEWEST_OF_WINDOW:
        window = now.periods - before.periods, now.throttled - before.throttled
        return Share(container, *window, now.at - before.at)
    return Share(container, now.periods, now.throttled) if now.periods >= FEWEST else None
