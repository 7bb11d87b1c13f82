"""Input of a verification: what should be, what is, and when it was read."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from pi_mesh.cluster.authority import Authority
from pi_mesh.cluster.observed import ObservedState
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
    """What should be."""
    snapshot: Snapshot
    observed: ObservedState
    authority: Authority
    now: datetime
    """When it was read, with its time zone."""
    policies: Policies = field(default_factory=Policies)
    """Istio's policies of the whole cluster."""

    @cached_property
    def meshed_pods(self) -> dict[str, list[Pod]]:
        """The pods with the mesh's proxy by namespace, gateways included, but for those that run for seconds."""
        found: dict[str, list[Pod]] = {}
        for pod in self.snapshot.pods:
            if pod.has_sidecar and SHORT_LIVED_LABEL not in pod.labels:
                found.setdefault(pod.namespace, []).append(pod)
        return found

    @property
    def settings(self) -> Settings:
        return self.mesh.settings

    def restore(self, release: str) -> str:
        """Return the command that restores what a release, as NAMESPACE/NAME, owns: Helm applies its revision again."""
        namespace, _, name = release.partition("/")
        found = self.snapshot.release(namespace, name) or self.observed.release(release)
        return f"`helm rollback -n {namespace} {name} {found.revision}`" if found else "`pulumi up --refresh`"
