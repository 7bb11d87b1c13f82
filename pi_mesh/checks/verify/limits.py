"""The containers whose limits a setting of the stack gives: istiod, gateways, addons and sidecars."""

from collections.abc import Iterator
from dataclasses import dataclass

from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.cluster.kubelet import ContainerId
from pi_mesh.cluster.pods import SIDECAR, Container, Pod

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


def of(seen: VerificationInput) -> Iterator[LimitedContainer]:
    """Yield the containers of the mesh, without pods that are ending."""
    for pod in (pod for pod in seen.snapshot.pods if pod.containers and not pod.ending):
        workload = next((one for one in seen.mesh.workloads if one.has_pod(pod.namespace, pod.labels)), None)
        if workload:
            main, *_ = pod.containers
            yield LimitedContainer(pod, main, workload.setting)
        elif pod.has_lasting_proxy:
            sidecar = next(entry for entry in pod.containers if entry.name == SIDECAR)
            yield LimitedContainer(pod, sidecar, "proxy")
