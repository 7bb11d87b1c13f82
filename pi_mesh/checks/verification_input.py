"""Input of a verification: the wanted state, the observed state, and the time of the read."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from pi_mesh.cluster.live_objects import ObservedState
from pi_mesh.cluster.mesh_ca import Authority
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import Policies
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.names import SHORT_LIVED_LABEL
from pi_mesh.settings import Settings


@dataclass(frozen=True)
class VerificationInput:
    """Everything that the checks of `verify` judge."""

    mesh: Inventory
    """Wanted state of the mesh."""
    snapshot: Snapshot
    observed: ObservedState
    authority: Authority
    now: datetime
    """Time of the read, with its time zone."""
    policies: Policies = field(default_factory=Policies)
    """Istio's policies of the whole cluster."""

    @cached_property
    def meshed_pods(self) -> dict[str, list[Pod]]:
        """Return the pods with a proxy by namespace, including gateways and without short-lived pods."""
        found: dict[str, list[Pod]] = {}
        for pod in self.snapshot.pods:
            if pod.has_sidecar and SHORT_LIVED_LABEL not in pod.labels:
                found.setdefault(pod.namespace, []).append(pod)
        return found

    @property
    def settings(self) -> Settings:
        return self.mesh.settings

    def restore(self, release: str) -> str:
        """Return the command that restores a release's objects (NAMESPACE/NAME): Helm applies its revision again."""
        namespace, _, name = release.partition("/")
        found = self.snapshot.release(namespace, name) or self.observed.release(release)
        return f"`helm rollback -n {namespace} {name} {found.revision}`" if found else "`pulumi up --refresh`"
