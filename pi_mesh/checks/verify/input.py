"""What a verification judges."""

from dataclasses import dataclass
from datetime import datetime

from pi_mesh.cluster.authority import Authority
from pi_mesh.cluster.observed import Evidence
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.settings import Settings


@dataclass(frozen=True)
class Facts:
    """What should be, what is, and when it was read."""

    settings: Settings
    snapshot: Snapshot
    evidence: Evidence
    authority: Authority
    now: datetime
    """With its time zone."""

    def restore(self, release: str) -> str:
        """The command that puts back what a release owns: Helm writes its current revision once more."""
        namespace = self.settings.istio.namespace
        found = self.snapshot.release(namespace, release)
        return f"`helm rollback -n {namespace} {release} {found.revision}`" if found else "`pulumi up --refresh`"
