"""The input of every check: the mesh that the settings ask for, and what was read of the cluster."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from pi_mesh.cluster.kubelet import Window
from pi_mesh.cluster.live_objects import ObservedState
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policies
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.inventory import Inventory
from pi_mesh.names import SHORT_LIVED_LABEL
from pi_mesh.settings import Settings

NOT_READ: Any = None
"""Value of what was not read. A check relies on what its entry in the registry asks for, and on nothing else."""


@dataclass(frozen=True)
class Observation:
    """Everything that checks judge: the one argument of each check."""

    mesh: Inventory
    """Wanted state of the mesh."""
    snapshot: Snapshot = NOT_READ
    state: StackState = NEVER_RUN
    live: ObservedState = NOT_READ
    """Live objects beside their manifests."""
    authority: Authority = NOT_READ
    """CA of the mesh."""
    policies: Policies = field(default_factory=Policies)
    """Istio's policies of the whole cluster."""
    cpu_window: Window = NOT_READ
    """Counters of CPU throttling, which are read again while the checks run."""
    tenants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Workloads of others in the namespaces that an `up` would delete, such as "Deployment shop"."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    """Time of the read, with its time zone."""

    @cached_property
    def meshed_pods(self) -> dict[str, list[Pod]]:
        """Return the pods with a proxy by namespace, including gateways and without short-lived pods."""
        pods: dict[str, list[Pod]] = {}
        for pod in self.snapshot.pods:
            if pod.has_sidecar and SHORT_LIVED_LABEL not in pod.labels:
                pods.setdefault(pod.namespace, []).append(pod)
        return pods

    @property
    def settings(self) -> Settings:
        return self.mesh.settings

    def restore(self, release: str) -> str:
        """Return the command that restores a release's objects (NAMESPACE/NAME): Helm applies its revision again."""
        namespace, _, name = release.partition("/")
        record = self.snapshot.release(namespace, name) or self.live.release(release)
        return f"`helm rollback -n {namespace} {name} {record.revision}`" if record else "`pulumi up --refresh`"
