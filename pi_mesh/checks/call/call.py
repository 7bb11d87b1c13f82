"""One call between two workloads, with the rules that it may meet."""

from dataclasses import dataclass, field
from functools import cached_property

from pi_mesh.checks.finding import Subject
from pi_mesh.checks.verify.peer_modes import PeerModes
from pi_mesh.cluster.objects import Service
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policies, Policy
from pi_mesh.cluster.services import Endpoint, ServicePort

LOCAL = "cluster.local"
"""Trust domain of a mesh config that names none, and in a policy the name of any mesh's own."""


@dataclass(frozen=True)
class Callee:
    """A pod that may get the call, and its port."""

    pod: Pod
    port: int


@dataclass(frozen=True)
class Call:
    """A call to a port of a Service, or to the pods of a workload that has none."""

    caller: Pod
    to: str
    """NAMESPACE/NAME of the called Service or workload."""
    port: ServicePort
    service: Service | None
    endpoints: tuple[Endpoint, ...]
    pods: tuple[Pod, ...] = ()
    """All pods of the cluster."""
    services: tuple[Service, ...] = ()
    policies: Policies = field(default_factory=Policies)
    """Istio's policies and VirtualServices of the whole cluster."""

    @property
    def subject(self) -> Subject:
        return Subject("call", f"{self.caller.id} to {self.to}:{self.port.number}")

    @property
    def namespace(self) -> str:
        return self.to.partition("/")[0]

    @property
    def host(self) -> str:
        """Return the full name of the called Service; empty without one."""
        return self.service.host if self.service else ""

    @property
    def principal(self) -> str:
        """Return the identity in the caller's certificate."""
        domain = (self.policies.mesh_config or {}).get("trustDomain") or LOCAL
        return f"{domain}/ns/{self.caller.namespace}/sa/{self.caller.service_account}"

    @cached_property
    def callees(self) -> tuple[Callee, ...]:
        """Return the pods behind the endpoints: those that are Ready, or else all."""
        by_name = {pod.name: pod for pod in self.pods if pod.namespace == self.namespace}
        known = [endpoint for endpoint in self.endpoints if endpoint.pod in by_name]
        serving = [endpoint for endpoint in known if endpoint.ready] or known
        return tuple(Callee(by_name[endpoint.pod], endpoint.port) for endpoint in serving)

    @cached_property
    def modes(self) -> PeerModes:
        return PeerModes(self.policies.of_kind("PeerAuthentication"), self.policies.root_namespace)

    def selecting(self, kind: str, pod: Pod) -> list[Policy]:
        """Return the policies of a kind that select a pod, in its namespace and in the root namespace."""
        homes = (pod.namespace, self.policies.root_namespace)
        near = (policy for policy in self.policies.of_kind(kind) if policy.namespace in homes)
        return [policy for policy in near if policy.applies_to(pod.namespace, pod.labels)]
