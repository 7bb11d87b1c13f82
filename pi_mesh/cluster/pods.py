"""Pods as the scheduler and the checks see them, and the names of their images.

An image is REGISTRY:PORT/REPOSITORY/PROGRAM:TAG@DIGEST, of which only PROGRAM is always there.
"""

from dataclasses import dataclass, field

from pi_mesh.cluster import nodes
from pi_mesh.cluster.conditions import is_true
from pi_mesh.cluster.nodes import Placement
from pi_mesh.names import SHORT_LIVED_LABEL, Namespaced
from pi_mesh.quantities import ZERO, Resources


def image_program(image: str) -> str:
    """Return the last part of an image's name, without its tag and digest."""
    return _image_parts(image)[0]


def image_version(image: str) -> str:
    """Return the version of an image by its tag, without the variant; empty for an image named by digest alone."""
    return _image_parts(image)[1].partition("-")[0]


def _image_parts(image: str) -> tuple[str, str]:
    """Return the program and the tag."""
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    return name, tag


SIDECAR = "istio-proxy"
FINISHED, STATES = ("Succeeded", "Failed"), ("state", "lastState")


@dataclass(frozen=True)
class Container:
    """One container of a pod or a pod template."""

    name: str
    requests: Resources = ZERO
    limits: Resources = ZERO
    image: str = ""
    always_on: bool = True
    """False for an init container that ends before the other containers start."""
    is_init: bool = False
    """True for an init container, also for a native sidecar."""
    ports: tuple[int, ...] = ()
    """TCP ports that the container declares."""


@dataclass(frozen=True)
class Pod(Namespaced):
    """One pod, reduced to the fields that checks need."""

    namespace: str
    name: str
    labels: dict[str, str] = field(default_factory=dict)
    node: str = ""
    """Name of the node; empty while the pod waits for one."""
    phase: str = "Running"
    ready: bool = True
    ending: bool = False
    """True for a deleted pod in its grace period."""
    grace: int = 30
    """Seconds of its grace period."""
    owner: str = ""
    """KIND/NAME of the pod's controller."""
    host_network: bool = False
    host_ports: tuple[int, ...] = ()
    """TCP ports of its node that it holds."""
    restarts: int = 0
    out_of_memory: tuple[str, ...] = ()
    """Containers that were last ended for exceeding their memory limit."""
    containers: tuple[Container, ...] = ()
    """Containers of the pod, including init containers."""
    annotations: dict[str, str] = field(default_factory=dict)
    address: str = ""
    """IP address; on the host's network that of its node."""
    service_account: str = "default"
    """Name of its service account, which is its identity in the mesh."""
    secret_ttl: str = ""
    """SECRET_TTL of the pod's proxy, as a Go duration; it stays until the pod is replaced."""
    placement: Placement = field(default_factory=Placement)
    own_requests: Resources = ZERO
    """Requests of the pod as a whole, which it has instead of its containers'."""
    overhead: Resources = ZERO
    """Overhead of its runtime class."""

    @property
    def workload(self) -> str:
        """Return NAMESPACE/NAME of the pod's controller, or else of the pod; a Deployment's name without the hash."""
        kind, _, name = self.owner.partition("/")
        return f"{self.namespace}/{name.rpartition('-')[0] if kind == 'ReplicaSet' else name or self.name}"

    @property
    def has_sidecar(self) -> bool:
        """Return True for a pod with the mesh's proxy, as a container or as a native sidecar."""
        return any(container.name == SIDECAR for container in self.containers)

    @property
    def has_lasting_proxy(self) -> bool:
        """Return True for a pod whose proxy is neither ending nor short-lived."""
        return self.has_sidecar and not self.ending and SHORT_LIVED_LABEL not in self.labels

    @property
    def finished(self) -> bool:
        """Return True for a pod that has ended and holds no resources."""
        return self.phase in FINISHED

    @property
    def requests(self) -> Resources:
        """Return what the scheduler reserves: the lasting containers together, or an init container with what lasts.

        A native sidecar lasts from its own start on, so each later init container runs beside it; the pod's own
        requests, where it has any, count instead of its containers', and the overhead of its runtime class on top.
        https://github.com/kubernetes/enhancements/tree/master/keps/sig-node/753-sidecar-containers#resources-calculation-for-scheduling-and-pod-admission
        """
        together = sum((c.requests for c in self.containers if c.always_on), start=ZERO)
        cpu, memory, lasting = together.cpu, together.memory, ZERO
        for container in (c for c in self.containers if c.is_init):
            if container.always_on:
                lasting += container.requests
            else:
                cpu = max(cpu, (lasting + container.requests).cpu)
                memory = max(memory, (lasting + container.requests).memory)
        own = self.own_requests
        return Resources(own.cpu or cpu, own.memory or memory) + self.overhead


def parse(item: dict) -> Pod:
    meta, spec, status = item["metadata"], item["spec"], item.get("status", {})
    owners = [owner for owner in meta.get("ownerReferences", []) if owner.get("controller")]
    statuses = [*status.get("containerStatuses", []), *status.get("initContainerStatuses", [])]
    ends = [(entry["name"], entry.get(key, {}).get("terminated", {})) for entry in statuses for key in STATES]
    every = (*spec.get("containers", []), *spec.get("initContainers", []))
    proxy = (entry for item in every if item["name"] == SIDECAR for entry in item.get("env", []))
    ports = (port for item in spec.get("containers", []) for port in item.get("ports", []) if _is_tcp(port))
    return Pod(
        namespace=meta["namespace"],
        name=meta["name"],
        labels=meta.get("labels", {}),
        node=spec.get("nodeName", ""),
        phase=status.get("phase", ""),
        ready=is_true(item, "Ready"),
        ending="deletionTimestamp" in meta,
        grace=spec.get("terminationGracePeriodSeconds", Pod.grace),
        owner=f"{owners[0]['kind']}/{owners[0]['name']}" if owners else "",
        host_network=spec.get("hostNetwork", False),
        host_ports=tuple(port["hostPort"] for port in ports if port.get("hostPort")),
        restarts=sum(entry.get("restartCount", 0) for entry in statuses),
        out_of_memory=tuple(dict.fromkeys(name for name, end in ends if end.get("reason") == "OOMKilled")),
        containers=containers(spec),
        own_requests=Resources.from_kubernetes(spec.get("resources", {}).get("requests")),
        overhead=Resources.from_kubernetes(spec.get("overhead")),
        annotations=meta.get("annotations", {}),
        address=status.get("podIP", ""),
        service_account=spec.get("serviceAccountName") or "default",
        secret_ttl=next((entry.get("value", "") for entry in proxy if entry["name"] == "SECRET_TTL"), ""),
        placement=nodes.parse_placement(spec),
    )


def _is_tcp(port: dict) -> bool:
    return port.get("protocol", "TCP") == "TCP"


def containers(spec: dict) -> tuple[Container, ...]:
    """Return the containers of a pod's spec, init containers last."""
    ordinary = [_container(item, always_on=True) for item in spec.get("containers", [])]
    init = spec.get("initContainers", [])
    return (*ordinary, *(_container(item, item.get("restartPolicy") == "Always", is_init=True) for item in init))


def _container(item: dict, always_on: bool, is_init: bool = False) -> Container:
    resources = item.get("resources", {})
    requests, limits = (Resources.from_kubernetes(resources.get(name)) for name in ("requests", "limits"))
    ports = tuple(port["containerPort"] for port in filter(_is_tcp, item.get("ports", [])))
    return Container(item["name"], requests, limits, item.get("image", ""), always_on, is_init, ports)
